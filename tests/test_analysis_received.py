"""What came in: every row accounted for, every rule in words, what was read and what was not."""

import polars as pl
import pytest

from analysis_panels import EXACT
from disclosure_tables import cells_of, drawn
from panel_tables import table
from prepared_towns import prepare
from watwerkt.analysis import received
from watwerkt.cleaning.rules import RULES
from watwerkt.publish.vocabulary import word
from watwerkt.schemas import tables


def counts(text: str) -> pl.DataFrame:
    rows = table(text)
    return rows.with_columns(pl.col("^(n_rows|rows_.*)$").cast(pl.Int64))


def test_accounts_add_up_to_the_row_in_the_order_of_the_tables():
    found = received.accounts_table(
        counts("""
            table    rows_read rows_kept rows_merged rows_quarantined
            contacts 50        50        0           0
            clients  20        20        0           0
            benefits 100       60        30          10
        """),
        EXACT,
    )
    assert drawn(found.frame) == cells_of("""
        table    rows_read rows_kept rows_merged rows_quarantined
        clients  20        20        0           0
        benefits 100       60        30          10
        contacts 50        50        0           0
    """)


def test_the_ledger_says_what_was_done_and_leaves_out_rules_that_found_nothing():
    ledger = counts("""
        table    rule action     n_rows
        benefits D01  merge      40
        benefits B02  quarantine 30
        benefits B03  repair     0
        contacts C02  flag       20
    """)
    assert drawn(received.ledger_table(ledger, EXACT).frame) == cells_of("""
        table    rule treatment      n_rows
        benefits D01  D01-merge      40
        benefits B02  B02-quarantine 30
        contacts C02  C02-flag       20
    """)
    nothing = ledger.with_columns(n_rows=0)
    assert received.ledger_table(nothing, EXACT) is received.NOTHING_FOUND


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.action}")
def test_every_rule_is_in_words(rule):
    assert rule.code in word("rule").names
    assert f"{rule.code}-{rule.action}" in word("treatment").names


def test_every_table_is_in_words():
    assert list(word("use").names) == list(tables())
    assert list(word("table").names) == list(tables())


FILES = [
    {"table": "clients", "file": "Export GWS van Jan.XLSX", "mapping": "gws4all"},
    {"table": "benefits", "file": "a.csv", "mapping": "canonical"},
    {"table": "benefits", "file": "b.csv", "mapping": "canonical"},
    {"table": "benefits", "file": "export.xlsx", "mapping": "mine.yaml"},
]


def came(**more) -> dict:
    nothing = {name: {} for name in ("dropped_columns", "withheld", "left_out", "approximate")}
    return {"received": {"files": FILES} | nothing | more}


def test_how_a_table_came_is_said_without_the_name_of_a_file():
    found = received.sources_table(
        prepare(benefits="person_id start_date\nann 2020-01-01", about=came()), EXACT
    ).frame
    assert len(found) == len(tables()) + 1  # benefits came in two ways
    assert drawn(found[found["rows_read"] > 0]) == cells_of("""
        table    use      file_format mapping   rows_read
        clients  clients  xlsx        gws4all   10
        benefits benefits csv         canonical 10
        benefits benefits xlsx        own       10
    """)
    others = found[found["rows_read"] == 0]
    assert set(others["file_format"]) == set(others["mapping"]) == {"none"}
    assert "Jan" not in found.to_csv()


def test_what_was_not_read_is_named_where_it_is_surely_a_name():
    dropped = {"a.csv": ["Kode groep", "totaal", "12 mei 1980", "x" * 60]}
    town = prepare(
        benefits="person_id start_date\nann 2020-01-01",
        about=came(
            dropped_columns=dropped,
            withheld={"benefits.exit_reason": 20},
            left_out={"a.csv: benefits": 30, "b: c.csv: benefits": 10},
            approximate={"benefits.end_date": "Datum mutatie"},
        ),
    )
    found = received.unread_table(town, EXACT).frame
    rows = found[["table", "column", "why_unread", "n_rows"]].to_numpy().tolist()
    assert rows == [
        ["benefits", received.WITHHELD_COLUMN, "no_mapping", 10],
        ["benefits", "end_date", "stands_in", 10],
        ["benefits", "exit_reason", "no_legal_ground", 20],
        ["benefits", "–", "no_record", 40],
        ["benefits", "“Kode groep”", "no_mapping", 10],
        ["benefits", "“totaal”", "no_mapping", 10],
    ]
    assert received.unread_table(prepare(about=came()), EXACT) is received.ALL_READ

"""The ledger: every row accounted for, every rule in its place."""

import polars as pl
import pytest

from cleaning_tables import clean, drawn, shown
from watwerkt.cleaning.ledger import build_accounts, build_ledger
from watwerkt.cleaning.rules import RULES
from watwerkt.errors import DataError
from watwerkt.schemas import tables

# The cleaning table of the delivery's design, in its order; a code with two actions has two lines.
DECLARED = drawn("""
    rule  action
    D01   merge
    D02   quarantine
    D03   repair
    P01   quarantine
    B10   merge
    P02   merge
    P02   flag
    B01   quarantine
    B02   quarantine
    B03   repair
    B04   quarantine
    B10   merge
    B10   flag
    B10   repair
    B11   flag
    B05   flag
    B06   merge
    B07   repair
    B08   merge
    B09   flag
    A01   quarantine
    A02   quarantine
    A03   quarantine
    A03   repair
    A04   flag
    W01   flag
    C01   quarantine
    C02   merge
    C03   flag
    C05   flag
    C04   flag
    S01   quarantine
    S02   quarantine
    S02   flag
    J01   quarantine
    X01   flag
""")
VERBS = {"merge": "merge_", "quarantine": "drop_", "repair": "repair_", "flag": "flag_"}


def test_rules_are_declared_in_the_order_of_the_cleaning_table():
    assert "rule action\n" + "\n".join(f"{r.code} {r.action}" for r in RULES) == DECLARED


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.code}-{r.action}")
def test_a_rule_is_named_after_its_action_and_says_what_it_does(rule):
    assert rule.apply.__name__.startswith(VERBS[rule.action])
    assert rule.summary.endswith(".")
    assert set(rule.tables) <= tables().keys()


def test_every_rule_of_a_delivered_table_has_its_line_also_where_it_did_nothing():
    ledger = clean(benefits="person_id start_date\nann 2020-01-01").ledger
    expected = [
        (t, r.code, r.action, 0) for r in RULES for t in ("clients", "benefits") if t in r.tables
    ]
    assert ledger.rows() == expected


def test_what_was_read_is_kept_merged_or_quarantined():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1980        female
        """,
        benefits="""
        person_id  scheme  start_date  end_date
        ann        PW      2020-01-01  2020-02-01
        ann        PW      2020-01-01  2020-02-01
        ann        PW      2020-02-10  2020-03-01
        ann        Tozo    2020-04-10  2020-05-01
        ann        PW      2021-01-01  2020-05-01
        nobody     PW      2020-01-01  -
        """,
        contacts="""
        person_id  contact_date
        nobody     2020-01-01
        """,
    )
    columns = "table rows_read rows_kept rows_merged rows_quarantined"
    assert shown(cleaned.accounts, columns) == drawn("""
        table     rows_read  rows_kept  rows_merged  rows_quarantined
        clients   1          1          0            0
        benefits  6          2          2            2
        contacts  1          0          0            1
    """)
    columns = "person_id start_date rule"
    assert shown(cleaned.quarantine["benefits"], columns) == drawn("""
        person_id  start_date  rule
        ann        2021-01-01  B01
        nobody     2020-01-01  B04
    """)
    assert {"benefit_id", "scheme", "end_date"} <= set(cleaned.quarantine["benefits"].columns)


def test_a_row_that_no_rule_accounts_for_is_an_error():
    read = {"jobs": pl.DataFrame({"person_id": ["ann", "bo"]})}
    kept = {"jobs": pl.DataFrame({"person_id": ["ann"]})}
    with pytest.raises(DataError, match="every row of jobs"):
        build_accounts(read, kept, build_ledger([]))

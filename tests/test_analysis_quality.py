"""What came in, what was cleaned, who could be recognised, and which chapter can be made."""

from types import SimpleNamespace

import polars as pl
import pytest

from analysis_panels import EXACT, panel
from disclosure_tables import cells_of, drawn
from panel_tables import table
from watwerkt.analysis import quality
from watwerkt.publish.language import Translator


def counts(text: str) -> pl.DataFrame:
    rows = table(text)
    return rows.with_columns(pl.col("^(n_rows|rows_.*)$").cast(pl.Int64))


def test_accounts_add_up_to_the_row():
    found = quality.accounts_table(
        counts("""
            table    rows_read rows_kept rows_merged rows_quarantined
            benefits 100       60        30          10
            contacts 50        50        0           0
        """),
        EXACT,
    )
    assert drawn(found.frame) == cells_of("""
        table    rows_read rows_kept rows_merged rows_quarantined
        benefits 100       60        30          10
        contacts 50        50        0           0
    """)


def test_the_ledger_leaves_out_rules_that_found_nothing():
    ledger = counts("""
        table    rule action n_rows
        benefits B02  merge  30
        benefits B03  repair 0
        contacts C02  flag   20
    """)
    assert drawn(quality.ledger_table(ledger, EXACT).frame) == cells_of("""
        table    rule action n_rows
        benefits B02  merge  30
        contacts C02  flag   20
    """)
    nothing = ledger.with_columns(n_rows=0)
    assert quality.ledger_table(nothing, EXACT) is quality.NOTHING_FOUND


def test_each_chapter_names_what_it_lacks():
    prepared = SimpleNamespace(
        accounts=counts("table rows_kept\nbenefits 100\nassignments 50\ntraits 20")
    )
    found = quality.usable_table(prepared, EXACT)
    assert drawn(found.frame) == cells_of("""
        chapter table       is_delivered rows_kept
        03      assignments True         50
        03      benefits    True         100
        03      caseworkers False        0
        03      policies    False        0
        04      assignments True         50
        04      benefits    True         100
        04      contacts    False        0
        04      traits      True         20
    """)
    assert found.n_suppressed == 0  # what was not delivered is no secret


@pytest.mark.parametrize(
    ("is_estimated", "nl"), [(1.0, "De helft van de uitstroom"), (0.0, "De levering zegt niet")]
)
def test_the_booking_lag_is_estimated_or_assumed(is_estimated, nl):
    lag = {"median": 12.0, "p95": 61.0, "is_estimated": is_estimated}
    spells = table("end_date\n" + "2021-01-01\n" * 40 + "-")
    prepared = SimpleNamespace(about={"booking_lag_days": lag}, spells=spells.lazy())
    found = quality.booking(prepared, EXACT).frame.iloc[0]
    assert (found["n_persons"], found["booking_median"], found["booking_p95"]) == (40, 12, 61)
    said = Translator("nl").text(
        quality.booking_sentence(prepared), **found.to_dict(), observed_until="2022-01-01"
    )
    assert "61 dagen" in said
    assert said.startswith(nl)


PEOPLE = """
    person_id month      months_since_entry age_years sex    household_type district_id
    ann       2021-03-01 0                  31        female single         d1
    ann       2021-04-01 1                  31        female couple         d1
    bo        2021-01-01 0                  39        female single         d1
    cy        2021-01-01 0                  40        female single         d1
    dee       2021-04-01 0                  31        female single         d1
    eve       2021-01-01 0                  31        female single         -
    fay       2021-01-01 0                  31        male   single         d1
    gil       2021-01-01 0                  29        female single         d1
    hal       2021-01-01 0                  29        male   single         d1
"""


def test_people_share_a_class_by_age_band_sex_household_quarter_and_district():
    """Ann and bo are alike in the month that they are first seen; the others are alone."""
    rows = panel(PEOPLE, times=1)
    plain = EXACT.model_copy(update={"threshold": 4, "round_base": 2})
    found = quality.anonymity_table(rows, plain).frame
    assert drawn(found) == cells_of("""
        class_size n_persons
        1          6
        2          -
    """)


@pytest.mark.parametrize(
    ("n", "size"), [(1, "1"), (2, "2"), (3, "3–4"), (4, "3–4"), (5, "5–9"), (9, "5–9"), (10, "10+")]
)
def test_classes_are_counted_by_hand(n, size):
    alike = panel("person_id month\nann 2021-03-01", times=n, months_since_entry=2, age_years=31)
    assert quality.anonymity_table(alike, EXACT).frame["class_size"].tolist() == [size]

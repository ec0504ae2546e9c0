"""Is every month there: rows by month, gaps, breaks; and who is known to have handled whom."""

from datetime import date

import polars as pl
import pytest

from analysis_panels import EXACT, panel
from prepared_towns import prepare
from watwerkt.analysis import coverage, handling
from watwerkt.codebook import read_codebook
from watwerkt.disclosure.gap import NO_CASELOAD
from watwerkt.publish.vocabulary import word

MONTHS = pl.date_range(date(2019, 1, 1), date(2024, 12, 1), "1mo", eager=True)


def talks(skip: tuple[int, ...] = ()) -> pl.DataFrame:
    """Every month a talk with each of ten persons, but not in the months to skip."""
    kept = [month for place, month in enumerate(MONTHS) if place not in skip]
    return pl.DataFrame({"contact_date": kept}).with_columns(person_id=pl.lit("ann"))


def town(contacts: pl.DataFrame):
    return prepare(benefits="person_id start_date\nann 2018-01-01", contacts=contacts)


def test_rows_are_counted_in_the_month_in_which_they_fall():
    found = coverage.rows_by_month(town(talks(skip=(3,))), EXACT).frame
    rows = found[found["table"] == "contacts"].set_index("month")["n_rows"]
    assert len(rows) == 72
    assert rows["2019-03-01"] == 10
    assert rows["2019-04-01"] == 0
    assert rows.sum() == 710
    assert set(found["table"]) == {"contacts", "benefits"}


@pytest.mark.parametrize(
    ("skip", "gaps"),
    [((), set()), ((3,), {"contacts"}), ((71,), set()), (tuple(range(5, 72)), set())],
)
def test_a_gap_is_a_complete_month_with_hardly_any_of_the_usual_rows(skip, gaps):
    """The last month is not complete; where nothing is usual, nothing is missing."""
    prepared = town(talks(skip))
    assert prepared.observed_until < date(2024, 12, 31)
    assert coverage.find_gaps(prepared) == gaps


def test_breaks_within_the_window_are_named_and_dated():
    prepared = town(talks())
    assert coverage.breaks_in(prepared) == [
        (date(2020, 3, 1), date(2022, 2, 28), "corona, Tozo"),
        (date(2022, 12, 1), date(2023, 1, 31), "provisions counted anew"),
    ]
    found = coverage.breaks_table(prepared, EXACT).frame
    assert found[["break", "table", "n_rows"]].to_numpy().tolist() == [
        ["corona and Tozo", "benefits", 0],
        ["corona and Tozo", "contacts", 240],
    ]


def test_a_window_without_a_break_says_so():
    prepared = prepare(
        benefits="person_id start_date\nann 2018-01-01",
        about={"first_month": "2023-03", "last_month": "2024-12"},
    )
    assert coverage.breaks_table(prepared, EXACT) is coverage.NO_BREAKS
    assert coverage.breaks_in(prepared) == []


def test_every_break_of_the_codebook_has_a_name():
    names = {entry["name"] for entry in read_codebook("breaks")["breaks"]}
    assert names == set(coverage.BREAK_LABELS) == set(word("break").names)


HANDLED = """
    person_id month      caseworker_id team_id caseload_fte
    ann       2021-01-01 w1            t1      80
    bo        2021-01-01 w2            t1      -
    cy        2021-01-01 -             -       -
    dee       2021-01-01 w1            t1      80
"""


def test_the_share_of_months_with_a_known_caseworker_team_and_hours():
    rows = panel(HANDLED).with_columns(pl.col("caseload_fte").cast(pl.Float64))
    (found,) = handling.handling_by_year(rows, EXACT).frame.to_dict("records")
    assert found["n_client_months"] == 40
    shares = [found[f"share_{name}_known"] for name in ("caseworker", "team", "hours")]
    assert shares == pytest.approx([0.8, 0.8, 0.5])  # 0.75, in the one decimal of 40 months


def test_all_known_and_none_known_may_be_said_of_records():
    everyone = panel(HANDLED).filter(pl.col("caseworker_id") == "w1")
    (found,) = handling.handling_by_year(everyone, EXACT).frame.to_dict("records")
    assert found["share_caseworker_known"] == 1
    nobody = panel("person_id month\nann 2021-01-01")
    assert handling.handling_by_year(nobody, EXACT) is NO_CASELOAD

"""Durations: from when a spell is seen, until when, and where it went."""

from datetime import date

import pytest
from numpy.testing import assert_allclose

from analysis_panels import EXACT, multiply
from panel_tables import table
from watwerkt.analysis.incidence import (
    DAYS_PER_MONTH,
    SHOWN_MONTHS,
    Window,
    exits_by_destination,
    spell_durations,
    still_on_benefit,
)
from watwerkt.estimators.survival_curves import aalen_johansen

WINDOW = Window(date(2021, 1, 1), date(2022, 1, 1))
DAYS = {"rtol": 1e-12}  # days over days per month
FIFTIETHS = {"atol": 0.05}  # 100 people are shown in steps of 5


def spells(text: str, times: int = 1):
    return multiply(table(text).lazy(), times)


@pytest.mark.parametrize(
    ("end", "risk_end", "days", "destination"),
    [
        ("2021-07-01", "-", 181, "work"),
        ("-", "-", 365, ""),  # still running
        ("2022-01-01", "-", 365, "work"),  # the last day that is known of
        ("2022-01-02", "-", 365, ""),  # known, but not of everyone
        ("2021-07-01", "2021-04-01", 90, ""),  # out of risk before the end
        ("2021-07-01", "2021-09-01", 181, "work"),
        ("-", "2021-04-01", 90, ""),
    ],
)
def test_a_spell_is_seen_until_its_end_the_end_of_risk_or_of_the_window(
    end, risk_end, days, destination
):
    found = spell_durations(
        spells(f"""
            person_id spell_id start_date end_date risk_end_date exit_destination is_left_censored
            ann       ann-0    2021-01-01 {end}    {risk_end}    work             no
        """),
        WINDOW,
    )
    assert found["destination"].tolist() == [destination]
    assert_allclose(found["duration"] * DAYS_PER_MONTH, [days], **DAYS)
    assert found["entry"].tolist() == [0]


def test_stock_enters_late_and_a_start_set_by_a_conversion_is_left_out():
    found = spell_durations(
        spells("""
            person_id spell_id start_date end_date   risk_end_date exit_destination is_left_censored
            stock     s-0      2020-12-02 2021-02-01 -             moved            no
            entrant   e-0      2021-06-01 2021-06-30 -             death            no
            before    b-0      2020-01-01 2021-01-01 -             work             no
            converted c-0      2021-02-01 2021-05-01 -             work             yes
            after     a-0      2022-01-01 -          -             -                no
        """),
        WINDOW,
    )
    assert_allclose(found[["entry", "duration"]] * DAYS_PER_MONTH, [[30, 61], [0, 29]], **DAYS)
    assert found["destination"].tolist() == ["outside", "outside"]


CURVE = """
    person_id spell_id start_date end_date   risk_end_date exit_destination is_left_censored
    ann       ann-0    2021-01-01 2021-03-01 -             work             no
    bo        bo-0     2021-01-01 2021-03-01 -             education        no
    cy        cy-0     2020-12-01 2021-06-01 -             work             no
    dee       dee-0    2021-01-01 -          -             -                no
"""


def test_shown_curves_are_those_of_the_estimator_in_rounded_steps():
    wide = spells(CURVE, times=25)
    shown = exits_by_destination(wide, WINDOW, EXACT, 0.95).frame
    assert shown["destination_group"].unique().tolist() == ["work", "education"]
    durations = spell_durations(wide, WINDOW)
    exact = aalen_johansen(durations["duration"], durations["destination"], durations["entry"])
    last = shown.groupby("destination_group").last()["estimate"]
    assert_allclose(last[list(exact.destination)], exact.incidence[:, -1], **FIFTIETHS)
    staying = still_on_benefit(wide, WINDOW, EXACT, 0.95).frame["estimate"]
    assert_allclose(staying.iloc[-1], exact.overall.survival[-1], **FIFTIETHS)


def test_curves_stop_after_five_years():
    long = spells(
        """
        person_id spell_id start_date end_date   risk_end_date exit_destination is_left_censored
        ann       ann-0    2010-01-01 2021-03-01 -             work             no
        bo        bo-0     2020-12-01 2021-03-01 -             work             no
        cy        cy-0     2020-12-01 2021-06-01 -             work             no
        """,
        times=20,
    )
    assert still_on_benefit(long, WINDOW, EXACT, 0.95).frame["time"].max() <= SHOWN_MONTHS

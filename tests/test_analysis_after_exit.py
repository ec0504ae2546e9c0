"""Aftercare and jobs after an exit, drawn as text; what was not delivered is said."""

from datetime import date

import polars as pl
import pytest

from analysis_panels import EXACT, multiply
from disclosure_tables import POLICY
from panel_tables import table
from watwerkt.analysis.after_exit import (
    NO_AFTERCARE,
    NO_JOBS,
    NO_PAY,
    aftercare_by_destination,
    jobs_by_destination,
    pay_after_work,
    returns_by_aftercare,
)
from watwerkt.analysis.incidence import Window
from watwerkt.analysis.sustained import followed_exits
from watwerkt.disclosure import Gap
from watwerkt.disclosure.gap import NO_CONTACTS, NO_EXITS, TOO_FEW
from watwerkt.publish.language import Translator

WINDOW = Window(date(2021, 1, 1), date(2023, 1, 1))
SPELLS = """
    person_id spell_id start_date end_date   exit_destination
    ann       a-0      2020-01-01 2021-03-01 work
    ann       a-1      2021-09-01 -          -
    bo        b-0      2020-01-01 2021-03-01 work
    cy        c-0      2020-01-01 2021-03-01 work
    cy        c-1      2021-04-15 -          -
    dee       d-0      2020-01-01 2021-03-01 education
    eve       e-0      2020-01-01 2022-06-01 work
"""
CONTACTS = """
    person_id contact_date phase  is_personal is_reached
    ann       2021-03-01   after  yes         yes
    ann       2021-05-01   after  yes         yes
    bo        2021-06-01   after  yes         yes
    bo        2021-02-01   during yes         yes
    dee       2021-04-01   after  yes         no
    dee       2021-04-01   after  no          yes
    eve       2022-07-01   after  yes         yes
"""
JOBS = """
    person_id month      hours_month part_time_income_eur_month
    ann       2021-03-01 40          400
    ann       2021-03-01 60          600
    bo        2021-03-01 120         1800
    bo        2021-08-01 120         1800
    bo        2022-02-01 80          -
    dee       2021-08-01 20          200
    eve       2023-01-01 20          200
    eve       2021-02-01 20          200
"""


def exits(times: int = 20) -> pl.DataFrame:
    rows = multiply(table(SPELLS).lazy(), times).with_columns(
        benefit_id=pl.col("person_id"), risk_end_date=pl.lit(None, pl.Date)
    )
    return followed_exits(rows, WINDOW)


def many(text: str, times: int = 20) -> pl.LazyFrame:
    wage = {"part_time_income_eur_month": "wage_eur_month"}  # which is drawn as a number
    frame = table(text).rename(wage, strict=False)
    return multiply(frame.lazy(), times)


def test_aftercare_is_a_talk_in_the_three_months_after_the_day_of_leaving():
    """Of those followed for a year and still out after three months: not cy, not eve."""
    found = aftercare_by_destination(exits(), many(CONTACTS), EXACT).frame
    rows = found.set_index("destination_group")[["n_exits", "n_with_aftercare"]]
    assert rows.loc["work"].tolist() == [40, 20]
    assert rows.loc["education", "n_exits"] == 20
    back = returns_by_aftercare(exits(), many(CONTACTS), EXACT).frame.set_index("has_aftercare")
    assert back.loc[True, ["n_exits", "n_back"]].tolist() == [20, 20]
    assert back.loc[False, ["n_exits", "n_back"]].tolist() == [40, 0]


def test_a_job_is_one_in_that_month_whether_back_on_benefit_or_not():
    found = jobs_by_destination(exits(), many(JOBS), EXACT).frame.set_index("destination_group")
    counts = [f"n_working_{m}m" for m in (1, 6, 12)]
    assert found.loc["work", ["n_exits", *counts]].tolist() == [60, 40, 20, 20]
    assert found.loc["education", ["n_exits", *counts]].tolist() == [20, 0, 20, 0]


def test_hours_and_wage_are_those_of_all_jobs_together_where_both_are_known():
    found = pay_after_work(exits(), many(JOBS), EXACT).frame.set_index("months_after")
    assert found.index.tolist() == [1, 6]
    assert found.loc[1, ["n_persons", "median_hours_month"]].tolist() == [40, 110]
    assert found.loc[6, ["n_persons", "median_wage_eur_month"]].tolist() == [20, 1800]


def test_a_register_that_never_knew_hours_or_wage_says_so():
    bare = many(JOBS).drop("hours_month", "wage_eur_month")
    assert pay_after_work(exits(), bare, EXACT) == NO_PAY
    assert jobs_by_destination(exits(), bare, EXACT).frame["n_working_1m"].sum() == 40


@pytest.mark.parametrize("times", [0, 1, 3])
@pytest.mark.parametrize("analysis", [aftercare_by_destination, returns_by_aftercare])
def test_what_is_missing_is_said_of_aftercare(analysis, times):
    left = exits(max(times, 1)).clear() if times == 0 else exits(times)
    assert analysis(left, None, POLICY) == NO_CONTACTS
    found = analysis(left, many(CONTACTS, 3), POLICY)
    if times == 0:
        assert found == NO_EXITS
    else:
        assert found.frame.filter(like="share").isna().all(axis=None)
        assert analysis(left, many(CONTACTS, 3).filter(False), POLICY) == NO_AFTERCARE
        assert analysis(left.head(1).with_columns(followed_months=1.0), many(CONTACTS), POLICY) == (
            TOO_FEW
        )


@pytest.mark.parametrize("analysis", [jobs_by_destination, pay_after_work])
def test_what_is_missing_is_said_of_jobs(analysis):
    assert analysis(exits(1), None, POLICY) == NO_JOBS
    assert analysis(exits(1), many(JOBS).filter(False), POLICY) == NO_JOBS
    assert analysis(exits(1).clear(), many(JOBS), POLICY) == NO_EXITS
    assert analysis(exits(1), many(JOBS).head(1), POLICY) == TOO_FEW
    shown = analysis(exits(1), many(JOBS, 1), POLICY).frame
    assert shown.filter(regex="share|median").isna().all(axis=None)


@pytest.mark.parametrize("gap", [NO_AFTERCARE, NO_JOBS, NO_PAY])
def test_each_gap_has_its_dutch(gap):
    assert isinstance(gap, Gap)
    assert Translator("nl").text(gap.reason) != gap.reason

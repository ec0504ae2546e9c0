"""Where people are after the start, drawn as text; every start is in one place."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis_panels import EXACT, multiply
from disclosure_tables import POLICY
from panel_tables import table
from watwerkt.analysis.incidence import Window
from watwerkt.analysis.situation import (
    NO_STARTS,
    SITUATION_LABELS,
    situation_estimates,
    situation_shares,
    situations,
)

WINDOW = Window(date(2021, 1, 1), date(2023, 1, 1))
HUNDREDTHS = {"atol": 0.006}  # 800 starts are shown in steps of 0.01
LEVEL = 0.95
STARTS = """
    person_id spell_id start_date end_date   exit_destination risk_end_date
    before    b-0      2020-12-31 -          -                -
    stays     s-0      2021-01-01 -          -                -
    works     w-0      2021-01-01 2022-01-01 work             -
    returns   r-0      2021-01-01 2021-06-01 work             -
    returns   r-1      2021-09-01 -          -                -
    out       o-0      2021-01-01 2021-03-01 partner_work     -
    untold    u-0      2021-01-01 2021-03-01 unknown          -
    moves     m-0      2021-01-01 2021-03-01 moved            -
    ages      a-0      2021-01-01 2022-06-01 work             2021-06-01
    late      l-0      2022-01-02 -          -                -
"""


def spells(text: str, times: int = 1) -> pl.LazyFrame:
    rows = multiply(table(text).lazy(), times)
    return rows.with_columns(benefit_id=pl.col("person_id"), is_left_censored=pl.lit(False))


def test_each_start_is_where_the_person_is_on_that_day():
    found = situations(spells(STARTS), WINDOW, [12, 24])
    assert found.filter(pl.col("index_start") > WINDOW.start)["situation"].to_list() == [
        "on_benefit"  # the return is a start of its own, of which a year can be followed
    ]
    found = found.filter(pl.col("index_start") == WINDOW.start)
    after = {
        months: dict(part.select(pl.col("person_id").str.head(-2), "situation").rows())
        for (months,), part in found.group_by("horizon_months")
    }
    assert after[12] == {
        "stays": "on_benefit",
        "works": "out_work",  # the first day without benefit
        "returns": "back",
        "out": "out_other",
        "untold": "out_unknown",
        "moves": "out_of_sight",
        "ages": "out_of_sight",  # before it ended
    }
    assert after[24] == after[12]


def test_a_start_that_a_conversion_set_is_left_out():
    converted = spells(STARTS).with_columns(is_left_censored=pl.lit(True))
    found = situations(converted, WINDOW)
    assert situation_shares(found, POLICY) == NO_STARTS
    assert situation_estimates(found, POLICY, LEVEL) == NO_STARTS


def test_shares_and_their_intervals_are_of_all_starts():
    found = situations(spells(STARTS, times=100), WINDOW)
    shares = situation_shares(found, EXACT).frame
    year = shares[shares["horizon_months"] == 12].set_index("situation")["n_starts"]
    assert year.to_dict() == dict.fromkeys(SITUATION_LABELS, 100) | {
        "on_benefit": 200,
        "out_of_sight": 200,
    }
    rows = situation_estimates(found, EXACT, LEVEL).frame
    row = rows[(rows["term"] == "out_of_sight") & (rows["horizon_months"] == 12)].iloc[0]
    assert_allclose(row["estimate"], 1 / 4, **HUNDREDTHS)
    assert row["conf_low"] < 1 / 4 < row["conf_high"]
    assert (row["n_obs"], row["n_events"]) == (800, 200)
    assert rows["is_primary"].all()
    assert set(rows["scale"]) == {"share"}


@pytest.mark.parametrize("times", [1, 2])
def test_few_starts_are_rows_without_figures(times):
    found = situations(spells(STARTS, times), WINDOW)
    assert situation_estimates(found, POLICY, LEVEL).frame["estimate"].isna().all()
    assert situation_shares(found, POLICY).frame["share"].isna().all()


lives = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 700),
        st.integers(1, 300),
        st.sampled_from(["work", "moved", "unknown", "education"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40)
@given(lives, st.integers(0, 1000))
def test_every_start_is_in_one_place_whatever_the_order(lives, seed):
    rows, busy = [], dict.fromkeys("abcd", WINDOW.start)
    for person, gap, days, kind in lives:  # one after another, at least a month apart
        start = busy[person] + timedelta(gap)
        busy[person] = start + timedelta(days + 31)
        rows.append((person, start, start + timedelta(days), kind))
    names = ["person_id", "start_date", "end_date", "exit_destination"]
    drawn = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        benefit_id=pl.col("person_id"),
        is_left_censored=pl.lit(False),
        risk_end_date=pl.lit(None, pl.Date),
    )
    found = situations(drawn.lazy(), WINDOW)
    mixed = drawn.sample(fraction=1, shuffle=True, seed=seed)
    assert found.equals(situations(mixed.lazy(), WINDOW))
    for months in (6, 12, 18, 24):
        day = pl.col("start_date").dt.offset_by(f"{months}mo")
        n_starts = drawn.filter(day <= WINDOW.until).height
        part = found.filter(pl.col("horizon_months") == months)
        assert part.height == n_starts
    assert set(found["situation"]) <= set(SITUATION_LABELS)

"""Who stays out: exits and returns drawn as text, planted returns, and what must not matter."""

from datetime import date, timedelta
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis_panels import EXACT, multiply
from cleaning_tables import delivery
from disclosure_tables import POLICY
from panel_tables import table
from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window
from watwerkt.analysis.sustained import (
    after_a_year,
    followed_exits,
    is_back_within,
    lasting_work,
    return_curves,
    returns,
    sustained_exits,
)
from watwerkt.cleaning.clean import clean_delivery
from watwerkt.disclosure import Gap
from watwerkt.disclosure.gap import NO_EXITS, NO_REASON_KNOWN, TOO_FEW
from watwerkt.synthetic.deliver import simulate
from watwerkt.synthetic.scenario import Scenario

WINDOW = Window(date(2021, 1, 1), date(2024, 1, 1))
DAYS = {"rtol": 1e-12}  # days over days per month
FIFTIETHS = {"atol": 0.011}  # shares of some hundreds are shown in steps of 0.02 or less
DRAWN = {"atol": 0.012}  # three standard errors of a share of 12,000 exits
TOWN = {"atol": 0.04}  # two standard errors of a share of some 500 exits, whole months for days
LEVEL = 0.95
SPELLS = """
    person_id spell_id benefit_id start_date end_date   exit_destination risk_end_date
    ann       ann-0    x          2020-01-01 2021-03-01 work             -
    ann       ann-1    y          2021-07-01 -          -                -
    bo        bo-0     x          2020-01-01 2021-03-01 partner_work     -
    cy        cy-0     z          2020-01-01 2023-07-01 unknown          -
    dee       dee-0    u          2020-01-01 2022-01-01 moved            -
    eve       eve-0    v          2020-01-01 2022-01-01 work             2021-06-01
    fay       fay-0    w          2020-01-01 2021-01-01 work             -
    guy       guy-0    q          2020-01-01 2023-12-01 work             -
    guy       guy-1    r          2024-01-02 -          -                -
    hal       hal-0    s          2020-01-01 -          -                -
"""


def spells(text: str, times: int = 1) -> pl.LazyFrame:
    frame = table(text).with_columns(is_left_censored=pl.lit(False)).lazy()
    many = multiply(frame, times)
    copy = pl.col("person_id").str.extract(r"(\.\d+)$")
    return many.with_columns(benefit_id=pl.col("benefit_id") + copy)


def test_an_exit_is_followed_until_the_next_spell_or_the_end_of_the_window():
    """Moves, exits past the pension age and before the window are none; partners are one house."""
    found = followed_exits(spells(SPELLS), WINDOW)
    assert found["person_id"].str.extract(r"^(\w+)").to_list() == ["ann", "bo", "cy", "guy"]
    reasons = ["work", "other_income", "unexplained", "work"]
    assert found["destination_group"].to_list() == reasons
    assert found["is_back"].to_list() == [True, False, False, False]  # guy: after the window
    assert_allclose(found["out_months"] * DAYS_PER_MONTH, [122, 1036, 184, 31], **DAYS)
    assert_allclose(found["followed_months"] * DAYS_PER_MONTH, [1036, 1036, 184, 31], **DAYS)
    assert found["household"].str.extract(r"^(\w+)").to_list() == ["ann", "ann", "cy", "guy"]


RETURNS = """
    person_id spell_id benefit_id start_date end_date   exit_destination risk_end_date
    ann       ann-0    a          2020-01-01 2021-03-01 work             -
    ann       ann-1    b          2021-07-01 -          -                -
    bo        bo-0     c          2020-01-01 2021-03-01 work             -
    bo        bo-1     d          2022-06-01 -          -                -
    cy        cy-0     e          2020-01-01 2021-03-01 work             -
    dee       dee-0    f          2020-01-01 2021-03-01 unknown          -
"""


def test_shares_that_lasted_and_came_back_are_those_that_were_drawn():
    exits = followed_exits(spells(RETURNS, times=100), WINDOW)
    lasting = sustained_exits(exits, EXACT, LEVEL).frame.set_index(["horizon_months", "term"])
    assert_allclose(lasting.loc[6, "estimate"][["all", "work"]], [3 / 4, 2 / 3], **FIFTIETHS)
    assert_allclose(lasting.loc[18, "estimate"][["all", "work"]], [1 / 2, 1 / 3], **FIFTIETHS)
    assert lasting.loc[(6, "all"), ["n_obs", "n_persons", "n_events"]].tolist() == [400, 400, 100]
    assert lasting.loc[(12, "unexplained"), "n_events"] is pd.NA  # none came back: hidden
    assert lasting.loc[(12, "work"), "n_events"] == lasting.loc[(12, "all"), "n_events"]
    back = returns(exits, EXACT, LEVEL).frame.set_index(["horizon_months", "term"])
    assert_allclose(back.loc[24, "estimate"][["all", "work"]], [1 / 2, 2 / 3], **FIFTIETHS)
    assert lasting.groupby("horizon_months")["is_primary"].all().to_dict() == {
        6: True, 12: True, 18: False,
    }  # fmt: skip
    assert set(lasting["status"]) == {"indicative"}
    assert set(lasting["analysis"]) == {"P9"}


def test_unknown_reasons_bound_the_work_that_lasted():
    exits = followed_exits(spells(RETURNS, times=100), WINDOW)
    bounds = lasting_work(exits, EXACT).frame.set_index("horizon_months")
    assert bounds["share_at_least"].tolist() == [0.5, 0.5, 0.25]
    assert bounds["share_at_most"].tolist() == [0.75, 0.75, 0.5]


def test_work_that_lasted_is_not_shown_where_no_reason_is_known():
    exits = followed_exits(spells(RETURNS, times=100), WINDOW)
    unknown = exits.with_columns(destination_group=pl.lit("unexplained"))
    assert lasting_work(unknown, EXACT) is NO_REASON_KNOWN


def test_the_curve_of_returns_ends_where_the_shares_are():
    exits = followed_exits(spells(RETURNS, times=100), WINDOW)
    curve = return_curves(exits, EXACT, LEVEL).frame
    assert curve["destination_group"].unique().tolist() == ["work"]
    assert_allclose(curve["estimate"].iloc[-1], 2 / 3, **FIFTIETHS)


@pytest.mark.parametrize(
    ("drawn", "times", "said"),
    [
        ("nobody", 0, NO_EXITS),
        (SPELLS, 1, TOO_FEW),
        ("\n".join(SPELLS.splitlines()[:3]), 1, TOO_FEW),  # one exit
        ("\n".join(SPELLS.splitlines()[:4]), 6, TOO_FEW),  # twelve clients
    ],
)
def test_few_or_none_is_said_in_a_sentence(drawn, times, said):
    exits = followed_exits(spells(SPELLS if times == 0 else drawn, max(times, 1)), WINDOW)
    exits = exits.clear() if times == 0 else exits
    assert return_curves(exits, POLICY, LEVEL) == said
    shares = sustained_exits(exits, POLICY, LEVEL)
    assert isinstance(after_a_year(shares), Gap)
    assert isinstance(shares, Gap) or shares.frame["estimate"].isna().all()
    bounds = lasting_work(exits, POLICY)
    assert isinstance(bounds, Gap) or bounds.frame["share_at_least"].isna().all()


def test_planted_returns_are_found_though_most_are_not_followed_for_long():
    """Returns at a fixed rate; exits until the last day, so that a plain share is too low."""
    rng, n = np.random.default_rng(5), 12_000
    truth = 1 - np.exp(-12 / 40)
    left = rng.integers(1, 1095, n)
    away = np.ceil(rng.exponential(40, n) * DAYS_PER_MONTH).astype(int)
    start, day = date(2020, 1, 1), WINDOW.start
    first = [(f"p{i}", start, day + timedelta(int(a)), "work") for i, a in enumerate(left)]
    second = [
        (f"p{i}", day + timedelta(int(a + b)), None, None)
        for i, (a, b) in enumerate(zip(left, away, strict=True))
    ]
    names = ["person_id", "start_date", "end_date", "exit_destination"]
    rows = pl.DataFrame([*first, *second], schema=names, orient="row").lazy()
    exits = followed_exits(
        rows.with_columns(benefit_id=pl.col("person_id"), risk_end_date=pl.lit(None, pl.Date)),
        WINDOW,
    )
    row = after_a_year(returns(exits, POLICY, LEVEL)).frame.iloc[0]
    assert_allclose(row["estimate"], truth, **DRAWN)
    assert row["conf_low"] <= truth <= row["conf_high"]
    naive = exits.select(is_back_within(12).mean()).item()
    assert naive < truth - 0.03


@cache
def town() -> tuple[SimpleNamespace, pl.DataFrame, Window]:
    """A synthetic municipality and its cleaned spells."""
    made = simulate(Scenario(), "GM9904", 1500, 72, 3, counterfactuals=False)
    extract = date.fromisoformat(made.extract_date)
    window = (made.first_month, made.last_month)
    cleaned = clean_delivery(delivery(extract, window, **made.tables))
    first = date.fromisoformat(f"{made.first_month}-01")
    return made, cleaned.spells, Window(first, cleaned.observed_until)


@pytest.mark.parametrize("months", [6, 12])
def test_the_synthetic_truth_is_found_from_its_delivery(months):
    made, found, window = town()
    exits = followed_exits(found.lazy(), window)
    work = exits.filter(pl.col("destination_group") == "work")
    assert work.height > 200
    truth = made.truth["described"]["returned_within_months"]["work"][months]
    found = (returns(exits, POLICY, LEVEL), sustained_exits(exits, POLICY, LEVEL))
    shares = {key: share for part in found for key, share in _shares(part).items()}
    estimate = 1 - shares["sustained_exit", months]
    assert_allclose(estimate, truth, **TOWN)
    assert_allclose(shares["return", 12], 1 - shares["sustained_exit", 12], **FIFTIETHS)


def _shares(protected) -> dict[tuple[str, int], float]:
    rows = protected.frame[protected.frame["term"] == "work"]
    return {(r["outcome"], r["horizon_months"]): r["estimate"] for _, r in rows.iterrows()}


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed):
    _, found, window = town()
    mixed = found.sample(fraction=1, shuffle=True, seed=seed)
    first, second = (followed_exits(f.lazy(), window) for f in (found, mixed))
    assert first.equals(second)


periods = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 1300), st.integers(40, 400)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20)
@given(periods)
def test_a_payment_split_at_a_month_border_changes_nothing(periods):
    whole = pl.DataFrame(
        [
            (p, f"{p}{s}", date(2019, 2, 1) + timedelta(s), date(2019, 2, 1) + timedelta(s + n))
            for p, s, n in sorted(set(periods))
        ],
        schema=["person_id", "benefit_id", "start_date", "end_date"],
        orient="row",
    ).unique(["person_id", "start_date"], keep="first", maintain_order=True)
    whole = whole.with_columns(exit_reason=pl.lit("11"))
    border = pl.col("start_date").dt.offset_by("1mo").dt.month_start()
    halves = [whole.with_columns(end_date=border, exit_reason=pl.lit(None, pl.String)),
              whole.with_columns(start_date=border)]  # fmt: skip
    exits = [_exits_of(benefits) for benefits in (whole, pl.concat(halves))]
    assert exits[0].equals(exits[1])


def _exits_of(benefits: pl.DataFrame) -> pl.DataFrame:
    cleaned = clean_delivery(delivery(benefits=benefits))
    window = Window(date(2019, 1, 1), cleaned.observed_until)
    return followed_exits(cleaned.spells.lazy(), window).drop("household")

"""The staffing-shock IV: planted elasticities, another implementation, invariance, refusals.

Seeds are 0…N-1. At 12 teams over 66 months (some 84 caseworkers, 6,700 clients) one estimate has a
standard error near 0.13, so the median of 60 draws has a Monte-Carlo error near 0.022; 400 draws
gave |median bias| at most 0.016 and coverage of 95 % at truths 0, -0.23 and -0.5.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.stats import t as student_t

from shock_worlds import shock_world
from watwerkt.errors import DataError
from watwerkt.estimators import shock_iv
from watwerkt.estimators.naive import log_log_slope
from watwerkt.estimators.shock_iv import later_departures, shock_elasticity

N_DRAWS = 60
TWO_MC_ERRORS = 0.05  # of the median of 60 draws, with a bias of at most 0.006 beside it
WRITTEN_OUT = {"rtol": 1e-6}  # two Newton methods, each stopped at its own tolerance
EXACT = {"rtol": 1e-9, "atol": 1e-12}


def world(seed: int = 0, **given) -> pd.DataFrame:
    return shock_world(np.random.default_rng(seed), **given)


def naive_slope(rows: pd.DataFrame) -> float:
    months = rows.groupby(["team", "month"], as_index=False).agg(
        n_clients=("n_months", "sum"), n_exits=("n_exits", "sum"), caseload=("load", "first")
    )
    found = log_log_slope(months.rename(columns={"team": "caseworker_id"}), n_persons=100)
    return float(found.estimate[0])


@cache
def draws(elasticity: float, n_teams: int = 12, spread: float = 0.3) -> pd.DataFrame:
    rows = []
    for seed in range(N_DRAWS):
        drawn = world(seed, n_teams=n_teams, elasticity=elasticity, spread=spread)
        row = shock_elasticity(drawn, n_persons=100).tidy().iloc[0]
        rows.append(row[["estimate", "conf_low", "conf_high"]].to_dict() | {
            "naive": naive_slope(drawn)})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("elasticity", [0.0, -0.5])
def test_the_planted_elasticity_comes_back_where_teams_differ_and_the_naive_slope_fails(elasticity):
    found = draws(elasticity)
    assert abs(found["estimate"].median() - elasticity) < TWO_MC_ERRORS
    covers = (found["conf_low"] <= elasticity) & (elasticity <= found["conf_high"])
    assert covers.mean() > 0.85  # with true coverage 95 %, fewer happens in one run of 500
    assert found["naive"].median() < elasticity - 0.15


def test_with_few_teams_the_interval_covers_too():
    found = draws(0.0, n_teams=7, spread=0.0)
    assert ((found["conf_low"] <= 0) & (found["conf_high"] >= 0)).mean() > 0.85


def test_a_hand_over_looks_like_an_effect_of_the_caseload():
    """Why months 0 to 6 alone are no evidence: 4 % lost for four months looks like -0.1."""
    seeds = range(30)
    lost = [
        shock_elasticity(world(seed, hand_over=0.04), 100).estimate[0]
        - shock_elasticity(world(seed), 100).estimate[0]
        for seed in seeds
    ]
    assert np.median(lost) < -0.05


def test_both_stages_equal_statsmodels_with_every_column_written_out():
    rows = world(3, n_teams=6, n_months=24, elasticity=-0.5).sample(frac=0.9, random_state=1)
    fit = shock_elasticity(rows, 100)
    columns = pd.get_dummies(rows[["cell", "month", "team"]].astype(str), drop_first=True)
    columns = sm.add_constant(columns.assign(shock=rows["shock"]).astype(float))
    taken_out = rows["n_months"] * np.exp(fit.estimate[0] * rows["log_caseload"])
    poisson = sm.GLM(rows["n_exits"], columns, sm.families.Poisson(), exposure=taken_out).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": rows["team"]}
    )
    first = sm.WLS(rows["log_caseload"], columns, weights=poisson.mu).fit()
    assert abs(poisson.params["shock"]) < 1e-9  # nothing is left of the reduced form
    assert_allclose(fit.first_stage, first.params["shock"], **WRITTEN_OUT)
    assert_allclose(fit.estimate[0], fit.reduced_form / fit.first_stage, **EXACT)
    n, k = columns.shape
    plain = np.sqrt((n - k) / (n - 1))  # statsmodels counts columns too; G / (G - 1) is in both
    robust = first.get_robustcov_results("cluster", groups=rows["team"].to_numpy())
    found = np.sqrt(fit.covariance[1, 1]), fit.std_error[0] * abs(fit.first_stage)
    errors = [robust.bse[list(columns).index("shock")], poisson.bse["shock"]]
    assert_allclose(found, plain * np.array(errors), **WRITTEN_OUT)


def test_departures_to_come_equal_statsmodels_with_the_shock_so_far_held_constant():
    rows = world(5, n_teams=6, n_months=30)
    fit = shock_elasticity(rows, 100)
    found = later_departures(rows, 100, fit)
    known = rows[rows["shock_later"].notna()]
    columns = pd.get_dummies(known[["cell", "month", "team"]].astype(str), drop_first=True)
    columns = columns.assign(later=known["shock_later"], so_far=known["shock"])
    poisson = sm.GLM(
        known["n_exits"],
        sm.add_constant(columns.astype(float)),
        sm.families.Poisson(),
        exposure=known["n_months"],
    ).fit(tol=1e-12)
    assert_allclose(found.estimate[0], poisson.params["later"] / fit.first_stage, **WRITTEN_OUT)


def test_the_moments_of_an_exponential_mean_iv_are_met():
    """Hand-made GMM on z'(y - exp(x b + effects)), of all coefficients at once."""
    rows = world(5, elasticity=-0.5, n_teams=40)
    fit = shock_elasticity(rows, 100)
    cells = pd.get_dummies(rows[["cell", "month", "team"]].astype(str), drop_first=True)
    effects = np.column_stack([np.ones(len(rows)), cells.to_numpy(float)])
    x, z = (rows[c].to_numpy() for c in ("log_caseload", "shock"))
    left, right = np.column_stack([z, effects]), np.column_stack([x - x.mean(), effects])
    b = np.zeros(right.shape[1])
    b[1] = np.log(rows["n_exits"].sum() / rows["n_months"].sum())
    for _ in range(100):
        mean = rows["n_months"].to_numpy() * np.exp(right @ b)
        step = np.linalg.solve(left.T @ (mean[:, None] * right), left.T @ (rows["n_exits"] - mean))
        b = b + step * min(1.0, 2 / np.abs(right @ step).max())
    assert np.abs(step).max() < 1e-8
    assert_allclose(fit.estimate[0], b[0], **WRITTEN_OUT)


def test_the_interval_is_fiellers():
    fit = shock_elasticity(world(2, n_teams=24), 100)
    row = fit.tidy(0.9).iloc[0]
    (vr, c), (_, vf) = fit.covariance
    q = student_t(23).ppf(0.95) ** 2
    roots = np.roots([
        fit.first_stage**2 - q * vf,
        -2 * (fit.reduced_form * fit.first_stage - q * c),
        fit.reduced_form**2 - q * vr,
    ])  # fmt: skip
    assert_allclose([row["conf_low"], row["conf_high"]], np.sort(roots), atol=1e-6)
    assert_allclose(fit.p_value(row["conf_high"]), 0.1, atol=1e-5)
    assert row["first_stage"] == fit.first_stage
    assert_allclose(row["covariance_stages"], c, **EXACT)


def test_few_teams_are_tested_by_changing_signs_and_fewer_than_six_have_no_interval():
    nine, five = (shock_elasticity(world(1, n_teams=n), 100) for n in (9, 5))
    assert (nine.p_value() * 2**9) % 2 == 0  # a share of all 512 changes of sign, in pairs
    assert nine.tidy()[["conf_low", "conf_high"]].notna().all(axis=None)
    assert five.p_value() >= 2 / 2**5
    assert five.tidy()[["conf_low", "conf_high"]].isna().all(axis=None)
    assert_allclose(nine.p_value(nine.estimate[0]), 1.0, **EXACT)


def test_of_more_teams_some_changes_of_sign_are_made_always_the_same_and_near_to_all(monkeypatch):
    rows = world(1, n_teams=12)
    every = shock_elasticity(rows, 100).tidy()
    monkeypatch.setattr(shock_iv, "ALL_FLIPS_UP_TO", 11)
    shock_iv._sign_changes.cache_clear()
    some, again = (shock_elasticity(rows, 100).tidy() for _ in range(2))
    shock_iv._sign_changes.cache_clear()
    assert_frame_equal(some, again)
    ends = ["conf_low", "conf_high"]
    assert (some[ends] != every[ends]).any(axis=None)
    assert_allclose(some[ends], every[ends], atol=0.05)


def test_departures_to_come_do_nothing_where_teams_are_hit_by_chance():
    found = []
    for seed in range(40):
        rows = world(seed)
        found.append(later_departures(rows, 100, shock_elasticity(rows, 100)).tidy().iloc[0])
    found = pd.DataFrame(found)
    assert found["term"].unique().tolist() == ["later_departures"]
    assert ((found["conf_low"] < 0) & (found["conf_high"] > 0)).mean() > 0.8


ROWS = world(4, n_teams=6, n_months=24)
FIT = shock_elasticity(ROWS, 100)


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_teams_matter(random):
    order = random.sample(range(len(ROWS)), len(ROWS))
    names = dict(enumerate(random.sample([f"t{i}" for i in range(50)], 6)))
    moved = ROWS.iloc[order].assign(team=lambda rows: rows["team"].map(names))
    again = shock_elasticity(moved, 100)
    assert_allclose(again.estimate, FIT.estimate, rtol=1e-7)
    assert_allclose(again.covariance, FIT.covariance, rtol=1e-7)
    assert_allclose(again.p_value(), FIT.p_value(), **EXACT)


@settings(max_examples=15)
@given(st.floats(0.1, 0.9))
def test_a_row_split_in_two_says_the_same(share):
    """Person-months of a row may come in any number of rows: only sums count."""
    part = (ROWS["n_exits"] * share).astype(int)
    months = ROWS["n_months"] * share
    split = pd.concat([
        ROWS.assign(n_exits=part, n_months=months),
        ROWS.assign(n_exits=ROWS["n_exits"] - part, n_months=ROWS["n_months"] - months),
    ])  # fmt: skip
    assert_allclose(shock_elasticity(split, 100).estimate, FIT.estimate, rtol=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.assign(shock=0.0), "does not vary"),
        (lambda r: r.assign(log_caseload=4.0), "does not vary"),
        (lambda r: r.assign(n_exits=0), "fewer than 10 exits or 3 teams"),
        (lambda r: r[r["team"] < 2], "fewer than 10 exits or 3 teams"),
        (lambda r: r.assign(shock=r["team"] + r["month"]), "does not vary within teams"),
        (lambda r: r[:0], "fewer than 10 exits or 3 teams"),
    ],
)
def test_what_cannot_be_estimated_is_refused(change, message):
    with pytest.raises(DataError, match=message):
        shock_elasticity(change(ROWS), 100)

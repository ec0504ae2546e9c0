"""Pooling: printed numbers, another implementation, and what must not depend on order."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from statsmodels.api import WLS, add_constant
from statsmodels.stats.meta_analysis import combine_effects

from watwerkt.errors import DataError
from watwerkt.estimators.pooled_ratio import ratio_of_sums
from watwerkt.estimators.pooling import find_needed, find_tau2, moderate_errors, random_effects
from watwerkt.estimators.power import mde

REAL = Path(os.environ.get("WATWERKT_REAL_DATA", Path(__file__).parents[2] / "shared" / "real"))
OTHER = {"rtol": 1e-8}  # another implementation
PRINTED = {"atol": 5e-5}  # the reference prints four decimals
# Colditz et al. 1994, BCG against tuberculosis, as in R metafor's dat.bcg: with the vaccine
# positive and negative, without it positive and negative.
BCG = np.fromstring(
    """
    4 119 11 128      6 300 29 274      3 228 11 209    62 13536 248 12619   33 5036 47 5761
    180 1361 372 1079 8 2537 10 619     505 87886 499 87892   29 7470 45 7232  17 1699 65 1600
    186 50448 141 27197   5 2493 3 2338   27 16886 29 17825
    """,
    sep=" ",
).reshape(-1, 4)


def bcg():
    """Log risk ratios with their standard errors."""
    sick, healthy, sick_without, healthy_without = BCG.T
    n, n_without = sick + healthy, sick_without + healthy_without
    effect = np.log(sick / n) - np.log(sick_without / n_without)
    return effect, np.sqrt(1 / sick - 1 / n + 1 / sick_without - 1 / n_without)


def test_against_metafor_on_bcg():
    """metafor: rma(yi, vi, data = dat.bcg): its printed output; the error is that of the model."""
    found = random_effects(*bcg())
    assert_allclose(found.tau2, 0.3132, **PRINTED)
    assert_allclose([found.estimate, found.weight.sum() ** -0.5], [-0.7145, 0.1798], **PRINTED)
    assert_allclose(found.q, 152.2330, **PRINTED)
    assert found.q_p_value < 1e-4


def test_tau_is_where_the_restricted_likelihood_is_largest():
    effect, error = bcg()

    def minus_log_likelihood(tau2):
        covariance = np.diag(error**2 + tau2)
        ones, inverse = np.ones(len(effect)), np.linalg.inv(covariance)
        rest = effect - ones @ inverse @ effect / (ones @ inverse @ ones)
        logs = np.linalg.slogdet(covariance)[1] + np.log(ones @ inverse @ ones)
        return logs + rest @ inverse @ rest

    best = minimize_scalar(minus_log_likelihood, bounds=(0.01, 2), options={"xatol": 1e-10})
    assert find_tau2(effect, error**2) == pytest.approx(best.x, abs=1e-6)


def test_the_mean_and_its_error_against_statsmodels():
    effect, error = bcg()
    found = random_effects(effect, error)
    fitted = WLS(effect, np.ones((len(effect), 1)), weights=found.weight).fit()
    assert_allclose(found.estimate, fitted.params[0], **OTHER)
    assert_allclose(found.std_error, fitted.bse[0], **OTHER)
    assert_allclose(found.interval(), fitted.conf_int()[0], **OTHER)


def test_the_test_of_homogeneity_against_statsmodels():
    effect, error = bcg()
    found, other = random_effects(effect, error), combine_effects(effect, error**2)
    assert_allclose(found.q, other.q, **OTHER)
    assert_allclose(found.i_squared, 1 - (len(effect) - 1) / other.q, **OTHER)
    near = random_effects(0.1 * effect, error)
    homogeneity = combine_effects(0.1 * effect, error**2).test_homogeneity()
    assert_allclose(near.q_p_value, homogeneity.pvalue, **OTHER)


def test_the_sites_of_jtpa_do_not_differ():
    """National JTPA trial, women (Abadie, Angrist, Imbens 2002): tau 0, mean 1,196, Q 11.5."""
    path = REAL / "jtpa_women_sites.csv"
    if not path.is_file():
        pytest.skip(f"NOT CHECKED against a published trial: {path.name} not in WATWERKT_REAL_DATA")
    rows = pd.read_csv(path)
    sites = [
        WLS(site["Y"], add_constant(site["T"])).fit(cov_type="HC2")
        for _, site in rows.groupby("site")
    ]
    effect = np.array([site.params["T"] for site in sites])
    error = np.array([site.bse["T"] for site in sites])
    found = random_effects(effect, error)
    assert (found.tau2, len(effect)) == (0.0, 16)
    assert found.estimate == pytest.approx(1196, abs=0.5)
    assert found.q == pytest.approx(11.5, abs=0.05)
    other = combine_effects(effect, error**2, method_re="dl")
    assert other.tau2 <= 0
    assert_allclose(found.estimate, other.mean_effect_fe, **OTHER)
    shrunken, _ = found.shrunken()
    assert_allclose(shrunken, found.estimate, **OTHER)


def test_the_safeguard_keeps_the_error_of_the_model_where_all_are_alike_by_luck():
    found = random_effects(np.full(5, 0.2), np.full(5, 0.1))
    assert_allclose(found.std_error, 0.1 / np.sqrt(5), **OTHER)


def test_municipalities_with_one_executor_are_one_cluster():
    effect = np.repeat([0.3, -0.2, 0.1, 0.0], 3)
    error = np.full(12, 0.1)
    alone = random_effects(effect, error)
    shared = random_effects(effect, error, cluster=np.repeat(np.arange(4), 3))
    assert shared.degrees_of_freedom == 3
    assert alone.degrees_of_freedom == 11
    assert shared.std_error > 1.5 * alone.std_error
    with pytest.raises(DataError, match="2 executors: pooling takes 3"):
        random_effects(effect[:4], error[:4], cluster=np.array([0, 0, 1, 1]))


def test_an_effect_without_an_error_is_refused():
    with pytest.raises(DataError, match="1 effects have no positive standard error"):
        random_effects(np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.0, 0.1]))


def test_errors_that_are_noise_become_those_of_all_and_known_ones_stay():
    rng = np.random.default_rng(3)
    size = rng.uniform(50, 500, 200)
    drawn = 4 / size * rng.chisquare(3, 200) / 3
    found, freedom = moderate_errors(drawn, np.full(200, 3.0), size)
    assert np.corrcoef(np.log(found), np.log(4 / size))[0, 1] > 0.9
    assert (freedom > 3).all()
    differing = 4 / size * np.exp(rng.normal(size=200))
    kept, _ = moderate_errors(differing, np.full(200, 400.0), size)
    assert_allclose(kept, differing, rtol=0.1)


def test_three_times_as_many_municipalities_see_what_is_worth_seeing():
    n = find_needed(0.04, 0.01, 0.1, mde(1.0))
    assert mde(float(np.sqrt(0.05 / n))) == pytest.approx(0.1)


EFFECTS = st.lists(
    st.tuples(st.floats(-2, 2), st.floats(0.05, 1), st.integers(0, 6)), min_size=4, max_size=12
).filter(lambda rows: len({row[2] for row in rows}) >= 3)


@given(EFFECTS, st.randoms())
def test_the_order_does_not_matter_and_the_mean_lies_within(rows, random):
    effect, error, cluster = map(np.array, zip(*rows, strict=True))
    found = random_effects(effect, error, cluster=cluster)
    assert effect.min() - 1e-9 <= found.estimate <= effect.max() + 1e-9
    shrunken, _ = found.shrunken()
    low, high = np.minimum(effect, found.estimate), np.maximum(effect, found.estimate)
    assert (shrunken >= low - 1e-9).all()
    assert (shrunken <= high + 1e-9).all()
    random.shuffle(rows)
    effect, error, cluster = map(np.array, zip(*rows, strict=True))
    again = random_effects(effect, error, cluster=cluster)
    assert_allclose(again.estimate, found.estimate, rtol=1e-7, atol=1e-9)
    assert_allclose(again.tau2, found.tau2, rtol=1e-5, atol=1e-9)


@given(st.floats(-2, 2), st.floats(0.05, 1), st.integers(3, 30))
def test_one_municipality_many_times_is_that_municipality(effect, error, n):
    found = random_effects(np.full(n, effect), np.full(n, error))
    assert found.tau2 == 0.0
    assert_allclose(found.estimate, effect, atol=1e-9)
    assert_allclose(found.std_error, error / np.sqrt(n), rtol=1e-6)


def towns(rng, n, ratio, spread=0.0, first=0.0065):
    """Both stages of ``n`` towns of four teams: errors known with three degrees of freedom."""
    own = ratio + spread * rng.normal(size=n)
    stage = first + 0.001 * rng.normal(size=n)
    reduced = own * first + 0.0014 * rng.normal(size=n) + ratio * (stage - first)
    known = 0.75**2 * rng.chisquare(3, (n, 2)) / 3  # too small, as sandwiches of four teams are
    covariance = np.zeros((n, 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = 0.0014**2 * known[:, 0], 0.001**2 * known[:, 1]
    return reduced, stage, covariance, np.full(n, 4.0), np.full(n, 1000.0), np.arange(n)


def test_a_hundred_alike_towns_of_four_teams_are_found_alike():
    """A few draws; ``benchmarks/truth`` has many, from the towns' own exits."""
    found = [ratio_of_sums(*towns(np.random.default_rng(s), 100, -0.15)) for s in range(60)]
    assert np.mean([f.q_p_value < 0.05 for f in found]) <= 0.10
    assert np.median([f.tau2**0.5 for f in found]) < 0.05
    assert np.mean([f.estimate for f in found]) == pytest.approx(-0.15, abs=0.01)
    covered = [low <= -0.15 <= high for low, high in (f.interval() for f in found)]
    assert np.mean(covered) >= 0.88


def test_ratios_of_differing_towns_differ_and_their_mean_is_a_ratio_of_sums():
    reduced, first, *rest = towns(np.random.default_rng(1), 100, -0.15, spread=0.5)
    found = ratio_of_sums(reduced, first, *rest)
    assert found.q_p_value < 0.01
    assert found.tau2**0.5 == pytest.approx(0.5, abs=0.15)
    weight = found.weight
    assert_allclose(found.estimate, weight @ reduced / (weight @ first), rtol=1e-8)


def test_departures_that_move_nothing_give_no_ratio():
    with pytest.raises(DataError, match="first stage: F"):
        ratio_of_sums(*towns(np.random.default_rng(1), 10, -0.15, first=0.0))

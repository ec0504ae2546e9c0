"""Minimum detectable effects against statsmodels, R and published arithmetic."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    samplesize_proportions_2indep_onetail,
)

from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.power import mde, mde_proportions, n_per_arm
from watwerkt.estimators.proportions import difference_in_proportions

SOLVER = {"rtol": 1e-5}  # statsmodels solves for the effect by root finding
EXACT = {"rtol": 1e-12}


def test_mde_is_2_80_standard_errors():
    assert_allclose(mde(1.0), norm.ppf(0.975) + norm.ppf(0.8), **EXACT)
    assert_allclose(mde(2.0, power=0.9, alpha=0.1), 2 * (norm.ppf(0.95) + norm.ppf(0.9)), **EXACT)


def test_mde_has_the_power_it_promises():
    """Against statsmodels' power of a z test at that effect."""
    n, effect = 150, mde(np.sqrt(2 / 150))
    assert_allclose(NormalIndPower().power(effect, n, 0.05), 0.8, **SOLVER)


def test_few_clusters_see_less():
    """Bloom's multiplier with 10 degrees of freedom: 2.228 + 0.879."""
    assert_allclose(mde(1.0, degrees_of_freedom=10), 3.107, atol=5e-4)


def test_utrecht_could_see_ten_points():
    """Evidence base, section 1d: 188 per arm, 15% in the control group."""
    ours = mde_proportions(188, 188, 0.15)
    assert_allclose(ours, 0.103, atol=5e-4)
    effect = NormalIndPower().solve_power(nobs1=188, alpha=0.05, power=0.8)
    assert_allclose(ours, effect * np.sqrt(0.15 * 0.85), **SOLVER)


def test_unequal_arms_against_statsmodels():
    """UWV's 80% service, 10% none."""
    effect = NormalIndPower().solve_power(nobs1=800, ratio=0.125, alpha=0.05, power=0.9)
    ours = mde_proportions(800, 100, 0.63, power=0.9)
    assert_allclose(ours, effect * np.sqrt(0.63 * 0.37), **SOLVER)


def test_needed_number_against_r_and_statsmodels():
    """R: power.prop.test(p1 = .50, p2 = .75, power = .90) prints n = 76.7.

    The statsmodels function halves alpha itself, despite its name.
    """
    assert_allclose(n_per_arm(0.5, 0.25, power=0.9), 76.7, atol=0.05)
    other = samplesize_proportions_2indep_onetail(diff=0.25, prop2=0.5, power=0.9, alpha=0.05)
    assert_allclose(n_per_arm(0.5, 0.25, power=0.9), other, rtol=1e-8)


def test_fifteen_against_twenty_four_percent():
    """Evidence base, section 7.4: an interval of 1.0 to 17.0 points with 188 in each arm."""
    row = difference_in_proportions(0.24 * 188, 188, 0.15 * 188, 188).tidy().iloc[0]
    assert_allclose([row["conf_low"], row["conf_high"]], [1.0, 17.0], atol=0.05)


def test_difference_against_statsmodels():
    row = difference_in_proportions(45, 188, 28, 170).tidy(0.9).iloc[0]
    low, high = confint_proportions_2indep(45, 188, 28, 170, method="wald", alpha=0.1)
    assert_allclose([row["conf_low"], row["conf_high"]], [100 * low, 100 * high], **EXACT)
    assert (row["n_obs"], row["n_persons"], row["n_events"]) == (358, 358, 73)


@pytest.mark.parametrize(
    "counts", [(0, 10, 0, 10), (5, 0, 5, 10), (11, 10, 5, 10), (-1, 10, 5, 10)]
)
@pytest.mark.filterwarnings("error")
def test_impossible_groups_are_refused(counts):
    with pytest.raises(DataError):
        difference_in_proportions(*counts)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mde(0.0),
        lambda: mde(np.nan),
        lambda: mde(1.0, power=1.0),
        lambda: mde_proportions(0, 10, 0.5),
        lambda: mde_proportions(10, 10, 0.0),
        lambda: n_per_arm(0.5, 0.0),
        lambda: n_per_arm(0.5, 0.6),
    ],
)
def test_impossible_designs_are_refused(call):
    with pytest.raises(ParameterError):
        call()

"""Redrawn lotteries, families of questions, taking part, bounds and equivalence."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from test_trials import CLUSTERS, EXACT, PERSONS, STRATA, cluster_trial, itt, person_trial
from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.bounds import lee_bounds
from watwerkt.estimators.equivalence import equivalence
from watwerkt.estimators.multiplicity import (
    adjust_bh,
    adjust_holm,
    adjust_romano_wolf,
    simultaneous_band,
)
from watwerkt.estimators.proportions import difference_in_proportions
from watwerkt.estimators.randomisation import Redrawn, randomisation_test, redraw, share_as_large
from watwerkt.estimators.takeup import estimate_cace
from watwerkt.estimators.trials import Mechanism

DRAWN = {"atol": 0.02}  # shares of 4,000 draws and more


def welch(a, b, axis=-1):
    return stats.ttest_ind(a, b, axis=axis, equal_var=False).statistic


def test_lottery_of_persons_is_the_permutation_test_of_scipy():
    rows = person_trial(40, seed=20)
    ours = randomisation_test(rows, "talk", "usual", PERSONS, 10_000, seed=1)
    arms = [rows.loc[rows["arm"] == name, "outcome"] for name in ("talk", "usual")]
    other = stats.permutation_test(
        arms,
        lambda a, b, axis: np.abs(welch(a, b, axis)),
        n_resamples=10_000,
        alternative="greater",
        vectorized=True,
        rng=np.random.default_rng(2),
    )
    assert_allclose(ours, other.pvalue, **DRAWN)


def test_lottery_of_clusters_against_all_lotteries():
    """Eight clusters, four drawn: 70 lotteries, each differing mean over its cluster error."""
    rows = cluster_trial(8, seed=21)
    sums = rows.groupby("cluster")["outcome"].agg(["size", "sum"]).to_numpy()
    drawn = rows.groupby("cluster")["arm"].first().eq("talk").to_numpy()

    def statistic(is_drawn):
        parts = []
        for side in (is_drawn, ~is_drawn):
            mean = sums[side, 1].sum() / sums[side, 0].sum()
            rest = sums[side, 1] - mean * sums[side, 0]
            parts.append((mean, (rest**2).sum() / sums[side, 0].sum() ** 2 * 4 / 3))
        return abs(parts[0][0] - parts[1][0]) / np.sqrt(parts[0][1] + parts[1][1])

    lotteries = [np.isin(np.arange(8), chosen) for chosen in combinations(range(8), 4)]
    exact = np.mean([statistic(each) >= statistic(drawn) - 1e-9 for each in lotteries])
    ours = randomisation_test(rows, "talk", "usual", CLUSTERS, 4000, seed=3)
    assert_allclose(ours, exact, **DRAWN)


def test_lottery_stays_within_strata_and_probabilities():
    """Strata that differ in level and chance: drawn across them, nothing would look like much."""
    found = []
    for seed in range(150):
        rows = person_trial(120, seed, chance=(0.3, 0.7))
        rows["outcome"] -= 0.3 * (rows["arm"] == "talk")
        found.append(randomisation_test(rows, "talk", "usual", STRATA, 99, seed))
    assert 0.01 <= np.mean(np.array(found) <= 0.05) <= 0.1
    by_chance = rows.drop(columns="stratum")
    assert randomisation_test(by_chance, "talk", "usual", PERSONS, 99, seed) == found[-1]


@settings(max_examples=15)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_a_lottery_knows_no_order_and_no_names(seed, random):
    rows = person_trial(60, seed, chance=(0.4, 0.6)).round({"outcome": 0})
    order = random.sample(range(len(rows)), len(rows))
    other = rows.iloc[order].assign(
        arm=lambda f: f["arm"].map({"talk": "z", "usual": "a"}),
        stratum=lambda f: f["stratum"].map({"near": "a", "far": "b"}),
    )
    first = redraw(rows, ["talk"], "usual", STRATA, 30, 5, ["outcome"])
    second = redraw(other, ["z"], "a", STRATA, 30, 5, ["outcome"])
    assert_allclose(first.observed, second.observed, **EXACT)
    assert_allclose(first.drawn, second.drawn, rtol=1e-8, atol=1e-10)


def three_arms(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 3, 150)
    first = rng.normal(size=150)
    frame = {"arm": np.array(["usual", "talk", "visit"])[code], "probability": 1 / 3}
    return pd.DataFrame(frame | {"work": first, "days": 0.7 * first + rng.normal(size=150)})


def test_romano_wolf_step_by_step():
    """Against the definition, question by question; never below the single p, nor above Holm's."""
    rows = three_arms(30)
    rows["work"] += 0.55 * (rows["arm"] == "visit")
    family = redraw(rows, ["talk", "visit"], "usual", PERSONS, 999, 7, ["work", "days"])
    adjusted, single = adjust_romano_wolf(family), share_as_large(family)
    left, before = list(np.argsort(-np.abs(family.observed))), 0.0
    while left:
        largest = np.abs(family.drawn[:, left]).max(axis=1)
        p = (1 + (largest >= abs(family.observed[left[0]]) - 1e-9).sum()) / 1000
        before = max(before, p)
        assert_allclose(adjusted[left.pop(0)], before, **EXACT)
    assert (adjusted >= single).all()
    assert (adjusted <= adjust_holm(single) + 0.02).all()
    assert adjusted.min() < 0.05


def test_romano_wolf_finds_nothing_where_nothing_is():
    """At most one false finding in twenty families (100 families: 10% is beyond chance)."""
    families = [
        redraw(three_arms(seed), ["talk", "visit"], "usual", PERSONS, 99, seed, ["work", "days"])
        for seed in range(100)
    ]
    assert 0.01 <= np.mean([adjust_romano_wolf(f).min() <= 0.05 for f in families]) <= 0.1
    assert np.mean([share_as_large(f).min() <= 0.05 for f in families]) > 0.1


def test_holm_and_benjamini_hochberg_by_hand():
    assert_allclose(adjust_holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06], **EXACT)
    assert_allclose(adjust_bh([0.01, 0.04, 0.03]), [0.03, 0.04, 0.04], **EXACT)
    assert_allclose(adjust_romano_wolf(Redrawn(np.array([9.0]), np.zeros((99, 1)))), 0.01, **EXACT)
    with pytest.raises(ParameterError, match="at least one"):
        adjust_holm([])


def test_cace_is_two_stage_least_squares():
    """statsmodels' IV2SLS for the estimate; the sandwich for HC2 written out."""
    rng = np.random.default_rng(40)
    rows = person_trial(300, seed=40)
    drawn = (rows["arm"] == "talk").to_numpy(dtype=float)
    rows["took_up"] = rng.random(300) < 0.1 + 0.6 * drawn
    rows["outcome"] += 1.0 * rows["took_up"]
    fit = estimate_cace(rows, "talk", "usual", PERSONS)
    from statsmodels.sandbox.regression.gmm import IV2SLS

    took = rows["took_up"].to_numpy(dtype=float)
    model = IV2SLS(rows["outcome"].to_numpy(), sm.add_constant(took), sm.add_constant(drawn)).fit()
    assert_allclose(fit.estimate, model.params[1], **EXACT)
    rest = model.resid
    errors = sum(rest[drawn == a].var(ddof=1) / (drawn == a).sum() for a in (0, 1))
    assert_allclose(fit.std_error, np.sqrt(errors) / abs(fit.first_stage), **EXACT)


def test_anderson_rubin_ends_where_the_test_turns():
    """At either end the outcome less the effect of taking part differs by arm at p = .05."""
    rng = np.random.default_rng(41)
    rows = cluster_trial(20, seed=41)
    rows["took_up"] = rng.random(len(rows)) < np.where(rows["arm"] == "talk", 0.5, 0.2)
    row = estimate_cace(rows, "talk", "usual", CLUSTERS).tidy().iloc[0]
    for end in (row["conf_low"], row["conf_high"]):
        moved = rows.assign(outcome=rows["outcome"] - end * rows["took_up"])
        assert_allclose(itt(moved, CLUSTERS).tidy()["p_value"], 0.05, rtol=1e-6)
    ratio = itt(rows, CLUSTERS).estimate / row["first_stage"]
    assert_allclose(row["estimate"], ratio, **EXACT)


def test_cace_covers_the_effect_on_those_who_were_moved():
    """No-show, crossover, and people who take part anyway being better off from the start."""
    covered, naive = [], []
    for seed in range(250):
        rng = np.random.default_rng(seed)
        kind = rng.choice(["always", "never", "moved"], 300, p=[0.1, 0.3, 0.6])
        drawn = rng.random(300) < 0.5
        took = (kind == "always") | ((kind == "moved") & drawn)
        y = 2.0 * (kind == "always") - 1.0 * (kind == "never") + 0.5 * took + rng.normal(size=300)
        arm = np.where(drawn, "talk", "usual")
        rows = pd.DataFrame({"arm": arm, "outcome": y, "probability": 0.5, "took_up": took})
        row = estimate_cace(rows, "talk", "usual", PERSONS).tidy().iloc[0]
        covered.append(row["conf_low"] <= 0.5 <= row["conf_high"])
        naive.append(y[took].mean() - y[~took].mean())
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(naive) > 1.0


def test_an_arm_that_moved_nobody_is_refused():
    rows = person_trial(100, seed=42)
    for took_up in (np.arange(100) % 7 == 0, np.zeros(100, bool)):
        with pytest.raises(DataError, match="took part"):
            estimate_cace(rows.assign(took_up=took_up), "talk", "usual", PERSONS)


def test_lee_bounds_by_hand():
    """The arm lost none of ten, the control half of twenty: half of the arm is trimmed."""
    known = pd.DataFrame({"arm": "talk", "outcome": np.arange(10.0)})
    usual = pd.DataFrame({"arm": "usual", "outcome": [*np.arange(10.0), *[np.nan] * 10]})
    rows = pd.concat([known, usual], ignore_index=True).assign(probability=0.5)
    found = lee_bounds(rows, "talk", "usual", PERSONS)
    assert_allclose([found.low, found.high], [2.0 - 4.5, 7.0 - 4.5], **EXACT)
    assert_allclose([found.trimmed_share, found.share_known_control], [0.5, 0.5], **EXACT)
    other = lee_bounds(rows, "usual", "talk", PERSONS)
    assert_allclose([other.low, other.high], [-found.high, -found.low], **EXACT)


def test_lee_errors_are_those_of_his_formula():
    """Lee (2009), proposition 3, for the upper bound; 400 resamples give it to about 10%."""
    rng = np.random.default_rng(50)
    n = 2000
    drawn = np.arange(n) % 2 == 0
    known = rng.random(n) < np.where(drawn, 0.9, 0.7)
    y = np.where(known, rng.normal(size=n), np.nan)
    rows = pd.DataFrame({"arm": np.where(drawn, "talk", "usual"), "outcome": y, "probability": 0.5})
    found = lee_bounds(rows, "talk", "usual", PERSONS)
    s1, s0 = known[drawn].mean(), known[~drawn].mean()
    q, arm, control = 1 - s0 / s1, np.sort(y[drawn & known]), y[~drawn & known]
    edge = np.quantile(arm, q)
    kept = arm[arm >= edge]
    n1, n0 = drawn.sum() * s1, (~drawn).sum() * s0
    spread = kept.var() / (n1 * (1 - q)) + (edge - kept.mean()) ** 2 * q / (n1 * (1 - q))
    share = (1 - s0) / n0 + (1 - s1) / n1
    expected = np.sqrt(spread + (edge - kept.mean()) ** 2 * share + control.var() / n0)
    assert_allclose(found.std_error_high, expected, rtol=0.12)


def test_lee_interval_covers_an_effect_that_attrition_hides():
    """Those with poor outcomes drop out of the control only: the plain difference misses."""
    covered, naive = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        drawn, level = rng.random(400) < 0.5, rng.normal(size=400)
        lost = ~drawn & (level < -0.8)
        y = np.where(lost, np.nan, level + 0.2 * drawn)
        arm = np.where(drawn, "talk", "usual")
        rows = pd.DataFrame({"arm": arm, "outcome": y, "probability": 0.5})
        row = lee_bounds(rows, "talk", "usual", PERSONS, seed).tidy().iloc[0]
        covered.append(row["conf_low"] <= 0.2 <= row["conf_high"])
        plain = itt(rows.dropna()).tidy().iloc[0]
        naive.append(plain["conf_low"] <= 0.2 <= plain["conf_high"])
    assert np.mean(covered) >= 0.92
    assert np.mean(naive) < 0.5


def test_bounds_need_outcomes():
    rows = person_trial(30, seed=51).assign(outcome=np.nan)
    with pytest.raises(DataError, match="0 outcomes are known"):
        lee_bounds(rows, "talk", "usual", PERSONS)
    with pytest.raises(DataError, match="do not vary"):
        lee_bounds(rows.assign(outcome=1.0), "talk", "usual", PERSONS)


def test_equivalence_is_that_of_statsmodels():
    """Unequal variances in both; equal arms, so that the degrees of freedom are near."""
    rows = pd.concat([person_trial(400, 60), person_trial(400, 61)])
    fit = itt(rows)
    a, b = (rows.loc[rows["arm"] == name, "outcome"] for name in ("talk", "usual"))
    other = ttost_ind(a, b, -0.6, 0.6, usevar="unequal")
    found = equivalence(fit, 0.6)
    ours = [found.p_value, found.p_not_below, found.p_not_above]
    assert_allclose(ours, [other[0], other[1][1], other[2][1]], rtol=0.02)
    assert found.is_equivalent == (found.conf_low > -0.6 and found.conf_high < 0.6)


def test_two_points_would_call_the_austrian_effect_nil():
    """Böheim et al.: 3.7 (1.0) to work; not within 2 points of nil, but within 6."""
    fit = difference_in_proportions(0.347 * 3397, 3397, 0.311 * 9027, 9027)
    assert not equivalence(fit, 2.0).is_equivalent
    assert equivalence(fit, 6.0).is_equivalent
    with pytest.raises(ParameterError, match="margin"):
        equivalence(fit, 0.0)


def path_rows(seed: int, n: int = 120) -> pd.DataFrame:
    rows = person_trial(n, seed)[["arm", "probability"]]
    steps = np.random.default_rng(seed + 10_000).normal(size=(n, 12)).cumsum(axis=1)
    effect = np.arange(12) * 0.1 * (rows["arm"] == "talk").to_numpy()[:, None]
    return pd.concat([rows, pd.DataFrame(steps + effect).add_prefix("month ")], axis=1)


def test_a_band_holds_the_whole_path():
    """The pointwise intervals do not; each estimate is that of its month."""
    months, truth = [f"month {m}" for m in range(12)], np.arange(12) * 0.1
    band, pointwise = [], []
    for seed in range(150):
        path = simultaneous_band(path_rows(seed), "talk", "usual", PERSONS, months).tidy()
        band.append(((path["band_low"] <= truth) & (truth <= path["band_high"])).all())
        pointwise.append(((path["conf_low"] <= truth) & (truth <= path["conf_high"])).all())
    assert 0.9 <= np.mean(band) <= 0.99
    assert np.mean(pointwise) < 0.9
    alone = itt(path_rows(149).assign(outcome=lambda f: f["month 3"])).tidy()
    assert_allclose(path.loc[3, "std_error"], alone["std_error"], **EXACT)


def test_a_band_of_one_month_is_its_interval():
    path = simultaneous_band(path_rows(1), "talk", "usual", PERSONS, ["month 4"]).tidy()
    assert_allclose(path["band_high"], path["conf_high"], rtol=0.05)
    assert (path["band_high"] >= path["conf_high"]).all()


def test_a_month_without_change_is_refused_by_name():
    rows = path_rows(2).assign(**{"month 0": 0.0})
    with pytest.raises(DataError, match="month 0"):
        simultaneous_band(rows, "talk", "usual", PERSONS, ["month 0", "month 1"])
    with pytest.raises(DataError, match="does not vary"):
        redraw(rows, ["talk"], "usual", PERSONS, 9, 1, ["month 0", "month 1"])


def test_a_lottery_that_cannot_be_drawn_again_is_refused():
    rows = person_trial(60, seed=70)
    own = rows.assign(probability=np.linspace(0.3, 0.7, 60))
    with pytest.raises(DataError, match="drawn again"):
        randomisation_test(own, "talk", "usual", PERSONS, 9, 1)
    third = pd.concat([own, own[:9].assign(arm="third")])
    with pytest.raises(DataError, match="more than one probability"):
        randomisation_test(third, "talk", "usual", PERSONS, 9, 1)
    with pytest.raises(DataError, match="drawn by cluster"):
        randomisation_test(cluster_trial(8, 1), "talk", "usual", PERSONS, 9, 1)
    with pytest.raises(ParameterError, match="at least once"):
        randomisation_test(rows, "talk", "usual", Mechanism("person", False), 0, 1)

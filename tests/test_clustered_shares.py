"""Shares with clustered errors: other implementations, a closed form, and known truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from watwerkt.errors import DataError
from watwerkt.estimators.clustered_shares import clustered_share, share_within
from watwerkt.estimators.survival_curves import kaplan_meier

EXACT = {"rtol": 1e-10}
JACKKNIFE = {"rtol": 0.02}  # equal to first order in the number of clusters, which is 300
COVERAGE = (0.92, 0.98)  # of 400 draws: 95% give or take two standard errors and a half


def lives(n: int, seed: int, partners: int = 1) -> tuple[np.ndarray, ...]:
    """Times until an event, some censored before; ``partners`` share time and censoring."""
    rng = np.random.default_rng(seed)
    back, seen = rng.exponential(40, n).round(1) + 0.1, rng.uniform(1, 60, n).round(1)
    time, event = np.minimum(back, seen), back <= seen
    return tuple(np.repeat(a, partners) for a in (time, event, np.arange(n)))


@pytest.mark.parametrize("horizon", [3, 12, 24.5])
def test_each_by_itself_is_kaplan_meier_with_greenwoods_error(horizon):
    time, event, single = lives(400, seed=1)
    found = share_within(time, event, horizon, single)
    curve = kaplan_meier(time, event)
    last = np.flatnonzero(curve.time <= horizon)[-1]
    assert_allclose(found.estimate, 1 - curve.survival[last], **EXACT)
    assert_allclose(found.std_error, curve.std_error[last] * np.sqrt(400 / 399), **EXACT)
    assert found.n_events == curve.events[: last + 1].sum()


def test_a_plain_share_is_statsmodels_clustered_mean():
    rng = np.random.default_rng(2)
    cluster = rng.integers(0, 40, 300)
    event = rng.random(300) < 0.2 + 0.4 * (cluster % 2)
    found = clustered_share(event, cluster)
    fit = sm.OLS(event.astype(float), np.ones(300)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}
    )
    assert_allclose([found.estimate, found.std_error], [fit.params[0], fit.bse[0]], **EXACT)
    assert found.n_clusters == 40


def test_the_clustered_error_is_that_of_leaving_out_one_cluster_at_a_time():
    time, event, cluster = lives(300, seed=3, partners=2)
    found = share_within(time, event, 12, cluster)
    without = np.array(
        [
            share_within(*(a[cluster != c] for a in (time, event)), 12, cluster[cluster != c])
            for c in range(300)
        ],
        dtype=object,
    )
    estimates = np.array([share.estimate for share in without])
    jackknife = np.sqrt(299 / 300 * ((estimates - estimates.mean()) ** 2).sum())
    assert_allclose(found.std_error, jackknife, **JACKKNIFE)


def test_without_censoring_both_are_the_same_share():
    time, event, cluster = np.array([1.0, 2, 2, 30, 40]), np.ones(5, bool), np.arange(5)
    within, plain = share_within(time, event, 12, cluster), clustered_share(time <= 12, cluster)
    assert_allclose(within.estimate, 0.6, **EXACT)
    assert_allclose(within.std_error, plain.std_error, **EXACT)
    assert (within.n_obs, within.n_events) == (5, 3)


def test_partners_who_act_as_one_count_as_one():
    """The truth is known: intervals that know the partners cover it, the others do not."""
    truth, covers = 1 - np.exp(-(12 - 0.1) / 40), {"clustered": 0, "single": 0}
    for seed in range(400):
        time, event, cluster = lives(150, seed, partners=2)
        for name, ids in {"clustered": cluster, "single": np.arange(300)}.items():
            row = share_within(time, event, 12, ids).tidy().iloc[0]
            covers[name] += row["conf_low"] <= truth <= row["conf_high"]
    assert COVERAGE[0] <= covers["clustered"] / 400 <= COVERAGE[1]
    assert covers["single"] / 400 < 0.9


def test_nobody_followed_for_so_long_is_an_error():
    with pytest.raises(DataError, match="nobody is seen for 12"):
        share_within([3.0, 5.0], [True, False], 12, [1, 2])


@pytest.mark.parametrize("event", [True, False])
def test_all_or_none_says_nothing_of_its_error(event):
    row = share_within([13.0, 14.0] if not event else [1.0, 2.0], [event] * 2, 12, [1, 2]).tidy()
    assert row["estimate"].tolist() == [float(event)]
    assert row[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert np.isnan(clustered_share([True, False], ["one", "one"]).std_error)


@pytest.mark.parametrize("arrays", [([], [], []), ([1.0], [True, False], [1])])
def test_nothing_or_unequal_arrays_are_an_error(arrays):
    time, event, cluster = arrays
    with pytest.raises(DataError, match="at least one observation"):
        share_within(time, event, 12, cluster)


people = st.lists(
    st.tuples(st.integers(1, 30), st.booleans(), st.integers(0, 5)), min_size=2, max_size=40
)


@given(people, st.randoms())
def test_order_does_not_matter_and_shares_stay_within_bounds(rows, random):
    rows = [*rows, (31, False, 6)]  # one is followed for long
    mixed = random.sample(rows, len(rows))
    first, second = (
        share_within(*(np.array(a) for a in zip(*((t, e) for t, e, _ in drawn), strict=True)), 12,
                     np.array([names[c] for *_, c in drawn]))
        for drawn, names in ((rows, range(7)), (mixed, "gbfaedc"))
    )  # fmt: skip
    assert_allclose(first.estimate, second.estimate, **EXACT)
    assert_allclose(first.std_error, second.std_error, rtol=1e-7, atol=1e-12)
    assert_allclose(first.estimate + first.complement().estimate, 1, **EXACT)
    row = first.tidy().iloc[0]
    assert 0 <= row["estimate"] <= 1
    if not np.isnan(row["std_error"]):
        assert 0 <= row["conf_low"] <= row["estimate"] <= row["conf_high"] <= 1

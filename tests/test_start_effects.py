"""Starting now against not yet: by hand, in a planted world, and in tables that cannot carry it."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse

from start_worlds import HELPS, SUMS, increments, start_world, true_start_effect, worlds
from watwerkt.errors import DataError
from watwerkt.estimators.ratio import fieller_interval
from watwerkt.estimators.start_balance import start_balance
from watwerkt.estimators.start_effects import N_FOLDS, estimate_start

SAME = {"rtol": 1e-8, "atol": 1e-8}  # another implementation
COVARIATES = ["month", "talk", "near"]


def small_world(**planted):
    return start_world(np.random.default_rng(3), "one", n_persons=900, **planted)


def by_hand(rows: pd.DataFrame, seed: int = 0) -> tuple[float, float]:
    """AIPW for those who start, with statsmodels, fold by fold; the estimate and its error."""
    dummies = pd.get_dummies(rows[COVARIATES].astype(str), drop_first=True, dtype=float)
    x = sm.add_constant(dummies).to_numpy()
    y = (rows["left_after"] > 0).to_numpy(dtype=float)
    d = rows["is_start"].to_numpy(dtype=bool)
    person = pd.factorize(rows["person"], sort=True)[0]
    fold = np.random.default_rng(seed).permutation(person.max() + 1)[person] % N_FOLDS
    p, m = np.empty(len(y)), np.empty(len(y))
    for k in range(N_FOLDS):
        learns, here = fold != k, fold == k
        logit = sm.GLM(d[learns], x[learns], family=sm.families.Binomial()).fit(tol=1e-14)
        p[here] = logit.predict(x[here])
        m[here] = sm.OLS(y[learns & ~d], x[learns & ~d]).fit().predict(x[here])
    w = np.where(d, (p <= p[~d].max()).astype(float), p / (1 - p))
    parts = []
    for arm in (d, ~d):
        share = np.where(arm, w, 0) / w[arm].sum()
        mean = (share * (y - m)).sum()
        by = pd.DataFrame({"part": share * (y - m - mean), "share": share})
        by = by.groupby(rows["cluster"].to_numpy()).sum()
        parts.append((mean, by["part"] / (1 - by["share"])))
    influence = parts[0][1] - parts[1][1]
    n = len(influence)
    return parts[0][0] - parts[1][0], float(np.sqrt((influence**2).sum() * (n - 1) / n))


def test_it_equals_the_same_by_hand_with_statsmodels():
    rows = small_world(**HELPS)
    rows["month"] = rows["month"] // 2
    path = estimate_start(rows, COVARIATES, increments(rows["left_after"])).combine(SUMS, ["all"])
    estimate, error = by_hand(rows)
    assert_allclose(path.estimate, [estimate], **SAME)
    assert_allclose(path.std_error, [error], **SAME)


def test_a_planted_effect_lies_in_the_interval_and_lock_in_comes_first():
    inside, early = 0, []
    for seed in range(8):
        rows = start_world(np.random.default_rng(seed), "one", n_persons=2500, **HELPS)
        found = estimate_start(rows, COVARIATES, increments(rows["left_after"]))
        row = found.combine(100 * SUMS, ["all"]).tidy(0.99).iloc[0]
        inside += row["conf_low"] <= worlds()[1].truths["P10"] <= row["conf_high"]
        early.append(found.difference[:5].sum())
    assert inside >= 7
    assert np.mean(early) < 0  # in the first five months fewer leave


def test_the_truths_are_those_of_the_simulation():
    for world in worlds()[1:5]:
        planted = {k: v for k, v in world.draw.keywords.items() if k != "which"}
        which = world.draw.keywords["which"]
        found = true_start_effect(which, seed=9, n_persons=20_000, **planted)
        assert found == pytest.approx(world.truths["P10"], abs=2.0)  # its noise is 0.5 to 0.9


def test_ever_against_never_fails_where_nothing_works():
    draw = worlds()[0].draw(1)["P10"]
    assert draw["naive_high"] < -5
    assert abs(draw["estimate"]) < 5


def test_weights_make_the_others_like_those_who_start():
    rows = small_world()
    found = estimate_start(rows, COVARIATES, increments(rows["left_after"]))
    table = start_balance(rows, ["near"], found.weight)
    assert table["difference_before"].abs().min() > 0.2
    assert table["difference_after"].abs().max() < 0.1
    assert found.share_trimmed < 0.05
    assert 100 < found.effective_n <= (~rows["is_start"]).sum()


@given(st.integers(2, 23))
def test_months_add_up(months):
    found = EFFECT
    sums = np.zeros((24, 3))
    sums[:months, 0] = sums[months:, 1] = sums[:, 2] = 1
    parts = found.difference @ sums
    assert_allclose(parts[0] + parts[1], parts[2], **SAME)


EFFECT = estimate_start(small_world(), COVARIATES, increments(small_world()["left_after"]))


def test_everybody_or_nobody_starting_is_refused():
    rows = small_world().head(200)
    nothing = sparse.csr_array((200, 24))
    for is_start in (True, False):
        with pytest.raises(DataError, match="this needs 20"):
            estimate_start(rows.assign(is_start=is_start), COVARIATES, nothing)


def test_no_exits_have_no_error_and_no_ratio():
    rows = small_world()
    found = estimate_start(rows, COVARIATES, sparse.csr_array((len(rows), 24)))
    with pytest.raises(DataError, match="no standard error"):
        found.combine(SUMS, ["all"])
    with pytest.raises(DataError, match="no ratio"):
        found.log_ratio(SUMS)


def test_fieller_has_two_ends_only_above_zero():
    """Buonaccorsi (2005), eq. 2: the ends solve (a - r b)^2 = z^2 var(a - r b)."""
    estimate, covariance = np.array([6.0, 2.0]), np.array([[0.25, 0.05], [0.05, 0.09]])
    for end in fieller_interval(estimate, covariance):
        direction = np.array([1.0, -end])
        left = (direction @ estimate) ** 2
        assert left == pytest.approx(1.959964**2 * direction @ covariance @ direction, rel=1e-5)
    with pytest.raises(DataError, match="may be zero"):
        fieller_interval(np.array([6.0, 0.5]), covariance)

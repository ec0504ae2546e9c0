"""Emulated trials: the planted effect, statsmodels on written-out clones, and what is refused."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal

from contact_worlds import contact_world, true_risk_difference
from watwerkt.errors import DataError
from watwerkt.estimators import sequential_trials
from watwerkt.estimators.risk_difference import risk_difference
from watwerkt.estimators.sequential_trials import HORIZON, LAG, MAX_GAP, SILENT, emulate_trials
from watwerkt.estimators.weights import weight_diagnostics

SAME = {"rtol": 1e-8, "atol": 1e-10}  # another implementation of the same estimator
NUMERIC = {"rtol": 5e-3}  # against numerical derivatives
NEAR = {"log_or": np.log(1.3), "selection": "near"}
COVARIATES, PROGNOSTIC = ["is_near", "history"], ["is_near"]


def emulated(rows, covariates=COVARIATES):
    return emulate_trials(rows, covariates, PROGNOSTIC)


@cache
def world(seed=0, n_persons=4000, **planted):
    return contact_world(np.random.default_rng(seed), n_persons, **(NEAR | planted))


def test_the_emulated_trials_find_the_truth_that_the_unadjusted_ones_miss():
    """Median of seeds 0-3, exit talks half a month early; the truth by common random numbers."""
    truth = true_risk_difference(n_persons=15_000, **NEAR)
    fits = [risk_difference(emulated(world(seed)), "is_exit") for seed in range(4)]
    rows = [world(seed).assign(same=1) for seed in range(4)]
    naive = [risk_difference(emulate_trials(r, ["history"], ["same"]), "is_exit") for r in rows]
    noise = 2 * 1.25 * np.std([fit.estimate[0] for fit in fits]) / np.sqrt(len(fits))
    assert abs(np.median([fit.estimate[0] for fit in fits]) - truth) < noise
    assert np.median([fit.estimate[0] for fit in naive]) > truth + 5
    covered = [fit.tidy()["conf_low"][0] <= truth <= fit.tidy()["conf_high"][0] for fit in fits]
    assert sum(covered) >= 3


def written_out(rows: pd.DataFrame, arm: str, probability: np.ndarray) -> pd.DataFrame:
    """Every month of every clone of one arm, one at a time, with her weight."""
    months = rows.assign(p=probability)
    clones = []
    for _, own in months.groupby("stretch"):
        own = own.sort_values("position").to_dict("records")
        for first, begin in enumerate(own):
            if not begin["is_start"]:
                continue
            weight = 1.0
            for k in range(min(HORIZON, len(own) - first)):
                asked = own[first + k - LAG] if k >= LAG else None
                if asked and arm == "never" and k - LAG < SILENT:
                    weight *= (not asked["taken"]) / (1 - asked["p"])
                if asked and arm == "often" and asked["months_since"] > MAX_GAP:
                    weight *= asked["taken"] / asked["p"]
                if weight == 0:
                    break
                now = own[first + k]
                clones.append(
                    (begin["is_near"], k, weight, now["is_exit"], now["to_work"], now["cluster"])
                )
    names = ["stratum", "k", "weight", "is_exit", "to_work", "cluster"]
    return pd.DataFrame(clones, columns=names)


def pooled_logit(clones: pd.DataFrame, outcome: str) -> np.ndarray:
    """Monthly hazard from statsmodels' weighted logit with a column for every month."""
    design = pd.get_dummies(clones["k"], dtype=float)
    weight = clones["weight"]
    weight = np.minimum(weight, clones.groupby("k")["weight"].transform("quantile", 0.99))
    model = sm.GLM(
        clones[outcome].astype(float), design, sm.families.Binomial(), var_weights=weight
    )
    return 1 / (1 + np.exp(-model.fit(tol=1e-12).params.to_numpy()))


def slow_risk(rows: pd.DataFrame, arm: str, probability: np.ndarray, outcome: str) -> float:
    clones = written_out(rows, arm, probability)
    starts = rows.loc[rows["is_start"], "is_near"].value_counts(normalize=True)
    risk = 0.0
    for stratum, own in clones.groupby("stratum"):
        leaving, hazard = pooled_logit(own, "is_exit"), pooled_logit(own, outcome)
        stays = np.concatenate([[1.0], np.cumprod(1 - leaving)[:-1]])
        risk += starts[stratum] * (stays * hazard).sum()
    return 100 * risk


def test_statsmodels_on_written_out_clones_gives_the_same():
    rows = world(n_persons=500, rate=0.3, selection="none")
    rows = rows.sort_values(["stretch", "position"], ignore_index=True)
    seen = rows[rows.groupby("stretch")["position"].transform("max") >= rows["position"] + LAG]
    columns = ["is_near", "history"]
    design = pd.get_dummies(rows[columns].astype("category"), drop_first=True, dtype=float)
    design = sm.add_constant(design)
    fit = sm.GLM(seen["taken"].astype(float), design.loc[seen.index], sm.families.Binomial())
    probability = fit.fit(tol=1e-14).predict(design).to_numpy()
    trials = emulated(rows)
    assert_allclose(trials.propensity.probability, probability, **SAME)
    ours = risk_difference(trials, "to_work")
    assert ours.n_events <= rows["to_work"].sum()  # each exit once, however many clones it ends
    for arm in ("often", "never"):
        theirs = slow_risk(rows, arm, probability, "to_work")
        assert_allclose(ours.risk[arm][-1], theirs, **SAME)


def test_the_error_is_that_of_leaving_out_a_cluster_by_a_little(monkeypatch):
    """Each cluster's influence by numerical derivative: its rows weigh a little more everywhere.

    Rows are repeated 20 times and one cluster 21 times, so the model behind the weights changes
    too. The estimator enlarges each part as if its cluster were left out; here that is undone.
    """
    monkeypatch.setattr(sequential_trials, "TRUNCATED_AT", 1.0)
    rows = world(n_persons=500, rate=0.3, selection="none")
    rows = rows.assign(cluster=rows["cluster"] % 4)
    monkeypatch.setattr("watwerkt.estimators.risk_difference.enlarge", lambda part, held: part)
    fit = risk_difference(emulated(rows), "is_exit")
    influence = []
    for cluster in range(4):
        own = rows["cluster"] == cluster
        estimates = [
            risk_difference(emulated(repeat(rows, own, more)), "is_exit").estimate[0]
            for more in (21, 19)
        ]
        influence.append(20 * (estimates[0] - estimates[1]) / 2)
    error = np.sqrt((np.array(influence) ** 2).sum() * 3 / 4)
    assert_allclose(fit.std_error[0], error, **NUMERIC)


def repeat(rows: pd.DataFrame, own: pd.Series, more: int) -> pd.DataFrame:
    n = np.where(own, more, 20)
    place = np.repeat(np.arange(len(rows)), n)
    copy = np.concatenate([np.arange(m) for m in n])
    copied = rows.iloc[place]
    return copied.assign(stretch=copied["stretch"] * 100 + copy)


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 10_000))
def test_the_order_of_the_rows_does_not_matter(seed):
    rows = world(n_persons=800, rate=0.3, selection="none")
    trials, mixed = emulated(rows), emulated(rows.sample(frac=1, random_state=seed))
    first, second = (risk_difference(t, "to_work").tidy() for t in (trials, mixed))
    assert_frame_equal(first, second)
    assert_frame_equal(weight_diagnostics(trials), weight_diagnostics(mixed))


def test_a_rule_is_broken_only_two_months_later_and_only_by_who_is_still_there():
    """Nobody is spoken to but one, in the month before she leaves: she stays in both arms."""
    rows = world(n_persons=800, rate=0.3, selection="none")
    trials = emulated(rows)
    last = rows["position"] >= rows.groupby("stretch")["position"].transform("max") - (LAG - 1)
    talked = rows.assign(taken=rows["taken"] ^ last)
    again = emulated(talked)
    for outcome in ("is_exit", "to_work"):
        assert_frame_equal(
            risk_difference(trials, outcome).tidy(), risk_difference(again, outcome).tidy()
        )


def test_the_diagnostics_count_persons_and_weigh_them():
    table = weight_diagnostics(emulated(world())).set_index("arm")
    assert list(table.index) == ["often", "never"]
    assert (table["effective_n"] <= table["n_uncensored"]).all()
    assert (table["max_weight"] >= table["mean_weight"]).all()
    assert table["mean_weight"].between(0.8, 1.25).all()


def spoiled(case: str) -> pd.DataFrame:
    rows = world(n_persons=800, rate=0.3, selection="none")
    match case:
        case "nobody is spoken to":
            return rows.assign(taken=False)
        case "everybody is":
            return rows.assign(taken=True)
        case "nobody leaves":
            return rows.assign(is_exit=False)
        case "no start":
            return rows.assign(is_start=False)
        case "a missing history":
            return rows.assign(history=rows["history"].where(rows["position"] > 3))
        case "no cluster":
            return rows.drop(columns="cluster")
        case "too few":
            return world(n_persons=40)
        case "two rows":
            return rows.head(2)
    raise ValueError(case)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("nobody is spoken to", "taken: fewer than 10"),
        ("everybody is", "taken: fewer than 10"),
        ("nobody leaves", "is_exit: fewer than 10"),
        ("no start", "no month in which a trial can begin"),
        ("a missing history", r"history \("),
        ("no cluster", "lack cluster"),
        ("too few", "kept to a rule|fewer than 10"),
        ("two rows", "a trial needs a year"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_emulated_is_refused_in_a_sentence(case, said):
    with pytest.raises(DataError, match=said):
        emulated(spoiled(case))


def test_an_outcome_that_never_happens_has_no_error_to_show():
    rows = world(n_persons=800, rate=0.3, selection="none").assign(never=False)
    with pytest.raises(DataError, match="no standard error"):
        risk_difference(emulated(rows), "never")


def test_one_cluster_has_no_error():
    rows = world(n_persons=800, rate=0.3, selection="none").assign(cluster=1)
    with pytest.raises(DataError, match="no standard error"):
        risk_difference(emulated(rows), "is_exit")

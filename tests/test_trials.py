"""The effect of an arm: other implementations, published figures, planted truth, refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.least_squares import fit_coefficient
from watwerkt.estimators.power import mde
from watwerkt.estimators.trials import Mechanism, estimate_itt, mde_of_trial

EXACT = {"rtol": 1e-8}
PERSONS = Mechanism("person", has_strata=False)
STRATA = Mechanism("person", has_strata=True)
CLUSTERS = Mechanism("cluster", has_strata=False)
TRUTH = 0.3
N_DRAWS = 200


def person_trial(n: int, seed: int, chance=(0.5, 0.5)) -> pd.DataFrame:
    """Persons drawn one by one in two strata of their own level and chance; effect TRUTH."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 2, n)
    share = np.array(chance)[stratum]
    drawn = rng.random(n) < share
    age = rng.normal(size=n)
    noise = rng.normal(size=n) * np.where(drawn, 1.5, 1.0)
    return pd.DataFrame(
        {
            "arm": np.where(drawn, "talk", "usual"),
            "outcome": age + 2.0 * stratum + TRUTH * drawn + noise,
            "stratum": np.array(["near", "far"])[stratum],
            "probability": np.where(drawn, share, 1 - share),
            "age": age,
        }
    )


def cluster_trial(n_clusters: int, seed: int, strata: int = 1) -> pd.DataFrame:
    """Clusters of 5 to 30, half of each stratum in each arm, with a level of their own."""
    rng = np.random.default_rng(seed)
    size = rng.integers(5, 31, n_clusters)
    stratum = np.arange(n_clusters) % strata
    drawn = np.zeros(n_clusters, bool)
    for s in range(strata):
        members = np.flatnonzero(stratum == s)
        drawn[rng.permutation(members)[: len(members) // 2]] = True
    level = rng.normal(size=n_clusters) * 0.5 + stratum
    cluster = np.repeat(np.arange(n_clusters), size)
    n = len(cluster)
    age = rng.normal(size=n)
    return pd.DataFrame(
        {
            "arm": np.where(drawn[cluster], "talk", "usual"),
            "outcome": level[cluster] + TRUTH * drawn[cluster] + 0.5 * age + rng.normal(size=n),
            "stratum": stratum[cluster],
            "cluster": [f"team {c:03}" for c in cluster],
            "probability": 0.5,
            "age": age,
        }
    )


def itt(rows, mechanism=PERSONS, covariates=()):
    return estimate_itt(rows, "talk", "usual", mechanism, covariates)


def test_two_arms_are_welch():
    """scipy's unequal variances; Welch's degrees of freedom under equal ones, in closed form."""
    rows = person_trial(90, seed=3)
    fit = itt(rows)
    a, b = (rows.loc[rows["arm"] == name, "outcome"] for name in ("talk", "usual"))
    other = stats.ttest_ind(a, b, equal_var=False)
    assert_allclose(fit.tidy()["statistic"], other.statistic, **EXACT)
    n, m = len(a), len(b)
    welch = (n + m) ** 2 * (n - 1) * (m - 1) / (n**2 * (n - 1) + m**2 * (m - 1))
    assert_allclose(fit.degrees_of_freedom, welch, **EXACT)


def test_adjusted_is_the_interacted_regression_of_statsmodels():
    rows = person_trial(200, seed=4, chance=(0.3, 0.6))
    drawn = (rows["arm"] == "talk").to_numpy(dtype=float)
    z = np.column_stack([rows["age"], rows["stratum"] == "far"]).astype(float)
    z -= z.mean(axis=0)
    design = np.column_stack([np.ones(len(rows)), drawn, z, z * drawn[:, None]])
    model = sm.WLS(rows["outcome"].to_numpy(), design, weights=1 / rows["probability"])
    other = model.fit(cov_type="HC2")
    fit = itt(rows, STRATA, ["age"])
    assert_allclose(fit.estimate, other.params[1], **EXACT)
    assert_allclose(fit.std_error, other.bse[1], **EXACT)


def test_strata_are_weighted_by_their_persons():
    """By hand: stratum differences, and the variance s2/n of each cell."""
    rows = person_trial(120, seed=5, chance=(0.3, 0.6))
    cells = rows.groupby(["stratum", "arm"])["outcome"].agg(["mean", "var", "size"])
    share = rows["stratum"].value_counts(normalize=True)
    difference = sum(
        share[s] * (cells.loc[(s, "talk"), "mean"] - cells.loc[(s, "usual"), "mean"])
        for s in share.index
    )
    variance = sum(
        share[s] ** 2 * cells.loc[(s, arm), "var"] / cells.loc[(s, arm), "size"]
        for s in share.index
        for arm in ("talk", "usual")
    )
    fit = itt(rows, STRATA)
    assert_allclose(fit.estimate, difference, **EXACT)
    assert_allclose(fit.std_error, np.sqrt(variance), **EXACT)


def dense_cr2(design, y, cluster, column):
    """CR2 and its degrees of freedom with full matrices, as printed in Bell and McCaffrey."""
    n = len(y)
    bread = np.linalg.inv(design.T @ design)
    rest = np.eye(n) - design @ bread @ design.T
    variance, forms = 0.0, []
    for c in np.unique(cluster):
        own = cluster == c
        values, vectors = np.linalg.eigh(rest[np.ix_(own, own)])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        q = root @ design[own] @ bread[:, column]
        variance += (q @ (rest @ y)[own]) ** 2
        forms.append(rest[:, own] @ q)
    eigen = np.linalg.eigvalsh(np.array(forms) @ np.array(forms).T)
    return (bread @ design.T @ y)[column], np.sqrt(variance), eigen.sum() ** 2 / (eigen**2).sum()


def test_clusters_are_bell_and_mccaffrey():
    rows = cluster_trial(14, seed=6)
    drawn = (rows["arm"] == "talk").to_numpy(dtype=float)
    age = (rows["age"] - rows["age"].mean()).to_numpy()
    design = np.column_stack([np.ones(len(rows)), drawn, age, age * drawn])
    number = pd.factorize(rows["cluster"])[0]
    expected = dense_cr2(design, rows["outcome"].to_numpy(), number, 1)
    fit = itt(rows, CLUSTERS, ["age"])
    found = [fit.estimate[0], fit.std_error[0], fit.degrees_of_freedom]
    assert_allclose(found, expected, **EXACT)
    assert fit.n_clusters == 14


def test_many_clusters_are_those_of_statsmodels():
    """CR2 and CR1 differ by a factor that goes to one; 2% at 300 clusters."""
    rows = cluster_trial(300, seed=7)
    drawn = (rows["arm"] == "talk").to_numpy(dtype=float)
    groups = pd.factorize(rows["cluster"])[0]
    model = sm.OLS(rows["outcome"].to_numpy(), sm.add_constant(drawn))
    other = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    fit = itt(rows, CLUSTERS)
    assert_allclose(fit.estimate, other.params[1], **EXACT)
    assert_allclose(fit.std_error, other.bse[1], rtol=0.02)


@pytest.mark.parametrize(
    ("build", "mechanism", "covariates"),
    [
        (lambda seed: person_trial(60, seed), PERSONS, ()),
        (lambda seed: person_trial(150, seed, (0.25, 0.6)), PERSONS, ("age",)),
        (lambda seed: person_trial(80, seed, (0.3, 0.6)), STRATA, ("age",)),
        (lambda seed: cluster_trial(12, seed), CLUSTERS, ()),
        (lambda seed: cluster_trial(24, seed), CLUSTERS, ("age",)),
        (lambda seed: cluster_trial(16, seed, 2), Mechanism("cluster", True), ()),
    ],
    ids=["persons", "persons, unequal chances", "strata", "clusters", "adjusted", "both"],
)
def test_planted_effect_is_covered(build, mechanism, covariates):
    """As many of 200 intervals at 95% hold the truth as chance allows, and the median is it."""
    fits = [itt(build(seed), mechanism, covariates).tidy() for seed in range(N_DRAWS)]
    found = pd.concat(fits)
    covered = found["conf_low"].le(TRUTH) & found["conf_high"].ge(TRUTH)
    assert 0.915 <= covered.mean() <= 0.985
    two_errors = 2 * 1.2533 * found["estimate"].std() / np.sqrt(N_DRAWS)
    assert abs(found["estimate"].median() - TRUTH) < two_errors


def test_persons_of_a_clustered_trial_are_refused():
    rows = cluster_trial(14, seed=8)
    with pytest.raises(DataError, match="drawn by cluster"):
        itt(rows, PERSONS)
    alone = itt(rows.drop(columns="cluster"), PERSONS)
    assert alone.std_error[0] < 0.7 * itt(rows, CLUSTERS).std_error[0]


def test_clusters_of_a_person_trial_are_refused():
    rows = person_trial(40, seed=9).assign(cluster=lambda f: np.arange(len(f)) // 8)
    with pytest.raises(DataError, match="not drawn by cluster"):
        itt(rows, CLUSTERS)
    itt(rows, PERSONS)


DEGENERATE = {
    "everybody drawn": (lambda f: f.assign(arm="talk"), "units"),
    "nobody": (lambda f: f.iloc[:0], "units"),
    "one in an arm": (lambda f: pd.concat([f[f.arm == "usual"], f[f.arm == "talk"][:1]]), "units"),
    "no variance": (lambda f: f.assign(outcome=1.0), "do not vary"),
    "outcome unknown": (lambda f: f.assign(outcome=f["outcome"].where(f.index > 3)), "missing"),
    "placed": (lambda f: f.assign(probability=1.0), "placed and not drawn"),
    "no arm": (lambda f: f.drop(columns="arm"), "no column arm"),
}


@pytest.mark.parametrize(("spoil", "words"), DEGENERATE.values(), ids=DEGENERATE)
def test_what_cannot_be_estimated_is_refused(spoil, words):
    with pytest.raises(DataError, match=words):
        itt(spoil(person_trial(40, seed=10)))


def test_a_stratum_without_an_arm_is_refused():
    rows = person_trial(60, seed=11)
    with pytest.raises(DataError, match="1 of 2 strata"):
        itt(rows[(rows["stratum"] == "near") | (rows["arm"] == "usual")], STRATA)
    lonely = rows[rows["stratum"] == "near"].assign(stratum="other", arm="third")
    with pytest.raises(DataError, match="1 of 3 strata"):
        itt(pd.concat([rows, lonely]), STRATA)


def test_one_cluster_an_arm_is_refused():
    rows = person_trial(40, seed=12).assign(cluster=lambda f: f["arm"])
    with pytest.raises(DataError, match="fewer than 2 units"):
        itt(rows, CLUSTERS)


def test_an_arm_is_not_compared_with_itself():
    with pytest.raises(ParameterError, match="named twice"):
        estimate_itt(person_trial(20, 1), "usual", "usual", PERSONS)


def test_twelve_rows_give_a_wide_interval_or_a_sentence():
    rows = person_trial(12, seed=13)
    row = itt(rows).tidy().iloc[0]
    assert np.isfinite(row[["estimate", "std_error", "conf_low", "conf_high"]].astype(float)).all()
    assert row["conf_high"] - row["conf_low"] > 2 * 1.96 * row["std_error"]
    many = rows.assign(**{f"trait {i}": np.arange(12.0) ** i for i in range(1, 7)})
    with pytest.raises(DataError, match="leave covariates out"):
        itt(many, PERSONS, [f"trait {i}" for i in range(1, 7)])


def test_a_covariate_said_twice_changes_nothing():
    rows = person_trial(100, seed=14).assign(days=lambda f: 365 * f["age"], here=True)
    assert_allclose(
        itt(rows, PERSONS, ["age", "days", "here"]).estimate,
        itt(rows, PERSONS, ["age"]).estimate,
        **EXACT,
    )


def test_mde_is_that_of_its_degrees_of_freedom():
    fit = itt(cluster_trial(12, seed=15), CLUSTERS)
    expected = mde(float(fit.std_error[0]), degrees_of_freedom=fit.degrees_of_freedom)
    assert mde_of_trial(fit) == expected > 2.8 * fit.std_error[0]


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(seed, random):
    """Rows in any order; arms, strata and clusters by any name."""
    rows = cluster_trial(16, seed, strata=2)
    order = random.sample(range(len(rows)), len(rows))
    other = rows.iloc[order].assign(
        arm=lambda f: f["arm"].map({"talk": "a", "usual": "z"}),
        stratum=lambda f: f["stratum"].map({0: "west", 1: "east"}),
        cluster=lambda f: f["cluster"].str[::-1],
    )
    drawn = Mechanism("cluster", True)
    first = itt(rows, drawn, ["age"]).tidy().drop(columns="term")
    second = estimate_itt(other, "a", "z", drawn, ["age"]).tidy().drop(columns="term")
    assert_allclose(first, second, rtol=1e-8, atol=1e-10)
    swapped = estimate_itt(other, "z", "a", drawn, ["age"])
    assert_allclose(swapped.estimate, -first["estimate"], **EXACT)


def test_several_outcomes_share_a_covariance():
    """That of two coefficients is that of their sum, less their own."""
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(40), rng.normal(size=40)])
    y = rng.normal(size=(40, 2))
    weight, cluster = rng.uniform(1, 2, 40), np.arange(40) // 4
    fit = fit_coefficient(design, np.column_stack([y, y.sum(axis=1)]), weight, cluster, 1)
    assert_allclose(fit.covariance[2, 2], fit.covariance[:2, :2].sum(), **EXACT)

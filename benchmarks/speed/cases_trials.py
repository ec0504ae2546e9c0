"""P7: trials by person and by caseworker, and the lottery drawn again."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from case import Case, Figures
from scipy import stats

from watwerkt.estimators.randomisation import randomisation_test
from watwerkt.estimators.trials import Mechanism, estimate_itt

N_DRAWS, PER_CASEWORKER = 500, 60
COVARIATES = ("near", "age", "earlier")


def make_trial(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Persons of caseworkers, half of the persons drawn."""
    rows = pd.DataFrame({"near": rng.random(n) < 0.5, "age": rng.normal(40, 12, n)})
    arm = rng.permutation(n) < n // 2
    outcome = rng.random(n) < 0.15 + 0.05 * arm + 0.1 * rows["near"]
    return rows.assign(
        arm=np.where(arm, "talk", "usual"), probability=0.5, outcome=outcome.astype(float),
        near=rows["near"].astype(float), earlier=rng.poisson(1, n).astype(float),
    )  # fmt: skip


def make_clustered(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """The same, half of the caseworkers drawn, with unequal numbers of clients."""
    rows = make_trial(rng, n)
    cluster = np.minimum((np.sqrt(rng.random(n)) * n / PER_CASEWORKER).astype(int), n // 50)
    drawn = rng.random(cluster.max() + 1) < 0.5
    return rows.assign(cluster=cluster, arm=np.where(drawn[cluster], "talk", "usual"))


def lin(rows: pd.DataFrame) -> Figures:
    """P7, adjusted, HC2."""
    fit = estimate_itt(rows, "talk", "usual", Mechanism("person", False), COVARIATES)
    return [float(fit.estimate[0]), float(fit.std_error[0])]


def interacted_ols(rows: pd.DataFrame) -> Figures:
    """statsmodels' OLS on the interacted columns, HC2."""
    fit = sm.OLS(rows["outcome"], _interact(rows)).fit(cov_type="HC2")
    return [fit.params["talk"], fit.bse["talk"]]


def cr2(rows: pd.DataFrame) -> Figures:
    """P7 where caseworkers were drawn: CR2, with Bell and McCaffrey's degrees of freedom."""
    fit = estimate_itt(rows, "talk", "usual", Mechanism("cluster", False), COVARIATES)
    return [float(fit.estimate[0]), float(fit.std_error[0])]


def cr2_by_loop(rows: pd.DataFrame) -> Figures:
    """A loop over caseworkers, each with the root of its own block; no degrees of freedom."""
    design = _interact(rows)
    x, y = design.to_numpy(), rows["outcome"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    coefficient = bread @ x.T @ y
    meat = np.zeros_like(bread)
    for members in rows.groupby("cluster").indices.values():
        own = x[members]
        values, vectors = np.linalg.eigh(np.eye(len(own)) - own @ bread @ own.T)
        root = vectors @ np.diag(1 / np.sqrt(values)) @ vectors.T
        score = own.T @ root @ (y[members] - own @ coefficient)
        meat += np.outer(score, score)
    place = design.columns.get_loc("talk")
    return [coefficient[place], float(np.sqrt((bread @ meat @ bread)[place, place]))]


def lottery(rows: pd.DataFrame) -> Figures:
    """The lottery drawn again 500 times."""
    return [randomisation_test(rows, "talk", "usual", Mechanism("person", False), N_DRAWS, 1)]


def permutations(rows: pd.DataFrame) -> Figures:
    """scipy's permutation test of Welch's statistic, as often."""
    arms = [rows.loc[rows["arm"] == arm, "outcome"].to_numpy() for arm in ("talk", "usual")]
    found = stats.permutation_test(
        arms,
        lambda a, b, axis: np.abs(stats.ttest_ind(a, b, axis=axis, equal_var=False).statistic),
        n_resamples=N_DRAWS, batch=50, alternative="greater", vectorized=True,
        rng=np.random.default_rng(1),
    )  # fmt: skip
    return [float(found.pvalue)]


def _interact(rows: pd.DataFrame) -> pd.DataFrame:
    centred = rows[list(COVARIATES)] - rows[list(COVARIATES)].mean()
    talk = (rows["arm"] == "talk").astype(float)
    both = centred.join(centred.mul(talk, axis=0).add_suffix(" x talk"))
    return sm.add_constant(both.assign(talk=talk))


CASES = {
    "Lin": Case("trial, adjusted, HC2 (P7)", "statsmodels OLS", make_trial, lin, interacted_ols),
    "CR2": Case(
        "trial by caseworker, CR2 (P7)", "a loop over caseworkers", make_clustered, cr2, cr2_by_loop
    ),
    "lottery": Case(
        "lottery drawn again 500 times",
        "scipy permutation_test",
        make_trial,
        lottery,
        permutations,
        rtol=0.5,  # other draws
    ),
}

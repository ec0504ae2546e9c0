"""Each estimator beside the obvious alternative, on made-up people: data, ours, the other.

Both get the same frame and return the figures that must agree: an estimate and its error. What
the alternative cannot do (degrees of freedom, delayed entry, refusals) it is let off.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from watwerkt.estimators.clustered_shares import share_within
from watwerkt.estimators.hazard import add_duration_band, discrete_hazard
from watwerkt.estimators.randomisation import randomisation_test
from watwerkt.estimators.shock_iv import shock_elasticity
from watwerkt.estimators.survival_curves import aalen_johansen
from watwerkt.estimators.trials import Mechanism, estimate_itt

Figures = list[float]
MONTHS, HORIZON, N_DRAWS, N_RESAMPLES, PER_CASEWORKER = 6, 12, 500, 100, 60
PLACES = ("education", "other", "work")
COVARIATES = ("near", "age", "earlier")


@dataclass(frozen=True)
class Case:
    """An estimator, what is set beside it, and how near their figures must be."""

    name: str
    other_name: str
    make: Callable[[np.random.Generator, int], pd.DataFrame]
    ours: Callable[[pd.DataFrame], Figures]
    other: Callable[[pd.DataFrame], Figures]
    rtol: float = 1e-6


def make_months(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Six person-months each, with the covariates of chapter 04."""
    rows = n * MONTHS
    months = pd.DataFrame(
        {
            "contact": rng.random(rows) < 0.35,
            "months_since_entry": rng.exponential(40, rows).astype(int),
            "month": rng.integers(0, 24, rows).astype(str),
            "distance": rng.integers(1, 7, rows).astype(str),
            "age": rng.integers(0, 5, rows).astype(str),
            "household": rng.choice(["single", "couple", "parent"], rows),
            "caseworker": rng.integers(0, max(n // PER_CASEWORKER, 5), rows),
        }
    )
    odds = np.exp(-3.5 + 0.2 * months["contact"] + 0.2 * months["distance"].astype(int))
    exits = rng.random(rows) < odds / (1 + odds)
    return add_duration_band(months).assign(exits=exits).drop(columns="months_since_entry")


def hazard(rows: pd.DataFrame) -> Figures:
    """P4."""
    covariates = rows.drop(columns=["exits", "caseworker"])
    fit = discrete_hazard(covariates, rows["exits"], rows["caseworker"], ["contact"], 1)
    return [float(fit.estimate[0]), float(fit.std_error[0])]


def logit_on_rows(rows: pd.DataFrame) -> Figures:
    """statsmodels' Logit on the person-months, a column per level."""
    levels = rows.drop(columns=["exits", "caseworker", "contact"]).astype("category")
    design = pd.get_dummies(levels, drop_first=True, dtype=float).assign(
        contact=rows["contact"].astype(float)
    )
    model = sm.Logit(rows["exits"].astype(float), sm.add_constant(design))
    groups = {"groups": rows["caseworker"].to_numpy()}
    fit = model.fit(disp=0, cov_type="cluster", cov_kwds=groups)
    return [fit.params["contact"], fit.bse["contact"]]


def make_teams(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """66 months of teams of 560 clients in two cells."""
    team, month, cell = (a.ravel() for a in np.indices((max(n // 560, 12), 66, 2)))
    shock = rng.exponential(8, (team.max() + 1, 66)) * (rng.random((team.max() + 1, 66)) < 0.3)
    log_caseload = 4.4 + 0.02 * shock[team, month] + 0.05 * rng.normal(size=len(team))
    rate = np.where(cell == 0, 0.05, 0.012) * np.exp(-0.2 * (log_caseload - 4.4))
    rows = pd.DataFrame({"team": team, "month": month, "cell": cell, "n_months": 280})
    return rows.assign(
        shock=shock[team, month], log_caseload=log_caseload, n_exits=rng.poisson(280 * rate)
    )


def shock_iv(rows: pd.DataFrame) -> Figures:
    """P1."""
    fit = shock_elasticity(rows, 1)
    return [float(fit.estimate[0]), float(fit.std_error[0])]


def glm_written_out(rows: pd.DataFrame) -> Figures:
    """statsmodels: a Poisson GLM and a weighted regression, a column for every effect."""
    effects = pd.get_dummies(rows[["cell", "month", "team"]].astype("category"), drop_first=True)
    design = sm.add_constant(effects.astype(float)).assign(shock=rows["shock"])
    exits, months = rows["n_exits"], rows["n_months"]
    reduced = sm.GLM(exits, design, family=sm.families.Poisson(), exposure=months).fit()
    first = sm.WLS(rows["log_caseload"], design, weights=reduced.mu).fit()
    ratio = reduced.params["shock"] / first.params["shock"]
    free = sm.WLS(rows["shock"], design.drop(columns="shock"), weights=reduced.mu).fit().resid
    score = free * (exits - reduced.mu - ratio * reduced.mu * first.resid)
    sums, n = score.groupby(rows["team"]).sum(), rows["team"].nunique()
    information = (reduced.mu * free**2).sum() * abs(first.params["shock"])
    return [ratio, float(np.sqrt(n / (n - 1) * (sums**2).sum()) / information)]


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


def make_spells(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Spells in days up to six years, to one of three places or still running; in households."""
    time = np.ceil(rng.exponential(700, n))
    last = rng.integers(100, 2200, n)
    place = np.where(time <= last, rng.choice(PLACES, n), "")
    household = rng.integers(0, int(n * 0.9), n)
    return pd.DataFrame({"days": np.minimum(time, last), "place": place, "household": household})


def curves(rows: pd.DataFrame) -> Figures:
    """P9, curves: incidence by destination on every day, with its error."""
    found = aalen_johansen(rows["days"], rows["place"])
    return [float(found.incidence[2, -1]), float(found.incidence[0, -1])]


def incidence_of_statsmodels(rows: pd.DataFrame) -> Figures:
    """statsmodels' CumIncidenceRight, with its errors."""
    status = pd.Categorical(rows["place"], ["", *PLACES]).codes
    found = CumIncidenceRight(rows["days"].to_numpy(), np.asarray(status, dtype=int))
    return [float(found.cinc[2][-1]), float(found.cinc[0][-1])]


def share(rows: pd.DataFrame) -> Figures:
    """P9: gone within a year, partners together."""
    return [share_within(rows["days"], rows["place"] != "", 365, rows["household"]).estimate]


def share_by_resampling(rows: pd.DataFrame) -> Figures:
    """statsmodels' SurvfuncRight, its error from 100 resamples of households."""
    members = list(rows.groupby("household").indices.values())
    rng = np.random.default_rng(0)
    time, gone = rows["days"].to_numpy(), (rows["place"] != "").to_numpy()

    def gone_by(chosen: np.ndarray) -> float:
        curve = SurvfuncRight(time[chosen], gone[chosen])
        return float(1 - curve.surv_prob[curve.surv_times <= 365][-1])

    for _ in range(N_RESAMPLES):
        drawn = rng.integers(0, len(members), len(members))
        gone_by(np.concatenate([members[i] for i in drawn]))
    return [gone_by(np.arange(len(rows)))]


CASES = {
    "P4": Case(
        "lagged hazard (P4)", "statsmodels Logit on rows", make_months, hazard, logit_on_rows
    ),
    "P1": Case(
        "staffing-shock IV (P1)",
        "statsmodels, columns written out",
        make_teams,
        shock_iv,
        glm_written_out,
    ),
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
    "AJ": Case(
        "Aalen-Johansen (P9)",
        "statsmodels CumIncidenceRight",
        make_spells,
        curves,
        incidence_of_statsmodels,
    ),
    "share": Case(
        "share within a year (P9)",
        "statsmodels, 100 resamples",
        make_spells,
        share,
        share_by_resampling,
    ),
}


def _interact(rows: pd.DataFrame) -> pd.DataFrame:
    centred = rows[list(COVARIATES)] - rows[list(COVARIATES)].mean()
    talk = (rows["arm"] == "talk").astype(float)
    both = centred.join(centred.mul(talk, axis=0).add_suffix(" x talk"))
    return sm.add_constant(both.assign(talk=talk))

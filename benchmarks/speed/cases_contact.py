"""P4, P5 and P6: contact, who leaves, and errors in the administration."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from case import Case, Figures

from contact_worlds import contact_world
from watwerkt.estimators.count_rate import rate_ratio
from watwerkt.estimators.hazard import add_duration_band, discrete_hazard
from watwerkt.estimators.risk_difference import risk_difference
from watwerkt.estimators.sequential_trials import (
    HORIZON,
    LAG,
    MAX_GAP,
    SILENT,
    TRUNCATED_AT,
    emulate_trials,
)

MONTHS, PER_CASEWORKER = 6, 60


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
    errors = rng.poisson(0.03 * np.exp(-0.4 * months["contact"]))
    drawn = add_duration_band(months).assign(exits=exits, errors=errors)
    return drawn.drop(columns="months_since_entry")


def hazard(rows: pd.DataFrame) -> Figures:
    """P4."""
    fit = discrete_hazard(_covariates(rows), rows["exits"], rows["caseworker"], ["contact"], 1)
    return [float(fit.estimate[0]), float(fit.std_error[0])]


def logit_on_rows(rows: pd.DataFrame) -> Figures:
    """statsmodels' Logit on the person-months, a column per level."""
    model = sm.Logit(rows["exits"].astype(float), _written_out(rows))
    groups = {"groups": rows["caseworker"].to_numpy()}
    fit = model.fit(disp=0, cov_type="cluster", cov_kwds=groups)
    return [fit.params["contact"], fit.bse["contact"]]


def rate(rows: pd.DataFrame) -> Figures:
    """P6."""
    fit = rate_ratio(_covariates(rows), rows["errors"], rows["caseworker"], ["contact"], 1)
    return [float(fit.estimate[0]), float(fit.std_error[0])]


def poisson_on_rows(rows: pd.DataFrame) -> Figures:
    """statsmodels' Poisson GLM on the person-months, a column per level."""
    model = sm.GLM(rows["errors"].astype(float), _written_out(rows), sm.families.Poisson())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": rows["caseworker"].to_numpy()})
    return [fit.params["contact"], fit.bse["contact"]]


def make_history(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Clients over three years, spoken to at will."""
    return contact_world(rng, n, rate=0.3)


def emulation(rows: pd.DataFrame) -> Figures:
    """P5: the difference of exits within a year, with its error."""
    trials = emulate_trials(rows, ["is_near", "history"], ["is_near"])
    return [float(risk_difference(trials, "is_exit").estimate[0])]


def clones_written_out(rows: pd.DataFrame) -> Figures:
    """pandas: a row per clone and month, weights from statsmodels' Logit; no error."""
    rows = rows.sort_values(["stretch", "position"], ignore_index=True)
    last = rows.groupby("stretch")["position"].transform("max")
    design = pd.get_dummies(rows[["is_near", "history"]].astype("category"), drop_first=True)
    design = sm.add_constant(design.astype(float))
    is_seen = last >= rows["position"] + LAG
    model = sm.Logit(rows.loc[is_seen, "taken"].astype(float), design[is_seen])
    p = model.fit(disp=0, tol=1e-12).predict(design)
    taken, is_due = rows["taken"].astype(float), rows["months_since"] > MAX_GAP
    factors = {"often": (taken / p).where(is_due, 1.0), "never": (1 - taken) / (1 - p)}
    asked = {"often": HORIZON - LAG, "never": SILENT}
    risk = {arm: _risk(rows, factors[arm], asked[arm]) for arm in factors}
    return [100 * (risk["often"] - risk["never"])]


def _risk(rows: pd.DataFrame, factor: pd.Series, n_asked: int) -> float:
    """Share gone within a year of those who kept to one rule, over the strata of distance."""
    starts = rows.loc[rows["is_start"], ["stretch", "position", "is_near"]]
    starts = starts.assign(clone=np.arange(len(starts)))
    months = rows[["stretch", "position", "is_exit"]].assign(factor=factor)
    months["factor"] = months.groupby("stretch")["factor"].shift(LAG)
    clones = pd.concat(
        starts.assign(k=k, position=starts["position"] + k).merge(months) for k in range(HORIZON)
    ).sort_values(["clone", "k"])
    is_asked = clones["k"].between(LAG, n_asked + LAG - 1)
    clones["weight"] = clones["factor"].where(is_asked, 1.0).groupby(clones["clone"]).cumprod()
    clones = clones[clones["weight"] > 0]
    place = [clones["is_near"], clones["k"]]
    cap = clones["weight"].groupby(place).transform("quantile", TRUNCATED_AT)
    weight = np.minimum(clones["weight"], cap)
    hazard = (weight * clones["is_exit"]).groupby(place).sum() / weight.groupby(place).sum()
    gone = 1 - (1 - hazard).groupby(level="is_near").prod()
    return float((gone * starts["is_near"].value_counts(normalize=True)).sum())


def _covariates(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns=["exits", "errors", "caseworker"])


def _written_out(rows: pd.DataFrame) -> pd.DataFrame:
    levels = _covariates(rows).drop(columns="contact").astype("category")
    design = pd.get_dummies(levels, drop_first=True, dtype=float)
    return sm.add_constant(design.assign(contact=rows["contact"].astype(float)))


CASES = {
    "P4": Case(
        "lagged hazard (P4)", "statsmodels Logit on rows", make_months, hazard, logit_on_rows
    ),
    "P5": Case(
        "emulated trials (P5)",
        "pandas, clones written out, no error",
        make_history,
        emulation,
        clones_written_out,
    ),
    "P6": Case(
        "rate of errors (P6)",
        "statsmodels Poisson on rows",
        make_months,
        rate,
        poisson_on_rows,
    ),
}

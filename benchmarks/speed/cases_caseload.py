"""P1 and P2: departures of colleagues, and smaller targets."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from case import Case, Figures

from policy_worlds import OUTCOMES, SPAN, policy_world
from watwerkt.estimators.group_time import build_windows
from watwerkt.estimators.reassign import reassign
from watwerkt.estimators.shock_iv import shock_elasticity

PLACES, CHANGE = 400, 30  # clients of a team in P2, and the month in which half of them change


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
    """statsmodels: Poisson GLMs and weighted regressions, a column for every effect."""
    effects = pd.get_dummies(rows[["cell", "month", "team"]].astype("category"), drop_first=True)
    design = sm.add_constant(effects.astype(float)).assign(shock=rows["shock"])
    exits, ratio, step = rows["n_exits"], 0.0, 1.0
    while abs(step) > 1e-9:
        months = rows["n_months"] * np.exp(ratio * rows["log_caseload"])
        reduced = sm.GLM(exits, design, family=sm.families.Poisson(), exposure=months).fit()
        first = sm.WLS(rows["log_caseload"], design, weights=reduced.mu).fit()
        step = reduced.params["shock"] / first.params["shock"]
        ratio += step
    free = sm.WLS(rows["shock"], design.drop(columns="shock"), weights=reduced.mu).fit().resid
    score = free * (exits - reduced.mu)
    sums, n = score.groupby(rows["team"]).sum(), rows["team"].nunique()
    information = (reduced.mu * free**2).sum() * abs(first.params["shock"])
    return [ratio, float(np.sqrt(n / (n - 1) * (sums**2).sum()) / information)]


def make_changes(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Teams of 400 over six years, half of which get a smaller target in the same month."""
    n_teams = max(n // PLACES, 12)
    rows, group = policy_world(rng, n_teams, n_teams // 2, size=PLACES, effect=0.2, apart=0)
    return rows.assign(change=rows["unit"].map(group))


def group_time(rows: pd.DataFrame) -> Figures:
    """P2: exits within a year, with the interval from giving the changes to other teams."""
    group = rows.groupby("unit")["change"].first().dropna()
    windows, _ = build_windows(rows, list(OUTCOMES), SPAN, group)
    return [float(reassign(windows, tuple(OUTCOMES)).event(0, 1, 1).tidy()["estimate"].iloc[0])]


def before_and_after(rows: pd.DataFrame) -> Figures:
    """pandas: the change of some less that of the others, without an interval."""
    after, before = (
        rows[rows["month"] == month].set_index("unit")["all"] for month in (CHANGE, CHANGE - SPAN)
    )
    gain = after - before
    is_changed = rows.groupby("unit")["change"].first().notna()
    return [float(gain[is_changed].mean() - gain[~is_changed].mean())]


CASES = {
    "P1": Case(
        "staffing-shock IV (P1)",
        "statsmodels, columns written out",
        make_teams,
        shock_iv,
        glm_written_out,
    ),
    "P2": Case(
        "smaller target (P2)",
        "pandas, no interval",
        make_changes,
        group_time,
        before_and_after,
    ),
}

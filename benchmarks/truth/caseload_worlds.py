"""A lottery that gives teams a caseload of their own (P3): the truth is that of the small one."""

from functools import partial

import numpy as np
import pandas as pd

from trial_worlds import DAYS, as_trial
from watwerkt.analysis.trial_effect import compare, judge_design
from watwerkt.estimators.trials import Mechanism, estimate_itt
from worlds import Draw, World, figures

ARMS = np.array(["usual", "intensive"])
USUAL, SMALL = 100.0, 50.0  # clients per full-time caseworker
MONTHLY_EXIT, LEVEL_SD = 0.02, 0.2  # at the usual caseload; of teams, in logs
MONTHS = 12
CLIENTS = 100  # of a team, in either arm: more caseworkers, not fewer clients


def caseload_world(rng: np.random.Generator, n_teams: int, elasticity: float) -> pd.DataFrame:
    """One row per client: ``arm, outcome`` (exit within a year), ``days``, ``cluster`` (the team).

    Half of the teams are drawn for half the caseload. The hazard of exit is the team's own level
    times the caseload, against the usual one, to the power ``elasticity``.
    """
    team = np.repeat(np.arange(n_teams), CLIENTS)
    drawn = (rng.permutation(n_teams) < n_teams // 2)[team]
    hazard = np.exp(LEVEL_SD * rng.normal(size=n_teams))[team] * monthly_exit(elasticity, drawn)
    months = rng.geometric(hazard)
    return pd.DataFrame(
        {
            "arm": ARMS[drawn.astype(int)],
            "outcome": (months <= MONTHS).astype(float),
            "days": np.minimum(months, MONTHS) * DAYS / MONTHS,
            "cluster": [f"team {t:03}" for t in team],
            "probability": 0.5,
        }
    )


def monthly_exit(elasticity: float, is_small: np.ndarray) -> np.ndarray:
    """The monthly hazard at the caseload of the arm, in a team of no level of its own."""
    return MONTHLY_EXIT * np.where(is_small, SMALL / USUAL, 1.0) ** elasticity


def expected_difference(elasticity: float) -> dict[str, float]:
    """What the lottery should find: both arms over the same levels of teams (Gauss-Hermite)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    level = np.exp(LEVEL_SD * nodes)
    month = np.arange(MONTHS)
    means = []
    for is_small in (True, False):
        stays = 1 - level * monthly_exit(elasticity, np.array(is_small))
        on_benefit = (stays[:, None] ** month).sum(axis=1)  # months, the first always
        means.append((weights @ np.column_stack([1 - stays**MONTHS, on_benefit])) / weights.sum())
    exits, months = means[0] - means[1]
    return {"P3 exits": float(exits), "P3 benefit-days": float(months * DAYS / MONTHS)}


def draw_caseload_trial(seed: int, n_teams: int, elasticity: float) -> dict[str, Draw]:
    """P3 by teams, as they were drawn; naive takes clients to have been drawn one by one."""
    rows = caseload_world(np.random.default_rng(seed), n_teams, elasticity)
    trial = as_trial(rows, "cluster")
    estimate = compare(trial, "intensive", 0.95)
    status = judge_design(trial, "intensive", "all", MONTHS)
    found = {}
    for design, outcome in (("P3 exits", "outcome"), ("P3 benefit-days", "days")):
        naive = _as_if_persons_were_drawn(rows, outcome)
        found[design] = figures(estimate(trial.rows, outcome).iloc[0], status=status, **naive)
    return found


def _as_if_persons_were_drawn(rows: pd.DataFrame, outcome: str) -> dict[str, float]:
    """The same difference with an interval that does not know of teams."""
    loose, mechanism = rows.drop(columns="cluster"), Mechanism("person", has_strata=False)
    fit = estimate_itt(loose, "intensive", "usual", mechanism, (), outcome=outcome)
    row = fit.tidy(0.95).iloc[0]
    return {"naive": row["estimate"], "naive_low": row["conf_low"], "naive_high": row["conf_high"]}


def worlds() -> list[World]:
    """Few teams and many, with an effect of caseload and without one."""
    planted = [(12, 0.0), (12, -0.23), (40, 0.0), (40, -0.23)]
    return [
        World(
            f"{n_teams} teams drawn for {SMALL:.0f} or {USUAL:.0f} clients",
            expected_difference(elasticity),
            partial(draw_caseload_trial, n_teams=n_teams, elasticity=elasticity),
        )
        for n_teams, elasticity in planted
    ]

"""Teams that get a smaller target caseload one after the other: a world with a known effect.

Each team has ``size`` places; whoever leaves is followed by a newcomer a month later. Half of the
places are held by people near to work, who leave with probability 0.035 a month, the others with
0.010; six in ten leave for work. Teams differ for good (``spread``, standard deviation of the log
hazard) and from month to month (``unrest``), and all share one ``trend`` of the log hazard a year.
``n_changed`` teams change, the first in month 30, the next ``apart`` months after the one before;
from then on their log hazard is higher by ``effect``, by ``growth`` more for each year since the
change, and by ``per_team`` more for each team that changed earlier; ``varied`` is the standard
deviation of that effect between teams, drawn anew each time, so that the truth is the mean over
teams like these. ``own_trend`` is a trend per year of the teams that change, before and after: the
violation.

With and without the change the same numbers are drawn, so that the truth is the difference.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

HAZARD, WORK_SHARE, FIRST_CHANGE, SPAN = (0.035, 0.010), 0.6, 30, 12
OUTCOMES = ("all", "work", "other")


def policy_world(
    rng: np.random.Generator, n_teams: int = 12, n_changed: int = 5, n_months: int = 72,
    size: int = 400, effect: float = 0.0, growth: float = 0.0, per_team: float = 0.0,
    varied: float = 0.0, apart: int = 4, spread: float = 0.2, unrest: float = 0.05,
    trend: float = 0.05, own_trend: float = 0.0, is_changed: bool = True,
) -> tuple[pd.DataFrame, pd.Series]:  # fmt: skip
    """Rows as ``build_windows`` takes them (outcomes in per cent), and the month of each change."""
    changes = FIRST_CHANGE + apart * np.arange(n_changed)
    years = np.arange(n_months) / 12
    hazard = spread * rng.normal(size=(n_teams, 1)) + unrest * rng.normal(size=(n_teams, n_months))
    hazard = hazard + trend * years
    hazard[:n_changed] += own_trend * years
    effects = effect + per_team * np.arange(n_changed)
    if varied:
        effects = effects + varied * rng.normal(size=n_changed)
    if is_changed:
        since = (np.arange(n_months) - changes[:, None]) / 12
        gain = effects[:, None] + growth * since
        hazard[:n_changed] += np.where(since >= 0, gain, 0.0)
    rows = pd.concat(_team(rng, np.exp(h), size, i) for i, h in enumerate(hazard))
    group = pd.Series(changes.astype(float), index=[f"team {i:02}" for i in range(n_changed)])
    return rows.reset_index(drop=True), group


def true_effect(seeds: range = range(40), **planted: Any) -> float:
    """Exits within a year after the change, with it less without it, in percentage points."""
    return float(np.mean(list(_differences(seeds, planted))))


def _differences(seeds: range, planted: dict[str, Any]) -> Iterator[float]:
    for seed in seeds:
        worlds = [
            policy_world(np.random.default_rng(seed), is_changed=changed, **planted)
            for changed in (True, False)
        ]
        means = []
        for rows, group in worlds:
            at = rows["month"] == rows["unit"].map(group)
            means.append(np.average(rows.loc[at, "all"], weights=rows.loc[at, "weight"]))
        yield means[0] - means[1]


def _team(rng: np.random.Generator, factor: np.ndarray, size: int, team: int) -> pd.DataFrame:
    """One row per month: who is there, and how many of them leave within a year."""
    chance = np.where(np.arange(size) < size / 2, *HAZARD)[:, None] * factor
    leaves = rng.random(chance.shape) < chance
    to_work = rng.random(chance.shape) < WORK_SHARE
    n_months = len(factor)
    when, work = np.full((size, n_months), n_months), np.zeros((size, n_months), dtype=bool)
    following, how = np.full(size, n_months), np.zeros(size, dtype=bool)
    for month in reversed(range(n_months)):
        following = np.where(leaves[:, month], month, following)
        how = np.where(leaves[:, month], to_work[:, month], how)
        when[:, month], work[:, month] = following, how
    months = np.arange(n_months - SPAN + 1)
    left = when[:, months] < months + SPAN
    is_work = left & work[:, months]
    shares = [100 * part.mean(axis=0) for part in (left, is_work, left & ~is_work)]
    facts = {"unit": f"team {team:02}", "stratum": "work", "month": months, "weight": float(size)}
    return pd.DataFrame(facts | dict(zip(OUTCOMES, shares, strict=True)))

"""The power of a smaller caseload that comes to teams one after the other, in an order by lot.

Half of the teams change within a year, the others a year after the last of these, so that every
team that changes can be set against teams that have not for a whole year. Simulated are clients
month by month: whoever leaves makes room for another. Each draw is analysed as chapter 03 does:
group-time effects, tested by giving the changes to other teams.

References
----------
Hussey, M. and Hughes, J. (2007). Design and analysis of stepped wedge cluster randomized trials.
Contemporary Clinical Trials 28, 182-191.
"""

from dataclasses import dataclass
from math import factorial, prod

import numpy as np
import pandas as pd

from watwerkt.errors import DataError
from watwerkt.estimators.assignments import MIN_ASSIGNMENTS
from watwerkt.estimators.group_time import FIRST, FloatArray, build_windows
from watwerkt.estimators.planted_hazard import IntArray
from watwerkt.estimators.reassign import reassign

SPAN = 12  # months of a window, and between the two halves


@dataclass(frozen=True, slots=True)
class Teams:
    """Teams as they are; arrays of shape (n_teams,).

    Attributes
    ----------
    size : clients at any time.
    hazard : exits that count per client and month.
    stratum : number of the role; teams are compared within one.
    drift : standard deviation of the log hazard of a team from year to year, beside chance.
    """

    size: IntArray
    hazard: FloatArray
    stratum: IntArray
    drift: float


def draw_starts(stratum: IntArray, rng: np.random.Generator) -> IntArray:
    """In which month each team changes, from 0, by lot within its stratum."""
    starts = np.zeros(len(stratum), dtype=np.int64)
    for one in np.unique(stratum):
        members = rng.permutation(np.flatnonzero(stratum == one))
        starts[members] = plan_steps(len(members))
    return starts


def plan_steps(n_teams: int) -> IntArray:
    """The months that are dealt out: half of the teams within a year, the others a year later."""
    n_early = (n_teams + 1) // 2
    early = np.arange(n_early) * SPAN // max(n_early, 1)
    late = np.full(n_teams - n_early, int(early[-1]) + SPAN)
    return np.concatenate([early, late]).astype(np.int64)


def count_orders(stratum: IntArray) -> int:
    """In how many ways the months can be dealt out to the teams of each role."""
    ways = 1
    for one in np.unique(stratum):
        sizes = np.unique(plan_steps(int((stratum == one).sum())), return_counts=True)[1]
        ways *= factorial(int(sizes.sum())) // prod(factorial(int(n)) for n in sizes)
    return ways


def share_found(teams: Teams, ratio: float, n_draws: int, seed: int, alpha: float = 0.05) -> float:
    """Share of draws in which the effect is found; nil where chapter 03 would show no figure."""
    return float(np.mean([_is_found(teams, ratio, [seed, i], alpha) for i in range(n_draws)]))


def take_teams(teams: Teams, n_teams: int) -> Teams:
    """So many teams of one role, each like one of these, in turn."""
    like = np.arange(n_teams) % len(teams.size)
    return Teams(
        teams.size[like], teams.hazard[like], np.zeros(n_teams, dtype=np.int64), teams.drift
    )


def _is_found(teams: Teams, ratio: float, seed: list[int], alpha: float) -> bool:
    rng = np.random.default_rng(seed)
    starts = draw_starts(teams.stratum, rng) + SPAN
    rows = pd.concat(
        _live(teams, team, int(start), int(starts.max()), ratio, rng)
        for team, start in enumerate(starts)
    )
    group = pd.Series(starts.astype(float), index=[f"{team:04}" for team in range(len(starts))])
    windows, _ = build_windows(rows, ["all"], SPAN, group)
    try:
        found = reassign(windows, ("all",))
        event = found.event(FIRST, 0, 0)
    except DataError:
        return False
    return found.n_assignments >= MIN_ASSIGNMENTS and event.p_value(0) <= alpha


def _live(
    teams: Teams, team: int, start: int, last: int, ratio: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One row per window: how many per cent of the clients of its first month left within it."""
    months = np.arange(last + SPAN)
    drift = teams.drift * rng.normal(size=months[-1] // SPAN + 1)[months // SPAN]
    hazard = teams.hazard[team] * np.exp(drift) * np.where(months >= start, ratio, 1.0)
    leaves = rng.random((int(teams.size[team]), len(months))) < np.minimum(hazard, 1.0)
    so_far = np.cumsum(leaves, axis=1)
    begin = np.arange(last + 1)
    before = np.where(begin > 0, so_far[:, begin - 1], 0)
    left = so_far[:, begin + SPAN - 1] > before
    facts = {"unit": f"{team:04}", "stratum": int(teams.stratum[team]), "month": begin}
    size = float(teams.size[team])
    return pd.DataFrame(facts | {"weight": size, "all": 100 * left.mean(axis=0)})

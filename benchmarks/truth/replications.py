"""Hold the designs to worlds in which the effect is planted.

Usage: python benchmarks/truth/replications.py [--seeds 400] [--workers 2] [--folder DIR]

Seeds 0 to N-1 of every world, in parallel. DIR keeps each draw, so that a run that was broken off,
or one that asks for more seeds, goes on where it was. Prints the table that README.md explains.
"""

import argparse
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contact_draws import contact_cases
from policy_worlds import OUTCOMES, SPAN, policy_world, true_effect
from shock_worlds import shock_world
from trial_worlds import COMES, trial_world
from watwerkt.errors import WatwerktError
from watwerkt.estimators.group_time import build_windows
from watwerkt.estimators.naive import log_log_slope
from watwerkt.estimators.reassign import reassign
from watwerkt.estimators.shock_iv import shock_elasticity
from watwerkt.estimators.trials import Mechanism, estimate_itt

Draw = dict[str, float]
STATES_NOTHING = dict.fromkeys(("estimate", "low", "high", "p", "naive"), np.nan)
HEADS = ("world", "truth", "draws", "median", "mean", "bias", "sd", "coverage", "power", "naive")


@dataclass(frozen=True)
class World:
    """A planted effect, and what draws it and estimates it."""

    name: str
    truth: float
    draw: Callable[[int], Draw] = field(repr=False)


def draw_shock(seed: int, **planted: Any) -> Draw:
    """P1 on teams that caseworkers leave; naive is the slope of exits on caseload."""
    rows = shock_world(np.random.default_rng(seed), **planted)
    months = rows.groupby(["team", "month"], as_index=False).agg(
        n_clients=("n_months", "sum"), n_exits=("n_exits", "sum"), caseload=("load", "first")
    )
    naive = log_log_slope(months.rename(columns={"team": "caseworker_id"}), 1).estimate[0]
    fit = shock_elasticity(rows, 1).tidy().iloc[0]
    return _figures(fit, naive)


def draw_policy(seed: int, **planted: Any) -> Draw:
    """P2 on teams with a smaller target; naive is their year after less their year before."""
    rows, group = policy_world(np.random.default_rng(seed), **planted)
    windows, _ = build_windows(rows, list(OUTCOMES), SPAN, group)
    since = rows["month"] - rows["unit"].map(group)
    after, before = (rows.loc[since == at, "all"].mean() for at in (0, -SPAN))
    fit = reassign(windows, OUTCOMES).event(0, 100, 100).tidy().iloc[0]
    return _figures(fit, after - before)


def draw_trial(seed: int, covariates: tuple[str, ...] = (), **planted: Any) -> Draw:
    """P7 on a lottery; naive sets those who came against everybody else."""
    rows = trial_world(np.random.default_rng(seed), **planted)
    came = rows.groupby("took_up")["outcome"].mean()
    mechanism = Mechanism("cluster" if planted.get("cluster_size") else "person", has_strata=False)
    if mechanism.unit == "person":
        rows = rows.drop(columns="cluster")
    fit = estimate_itt(rows, "intensive", "usual", mechanism, covariates).tidy().iloc[0]
    return _figures(fit, came[True] - came[False])


def worlds() -> list[World]:
    """Every world, in an order that kept draws rely on: a new one comes last."""
    towns = [(9, 0.0), (12, 0.0), (12, -0.23), (12, -0.5), (40, -0.23)]
    shocks = [
        World(f"P1: {g} teams", e, partial(draw_shock, n_teams=g, elasticity=e)) for g, e in towns
    ]
    trials = [
        World(f"P7: {n} persons", e * COMES, partial(draw_trial, n_persons=n, effect=e))
        for n, e in [(320, 0.0), (320, 0.10), (2000, 0.10)]
    ]
    adjusted = partial(draw_trial, covariates=("near",), n_persons=320, effect=0.10)
    by_desk = partial(draw_trial, n_persons=2000, effect=0.10, cluster_size=50)
    teams = partial(draw_shock, n_teams=12, spread=0.3)
    hand_over = partial(draw_shock, n_teams=12, hand_over=0.04)
    steep = {"effect": 0.1, "growth": 0.5, "per_team": 0.1}
    changes = [
        World(f"P2: {name}", true_effect(**planted), partial(draw_policy, **planted))
        for name, planted in {
            "5 of 12 teams, no effect": {},
            "5 of 12 teams": {"effect": 0.3},
            "2 of 10 teams": {"effect": 0.3, "n_teams": 10, "n_changed": 2},
            "5 of 12 teams, uneven effect": steep,
        }.items()
    ]
    return [
        *shocks,
        *trials,
        World("P7: 320 persons, adjusted", 0.10 * COMES, adjusted),
        World("P7: 40 caseworkers drawn", 0.10 * COMES, by_desk),
        World("P1 violated: teams differ for good", 0.0, teams),
        World("P1 violated: 4% lost at hand-over", 0.0, hand_over),
        *changes,
        World("P2 violated: own trend of teams", 0.0, partial(draw_policy, own_trend=0.15)),
        *(World(*case) for case in contact_cases()),
    ]


def main() -> None:
    """Draw what is lacking, and print the table."""
    asked = _read_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}", flush=True)
        with ProcessPoolExecutor(asked.workers) as pool:
            for place, world in enumerate(worlds()):
                if asked.only is None or world.name.startswith(asked.only):
                    kept = folder / f"{place:02}.parquet"
                    print(describe(world, draw_all(world, asked.seeds, kept, pool)), flush=True)


def draw_all(world: World, n_seeds: int, kept: Path, pool: ProcessPoolExecutor) -> pd.DataFrame:
    """One row per seed; those in ``kept`` are not drawn again."""
    known = pd.read_parquet(kept) if kept.exists() else pd.DataFrame({"seed": []}, dtype=int)
    lacking = sorted(set(range(n_seeds)) - set(known["seed"]))
    fresh = pd.DataFrame(pool.map(partial(_draw_or_nothing, world.draw), lacking, chunksize=10))
    draws = pd.concat([known, fresh], ignore_index=True).sort_values("seed", ignore_index=True)
    draws.to_parquet(kept)
    return draws[draws["seed"] < n_seeds]


def describe(world: World, draws: pd.DataFrame) -> str:
    """One line of the table; an interval without an end on a side covers all beyond."""
    stated = draws.dropna(subset="estimate")
    covers = ~(stated["low"] > world.truth) & ~(stated["high"] < world.truth)
    estimate = stated["estimate"]
    noise = 1.25 * estimate.std() / len(stated) ** 0.5  # of a median
    figures = [
        f"{world.truth:.3f}",
        f"{len(stated)} of {len(draws)}",
        f"{estimate.median():.3f}",
        f"{estimate.mean():.3f}",
        f"{estimate.median() - world.truth:+.3f} ± {noise:.3f}",
        f"{estimate.std():.3f}",
        f"{covers.mean():.1%}",
        f"{(stated['p'] < 0.05).mean():.1%}",
        f"{stated['naive'].mean():.3f}",
    ]
    return f"| {world.name} | {' | '.join(figures)} |"


def _draw_or_nothing(draw: Callable[[int], Draw], seed: int) -> Draw:
    try:
        return {"seed": seed, **draw(seed)}
    except WatwerktError:  # the design refuses this draw: counted, not estimated
        return {"seed": seed, **STATES_NOTHING}


def _figures(fit: Any, naive: float) -> Draw:
    return {
        "estimate": fit.estimate,
        "low": fit.conf_low,
        "high": fit.conf_high,
        "p": fit.p_value,
        "naive": float(naive),
    }


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=400, help="draws of every world")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keeps the draws; not in git")
    parser.add_argument("--only", help="worlds whose name begins so")
    return parser.parse_args()


if __name__ == "__main__":
    main()

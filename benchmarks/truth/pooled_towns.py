"""Hold the pooling of chapter 20 to towns that are all the same, and to towns that are not.

Usage: python benchmarks/truth/pooled_towns.py [--towns 600] [--pools 300] [--folder DIR]

Towns of four teams each are drawn from ``shock_worlds``, analysed, and protected as a report would
release them; pools of them, with replacement, are pooled as chapter 20 does. Beside it what is
often done instead: the towns' own ratios, with their own errors. DIR keeps the towns.
Prints the table that is kept in pooled_towns.md.
"""

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from shock_worlds import shock_world
from watwerkt.analysis.benchmark import pool_primaries
from watwerkt.analysis.shock import fit_elasticity
from watwerkt.analysis.shock_rows import WITH_HAND_OVER
from watwerkt.disclosure import protect_estimates, read_policy
from watwerkt.estimators.pooling import Pooled, random_effects

TEAMS, SIZES = 4, (5, 20, 100)
WORLDS = {  # elasticity, and its standard deviation over towns
    "all alike, no effect": (0.0, 0.0),
    "all alike": (-0.23, 0.0),
    "towns differ": (-0.23, 0.3),
}
HEADS = ("towns", "pooled", "truth", "tau planted", "mean", "sd", "coverage", "alike rejected",
         "tau, median", "coverage of a further town", "own ratios: mean",
         "own ratios: alike rejected", "own ratios: tau, median")  # fmt: skip


def main() -> None:
    """Draw what is lacking, pool, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--towns", type=int, default=600)
    parser.add_argument("--pools", type=int, default=300)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    lines = [HEADS, ("---",) * len(HEADS)]
    with tempfile.TemporaryDirectory() as temporary, ProcessPoolExecutor(asked.workers) as workers:
        for name, (effect, spread) in WORLDS.items():
            kept = (asked.folder or Path(temporary)) / f"{name.replace(' ', '_')}.parquet"
            if not kept.is_file():
                draw = partial(draw_town, effect=effect, spread=spread)
                found = workers.map(draw, range(asked.towns), chunksize=10)
                pd.concat(found, ignore_index=True).to_parquet(kept)
            towns = pd.read_parquet(kept)
            pools = partial(pool_towns, towns, effect)
            for n in SIZES:
                parts = workers.map(partial(pools, n), np.array_split(range(asked.pools), 20))
                lines.append(describe(name, n, effect, spread, pd.DataFrame(chain(*parts))))
    print("\n".join(f"| {' | '.join(line)} |" for line in lines))


def draw_town(seed: int, effect: float, spread: float) -> pd.DataFrame:
    """The released row of P1 of one town, with its own true elasticity."""
    rng = np.random.default_rng(seed)
    own = effect + spread * rng.normal()
    rows = shock_world(rng, TEAMS, elasticity=own)
    fit = fit_elasticity(rows.assign(n_all=rows["n_exits"]), 1000, "all")
    if fit is None:
        return pd.DataFrame()
    named = {"analysis": "P1", "outcome": "all", "horizon_months": 7, "scale": "elasticity",
             "subgroup": "", "is_primary": True, "design": "staffing-shock IV"}  # fmt: skip
    tidy = fit.tidy().drop(columns="statistic").assign(**named, term=WITH_HAND_OVER)
    released = protect_estimates(tidy, read_policy(is_synthetic=True)).frame
    return released.assign(true=own)


def pool_towns(towns: pd.DataFrame, truth: float, n: int, seeds: np.ndarray) -> list[dict]:
    """One row per seed: what chapter 20 makes of ``n`` towns, and what their ratios would give."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn = towns.iloc[rng.integers(0, len(towns), n)].reset_index(drop=True)
        codes = [f"{place:04}" for place in range(n)]
        drawn = drawn.assign(municipality_id=codes, executor_id=codes)
        (pool,) = pool_primaries(drawn)
        ratios = random_effects(*drawn[["estimate", "std_error"]].to_numpy(float).T)
        further = towns["true"].iloc[rng.integers(0, len(towns))]
        low, high = pool.pooled.prediction()
        row = _figures(pool.pooled, truth) | {"further": low <= further <= high}
        found.append(row | {f"own_{k}": v for k, v in _figures(ratios, truth).items()})
    return found


def describe(name: str, n: int, truth: float, spread: float, pools: pd.DataFrame) -> list[str]:
    """One line of the table."""
    return [
        name, str(n), f"{truth:.2f}", f"{spread:.2f}", f"{pools['mean'].mean():.3f}",
        f"{pools['mean'].std():.3f}", f"{pools['covers'].mean():.1%}",
        f"{pools['rejects'].mean():.1%}", f"{pools['tau'].median():.2f}",
        f"{pools['further'].mean():.1%}", f"{pools['own_mean'].mean():.3f}",
        f"{pools['own_rejects'].mean():.1%}", f"{pools['own_tau'].median():.2f}",
    ]  # fmt: skip


def _figures(pooled: Pooled, truth: float) -> dict:
    low, high = pooled.interval()
    return {
        "mean": pooled.estimate,
        "covers": low <= truth <= high,
        "rejects": pooled.q_p_value < 0.05,
        "tau": pooled.tau2**0.5,
    }


if __name__ == "__main__":
    main()

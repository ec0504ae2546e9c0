"""Hold the designs to worlds in which the effect is planted.

Usage: python benchmarks/truth/replications.py [--seeds 400] [--workers N] [--folder DIR]
[--only NAME] [--write]

Seeds 0 to N-1 of every world of ``MODULES``, in parallel. DIR keeps each draw, so that a
run that was broken off, or one that asks for more seeds, goes on where it was. Prints the tables
that README.md explains; ``--write`` keeps them in table.md, with the caps that follow from them.
"""

import argparse
import os
import re
import tempfile
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from truth_tables import Found, caps_yaml, truth_page
from watwerkt.errors import WatwerktError
from worlds import World

HERE = Path(__file__).parent
CAPS = HERE.parents[1] / "lib" / "watwerkt" / "analysis" / "caps.yaml"
MODULES = (
    "shock_worlds",
    "policy_draws",
    "contact_draws",
    "trial_worlds",
    "caseload_worlds",
    "prevention_worlds",
    "exit_worlds",
    "start_worlds",
)
CHUNK = 10  # draws handed to a process at once
STATES_NOTHING = dict.fromkeys(("estimate", "low", "high", "p", "naive"), np.nan)


def main() -> None:
    """Draw what is lacking, and print or write the tables."""
    asked = _read_arguments()
    found: Found = []
    fresh = get_context("spawn")  # a forked process would wait for threads of Polars it has not
    with (
        tempfile.TemporaryDirectory() as temporary,
        ProcessPoolExecutor(asked.workers, mp_context=fresh) as pool,
    ):
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for module, world in list_worlds():
            if asked.only is None or asked.only in f"{module} {world.name} {[*world.truths]}":
                kept = folder / f"{name_file(module, world)}.parquet"
                found.append((world, draw_all(world, asked.seeds, kept, pool)))
    page = truth_page(found)
    print(page)
    if asked.write:
        (HERE / "table.md").write_text(page, encoding="utf-8")
        CAPS.write_text(caps_yaml(page), encoding="utf-8")


def list_worlds() -> list[tuple[str, World]]:
    """Every world, by the module that has it."""
    return [(name, world) for name in MODULES for world in import_module(name).worlds()]


def name_file(module: str, world: World) -> str:
    """A file name of its own for each world, as long as what it holds stays the same."""
    truths = " ".join(f"{design} {truth:.3f}" for design, truth in world.truths.items())
    return re.sub(r"[^a-z0-9.-]+", "_", f"{module} {world.name} {truths}".lower())


def draw_all(world: World, n_seeds: int, kept: Path, pool: Executor) -> pd.DataFrame:
    """One row per seed and design; those in ``kept`` are not drawn again."""
    known = pd.read_parquet(kept) if kept.exists() else pd.DataFrame({"seed": []}, dtype=int)
    lacking = sorted(set(range(n_seeds)) - set(known["seed"]))
    fresh = [
        row for rows in pool.map(partial(_draw, world), lacking, chunksize=CHUNK) for row in rows
    ]
    draws = pd.concat([known, pd.DataFrame(fresh)], ignore_index=True) if fresh else known
    draws = draws.sort_values(["seed", "design"], ignore_index=True)
    draws.to_parquet(kept)
    return draws[draws["seed"] < n_seeds]


def _draw(world: World, seed: int) -> list[dict[str, object]]:
    """A row per design; what a design refuses is counted, not estimated."""
    try:
        found = world.draw(seed)
    except WatwerktError:
        found = {}
    return [
        {"seed": seed, "design": design, **(found.get(design) or STATES_NOTHING)}
        for design in world.truths
    ]


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=400, help="draws of every world")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--folder", type=Path, help="keeps the draws; not in git")
    parser.add_argument("--only", help="worlds whose module, name or design holds this")
    parser.add_argument("--write", action="store_true", help="table.md and caps.yaml")
    return parser.parse_args()


if __name__ == "__main__":
    main()

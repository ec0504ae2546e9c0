"""Whole towns from files: a synthetic delivery, its report, and what it recorded beside the truth.

Usage: python benchmarks/truth/end_to_end.py [--runs 20] [--clients 8000] [--workers N]
[--folder DIR]

Seeds 0 to N-1, in parallel. DIR keeps truth and estimates of each town, so that a run that was
broken off goes on where it was. Prints the table that README.md explains.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("watwerkt")
CHAPTERS = "03,04,07,08"
NEEDED = ("notebooks", "papermill_params", "requirements.lock")
KEYS = ["analysis", "outcome", "horizon_months", "scale"]
HEADS = (*KEYS, "towns", "truth", "median", "bias", "coverage", "naive", "evidence")
RETURNS = {("return", 12): lambda share: share, ("sustained_exit", 6): lambda share: 1 - share}
NAIVE = {("P1", "all"): "naive_start_of_month", ("P4", "all"): "naive_same_month"}


def main() -> None:
    """Make what is lacking, and print the table."""
    asked = _read_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        with ThreadPoolExecutor(asked.workers) as pool:
            run = partial(run_town, folder=folder.resolve(), n_clients=asked.clients)
            towns = pd.concat(pool.map(run, range(asked.runs)), ignore_index=True)
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for keys, rows in towns.groupby(KEYS, sort=True):
        print(f"| {' | '.join(map(str, keys))} | {' | '.join(describe(rows))} |")


def run_town(seed: int, folder: Path, n_clients: int) -> pd.DataFrame:
    """Estimates beside the truth of one town; it is not made again where it was kept."""
    kept, town = folder / f"{seed:02}", f"GM99{50 + seed % 50}"
    if not (kept / "estimates.parquet").exists():
        with tempfile.TemporaryDirectory() as temporary:
            root = Path(temporary)
            for name in NEEDED:
                (root / name).symlink_to(ROOT / name)
            clients = ["--clients", str(n_clients), "--seed", str(seed)]
            _call(root, "synth", "delivered", "--municipality", town, *clients)
            delivery = root / "delivered" / town
            _call(root, "report", town, "--delivery", str(delivery), "--chapters", CHAPTERS)
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(delivery / "truth.yaml", kept)
            found = next((root / "reports" / town).glob("*/estimates.parquet"))
            shutil.copy(found, kept)
    return compare(pd.read_parquet(kept / "estimates.parquet"), read_truth(kept / "truth.yaml"))


def read_truth(path: Path) -> pd.DataFrame:
    """What is true, keyed as ``estimates.parquet``; of returns the shares that were seen."""
    truth = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = pd.DataFrame(truth["estimands"])[[*KEYS, "estimate"]]
    shares = truth["described"]["returned_within_months"]["work"]
    returns = [
        ("P9", outcome, months, "share", of(shares[months]))
        for (outcome, months), of in RETURNS.items()
    ]
    rows = pd.DataFrame(returns, columns=[*KEYS, "estimate"])
    return pd.concat([known, rows], ignore_index=True).rename(columns={"estimate": "truth"})


def compare(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """One row per estimand that a chapter estimates, with the naive figure of the same analysis."""
    primary = estimates[estimates["is_primary"]]
    of_work = (primary["analysis"] != "P9") | (primary["term"] == "work")
    rows = primary[of_work].merge(truth, on=KEYS, validate="one_to_one")
    naive = estimates.drop_duplicates("analysis").set_index("analysis")["estimate"]
    names = [NAIVE.get(key, "") for key in zip(rows["analysis"], rows["outcome"], strict=True)]
    return rows.assign(naive=naive.reindex(names).to_numpy())


def describe(rows: pd.DataFrame) -> list[str]:
    """The figures of one line; an interval without an end on a side covers all beyond."""
    stated = rows.dropna(subset="estimate")
    error = stated["estimate"] - stated["truth"]
    spread = (error.quantile(0.75) - error.quantile(0.25)) / 1.349  # not that of the wildest
    noise = 1.25 * spread / max(len(stated), 1) ** 0.5  # of a median
    covers = ~(stated["conf_low"] > stated["truth"]) & ~(stated["conf_high"] < stated["truth"])
    naive = stated["naive"].astype(float)
    return [
        f"{len(stated)} of {len(rows)}",
        f"{rows['truth'].mean():.3f}",
        f"{stated['estimate'].median():.3f}",
        f"{error.median():+.3f} ± {noise:.3f}",
        f"{covers.sum()} of {len(stated)}",
        "" if np.isnan(naive).all() else f"{naive.mean():.3f}",
        f"{(rows['status'] == 'evidence').sum()}",
    ]


def _call(root: Path, *words: str) -> None:
    settings: dict[str, Any] = os.environ | {"WATWERKT_ROOT": str(root)}
    done = subprocess.run([COMMAND, *words], cwd=root, env=settings, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"watwerkt {words[0]} ended with {done.returncode}: {done.stderr}")


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--folder", type=Path, help="keeps truth and estimates; not in git")
    return parser.parse_args()


if __name__ == "__main__":
    main()

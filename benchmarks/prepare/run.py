"""Time `watwerkt prepare` beside the bare Polars panel build, and at another size.

Usage: python benchmarks/prepare/run.py [--clients 40000] [--times 1 10] [--runs 3] [--folder DIR]

The deliveries are made once in DIR (else in a temporary folder) and read as CSV. Every run is a
process of its own on two processors; prepare and bare build alternate. The bare build is run at the
first size, where its frame must equal the panel that prepare wrote.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import polars as pl
from polars.testing import assert_frame_equal

HERE = Path(__file__).parent
TOWN, MONTHS, SEED = "GM9910", "72", "1"
PROCESSORS = 2
ENVIRONMENT = os.environ | {"POLARS_MAX_THREADS": str(PROCESSORS), "OMP_NUM_THREADS": "1"}
WATWERKT = [sys.executable, "-c", "from watwerkt.cli import main; main()"]
LINE = "{:<22}{:>8}{:>8}{:>8}{:>9}"


@dataclass(frozen=True)
class Run:
    """One finished process: seconds by the clock and of the processors, and its peak memory."""

    wall: float
    cpu: float
    peak_gb: float


def main() -> None:
    """Make the deliveries, run both builds, print the tables."""
    asked = _read_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        base = measure(folder, asked.clients * asked.times[0], asked.runs, has_bare=True)
        for times in asked.times[1:]:
            larger = measure(folder, asked.clients * times, asked.runs, has_bare=False)
            print(
                f"\n{times} times against {asked.times[0]} times: wall "
                f"{_middle(larger, 'wall') / _middle(base, 'wall'):.1f}, cpu "
                f"{_middle(larger, 'cpu') / _middle(base, 'cpu'):.1f}"
            )


def measure(folder: Path, clients: int, n_runs: int, has_bare: bool) -> list[Run]:
    """Prepare one size ``n_runs`` times, in turn with the bare build; print and return the runs."""
    delivery = write_delivery(folder / f"{clients}", clients)
    prepared, bare = folder / f"{clients}-prepared", folder / f"{clients}-bare.parquet"
    prepares, bares = [], []
    for _ in range(n_runs):
        prepares.append(run([*WATWERKT, "prepare", str(delivery), "--out", str(prepared)]))
        if has_bare:
            build = [sys.executable, str(HERE / "bare.py"), str(prepared / TOWN), str(bare)]
            bares.append(run(build))
    if has_bare:
        panel = pl.read_parquet(prepared / TOWN / "panel" / "*.parquet")
        assert_frame_equal(pl.read_parquet(bare), panel, check_exact=True)
    show(clients, prepared / TOWN, {"prepare": prepares, "bare build": bares})
    return prepares


def write_delivery(folder: Path, clients: int) -> Path:
    """Make the delivery unless it is there."""
    delivery = folder / TOWN
    if not (delivery / "delivery.yaml").exists():
        options = ["--municipality", TOWN, "--clients", str(clients), "--months", MONTHS]
        options += ["--seed", SEED, "--scenario", str(HERE / "city.yaml")]
        subprocess.run([*WATWERKT, "synth", str(folder), *options], check=True)
    return delivery


def run(command: list[str]) -> Run:
    """Run a command on two processors and wait for it; an error ends the benchmark."""
    start = perf_counter()
    process = subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, preexec_fn=_keep_to_processors
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    if process.returncode is None:
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[-4:]} ended with exit code {process.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6)


def show(clients: int, prepared: Path, runs: dict[str, list[Run]]) -> None:
    """Print the size of a delivery, and the medians of its runs."""
    accounts = pl.read_parquet(prepared / "accounts.parquet").iter_rows(named=True)
    n_rows = pl.scan_parquet(prepared / "panel" / "*.parquet").select(pl.len()).collect().item()
    tables = ", ".join(f"{row['table']} {row['rows_read']:,}" for row in accounts)
    print(f"\n{clients:,} clients, {n_rows:,} person-months\nrows read: {tables}")
    print(LINE.format("median of the runs", "runs", "wall s", "cpu s", "peak GB"))
    for name, made in runs.items():
        if made:
            figures = [f"{_middle(made, key):.1f}" for key in ("wall", "cpu", "peak_gb")]
            print(LINE.format(name, len(made), *figures))
    if runs["bare build"]:
        pairs = list(zip(runs["prepare"], runs["bare build"], strict=True))
        wall, cpu = (
            median(getattr(a, k) / getattr(b, k) for a, b in pairs) for k in ("wall", "cpu")
        )
        print(LINE.format("prepare / bare", len(pairs), f"{wall:.2f}", f"{cpu:.2f}", ""))


def _middle(runs: list[Run], key: str) -> float:
    return median(getattr(run, key) for run in runs)


def _keep_to_processors() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=40_000, help="people on benefit at any time")
    parser.add_argument("--times", type=int, nargs="+", default=[1], help="sizes, in these")
    parser.add_argument("--runs", type=int, default=3, help="of each command")
    parser.add_argument("--folder", type=Path, help="keeps the deliveries; not in git")
    return parser.parse_args()


if __name__ == "__main__":
    main()

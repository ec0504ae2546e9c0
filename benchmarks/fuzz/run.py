"""Read 100,000 mutated deliveries: `make bench-fuzz`; prints a table for benchmarks/README.md."""

import argparse
import multiprocessing
import resource
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.mutations import bases
from fuzz.outcomes import ACCEPTED, REFUSED, Outcomes, limit_memory, run

MEMORY = 2 * 2**30
A_TASK = 1_000


def work(task: tuple[str, int, int]) -> tuple[str, Outcomes, int]:
    """Some seeds of one format in a folder of their own."""
    name, first, until = task
    with tempfile.TemporaryDirectory(prefix="ww-fuzz-") as folder:
        run(bases()[name], range(5), Path(folder))  # imports and pools first
    limit_memory(MEMORY)
    with tempfile.TemporaryDirectory(prefix="ww-fuzz-") as folder:
        found = run(bases()[name], range(first, until), Path(folder))
    return name, found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def work_apart(task: tuple[str, int, int]) -> tuple[str, Outcomes, int]:
    """The same in a process of its own: where an input ends it, that is one fault."""
    name, first, until = task
    start = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=start) as pool:
            return pool.submit(work, task).result()
    except BrokenProcessPool:
        lost = Counter({"fault": until - first})
        return name, Outcomes(lost, {"the process died": first}), 0


def main() -> None:
    """Run every format's share and print what came of it."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--inputs", type=int, default=102_000)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--only", nargs="*", default=list(bases()), choices=list(bases()))
    given = asked.parse_args()
    each = given.inputs // len(bases())
    tasks = [
        (name, first, min(first + A_TASK, each))
        for name in given.only
        for first in range(0, each, A_TASK)
    ]
    total = {name: Outcomes() for name in given.only}
    peak = dict.fromkeys(given.only, 0)
    with ThreadPoolExecutor(given.workers) as pool:
        for name, found, most in pool.map(work_apart, tasks):
            total[name].add(found)
            peak[name] = max(peak[name], most)
    print("| changed | inputs | accepted | refused | faults | slowest (s) | memory (MB) |")
    print("|---|---|---|---|---|---|---|")
    for name, found in total.items():
        n = found.counts
        print(
            f"| {name} | {n.total():,} | {n[ACCEPTED]:,} | {n[REFUSED]:,} | {n['fault']:,} "
            f"| {found.slowest:.1f} | {peak[name] // 1024:,} |"
        )
        for fault, seed in found.faults.items():
            print(f"  {name}: {fault}, seed {seed}", file=sys.stderr)
    sys.exit(any(found.faults for found in total.values()))


if __name__ == "__main__":
    main()

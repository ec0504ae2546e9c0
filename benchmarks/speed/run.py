"""Time each estimator beside the obvious alternative.

Usage: python benchmarks/speed/run.py [--persons 40000 400000] [--only P4 P1] [--runs 3]

Every measurement is a process of its own on two processors, ours and the other in turn. Seconds
are those of the processors in the call alone, after one on a few people so that nothing is loaded
in it; peak memory is that of the process, data included. An alternative whose figures differ from
ours ends the benchmark.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from statistics import median
from time import process_time

import numpy as np
from cases import CASES

PROCESSORS, FEW = 2, 2000
HEADS = (
    "estimator", "beside", "persons", "seconds", "other", "other / ours", "peak GB", "other",
    "other / ours",
)  # fmt: skip
TIMEOUT_SECONDS = 900


def main() -> None:
    """Measure, or be one measurement."""
    asked = _read_arguments()
    if asked.measure:
        print(json.dumps(measure(*asked.measure)))
        return
    print(f"| {' | '.join(HEADS)} |\n|{' --- |' * len(HEADS)}", flush=True)
    for name in asked.only or CASES:
        for persons in asked.persons:
            pairs = [[_run(name, persons, who) for who in ("ours", "other")]
                     for _ in range(asked.runs)]  # fmt: skip
            print(describe(name, persons, pairs), flush=True)


def measure(name: str, persons: str, who: str) -> dict[str, object]:
    """Processor seconds of the call, peak memory of this process in GB, and the figures found."""
    case = CASES[name]
    rows = case.make(np.random.default_rng(0), int(persons))
    call = getattr(case, who)
    call(case.make(np.random.default_rng(1), FEW))
    start = process_time()
    figures = call(rows)
    seconds = process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"seconds": seconds, "peak": peak, "figures": [float(f) for f in figures]}


def describe(name: str, persons: int, pairs: list[list[dict | None]]) -> str:
    """One line; a dash for an alternative that found no end or no room."""
    case, ours = CASES[name], [pair[0] for pair in pairs]
    figures = [f"{persons:,}"]
    done = [pair for pair in pairs if all(pair)]
    for own, other in done:
        if not np.allclose(own["figures"], other["figures"], rtol=case.rtol):
            sys.exit(f"{name}: ours {own['figures']}, other {other['figures']}")
    for key in ("seconds", "peak"):
        figures.append(f"{median(one[key] for one in ours):.2f}")
        ratio = [other[key] / own[key] for own, other in done]
        figures.append(f"{median(pair[1][key] for pair in done):.2f}" if done else "–")
        figures.append(f"{median(ratio):.1f}" if done else "–")
    return f"| {case.name} | {case.other_name} | {' | '.join(figures)} |"


def _run(name: str, persons: int, who: str) -> dict | None:
    command = [sys.executable, __file__, "--measure", name, str(persons), who]
    settings = os.environ | {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"}
    try:
        done = subprocess.run(
            command, env=settings, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
            preexec_fn=_keep_to_processors,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        done = None
    if done is not None and done.returncode == 0:
        return json.loads(done.stdout)
    if who == "ours":
        sys.exit(f"{name}, {persons} persons: {done.stderr if done else 'no end'}")
    return None


def _keep_to_processors() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--persons", type=int, nargs="+", default=[40_000, 400_000])
    parser.add_argument("--only", nargs="+", choices=list(CASES), help="some of the estimators")
    parser.add_argument("--runs", type=int, default=3, help="pairs of each")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Break the real `watwerkt report` at random moments, and say what was left.

Usage: python benchmarks/faults/run.py [--tries 20] [--jobs 3] [--seed 1] [--only NAME …] [--write]

A try starts from a good report under an old name, breaks the run that is to replace it, looks at
what lies there, and runs it once more undisturbed. ``--write`` puts the table in
docs/reliability.md. As root on Linux, disks are real ones (tmpfs); elsewhere the rows of a full and
a read-only disk are left out.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue

from breaking import FAULTS, Fault
from place import Ended, Place, make_place

DOC = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEAD = (
    "| fault | tries | broke the run | earlier or new report whole | nothing half-written | "
    "next run: same bytes, nothing left | message clear | exit codes |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Try every fault; print the table, and write it where that is asked."""
    asked = _read_arguments()
    chosen = [f for f in FAULTS if not asked.only or f.name in asked.only]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        free: Queue[Place] = Queue()
        with ThreadPoolExecutor(asked.jobs) as pool:
            folders = [Path(folder, str(number)) for number in range(asked.jobs)]
            for place in pool.map(make_place, folders):
                free.put(place)
        has_disk = all(place.is_disk for place in free.queue)
        faults = [f for f in chosen if has_disk or not f.needs_disk]
        try:
            rows = _read_rows() if asked.only else {}
            for fault in faults:
                rows[fault.name] = _try(fault, asked, free)
                if asked.write:
                    _write([rows[f.name] for f in FAULTS if f.name in rows], asked.tries)
        finally:
            while not free.empty():
                free.get().close()
    sys.exit(any("**" in rows[fault.name] for fault in faults))


def _try(fault: Fault, asked: argparse.Namespace, free: "Queue[Place]") -> str:
    def once(number: int) -> Ended:
        place = free.get()
        try:
            return place.attempt(fault, random.Random(f"{asked.seed} {fault.name} {number}"))
        finally:
            free.put(place)

    with ThreadPoolExecutor(asked.jobs) as pool:
        ended = list(pool.map(once, range(asked.tries)))
    row = _row(fault.name, ended)
    print(row, flush=True)
    for line in sorted({e.said[-200:] for e in ended if not e.is_clear}):
        print("   unclear:", line, flush=True)
    return row


def _row(name: str, ended: list[Ended]) -> str:
    codes = Counter(e.code for e in ended)
    shown = ", ".join(f"{code} ({n})" for code, n in sorted(codes.items()))
    counts = [sum(getattr(e, k) for e in ended) for k in ("kept", "whole", "resumed", "is_clear")]
    marked = [f"{n}/{len(ended)}" if n == len(ended) else f"**{n}/{len(ended)}**" for n in counts]
    broke = sum(e.code != 0 for e in ended)
    return f"| {name} | {len(ended)} | {broke} | {' | '.join(marked)} | {shown} |"


def _read_rows() -> dict[str, str]:
    """The rows in the document, by the name of their fault."""
    lines = DOC.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].splitlines()
    return {line.split("|")[1].strip(): line for line in lines if line.startswith("| ")}


def _write(rows: list[str], tries: int) -> None:
    said = (
        f"`make bench-faults`, {datetime.now(UTC):%Y-%m-%d}, {tries} tries a fault; exit codes "
        "with the number of tries, negative for a signal. Bold: what did not hold.\n\n"
    )
    table = "\n".join(rows)
    before, _, rest = DOC.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOC.write_text(f"{before}{BEGIN}\n{said}{HEAD}{table}\n{END}{after}", encoding="utf-8")


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Time every chapter on a prepared delivery, and the memory it takes.

Usage: python benchmarks/chapters.py PREPARED [--only 04 03]

PREPARED is the folder of one municipality that `watwerkt prepare` wrote. Each chapter's cells run
from top to bottom in a process of its own on two processors, imports and figures included. The
slowest cells stand below each chapter.
"""

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter, process_time

import nbformat
from IPython.core.interactiveshell import InteractiveShell

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PROCESSORS = 2
SLOW_SECONDS = 5.0


def main() -> None:
    """Run the chapters one after the other, or the one that this process was started for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--only", nargs="*", default=[], metavar="NN")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        time_cells(asked.here, asked.prepared.resolve())
        return
    print(f"{'chapter':<24}{'wall s':>8}{'cpu s':>8}{'peak GB':>9}", flush=True)
    for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
        if notebook.stem[:2] != "00" and (not asked.only or notebook.stem[:2] in asked.only):
            command = [sys.executable, __file__, str(asked.prepared), "--here", str(notebook)]
            pools = {"POLARS_MAX_THREADS": str(PROCESSORS), "OMP_NUM_THREADS": "1"}
            subprocess.run(command, check=True, env=os.environ | pools)


def time_cells(notebook: Path, prepared: Path) -> None:
    """Run the cells of one chapter in this process and print what they took."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    os.chdir(notebook.parent)
    shell = InteractiveShell.instance()
    given = f"\nmunicipality_id, prepared_dir = {prepared.name!r}, {str(prepared)!r}"
    slow, begun, begun_cpu = [], perf_counter(), process_time()
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        is_declared = "parameters" in cell.metadata.get("tags", [])
        at = perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            result = shell.run_cell(cell.source + (given if is_declared else ""))
        result.raise_error()
        if (seconds := perf_counter() - at) > SLOW_SECONDS:
            slow.append(f"    {cell.source.splitlines()[0][:60]:<60}{seconds:>8.1f}")
    wall, cpu = perf_counter() - begun, process_time() - begun_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{notebook.stem:<24}{wall:>8.1f}{cpu:>8.1f}{peak:>9.2f}", *slow, sep="\n", flush=True)


if __name__ == "__main__":
    main()

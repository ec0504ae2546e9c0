"""What protection costs: cells hidden and effects still seen, in a small, a middling, a large town.

Usage: python benchmarks/utility.py [--clients 400 2500 40000] [--write]

Each synthetic town of so many clients gets its report from the real command. Cells are those of
its release ledger (restricted/<GM>/releases), effects those of its estimates.parquet. ``--write``
puts both tables in docs/protection.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import polars as pl

from watwerkt.disclosure.releases import read_releases, tables_by_chapter

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "protection.md"
BEGIN, END = "<!-- utility: begin -->", "<!-- utility: end -->"
COMMAND = [sys.executable, "-c", "from watwerkt.cli import main; main()"]
READ_ONLY = ("notebooks", "papermill_params", "requirements.lock", "lib")


def main() -> None:
    """Report each town and print, or write, what was hidden and what can be seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, nargs="+", default=[400, 2_500, 40_000])
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="utility-") as folder:
        for name in READ_ONLY:
            Path(folder, name).symlink_to(ROOT / name)
        towns = {n: f"GM99{60 + i}" for i, n in enumerate(asked.clients)}
        for n_clients, code in towns.items():
            run(Path(folder), code, n_clients)
        heads = [f"{n:,} clients" for n in towns]
        ledgers = [count_cells(Path(folder, "restricted", code)) for code in towns.values()]
        effects = [read_effects(Path(folder, "reports", code, "nl")) for code in towns.values()]
        made = f"`python benchmarks/utility.py --clients {' '.join(map(str, towns))}`"
        text = "\n".join([
            f"{made}: cells of tables of counts that are hidden, small ones and those that go with "
            "them.\n", *lines("chapter", heads, ledgers),
            "\nThe smallest effect that could be found (80 % power, on the scale of the estimate), "
            "and in brackets how many of the estimates that are asked for were made.\n",
            *lines("estimate", heads, effects),
        ])  # fmt: skip
    print(text)
    if asked.write:
        before, _, rest = DOC.read_text(encoding="utf-8").partition(BEGIN)
        DOC.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def run(folder: Path, code: str, n_clients: int) -> None:
    """A town and its report, in a working copy of its own."""
    own = {"WATWERKT_ROOT": str(folder), "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1"}
    size = ["--municipality", code, "--clients", str(n_clients)]
    for command in (["synth", str(folder / "data" / "raw"), *size], ["report", code]):
        subprocess.run([*COMMAND, *command], env=os.environ | own, check=True, stdout=sys.stderr)


def count_cells(restricted: Path) -> dict[str, str]:
    """Chapter → hidden of all cells in what was released."""
    [release] = read_releases(restricted / "releases")
    n, n_hidden = Counter(), Counter()
    for chapter, tables in tables_by_chapter(release).items():
        figures = [figure for table in tables for figure in table.figures.values()]
        for name in (chapter, "all"):
            n[name] += len(figures)
            n_hidden[name] += sum(figure is None for figure in figures)
    return {name: f"{n_hidden[name]:,} of {n[name]:,} ({n_hidden[name] / n[name]:.0%})"
            for name in sorted(n, key=lambda name: (name == "all", name))}  # fmt: skip


def read_effects(report: Path) -> dict[str, str]:
    """Primary estimate and outcome → its smallest detectable effect, and how many were made."""
    effects = pl.read_parquet(report / "estimates.parquet").filter("is_primary")
    groups = effects.group_by("analysis", "design", "scale", "outcome").agg(
        pl.col("mde").min(), n=pl.len(), n_made=pl.col("estimate").count()
    )
    return {
        f"{row['analysis']} {row['design']}, {row['outcome']}, {row['scale']}": (
            f"{'–' if row['mde'] is None else format(row['mde'], '.2g')} "
            f"({row['n_made']} of {row['n']})"
        )
        for row in groups.sort("analysis", "design", "outcome", "scale").iter_rows(named=True)
    }


def lines(what: str, heads: list[str], columns: list[dict[str, str]]) -> list[str]:
    """A table in Markdown: a line per key of any column."""
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [[name, *(column.get(name, "–") for column in columns)] for name in names]
    return [f"| {' | '.join(row)} |" for row in [[what, *heads], ["---"] * (1 + len(heads)), *rows]]


if __name__ == "__main__":
    main()

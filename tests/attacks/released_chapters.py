"""The code of chapters run for a release without drawing anything: what the doors let through."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import nbformat

from watwerkt.disclosure import counts
from watwerkt.disclosure.register import Cell, read_tables
from watwerkt.disclosure.releases import write_release
from watwerkt.params import ReportParams
from watwerkt.publish.page import Page
from watwerkt.runtime import chapter as runtime
from watwerkt.runtime.releases import TABLES, ledger_folder, write_earlier

SHOWS = ("table", "figure", "say", "note", "warn", "points", "provenance")


@dataclass(frozen=True, slots=True)
class Shown:
    """A released table, and the counts behind it, which the attacker does not have."""

    figures: dict[Cell, float | None]
    counts: dict[Cell, float]


def release(
    root: Path, params: ReportParams, chapters: Iterable[str], restricted: Path, records: Path
) -> dict[str, Shown]:
    """Run ``chapters`` on prepared data, held to what was released before, and add them to it."""
    write_earlier(restricted, params, records)
    exact: list[list[float]] = []
    with patch.object(counts, "protect_cells", _remembering(exact)):
        run_chapters(root, params, chapters, records)
    tables = [t for path in sorted(records.glob(f"*/{TABLES}")) for t in read_tables(path)]
    about = {"language": params.language, "contains": params.contains.split()}
    write_release(about, tables, ledger_folder(restricted, params.municipality_id))
    return {
        table.name: Shown(dict(table.figures), dict(zip(table.figures, behind, strict=True)))
        for table, behind in zip(tables, exact, strict=True)
    }


def _remembering(exact: list[list[float]]) -> Callable:
    protect = counts.protect_cells

    def protect_and_remember(values, *args):
        exact.append(values.ravel().tolist())
        return protect(values, *args)

    return protect_and_remember


def run_chapters(
    root: Path, params: ReportParams, chapters: Iterable[str], records: Path | str
) -> None:
    """Run the code cells of chapters in this process; what they would show is left out."""
    given = {**params.model_dump(mode="json"), "record_dir": str(records) if records else ""}
    silent = {name: lambda self, *args, **kwargs: None for name in SHOWS}
    with patch.multiple(Page, **silent), patch.object(runtime, "guard_display", lambda: None):
        for number in chapters:
            [path] = (root / "notebooks").glob(f"{number}_*.ipynb")
            _run(path, given)


def _run(path: Path, given: dict) -> None:
    names: dict = {}
    for number, cell in enumerate(nbformat.read(path, 4).cells):
        if cell.cell_type != "code":
            continue
        exec(compile(cell.source, f"{path.stem}, cell {number}", "exec"), names)  # noqa: S102
        if "parameters" in cell.metadata.get("tags", []):
            names |= {name: value for name, value in given.items() if name in names}

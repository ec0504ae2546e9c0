"""The release ledger around a run: what was released before goes in, what is released comes out.

Chapters run in kernels of their own, so both lie in the folder of records: ``earlier/<chapter>/``
and ``parts/<chapter>/``, a file per release; ``<chapter>/tables.jsonl`` what the chapter releases.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from watwerkt.disclosure.register import Register, Table, read_tables, table_line
from watwerkt.disclosure.releases import (
    Release,
    find_wholes,
    read_releases,
    tables_by_chapter,
    withdraw_release,
    write_release,
)
from watwerkt.params import ReportParams
from watwerkt.runtime.fingerprint import file_fingerprint

EARLIER, PARTS, TABLES = "earlier", "parts", "tables.jsonl"
TOLD = ("extract_date", "first_month", "last_month", "delivery_sha256", "params_sha256")


def ledger_folder(restricted: Path, municipality_id: str) -> Path:
    """Where the releases of a municipality are kept."""
    return restricted / municipality_id / "releases"


def list_releases(restricted: Path, municipality_id: str) -> list[str]:
    """A line per release: its number, what it was of, how much it showed."""
    return [
        f"{release.number:4}  {release.about['language']}  {release.about['first_month']} to "
        f"{release.about['last_month']}, read {release.about['extract_date']}  "
        f"{len(release.tables)} tables  delivery {release.about['delivery_sha256'][:12]}"
        for release in read_releases(ledger_folder(restricted, municipality_id))
    ] or [f"{municipality_id}: nothing was released"]


def withdraw(restricted: Path, municipality_id: str, number: int, reason: str) -> None:
    """Take back a release that nobody saw; ``ParameterError`` where there is none, or no reason."""
    withdraw_release(number, reason, ledger_folder(restricted, municipality_id))


def write_earlier(restricted: Path, params: ReportParams, records: Path) -> None:
    """Lay out for the chapters what was released before of these clients.

    Of the municipality itself every release; of those that it contains, or that contain it, the
    latest.
    """
    own = read_releases(ledger_folder(restricted, params.municipality_id))
    parts = [read_releases(ledger_folder(restricted, code)) for code in params.contains.split()]
    latest = [releases[-1] for releases in parts if releases]
    latest += find_wholes(restricted, params.municipality_id)
    _lay_out(own, records / EARLIER)
    _lay_out(latest, records / PARTS)


def _lay_out(releases: Sequence[Release], folder: Path) -> None:
    for place, release in enumerate(releases):
        for chapter, tables in tables_by_chapter(release).items():
            path = folder / chapter / f"{place:04}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(map(table_line, tables)), encoding="utf-8")


def open_register(records: Path, chapter: str) -> Register:
    """The register of a chapter that is run for a report."""
    path = records / chapter / TABLES
    path.parent.mkdir(parents=True, exist_ok=True)
    earlier, parts = (_by_name((records / kind / chapter).glob("*")) for kind in (EARLIER, PARTS))
    return Register(chapter, earlier, parts, path)


def _by_name(paths: Iterable[Path]) -> Mapping[str, Sequence[Table]]:
    found: dict[str, list[Table]] = {}
    for path in sorted(paths):
        for table in read_tables(path):
            found.setdefault(table.name, []).append(table)
    return found


def add_release(restricted: Path, params: ReportParams, manifest: Mapping[str, Any]) -> None:
    """Add what the run has written to the ledger, unless just that is there already."""
    published, records = Path(params.released_dir), Path(params.record_dir)
    about = {name: manifest[name] for name in TOLD} | {
        "municipality_id": params.municipality_id,
        "language": params.language,
        "policy_version": manifest["policy_version"],
        "contains": params.contains.split(),
        "outputs": {p.name: file_fingerprint(p) for p in sorted(published.iterdir())},
    }
    tables = [t for path in sorted(records.glob(f"*/{TABLES}")) for t in read_tables(path)]
    folder = ledger_folder(restricted, params.municipality_id)
    if not any(release.about == about for release in read_releases(folder)):
        write_release(about, tables, folder)

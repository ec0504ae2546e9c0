"""The release ledger: every report that a municipality released, with the tables in it.

One file per release, numbered, in a restricted folder: a line that says what was released, and a
line per table (``register``). It holds what was shown and which cells were hidden, no exact count.
A release is added before its report is put in place, so that a report without one cannot be.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watwerkt.disclosure.register import Table, parse_tables, table_line
from watwerkt.errors import ParameterError, SchemaError
from watwerkt.versions import KNOWN, require_version

RELEASE = "[0-9][0-9][0-9][0-9].jsonl"
WITHDRAWN = ".withdrawn"


@dataclass(frozen=True, slots=True)
class Release:
    """A report that was released.

    Attributes
    ----------
    number : its place in the ledger, from 1.
    about : language, extract_date, the months observed, fingerprints of delivery, parameters and
        outputs, policy version, and ``contains``: municipalities whose clients are in it as well.
    tables : what it showed.
    """

    number: int
    about: Mapping[str, Any]
    tables: Sequence[Table] = field(repr=False)


def read_releases(folder: Path) -> list[Release]:
    """The releases in ``folder`` that were not withdrawn, oldest first; none without a folder.

    Raises SchemaError for a file that is no release, VersionError for one of a newer schema.
    """
    return [_read(path) for path in sorted(folder.glob(RELEASE))]


def write_release(about: Mapping[str, Any], tables: Sequence[Table], folder: Path) -> int:
    """Add a release to the ledger in ``folder`` and return its number.

    The file appears whole or not at all; no number is given twice.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    header = json.dumps({"schema_version": KNOWN["release"], **about}, sort_keys=True)
    partial = folder / f".part-{os.getpid()}"
    with partial.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        file.writelines(table_line(table) for table in tables)
        file.flush()
        os.fsync(file.fileno())
    try:
        return _link_next(partial, folder)
    finally:
        partial.unlink()


def withdraw_release(number: int, reason: str, folder: Path) -> None:
    """Mark a release as never published, so that later ones are not held to it; it is kept.

    Raises ParameterError where there is no such release, or no reason.
    """
    path = folder / f"{number:04}.jsonl"
    if not path.is_file():
        raise ParameterError(f"no release {number}: `watwerkt releases` lists those there are")
    if not reason.strip():
        raise ParameterError("say why it was never published: --because")
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"withdrawn": reason}, ensure_ascii=False) + "\n")
    path.rename(path.with_name(path.name + WITHDRAWN))


def tables_by_chapter(release: Release) -> dict[str, list[Table]]:
    """The tables of a release, under the chapter that their names begin with."""
    found: dict[str, list[Table]] = {}
    for table in release.tables:
        found.setdefault(table.name.partition(":")[0], []).append(table)
    return found


def find_wholes(restricted: Path, municipality_id: str) -> Iterator[Release]:
    """The latest release of every other municipality that says it contains this one."""
    for folder in sorted(restricted.glob("*/releases")):
        releases = read_releases(folder) if folder.parent.name != municipality_id else []
        if releases and municipality_id in releases[-1].about.get("contains", []):
            yield releases[-1]


def _link_next(partial: Path, folder: Path) -> int:
    """Give ``partial`` the next number; where another run takes it first, the one after that."""
    while True:
        number = 1 + max((int(path.name[:4]) for path in folder.glob("[0-9]*.jsonl*")), default=0)
        with suppress(FileExistsError):
            os.link(partial, folder / f"{number:04}.jsonl")
            return number


def _read(path: Path) -> Release:
    first, _, rest = path.read_text(encoding="utf-8").partition("\n")
    try:
        about = json.loads(first)
        require_version("release", about.pop("schema_version", None), path.name)
        tables = list(parse_tables(rest.splitlines(keepends=True)))
    except (ValueError, TypeError, AttributeError):
        raise SchemaError(
            f"{path.parent.parent.name}/releases/{path.name} is no release: put back the file of "
            "your backup, since without it nothing stands against subtracting that report"
        ) from None
    return Release(int(path.stem), about, tables)

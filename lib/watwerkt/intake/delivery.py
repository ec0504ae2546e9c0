"""Read a delivery: the guard first, then the mappings, then the schemas."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from watwerkt.errors import DeliveryError, PrivacyError, SchemaError
from watwerkt.intake.about import DeliveryFile, FileSource, delivered_file, read_about
from watwerkt.intake.apply import apply_mapping, unmapped_columns
from watwerkt.intake.conditions import count_left_out
from watwerkt.intake.findings import PRIVACY_REMEDY, Finding, refuse
from watwerkt.intake.formats import read_raw
from watwerkt.intake.guard import find_personal_data
from watwerkt.intake.legal_ground import find_groundless, withhold_codes
from watwerkt.intake.mapping import Mapping, is_own_mapping, read_mapping
from watwerkt.intake.promises import find_broken_promises, find_missing_tables

AT_ONCE = 2  # files: a third would cost memory, and Polars shares out its work by itself
FileSheet = tuple[str, str | None]
Feeds = list[tuple[Mapping, str]]


@dataclass(frozen=True)
class Delivery:
    """A delivery that passed the guard and keeps what the schemas promise.

    Attributes
    ----------
    about : what ``delivery.yaml`` says.
    tables : canonical name → canonical columns and types, rows in the order of the files; only
        what was delivered. Codes that no list knows are left for rule D03. ``benefits`` also has
        ``is_end_repaired``, for rule B03.
    dropped_columns : file → columns that no mapping names.
    withheld : ``table.column`` → codes of a special category, without a legal ground, not read.
    left_out : ``file: table`` → rows that are no records of the table, by the mapping's ``only``.
    approximate : ``table.column`` → the source column that stands in, though it says another thing.
    """

    about: DeliveryFile
    tables: dict[str, pl.DataFrame] = field(repr=False)
    dropped_columns: dict[str, list[str]]
    withheld: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    approximate: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileRead:
    """What one file gives each table, and what is wrong with it.

    A file with personal data is read no further. ``problems`` say why it could not be mapped.
    """

    personal: list[Finding]
    dropped: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    parts: dict[str, list[pl.DataFrame]] = field(default_factory=dict, repr=False)
    broken: list[Finding] = field(default_factory=list)
    groundless: list[Finding] = field(default_factory=list)
    problems: list[DeliveryError] = field(default_factory=list)


def read_delivery(folder: Path) -> Delivery:
    """Read, guard, map and check the delivery in ``folder``.

    Raises DeliveryError (cannot be read), PrivacyError (identifies people), SchemaError (lacks what
    is promised) or VersionError (newer than known here); each names all reasons at once.
    """
    about = read_about(folder)
    mappings = read_mappings(about, folder)
    files = _read_files(folder, about, mappings)
    _refuse_what_is_wrong(list(files.values()))
    tables = {name: _gather(name, sources, files) for name, sources in about.tables.items()}
    read = {name: withhold_codes(table, about.legal_ground) for name, table in tables.items()}
    return Delivery(
        about=about,
        tables={name: table for name, (table, _) in read.items()},
        dropped_columns=_dropped_columns(files),
        withheld={
            f"{n}.{c}": count for n, (_, found) in read.items() for c, count in found.items()
        },
        left_out=_left_out(files),
        approximate=_approximate(about, mappings),
    )


def fingerprint_delivery(folder: Path) -> str:
    """sha256 over ``delivery.yaml``, the data files and own mappings, by name."""
    about = read_about(folder)
    names = {"delivery.yaml"} | {s.file for sources in about.tables.values() for s in sources}
    mappings = {about.mapping} | {
        s.mapping for sources in about.tables.values() for s in sources if s.mapping
    }
    total = hashlib.sha256()
    for name in sorted(names | {m for m in mappings if is_own_mapping(m)}):
        total.update(name.encode() + b"\0" + _file_digest(delivered_file(folder, name)))
    return total.hexdigest()


def read_files(about: DeliveryFile, folder: Path) -> dict[FileSheet, pl.DataFrame]:
    """Every file (and sheet) of a delivery as it came."""
    return {(file, sheet): read_raw(folder, file, sheet) for file, sheet in files_of(about)}


def files_of(about: DeliveryFile) -> list[FileSheet]:
    """Every file (and sheet) that is named; one that feeds two tables is named once."""
    return list(dict.fromkeys((s.file, s.sheet) for srcs in about.tables.values() for s in srcs))


def read_mappings(about: DeliveryFile, folder: Path) -> dict[str, Mapping]:
    """Every mapping that a delivery names; each must know the tables that it is named for."""
    named = {mapping_of(s, about) for sources in about.tables.values() for s in sources}
    mappings = {name: read_mapping(name, folder) for name in sorted(named)}
    for table, sources in about.tables.items():
        for source in sources:
            if table not in (known := mappings[mapping_of(source, about)].tables):
                raise DeliveryError(
                    f"{source.file}: mapping {mapping_of(source, about)} knows "
                    f"{', '.join(known)}, not {table}"
                )
    return mappings


def mapping_of(source: FileSource, about: DeliveryFile) -> str:
    """The mapping of one file: its own, else the delivery's."""
    return source.mapping or about.mapping


def feeds_of(file: FileSheet, about: DeliveryFile, mappings: dict[str, Mapping]) -> Feeds:
    """The tables that one file feeds, each with its mapping and the month that is said of it."""
    return [
        (mappings[mapping_of(source, about)].dated(table, source.report_month), table)
        for table, sources in about.tables.items()
        for source in sources
        if (source.file, source.sheet) == file
    ]


def _read_files(
    folder: Path, about: DeliveryFile, mappings: dict[str, Mapping]
) -> dict[FileSheet, FileRead]:
    """Every file, two at once, the largest first; told in the order in which they are named."""

    def read(file: FileSheet) -> FileRead:
        return _read_file(folder, file, feeds_of(file, about, mappings), about.legal_ground)

    def size(file: FileSheet) -> int:
        path = folder / file[0]
        return path.stat().st_size if path.is_file() else 0

    named = files_of(about)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        largest_first = sorted(named, key=size, reverse=True)
        reading = {file: pool.submit(read, file) for file in largest_first}
        return {file: reading[file].result() for file in named}


def _read_file(
    folder: Path, file: FileSheet, feeds: Feeds, legal_ground: dict[str, str]
) -> FileRead:
    """Read one file, guard it, and map what passes; only what is canonical is held on to."""
    raw = read_raw(folder, *file)
    read = FileRead(personal=find_personal_data(raw, file[0]))
    if read.personal:
        return read
    read.dropped.extend(unmapped_columns(raw, feeds))
    for mapping, table in feeds:
        try:
            frame, unread = apply_mapping(raw, mapping, table, file[0])
        except DeliveryError as problem:  # told after the guard has seen every file
            read.problems.append(problem)
            continue
        read.broken.extend(unread + _beyond(unread, find_broken_promises(frame, table, file[0])))
        read.groundless.extend(find_groundless(frame, file[0], legal_ground))
        read.parts.setdefault(table, []).append(frame)
        read.left_out[table] = count_left_out(raw, mapping.tables[table])
    return read


def _refuse_what_is_wrong(files: list[FileRead]) -> None:
    """Raise the gravest of what is wrong, with every finding of its kind."""
    refuse(PrivacyError, (f for file in files for f in file.personal), PRIVACY_REMEDY)
    for problem in (problem for file in files for problem in file.problems):
        raise problem
    refuse(PrivacyError, (f for file in files for f in file.groundless), PRIVACY_REMEDY)
    heights: Counter[str] = Counter()
    for file in files:
        heights.update({table: sum(map(len, parts)) for table, parts in file.parts.items()})
    broken = [f for file in files for f in file.broken] + find_missing_tables(heights)
    refuse(SchemaError, broken, "Nothing was written. Correct the mapping or the export.")


def _gather(
    table: str, sources: list[FileSource], files: dict[FileSheet, FileRead]
) -> pl.DataFrame:
    """One table of all its files, in the order in which they are named."""
    named = dict.fromkeys((source.file, source.sheet) for source in sources)
    return pl.concat([part for file in named for part in files[file].parts[table]], how="diagonal")


def _left_out(files: dict[FileSheet, FileRead]) -> dict[str, int]:
    """Rows of each file that are no records of the table it feeds."""
    counts = {
        f"{file}: {table}": n for (file, _), r in files.items() for table, n in r.left_out.items()
    }
    return {name: n for name, n in sorted(counts.items()) if n}


def _approximate(about: DeliveryFile, mappings: dict[str, Mapping]) -> dict[str, str]:
    """Columns for which another one stands in, in any file."""
    return {
        f"{table}.{column}": ", ".join(entry.sources)
        for table, sources in about.tables.items()
        for source in sources
        for entries in mappings[mapping_of(source, about)].tables[table].entries
        for column, entry in entries.items()
        if entry.is_approximate
    }


def _beyond(unread: list[Finding], broken: list[Finding]) -> list[Finding]:
    """Broken promises without the empty cells that are empty because they could not be read."""
    known = {finding.column: finding.count for finding in unread}
    return [f for f in broken if f.rule != "empty" or f.count > known.get(f.column, 0)]


def _dropped_columns(files: dict[FileSheet, FileRead]) -> dict[str, list[str]]:
    dropped: dict[str, set[str]] = {}
    for (file, _), read in files.items():
        dropped.setdefault(file, set()).update(read.dropped)
    return {file: sorted(columns) for file, columns in sorted(dropped.items()) if columns}


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

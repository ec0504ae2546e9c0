"""Read a delivery: the guard first, then the mappings, then the schemas."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from watwerkt.errors import DeliveryError, PrivacyError, SchemaError
from watwerkt.intake.about import DeliveryFile, FileSource, read_about
from watwerkt.intake.apply import apply_mapping, unmapped_columns
from watwerkt.intake.conditions import count_left_out
from watwerkt.intake.findings import PRIVACY_REMEDY, Finding, refuse
from watwerkt.intake.formats import read_raw
from watwerkt.intake.guard import find_personal_data
from watwerkt.intake.legal_ground import find_groundless, withhold_codes
from watwerkt.intake.mapping import Mapping, is_own_mapping, read_mapping
from watwerkt.intake.promises import find_broken_promises, find_missing_tables

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
    fingerprint : sha256 of the files.
    withheld : ``table.column`` → codes of a special category, without a legal ground, not read.
    left_out : ``file: table`` → rows that are no records of the table, by the mapping's ``only``.
    approximate : ``table.column`` → the source column that stands in, though it says another thing.
    """

    about: DeliveryFile
    tables: dict[str, pl.DataFrame] = field(repr=False)
    dropped_columns: dict[str, list[str]]
    fingerprint: str
    withheld: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    approximate: dict[str, str] = field(default_factory=dict)


def read_delivery(folder: Path) -> Delivery:
    """Read, guard, map and check the delivery in ``folder``.

    Raises DeliveryError (cannot be read), PrivacyError (identifies people), SchemaError (lacks what
    is promised) or VersionError (newer than known here); each names all reasons at once.
    """
    about = read_about(folder)
    mappings = read_mappings(about, folder)
    raw = read_files(about, folder)
    refuse(
        PrivacyError,
        (f for k, t in raw.items() for f in find_personal_data(t, k[0])),
        PRIVACY_REMEDY,
    )
    parts = _canonical_parts(about, mappings, raw)
    tables = {name: pl.concat(frames, how="diagonal") for name, frames in parts.items()}
    read = {name: withhold_codes(table, about.legal_ground) for name, table in tables.items()}
    return Delivery(
        about=about,
        tables={name: table for name, (table, _) in read.items()},
        dropped_columns=_dropped_columns(about, mappings, raw),
        fingerprint=fingerprint_delivery(folder),
        withheld={
            f"{n}.{c}": count for n, (_, found) in read.items() for c, count in found.items()
        },
        left_out=_left_out(about, mappings, raw),
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
        total.update(name.encode() + b"\0" + _file_digest(folder / name))
    return total.hexdigest()


def read_files(about: DeliveryFile, folder: Path) -> dict[FileSheet, pl.DataFrame]:
    """Every file (and sheet) of a delivery as it came; one that feeds two tables is read once."""
    wanted = {(s.file, s.sheet): None for sources in about.tables.values() for s in sources}
    return {(file, sheet): read_raw(folder, file, sheet) for file, sheet in wanted}


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
    """The tables that one file feeds, each with its mapping."""
    return [
        (mappings[mapping_of(source, about)], table)
        for table, sources in about.tables.items()
        for source in sources
        if (source.file, source.sheet) == file
    ]


def _canonical_parts(
    about: DeliveryFile, mappings: dict[str, Mapping], raw: dict[FileSheet, pl.DataFrame]
) -> dict[str, list[pl.DataFrame]]:
    """Each table's files in canonical columns; refuses with what is wrong in any of them."""
    parts: dict[str, list[pl.DataFrame]] = {}
    broken: list[Finding] = []
    groundless: list[Finding] = []
    for table, sources in about.tables.items():
        for source in sources:
            mapping = mappings[mapping_of(source, about)]
            table_raw = raw[source.file, source.sheet]
            frame, unread = apply_mapping(table_raw, mapping, table, source.file)
            broken += unread + _beyond(unread, find_broken_promises(frame, table, source.file))
            groundless += find_groundless(frame, source.file, about.legal_ground)
            parts.setdefault(table, []).append(frame)
    broken += find_missing_tables({n: sum(map(len, frames)) for n, frames in parts.items()})
    refuse(PrivacyError, groundless, PRIVACY_REMEDY)
    refuse(SchemaError, broken, "Nothing was written. Correct the mapping or the export.")
    return parts


def _left_out(
    about: DeliveryFile, mappings: dict[str, Mapping], raw: dict[FileSheet, pl.DataFrame]
) -> dict[str, int]:
    """Rows of each file that are no records of the table it feeds."""
    counts = {
        f"{key[0]}: {table}": count_left_out(frame, mapping.tables[table])
        for key, frame in raw.items()
        for mapping, table in feeds_of(key, about, mappings)
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


def _dropped_columns(
    about: DeliveryFile, mappings: dict[str, Mapping], raw: dict[FileSheet, pl.DataFrame]
) -> dict[str, list[str]]:
    dropped: dict[str, set[str]] = {}
    for key, table in raw.items():
        unmapped = unmapped_columns(table, feeds_of(key, about, mappings))
        dropped.setdefault(key[0], set()).update(unmapped)
    return {file: sorted(columns) for file, columns in sorted(dropped.items()) if columns}


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

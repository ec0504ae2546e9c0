"""Apply a mapping: one raw file in, one canonical table out, with what could not be read."""

from datetime import date

import polars as pl

from watwerkt import codebook, schemas
from watwerkt.errors import DeliveryError
from watwerkt.intake.conditions import holds
from watwerkt.intake.entries import DatePart, DigitsPart, Entry
from watwerkt.intake.findings import Finding
from watwerkt.intake.formats import as_text
from watwerkt.intake.headers import find_header, is_headerless, shown_names
from watwerkt.intake.mapping import Mapping
from watwerkt.intake.parsing import (
    UNKNOWN_FLAGS,
    is_running,
    minutes_between,
    parse_dates,
    parse_flags,
    parse_minutes,
    parse_months,
    parse_numbers,
)

ENDLESS_YEAR = 8888
HEADERLESS = "; its first line seems to hold values: is there a header?"
LOOKS_LIKE = {
    "date": "a date",
    "month": "a month",
    "integer": "a whole number",
    "number": "a number",
    "flag": "yes or no",
}


def apply_mapping(
    raw: pl.DataFrame, mapping: Mapping, table: str, file: str
) -> tuple[pl.DataFrame, list[Finding]]:
    """The canonical columns of ``table`` that ``raw`` holds, and the values that cannot be read.

    Codes that no list knows stay as they are. ``benefits`` also gets ``is_end_repaired``: the end
    date was a suite's sign for "running" (rule B03).
    """
    frames, findings = [], []
    raw = raw.filter(holds(raw, mapping.tables[table].only))
    records = mapping.tables[table].entries_in(raw.columns)
    for entries in records:
        present = _present_entries(raw, entries, f"{file}: mapping {mapping.name}", table)
        named = _rows_with_record(raw, present) if len(records) > 1 else raw
        frame, unread = _read_record(named, present, mapping, table, file)
        frames.append(frame)
        findings += unread
    return pl.concat(frames, how="diagonal"), findings


def _read_record(
    raw: pl.DataFrame, present: dict[str, Entry], mapping: Mapping, table: str, file: str
) -> tuple[pl.DataFrame, list[Finding]]:
    """One canonical row for each row of ``raw``."""
    columns: dict[str, pl.Series] = {}
    findings = []
    promised = schemas.tables()[table].columns
    for name in sorted(present.keys() & promised, key=lambda n: present[n].dated_by is not None):
        text = _source_text(raw, present[name], mapping)
        if present[name].codes or present[name].codes_until:
            text = _translated(as_text(text), present[name], columns)
        columns[name], unread = _read(text, promised[name], mapping)
        findings += _unread(file, present[name], promised[name], unread)
    for name in [n for n in columns if n == "end_date" or present[n].is_end_date]:
        if (present[name].end_date_is or mapping.end_date_is_of(table)) == "last_day":
            columns[name] = columns[name].dt.offset_by("1d")
    if table == "benefits":
        end = present.get("end_date", Entry(constant=""))
        columns["is_end_repaired"] = _is_endless(_source_text(raw, end, mapping))
    order = [name for name in (*promised, "is_end_repaired") if name in columns]
    return pl.DataFrame([columns[name].alias(name) for name in order]), findings


def _rows_with_record(raw: pl.DataFrame, present: dict[str, Entry]) -> pl.DataFrame:
    """The rows in which the person of this record is named at all, and what ends has an end."""
    asked = [e for name, e in present.items() if name == "person_id" or e.is_end_date]
    return raw.filter(holds(raw, {source: "filled" for e in asked for source in e.sources}))


def unmapped_columns(raw: pl.DataFrame, mappings: list[tuple[Mapping, str]]) -> list[str]:
    """The columns of ``raw`` that no mapping of it names, as they may be shown."""
    used = {
        find_header(raw.columns, source)
        for mapping, table in mappings
        for source in mapping.tables[table].sources_in(raw.columns)
    }
    shown = shown_names(raw)
    return [shown[name] for name in raw.columns if name not in used]


def _present_entries(
    raw: pl.DataFrame, entries: dict[str, Entry], who: str, table: str
) -> dict[str, Entry]:
    """The entries whose source columns are there; one that may not lack is named."""
    absent = {
        name: [source for source in entry.sources if find_header(raw.columns, source) is None]
        for name, entry in entries.items()
    }
    lacking = sorted({s for name in absent if not entries[name].optional for s in absent[name]})
    if lacking:
        hint = HEADERLESS if is_headerless(raw) else ""
        raise DeliveryError(
            f"{who} expects for {table} the columns {', '.join(lacking)}, which are not there{hint}"
        )
    return {name: entry for name, entry in entries.items() if not absent[name]}


def _source_text(raw: pl.DataFrame, entry: Entry, mapping: Mapping) -> pl.Series:
    """The column before its codes and its kind are read, where the cell counts (``when``)."""
    cells = _source_cells(raw, entry, mapping)
    if not entry.when:
        return cells
    counts = holds(raw, entry.when)
    return pl.select(pl.when(counts).then(cells)).to_series()


def _source_cells(raw: pl.DataFrame, entry: Entry, mapping: Mapping) -> pl.Series:
    """The column as it came, derived or constant."""
    if entry.constant is not None:
        return pl.Series([entry.constant] * len(raw), dtype=pl.String)
    if entry.row_number is not None:
        return pl.Series([f"{entry.row_number}{i + 1}" for i in range(len(raw))], dtype=pl.String)
    if entry.key is not None:
        parts = [_key_part(raw, part, mapping).alias(str(i)) for i, part in enumerate(entry.key)]
        return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator="-")).to_series()
    if entry.minutes is not None:
        first, last = (as_text(_column(raw, source)) for source in entry.minutes)
        return minutes_between(first, last, tuple(mapping.dates))
    return _column(raw, entry.sources[0])


def _column(raw: pl.DataFrame, source: str) -> pl.Series:
    name = find_header(raw.columns, source)
    assert name is not None
    return raw[name]


def _key_part(raw: pl.DataFrame, part: str | DatePart | DigitsPart, mapping: Mapping) -> pl.Series:
    if isinstance(part, str):
        return as_text(_column(raw, part))
    if isinstance(part, DigitsPart):
        return as_text(_column(raw, part.column)).str.zfill(part.digits)
    return parse_dates(as_text(_column(raw, part.date)), tuple(mapping.dates)).cast(pl.String)


def _translated(text: pl.Series, entry: Entry, read: dict[str, pl.Series]) -> pl.Series:
    """Source codes to canonical ones, by the list that held in the month of the row.

    The earliest list that had not yet ended holds; a row without a month gets the present one.
    """
    present = _by_codes(text, entry.codes)
    if entry.dated_by is None:
        return present
    month = read[entry.dated_by].dt.truncate("1mo")
    for until, codes in sorted(entry.codes_until.items(), reverse=True):
        then = (month <= date.fromisoformat(f"{until}-01")).fill_null(value=False)
        present = _by_codes(text, codes).set(~then, None).fill_null(present.set(then, None))
    return present


def _by_codes(text: pl.Series, codes: dict[str, str]) -> pl.Series:
    """Case, inner spaces and noughts that a spreadsheet ate do not matter; unknown ones stay.

    A code that stands for nothing (``"9": ""``, does not apply) leaves the cell empty.
    """
    if not codes:
        return text
    distinct = text.unique()
    plain = distinct.str.to_lowercase().str.replace_all(r"\s+", " ")
    listed = {" ".join(code.lower().split()): canonical for code, canonical in codes.items()}
    eaten = {code.lstrip("0"): canonical for code, canonical in listed.items() if code.isdigit()}
    known = {code: canonical for code, canonical in (eaten | listed).items() if code}
    found = plain.replace_strict(known, default=None, return_dtype=pl.String).fill_null(distinct)
    return text.replace_strict(
        distinct, found.set((found == "").fill_null(value=False), None), return_dtype=pl.String
    )


def _read(source: pl.Series, column: schemas.Column, mapping: Mapping) -> tuple[pl.Series, int]:
    """The column in its promised kind, and how many filled cells could not be read."""
    text = as_text(source)
    if column.kind in ("id", "text"):
        return text, 0
    if column.kind == "code":
        return _padded(text, column), 0
    read = _by_kind(source, text, column, mapping)
    empty = text.is_null()
    if column.kind == "date" and not column.required:
        endless = _is_endless(source)
        read, empty = read.set(endless, None), empty | endless
    if column.kind == "flag":
        empty = empty | text.str.to_lowercase().is_in(UNKNOWN_FLAGS).fill_null(value=False)
    return read, int((read.is_null() & ~empty).sum())


def _by_kind(
    source: pl.Series, text: pl.Series, column: schemas.Column, mapping: Mapping
) -> pl.Series:
    kind, notations = column.kind, tuple(mapping.dates)
    if kind == "date":
        return source if source.dtype == pl.Date else parse_dates(text, notations)
    if kind == "month":
        is_date = source.dtype == pl.Date
        return source.dt.month_start() if is_date else parse_months(text, notations)
    if kind == "flag":
        return source if source.dtype == pl.Boolean else parse_flags(text)
    is_number = source.dtype.is_numeric()
    number = source.cast(pl.Float64) if is_number else parse_numbers(text, mapping.decimal)
    if column.name.endswith("_minutes"):
        return number.fill_null(parse_minutes(text))
    if kind == "number":
        return number
    is_broken = (number.round() != number).fill_null(value=False)
    return number.set(is_broken, None).cast(pl.Int64, strict=False)


def _padded(text: pl.Series, column: schemas.Column) -> pl.Series:
    """Give back the leading nought that spreadsheets eat, where the code list has one."""
    known = list(codebook.codes(column.codes or ""))
    width = max((len(code) for code in known if code.isdigit()), default=0)
    if not width:
        return text
    eaten = {code.lstrip("0"): code for code in known if code.isdigit() and code.lstrip("0")}
    return text.replace({short: code for short, code in eaten.items() if short not in known})


def _is_endless(source: pl.Series) -> pl.Series:
    """Where an end date says "running": ``00000000``, ``99999999``, a day in 8888 or 9999."""
    if source.dtype == pl.Date:
        return (source.dt.year() >= ENDLESS_YEAR).fill_null(value=False)
    return is_running(as_text(source))


def _unread(file: str, entry: Entry, column: schemas.Column, count: int) -> list[Finding]:
    if not count:
        return []
    came_from = f" (from {entry.name})" if entry.name not in (None, column.name) else ""
    words = f"{count} values are not {LOOKS_LIKE[column.kind]}{came_from}"
    return [Finding(file, column.name, f"not_{column.kind}", count, words)]

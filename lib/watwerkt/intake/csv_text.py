"""CSV as suites and Excel really write it: any separator, UTF-8 or Windows-1252, any line end."""

import codecs
import csv
import io
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from watwerkt.errors import DeliveryError
from watwerkt.intake.cells import MISSING, drop_empty_rows, strip_texts

SEPARATORS = ";,\t|"
SAMPLE_BYTES = 1 << 16
CHUNK_BYTES = 1 << 22
AS_MISSING = {"null_values": MISSING, "strings_can_be_null": True}


def read_csv_text(path: Path) -> tuple[list[str], pl.DataFrame]:
    """Header and rows, every column as text.

    A row with more or fewer fields than the header is refused, never filled or cut: it is how a
    broken-off file, or a separator inside an unquoted value, shows itself.
    """
    encoding, has_open_quote = _read_encoding(path)
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES).decode(encoding, errors="replace")
    first, *others = sample.splitlines() or [""]
    separator = _separator(first, others[:50])
    header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), [])
    if not any(name.strip() for name in header):
        raise DeliveryError("its first line is no header")
    names = [f"c{i}" for i in range(len(header))]
    if not "".join(others).strip():
        return header, pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    frame = _read_rows(path, names, separator, encoding)
    if has_open_quote and frame.select(pl.any_horizontal(pl.all().str.contains("\n")).any()).item():
        raise DeliveryError("a quotation mark is opened and not closed")
    return header, frame


def _read_encoding(path: Path) -> tuple[str, bool]:
    """UTF-16 by its mark, UTF-8 where every byte fits it, else Windows-1252; odd quotes or not."""
    utf8, quotes, is_utf8 = codecs.getincrementaldecoder("utf-8")(), 0, True
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", False
        file.seek(0)
        while is_utf8 and (chunk := file.read(CHUNK_BYTES)):
            quotes += chunk.count(b'"')
            if chunk.isascii() and not utf8.getstate()[0]:
                continue
            try:
                utf8.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        if not is_utf8:
            quotes += sum(chunk.count(b'"') for chunk in iter(lambda: file.read(CHUNK_BYTES), b""))
    return "utf-8-sig" if is_utf8 else "cp1252", quotes % 2 == 1


def _separator(first: str, others: list[str]) -> str:
    """The candidate that cuts the header, and the lines after it, in the most equal parts."""

    def agreement(candidate: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader([first, *others], delimiter=candidate) if row]
        return sum(width == widths[0] for width in widths[1:]) * (widths[0] > 1), widths[0]

    return max(SEPARATORS, key=agreement) if first.strip() else ";"


def _read_rows(path: Path, names: list[str], separator: str, encoding: str) -> pl.DataFrame:
    """All rows, a few megabytes at a time, so that the text is not held twice."""
    uneven: list[int] = []

    def leave_out(row: arrow_csv.InvalidRow) -> str:
        uneven.append(row.actual_columns)
        return "skip"

    reader = arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            column_names=names,
            skip_rows_after_names=1,
            encoding="utf8" if encoding == "utf-8-sig" else encoding,
            block_size=CHUNK_BYTES,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator, newlines_in_values=True, invalid_row_handler=leave_out
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), **AS_MISSING
        ),
    )
    parts = [drop_empty_rows(strip_texts(pl.DataFrame(batch))) for batch in reader]
    frame = pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    if uneven:
        raise DeliveryError(
            f"{len(uneven)} of {len(frame) + len(uneven)} rows have another number of fields than "
            f"the header ({len(names)}): a broken-off file, or a separator in unquoted text"
        )
    return frame

"""Read one file of a delivery as it came: Parquet, CSV, Excel, SPSS.

What a format types itself (dates, numbers, flags) stays typed; all else is text, stripped, with
empty text as missing. Nothing here raises with another library's words: those quote the data.
"""

import datetime as dt
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
from python_calamine import CalamineError, CalamineWorkbook

from watwerkt.errors import DeliveryError
from watwerkt.intake.about import delivered_file
from watwerkt.intake.cells import drop_empty_rows, strip_texts
from watwerkt.intake.csv_text import read_csv_text
from watwerkt.intake.modest import require_modest

NAMELESS, TOLD = "column ", 10
UNREADABLE = (
    OSError,
    ValueError,
    OverflowError,
    zlib.error,
    CalamineError,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    pa.ArrowException,
    pyreadstat.ReadstatError,
    pyreadstat.PyreadstatError,
)


def read_raw(folder: Path, file: str, sheet: str | None = None) -> pl.DataFrame:
    """One file, one row per record, columns of text, dates, numbers or flags.

    Raises DeliveryError for a file that is absent, empty, damaged, or without a header of its own.
    """
    reader = READERS.get(Path(file).suffix.lower())
    if reader is None:
        raise DeliveryError(f"{file}: not a file that can be read ({' '.join(sorted(READERS))})")
    path = delivered_file(folder, file)
    if path.stat().st_size == 0:
        raise DeliveryError(f"{file}: is empty")
    return _read_or_refuse(reader, path, file, sheet)


def as_text(column: pl.Series) -> pl.Series:
    """A column as text: ISO dates, whole numbers without a decimal point, flags true/false."""
    if column.dtype == pl.Float64:
        whole = column.round() == column
        digits = column.set(~whole.fill_null(value=False), None).cast(pl.Int64, strict=False)
        return digits.cast(pl.String).fill_null(column.cast(pl.String))
    return column if column.dtype == pl.String else column.cast(pl.String)


def _read_or_refuse(
    reader: Callable[..., tuple[list[str], pl.DataFrame]], path: Path, file: str, sheet: str | None
) -> pl.DataFrame:
    problem = ""
    try:
        require_modest(path)
        names, frame = reader(path, sheet)
        named = frame.rename(dict(zip(frame.columns, _unique(names), strict=True)))
        return named.drop(
            n for n in named.columns if n.startswith(NAMELESS) and not named[n].count()
        )
    except DeliveryError as error:
        problem = str(error)
    except UNREADABLE:
        problem = f"cannot be read as {path.suffix.lower()}: damaged, cut off, or another format"
    raise DeliveryError(f"{file}: {problem}")


def _read_csv(path: Path, sheet: str | None) -> tuple[list[str], pl.DataFrame]:
    return read_csv_text(path)


def _read_parquet(path: Path, sheet: str | None) -> tuple[list[str], pl.DataFrame]:
    """By Arrow: a damaged page ends the whole process in the reader of polars."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read()
    table.validate(full=True)
    frame = pl.DataFrame(table)
    nested = sum(dtype.is_nested() or dtype == pl.Binary for dtype in frame.dtypes)
    if nested:
        raise DeliveryError(f"{nested} columns hold lists or records; one value a cell is read")
    return frame.columns, _settle(frame)


def _read_sav(path: Path, sheet: str | None) -> tuple[list[str], pl.DataFrame]:
    columns, _ = pyreadstat.read_sav(path, output_format="dict")
    if not all(isinstance(name, str) for name in columns):
        raise DeliveryError("a variable has no name: save it again from SPSS")
    frame = pl.DataFrame({name: _column_of_cells(list(c)) for name, c in columns.items()})
    return frame.columns, _settle(frame)


def _read_xlsx(path: Path, sheet: str | None) -> tuple[list[str], pl.DataFrame]:
    book = CalamineWorkbook.from_path(str(path))
    if sheet is not None and sheet not in book.sheet_names:
        raise DeliveryError(f"has no sheet of the name that delivery.yaml gives ({sheet})")
    table = book.get_sheet_by_name(sheet) if sheet is not None else book.get_sheet_by_index(0)
    rows = [row for row in table.to_python() if any(cell != "" for cell in row)]
    if not rows:
        raise DeliveryError("its sheet is empty")
    while len(rows) > 1 and len(rows[0]) > 1 and sum(cell != "" for cell in rows[0]) == 1:
        rows = rows[1:]  # a title above the header
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(rows[0])
    frame = pl.DataFrame({f"c{i}": _column_of_cells(list(c)) for i, c in enumerate(columns)})
    return [_cell_text(cell) or "" for cell in rows[0]], _settle(frame)


READERS: dict[str, Callable[..., tuple[list[str], pl.DataFrame]]] = {
    ".csv": _read_csv,
    ".txt": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".xlsx": _read_xlsx,
    ".sav": _read_sav,
}


def _column_of_cells(cells: list[Any]) -> pl.Series:
    """Cells of one kind keep their kind; a mix becomes text."""
    cells = [None if cell == "" or cell != cell else cell for cell in cells]  # NaN is not itself
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {int, float} and kinds:
        return pl.Series(cells, dtype=pl.Float64, strict=False)
    if kinds <= {dt.date, dt.datetime} and kinds and all(map(_is_whole_day, cells)):
        return pl.Series([c.date() if isinstance(c, dt.datetime) else c for c in cells])
    if kinds == {bool}:
        return pl.Series(cells, dtype=pl.Boolean)
    return pl.Series([_cell_text(cell) for cell in cells], dtype=pl.String)


def _cell_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if _is_whole_day(cell) else cell.isoformat()
    return str(cell)


def _is_whole_day(cell: Any) -> bool:
    return not isinstance(cell, dt.datetime) or cell.time() == dt.time()


def _moments(column: pl.Series) -> pl.Series:
    """Moments as days where no clock time is known, else as text with the time."""
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone("Europe/Amsterdam").dt.replace_time_zone(None)
    days = column.cast(pl.Date)
    is_day = (column == days.cast(column.dtype)).all()
    return days if is_day else column.dt.strftime("%Y-%m-%dT%H:%M:%S")


def _unique(names: list[str]) -> list[str]:
    """The header, stripped; a column without a name gets its number."""
    stripped = [name.strip() or f"{NAMELESS}{i}" for i, name in enumerate(names, start=1)]
    times = Counter(stripped)
    twice = [f"{i}" for i, name in enumerate(stripped, start=1) if times[name] > 1]
    if twice:
        more = f" and {len(twice) - TOLD:,} more" if len(twice) > TOLD else ""
        raise DeliveryError(f"columns {', '.join(twice[:TOLD])}{more} share their names")
    return stripped


def _settle(frame: pl.DataFrame) -> pl.DataFrame:
    """One type per kind, missing as null, empty rows left out."""
    cast = frame.with_columns(
        pl.col(pl.Null, pl.Categorical, pl.Enum, pl.Time, pl.Duration).cast(pl.String),
        *(_moments(c) for c in frame if c.dtype == pl.Datetime),
        pl.selectors.integer().cast(pl.Int64),
        (pl.selectors.float() | pl.selectors.decimal()).cast(pl.Float64).fill_nan(None),
    )
    return drop_empty_rows(strip_texts(cast))

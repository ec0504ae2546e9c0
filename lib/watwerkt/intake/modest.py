"""Files that unfold: refuse, before reading it, one that declares more than memory can hold.

A megabyte of Excel or Parquet can stand for a terabyte of cells. What a file declares is compared
with what the largest city delivers; nothing is unpacked at once.
"""

import re
import zipfile
from pathlib import Path
from typing import IO

import pyarrow.parquet as pq
import pyreadstat

from watwerkt.errors import DeliveryError

MOST_CELLS = 300_000_000  # 40,000 clients in 72 months: 3 million rows of at most 40 columns
MOST_BYTES = 4 << 30  # unpacked; a full Excel sheet of 20 columns takes 1 GiB
MOST_IN_A_SHEET = 50_000_000
CHUNK, CELL_BYTES = 1 << 22, 32
CELL = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')


def require_modest(path: Path) -> None:
    """Raise DeliveryError where ``path`` would unfold beyond what a delivery can hold.

    What is no such file at all passes: its reader says so.
    """
    look = {".xlsx": _sheet_cells, ".parquet": _parquet_cells, ".sav": _sav_cells}
    measure = look.get(path.suffix.lower())
    cells = measure(path) if measure else 0
    if cells > MOST_CELLS:
        raise DeliveryError(
            f"unfolds to more than {MOST_CELLS:,} cells: deliver it in parts, or as CSV"
        )


def _parquet_cells(path: Path) -> int:
    about = pq.read_metadata(path)
    declared = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    _require_bytes(declared)
    return about.num_rows * about.num_columns


def _sav_cells(path: Path) -> int:
    _, about = pyreadstat.read_sav(path, metadataonly=True)
    return (about.number_rows or 0) * (about.number_columns or 0)


def _sheet_cells(path: Path) -> int:
    """The largest sheet from its first cell to its last, however few are filled."""
    try:
        with zipfile.ZipFile(path) as book:
            _require_bytes(sum(entry.file_size for entry in book.infolist()))
            names = [n for n in book.namelist() if n.startswith("xl/worksheets/")]
            spans = []
            for name in names:
                with book.open(name) as sheet:
                    spans.append(_span(sheet))
    except (zipfile.BadZipFile, EOFError):
        raise ValueError("no workbook") from None
    if max(spans, default=0) > MOST_IN_A_SHEET:
        raise DeliveryError("its last cell lies far from the others: delete what is below the rows")
    return sum(spans)


def _span(sheet: IO[bytes]) -> int:
    rows = columns = 0
    tail = b""
    while chunk := sheet.read(CHUNK):
        found = set(CELL.findall(tail + chunk))
        rows = max([rows, *(int(row) for _, row in found)])
        columns = max([columns, *map(_column_number, {letters for letters, _ in found})])
        tail = chunk[-CELL_BYTES:]
    return rows * columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _require_bytes(declared: int) -> None:
    if declared > MOST_BYTES:
        raise DeliveryError(f"unpacks to more than {MOST_BYTES >> 30} GiB: deliver it in parts")

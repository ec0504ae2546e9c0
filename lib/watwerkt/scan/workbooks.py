"""A workbook: its sheets as tables, and the parts of the file that a reader does not see."""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from python_calamine import CalamineWorkbook

from watwerkt.publish.excel_table import FIRST_ROW
from watwerkt.publish.language import NOTHING
from watwerkt.scan.finding import Finding
from watwerkt.scan.tables import Table, Value

OURS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(?:core|app)\.xml|xl/(?:workbook|styles"
    r"|sharedStrings)\.xml|xl/theme/theme1\.xml|xl/_rels/workbook\.xml\.rels"
    r"|xl/worksheets/(?:_rels/)?sheet\d+\.xml(?:\.rels)?|xl/tables/table\d+\.xml"
)
UNSEEN = {
    "a formula": rb"<f[ >/]",
    "a hidden row or column": rb'<(?:row|col) [^>]*hidden="(?:1|true)"',
    "a hidden sheet": rb'<sheet [^>]*state="(?:veryH|h)idden"',
    "a comment": rb"<legacyDrawing|<comment[ >]",
}
NAMES = re.compile(rb"<definedName ([^>]*)>")
KNOWN_NAMES = re.compile(rb'name="_xlnm\.Print_(?:Titles|Area)"')
WRITERS = re.compile(r"<(?:dc:creator|cp:lastModifiedBy)>([^<]*)<")
PROPERTIES = re.compile(r"<(?:dc|dcterms|cp):(\w+)[ >]")
KNOWN_PROPERTIES = {"title", "creator", "lastModifiedBy", "language", "created", "modified",
                    "coreProperties", "subject"}  # fmt: skip
LARGEST, STEEPEST = 500_000_000, 400  # bytes unpacked, and how many times the packed ones


def is_bomb(path: Path) -> bool:
    """Whether it unpacks to more than any workbook of ours; raises BadZipFile for no zip at all."""
    with ZipFile(path) as book:
        unpacked = sum(part.file_size for part in book.infolist())
    return unpacked > LARGEST or unpacked > STEEPEST * max(path.stat().st_size, 1)


def read_sheets(path: Path) -> list[Table]:
    """Every sheet as a table: heads in the row where this package writes them."""
    book = CalamineWorkbook.from_path(path)
    tables = []
    for number, name in enumerate(book.sheet_names, start=1):
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        heads = [str(cell) for cell in rows[FIRST_ROW]] if len(rows) > FIRST_ROW else []
        cells = [[_value(cell) for cell in row] for row in rows[FIRST_ROW + 1 :]]
        title = str(rows[0][0]) if rows and rows[0] else ""
        tables.append(Table(f"sheet {number}", title, heads, cells))
    return tables


def read_words(path: Path) -> Iterator[tuple[str, str]]:
    """(part, text) of everything in the file: cells, names, properties."""
    with ZipFile(path) as book:
        for part in book.namelist():
            text = book.read(part).decode("utf-8", errors="replace")
            yield part, re.sub(r"<[^>]*>", " ", text)


def scan_parts(file: str, path: Path) -> Iterator[Finding]:
    """Parts, formulas, hidden rows and sheets, names and properties that are not ours."""
    with ZipFile(path) as book:
        for part in book.namelist():
            if not OURS.fullmatch(part):
                yield Finding(file, part, "hidden_content")
                continue
            content = book.read(part)
            for place, pattern in UNSEEN.items():
                if part.endswith(".xml") and (n := len(re.findall(pattern, content))):
                    yield Finding(file, f"{part}, {place}", "hidden_content", n)
            names = [n for n in NAMES.findall(content) if not KNOWN_NAMES.search(n)]
            if names:
                yield Finding(file, f"{part}, a defined name", "hidden_content", len(names))
        properties = book.read("docProps/core.xml").decode("utf-8", errors="replace")
    strange = [w for w in WRITERS.findall(properties) if w != "watwerkt"]
    strange += [p for p in PROPERTIES.findall(properties) if p not in KNOWN_PROPERTIES]
    if strange:
        yield Finding(file, "docProps/core.xml", "metadata", len(strange))


def _value(cell: object) -> Value:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        return float(cell)
    return NOTHING if cell in ("", NOTHING) else str(cell)

"""One sheet of a workbook: title and notes above, one table below, always in the same place."""

import datetime as dt
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from watwerkt.errors import WatwerktError
from watwerkt.publish.html import About
from watwerkt.publish.language import NOTHING, Translator
from watwerkt.publish.sheets import RAW, Cell, Sheet
from watwerkt.publish.style import ALARM, FAINT, GRID

FIRST_ROW = 5  # of a table, its heads, from 0
NARROWEST, WIDEST, WRAPPED = 6, 80, 14  # widths of columns, and of a head before it takes two lines
MARGIN = 2  # characters that a column is wider than what is in it
LINE_HEIGHT = 15  # points
A4, COLUMNS_A_PAGE = 9, 12
YES_NO = '"TRUE";"TRUE";"FALSE"'  # by which LibreOffice knows a truth value from a 1
LINE: dict[str, object] = {"bottom": 1, "bottom_color": GRID, "valign": "top"}
MONTH_NAMES = {"nl": "[$-413]", "en": "[$-809]"}  # in the report's language wherever it is opened


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a sheet; ``texts`` are its cells as a reader sees them."""

    head: str
    spec: str
    cells: Sequence[Cell]
    texts: Sequence[str]

    @property
    def align(self) -> str:
        is_words = any(isinstance(cell, str | bool | dt.date) for cell in self.cells)
        return "left" if is_words else "right"

    @property
    def width(self) -> int:
        longest = max(map(len, [*self.texts, *self.head.split(), self.head[:WRAPPED]]))
        return min(max(longest, NARROWEST), WIDEST)


def write_table(
    book: Workbook, name: str, sheet: Sheet, about: About, translator: Translator
) -> Worksheet:
    """Add ``sheet`` to ``book`` as ``name``."""
    place = book.add_worksheet(name)
    _write_top(book, place, sheet, about, translator)
    columns = _columns(sheet, translator)
    heads = []
    for number, column in enumerate(columns):
        look = {"align": column.align, "indent": int(number > 0 and column.align == "left")}
        bold = {"bold": True, "text_wrap": True, "bottom": 1, "bottom_color": FAINT, **look}
        heads.append({"header": column.head, "header_format": book.add_format(bold)})
        place.set_column(number, number, column.width + MARGIN)
        _write_column(book, place, number, column, look, translator)
    _set_heights(place, columns)
    last_row = FIRST_ROW + max(len(sheet.rows), 1)
    how = {"columns": heads, "style": None, "autofilter": False, "title": sheet.title}
    _require_written(place.add_table(FIRST_ROW, 0, last_row, len(heads) - 1, how))
    return place


def _columns(sheet: Sheet, translator: Translator) -> list[_Column]:
    columns = []
    for number, (head, spec) in enumerate(zip(sheet.heads, sheet.specs, strict=True)):
        cells = [row[number] for row in sheet.rows]
        texts = [str(c) if spec == RAW else translator.value(c, spec) for c in cells]
        columns.append(_Column(head, spec, cells, texts))
    return columns


def _write_top(
    book: Workbook, place: Worksheet, sheet: Sheet, about: About, translator: Translator
) -> None:
    """Title, whose figures these are, the mark of synthetic data, the signs; how it is printed."""
    period = translator.text(
        "{first:month} to {last:month}; data extracted on {day:date}",
        first=about.first_month,
        last=about.last_month,
        day=about.extract_date,
    )
    mark = translator.text("Synthetic data.") if about.is_synthetic else ""
    whose = " ".join(filter(None, (about.municipality_name, about.municipality_id)))
    title, alarm = {"bold": True, "font_size": 14}, {"bold": True, "font_color": ALARM}
    top = [(sheet.title, title), (f"{whose} · {period}", {}), (mark, alarm), (sheet.note, {})]
    for row, (line, look) in enumerate(top):
        _write_text(book, place, row, 0, line, book.add_format(look))
    place.freeze_panes(FIRST_ROW + 1, 0)
    place.hide_gridlines(2)
    place.set_landscape()
    place.set_paper(A4)
    place.fit_to_pages(-(-len(sheet.heads) // COLUMNS_A_PAGE), 0)
    place.repeat_rows(FIRST_ROW)
    place.set_footer("&L" + f"{whose} {mark}".replace("&", "&&") + "&R&P / &N")


def _write_column(
    book: Workbook,
    place: Worksheet,
    number: int,
    column: _Column,
    look: dict[str, object],
    translator: Translator,
) -> None:
    formats: dict[str, Format] = {}
    for row, cell in enumerate(column.cells, start=FIRST_ROW + 1):
        written = _number_format(cell, column.spec, translator)
        if written not in formats:
            wrap = {"num_format": written, "text_wrap": written == "@"}
            formats[written] = book.add_format(LINE | wrap | look)
        form = formats[written]
        if cell is None:
            cell = "" if column.spec == RAW else NOTHING
        if isinstance(cell, str):
            _write_text(book, place, row, number, cell, form)
        elif isinstance(cell, bool):
            _require_written(place.write_boolean(row, number, cell, form))
        elif isinstance(cell, dt.date):
            _require_written(place.write_datetime(row, number, cell, form))
        else:
            _require_written(place.write_number(row, number, cell, form))


def _write_text(
    book: Workbook, place: Worksheet, row: int, column: int, text: str, form: Format
) -> None:
    """Text as text: XlsxWriter would take what begins with ``<r>`` for markup of its own."""
    if text.startswith("<r>"):
        plain = book.add_format()
        done = place.write_rich_string(row, column, text[:1], plain, text[1:], form)
    else:
        done = place.write_string(row, column, text, form)
    _require_written(done)


def _set_heights(place: Worksheet, columns: Sequence[_Column]) -> None:
    """Room for every line of what is wrapped; not every program makes it by itself."""
    lines = zip(*([column.head, *column.texts] for column in columns), strict=True)
    for row, texts in enumerate(lines, start=FIRST_ROW):
        wrapped = (textwrap.wrap(t, c.width) for t, c in zip(texts, columns, strict=True))
        if (n_lines := max(map(len, wrapped))) > 1:
            place.set_row(row, LINE_HEIGHT * n_lines)


def _require_written(code: int) -> None:
    if code:
        raise WatwerktError(f"a sheet of the workbook is too large for Excel (XlsxWriter: {code})")


def _number_format(cell: Cell, spec: str, translator: Translator) -> str:
    """Excel's words for ``spec``; a text is marked as text, so that editing it changes nothing."""
    if cell is None or isinstance(cell, str):
        return "@"
    if isinstance(cell, dt.date):
        months = MONTH_NAMES[translator.language]
        return {RAW: "yyyy-mm-dd", "month": f"{months}mmmm yyyy"}.get(spec, f"{months}d mmmm yyyy")
    if isinstance(cell, bool):
        return YES_NO
    if spec == RAW:
        return "General"
    if spec == "year":
        return "0"
    if spec == "p":
        return f'[<0.001]"< {translator.number(0.001, 3)}";0.000'
    if spec.startswith("%"):
        return f"{_decimals('0', spec[1:])}%"
    if spec.startswith("."):
        return _decimals("#,##0", spec[1:])
    return "#,##0" if float(cell).is_integer() else "#,##0.00"


def _decimals(whole: str, decimals: str) -> str:
    return f"{whole}.{'0' * int(decimals)}" if int(decimals or 0) else whole

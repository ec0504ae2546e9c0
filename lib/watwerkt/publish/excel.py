"""The workbook of a report: every table, the figures of every drawing, and the released files.

A text arrives as text whatever it begins with: nothing is ever written as a formula or a link but
the contents' links to the sheets. The same report gives the same bytes on every machine.
"""

import datetime as dt
import re
import textwrap
from collections.abc import Iterator, Sequence
from io import BytesIO
from zipfile import ZipFile, ZipInfo

from xlsxwriter import Workbook

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.protected import Protected
from watwerkt.publish.chapter_html import Section
from watwerkt.publish.excel_table import FIRST_ROW, LINE, write_table
from watwerkt.publish.html import About
from watwerkt.publish.language import NOTHING, Translator
from watwerkt.publish.sheets import Sheet, released_sheet
from watwerkt.publish.style import BLUE

RELEASED_LABELS = {
    "estimates": "All estimates of the report, in the columns of estimates.parquet",
    "aggregates": "Observed counts per year, destination and group, as in aggregates.parquet",
}
AS_TEXT = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
LONGEST_NAME = 31  # characters that the name of a sheet may have
CLAUSE = re.compile(r",(?! \d)")  # what follows is left out, unless it goes on with a number
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']+")


def report_workbook(
    sections: Sequence[Section],
    released: Sequence[Protected],
    about: About,
    policy: Policy,
    language: str,
) -> bytes:
    """An .xlsx file: contents, a sheet per table in the order of the chapters, released files."""
    translator = Translator(language)
    title = translator.text(
        "Tables of the evaluation report on {municipality}",
        municipality=about.municipality_name or about.municipality_id,
    )
    sheets = dict(_named_sheets(sections, released, translator))
    file = BytesIO()
    with Workbook(file, {"in_memory": True, **AS_TEXT}) as book:
        created = dt.datetime.combine(about.extract_date, dt.time())
        book.set_properties({"title": title, "author": "watwerkt", "created": created})
        contents = _contents(sections, list(sheets), sheets, title, policy, translator)
        place = write_table(book, translator.text("Contents"), contents, about, translator)
        link = book.add_format(LINE | {"font_color": BLUE, "underline": 1})
        for row, (name, *_) in enumerate(contents.rows, start=FIRST_ROW + 1):
            if name in sheets:
                place.write_url(row, 0, f"internal:'{name}'!A1", link, str(name))
        for name, sheet in sheets.items():
            write_table(book, name, sheet, about, translator)
    return _fixed(file.getvalue(), about.extract_date, translator.locale)


def sheet_name(place: str, title: str) -> str:
    """The place of a table in the report and what its title begins with."""
    words = NOT_IN_A_NAME.sub(" ", CLAUSE.split(title)[0])
    return textwrap.shorten(f"{place} {words}", LONGEST_NAME, placeholder="…")


def _named_sheets(
    sections: Sequence[Section], released: Sequence[Protected], translator: Translator
) -> Iterator[tuple[str, Sheet]]:
    for section in sections:
        for place, sheet in enumerate(section.sheets, start=1):
            yield sheet_name(f"{section.name[:2]}-{place}", sheet.title), sheet
    signs = translator.text("An empty cell: not known, or about too few people.")
    nothing = translator.text("There are no rows.")
    for protected in released:
        title = translator.text(RELEASED_LABELS[protected.kind])
        note = nothing if protected.frame.empty else signs
        yield protected.kind, released_sheet(protected, title, note)


def _contents(
    sections: Sequence[Section],
    names: list[str],
    sheets: dict[str, Sheet],
    title: str,
    policy: Policy,
    translator: Translator,
) -> Sheet:
    """The list of sheets; a chapter that failed is in it as missing."""
    say, left = translator.text, iter(names)
    rows = []
    for section in sections:
        chapter = section.title if section.number == "0" else f"{section.number} {section.title}"
        rows += [(name := next(left), sheets[name].title, chapter) for _ in section.sheets]
        if section.failure:
            rows.append((NOTHING, say("This chapter is missing."), chapter))
    rows += [(name, sheets[name].title, "") for name in left]
    signs = say(
        "– : not shown, because it is about too few people, or there is no such figure. Counts of "
        "people below {threshold} are not shown; the others are rounded to multiples of "
        "{round_base}.",
        threshold=policy.threshold,
        round_base=policy.round_base,
    )
    heads = say("sheet"), say("what it shows"), say("chapter")
    return Sheet(title, signs, heads, ("",) * 3, tuple(rows))


def _fixed(content: bytes, day: dt.date, locale: str) -> bytes:
    """The same file, of the extract date, in a language, and not compressed.

    Compressed bytes differ between builds of zlib. XlsxWriter has no property for the language.
    """
    language = f"<dc:language>{locale.replace('_', '-')}</dc:language>"
    file = BytesIO()
    with ZipFile(BytesIO(content)) as made, ZipFile(file, "w") as fixed:
        for name in made.namelist():
            part = made.read(name)
            if name == "docProps/core.xml":
                part = part.replace(b"<dcterms:created", f"{language}<dcterms:created".encode(), 1)
            fixed.writestr(ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0)), part)
    return file.getvalue()

"""The workbook: what a page shows with its types, text as text, the same bytes, read by others."""

import datetime as dt
import hashlib
import os
import re
import subprocess
import sys
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from sealed_tables import sealed, table
from watwerkt.disclosure.gap import NO_EXITS
from watwerkt.disclosure.policy import read_policy
from watwerkt.disclosure.released import COLUMNS, read_released, write_released
from watwerkt.errors import DisclosureError, WatwerktError
from watwerkt.publish.chapter_html import Section
from watwerkt.publish.excel import report_workbook, sheet_name
from watwerkt.publish.excel_table import FIRST_ROW
from watwerkt.publish.figures import plot_curve, plot_lines
from watwerkt.publish.html import About
from watwerkt.publish.labels import build_labels
from watwerkt.publish.language import Translator
from watwerkt.publish.page import Page
from watwerkt.publish.sheets import SHEET, Sheet, build_sheet, read_sheet, sheet_text

NL, EN = Page("nl", is_synthetic=True), Page("en", is_synthetic=False)
ABOUT = About("GM9901", "Voorbeeld & Stad", True, "2019-01", "2024-12", dt.date(2024, 12, 31))
SIGNS = (
    *("=1+1", "+31", "-2", "@SUM(A1)", "\tTab", "\rReturn", '=HYPERLINK("http://a.nl","x")'),
    *("http://a.nl", "2024", " a ", "_x0041_", "<r>x</r>", "<r><t>=1</t></r>", "</r>&"),
)
REAL = dt.date(2020, 1, 1)


def sheet_of(shown) -> Sheet:
    return read_sheet(shown.metadata[SHEET])


def workbook(sheets=(), released=(), about=ABOUT, language="en", failure="") -> bytes:
    chapters = [
        Section("03_caseload_outflow", "Caseload", "…", sheets=tuple(sheets)),
        *([Section("04_contact_intensity", "Contact", failure=failure)] if failure else []),
    ]
    return report_workbook(chapters, released, about, read_policy(), language)


def cells(content: bytes, name: str | int) -> list[list]:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    name = book.sheet_names[name] if isinstance(name, int) else name
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def parts(content: bytes, inside: str = "") -> str:
    with ZipFile(BytesIO(content)) as package:
        names = [name for name in package.namelist() if inside in name]
        return "\n".join(package.read(name).decode() for name in names)


def one_column(texts, spec="") -> Sheet:
    return Sheet("Title", "", ("head",), (spec,), tuple((text,) for text in texts))


EXITS = table("""
    year  destination_group  n_exits  share
    2022  work               1250     0.6135
    2022  education          –        –
    2022  total              2040     1
    2023  work               1300     0.5
    2023  education          20       0.25
    2023  total              2100     1
""")
EXITS["year"] = EXITS["year"].astype("int64")


def test_a_table_goes_along_with_its_types():
    """Words as on the page; figures as they are in the frame, whatever the page rounds them to."""
    shown = NL.table(sealed(EXITS, n_suppressed=2), "People on benefit, per month")
    assert sheet_of(shown) == Sheet(
        title="Mensen in de bijstand, per maand",
        note="– : niet getoond, omdat het om te weinig mensen gaat.",
        heads=("jaar", "bestemming", "uitgestroomd", "aandeel"),
        specs=("year", "", "", "%0"),
        rows=(
            (2022, "werk", 1250, 0.6135),
            (2022, "onderwijs", None, None),
            (2022, "totaal", 2040, 1.0),
            (2023, "werk", 1300, 0.5),
            (2023, "onderwijs", 20, 0.25),
            (2023, "totaal", 2100, 1.0),
        ),
    )
    assert type(sheet_of(shown).rows[0][0]) is int


@pytest.mark.parametrize("page", [NL, EN])
def test_a_cell_reads_as_on_the_page(page):
    frame = EXITS.assign(month=REAL, estimate=[0.1, -1.25, None, 3.0, 2.345, 1e-9], n_rows=7)
    formats = {"estimate": "exp.2"}
    shown = page.table(sealed(frame), "Contents", [*frame], formats=formats)
    found = BeautifulSoup(shown.data, "html.parser").select("tbody tr")
    sheet = sheet_of(shown)
    assert [[cell.get_text() for cell in row.select("th, td")] for row in found] == [
        [page.translator.value(cell, spec) for cell, spec in zip(row, sheet.specs, strict=True)]
        for row in sheet.rows
    ]


def test_months_are_dates_and_truth_values_are_words():
    frame = table("month n_persons\n 2024-01-01 120\n 2024-02-01 –").assign(is_delivered=True)
    rows = sheet_of(EN.table(sealed(frame), "People on benefit, per month")).rows
    assert rows == ((dt.date(2024, 1, 1), 120, "yes"), (dt.date(2024, 2, 1), None, "yes"))


def test_the_column_that_a_page_groups_by_comes_first():
    shown = EN.table(sealed(EXITS), "Contents", ["year", "n_exits", "share"], group="n_exits")
    assert sheet_of(shown).heads == ("exits", "year", "share")


def test_logarithms_are_the_ratios_that_a_page_shows():
    frame = pd.DataFrame({"term": ["same_month"], "estimate": [0.693147]})
    shown = EN.table(sealed(frame), "Contents", formats={"estimate": "exp.2"})
    assert sheet_of(shown).rows == (("contact in the same month", 2.0),)
    assert sheet_of(shown).specs == ("", ".2")


def test_a_figure_goes_along_with_a_column_for_each_line():
    columns = ["year", "destination_group", "n_exits"]
    options = {"x": "year", "y": "n_exits", "series": "destination_group", "columns": columns}
    sheet = sheet_of(EN.figure(plot_lines, sealed(EXITS), "Contents", "missing", **options))
    assert sheet.heads == ("year", "work", "education", "total")
    assert sheet.rows == ((2022, 1250, None, 2040), (2023, 1300, 20, 2100))


CURVES = table("""
    time  destination_group  estimate  conf_low  conf_high
    1     work               0.1       0.05      0.15
    2     work               0.2       0.1       0.3
    2     education          0.01      0.005     0.015
""").astype({"time": "float64", "estimate": "float64"})


def test_an_interval_has_a_column_for_each_end():
    columns = ["time", "destination_group", "estimate"]
    shown = EN.figure(
        plot_curve, sealed(CURVES), "Contents", "no", columns=columns, series="destination_group"
    )
    sheet = sheet_of(shown)
    assert sheet.heads[:4] == ("months since the start", "work", "work, from", "work, to")
    assert sheet.rows == (
        (1.0, 0.1, 0.05, 0.15, None, None, None),
        (2.0, 0.2, 0.1, 0.3, 0.01, 0.005, 0.015),
    )


def test_a_figure_that_shows_more_than_its_lines_keeps_its_rows_with_the_line_in_front():
    frame = CURVES.assign(at_risk=100)
    columns = ["time", "at_risk", "estimate", "conf_low", "conf_high", "destination_group"]
    shown = EN.figure(
        plot_curve, sealed(frame), "Contents", "no", columns=columns, series="destination_group"
    )
    assert sheet_of(shown).rows[2] == ("education", 2.0, 100, 0.01, 0.005, 0.015)


def test_heads_that_are_called_the_same_are_told_apart():
    labels = build_labels(Translator("en"), {"n_exits": "exits", "n_events": "Exits", "n": "a\nb"})
    frame = pd.DataFrame({"n_exits": [1], "n_events": [2], "n": [3]})
    assert build_sheet(sealed(frame), labels, "t", "").heads == ("exits", "Exits (2)", "a b")


def test_only_protected_frames_and_no_gaps_become_sheets():
    labels = build_labels(Translator("en"), ["n_exits"])
    with pytest.raises(DisclosureError, match="only a protected frame"):
        build_sheet(EXITS, labels, "t", "")
    assert not EN.table(NO_EXITS, "Contents").metadata
    assert not EN.say("There are no exits in this window.").metadata


VALUES = st.none() | st.text() | st.booleans() | st.integers() | st.dates()
VALUES |= st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=5))
def test_a_sheet_survives_the_notebook(rows):
    sheet = Sheet("t", "n", ("a", "b"), ("", "month"), tuple(rows))
    assert read_sheet(sheet_text(sheet)) == sheet


def test_every_sheet_has_its_place_its_title_and_the_mark():
    sheet = sheet_of(NL.table(sealed(EXITS, n_suppressed=2), "People on benefit, per month"))
    content = workbook([sheet, sheet], language="nl", failure="04, cell 3: ValueError")
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    names = ["03-1 Mensen in de bijstand", "03-2 Mensen in de bijstand"]
    assert book.sheet_names == ["Inhoud", *names]
    first, second, _ = (cells(content, name) for name in book.sheet_names)
    assert [row[0] for row in first[:4]] == [
        "Tabellen bij het evaluatierapport Voorbeeld & Stad",
        "Voorbeeld & Stad GM9901 · januari 2019 tot en met december 2024; "
        "gegevens van 31 december 2024",
        "Synthetische gegevens.",
        "– : niet getoond, omdat het om te weinig mensen gaat, of een cijfer dat er niet is. "
        "Aantallen mensen onder 10 staan er niet in; de andere zijn afgerond op veelvouden van 5.",
    ]
    assert first[FIRST_ROW:] == [
        ["blad", "wat het laat zien", "hoofdstuk"],
        [names[0], "Mensen in de bijstand, per maand", "3 Caseload"],
        [names[1], "Mensen in de bijstand, per maand", "3 Caseload"],
        ["–", "Dit hoofdstuk ontbreekt.", "4 Contact"],
    ]
    assert [row[0] for row in second[: FIRST_ROW + 1]] == [sheet.title, first[1][0], first[2][0],
                                                           sheet.note, "", "jaar"]  # fmt: skip
    assert second[FIRST_ROW + 2] == [2022, "onderwijs", "–", "–"]


def test_real_data_bear_no_mark():
    real = About("GM0344", "Utrecht", False, "2019-01", "2024-12", REAL)
    content = workbook([one_column(["a"])], about=real)
    assert "ynthetic" not in parts(content)
    assert "Synthetic data." in parts(workbook([one_column(["a"])]))


def test_the_layout():
    content = workbook([one_column([1, None])])
    [contents, page] = re.findall(r"<worksheet .*?</worksheet>", parts(content), flags=re.DOTALL)
    assert f'topLeftCell="A{FIRST_ROW + 2}" activePane="bottomLeft" state="frozen"' in page
    assert "mergeCell" not in parts(content)
    assert "location=\"'03-1 Title'!A1\"" in contents
    assert 'ref="A6:A8" totalsRowShown="0"' in parts(content, "tables/table2")
    assert '<x14:table altText="Title"/>' in parts(content, "tables/table2")
    assert "Voorbeeld &amp;&amp; Stad" in page, "in a footer a single & begins a command"


@pytest.mark.parametrize(
    ("value", "spec", "language", "expected"),
    [
        (1250, "", "nl", "#,##0"),
        (12.5, "", "nl", "#,##0.00"),
        (2024, "year", "nl", "0"),
        (0.25, "%0", "nl", "0%"),
        (0.25, "%1", "nl", "0.0%"),
        (1.5, ".0", "nl", "#,##0"),
        (1.5, ".2", "nl", "#,##0.00"),
        (0.0004, "p", "nl", '[<0.001]"< 0,001";0.000'),
        (0.0004, "p", "en", '[<0.001]"< 0.001";0.000'),
        (REAL, "month", "nl", "[$-413]mmmm yyyy"),
        (REAL, "", "en", "[$-809]d mmmm yyyy"),
        ("=1", "", "en", "@"),
    ],
)
def test_numbers_are_written_as_on_the_page(value, spec, language, expected):
    styles = parts(workbook([one_column([value], spec)], language=language), "styles.xml")
    written = dict(re.findall(r'numFmtId="(\d+)" formatCode="([^"]*)"', styles))
    written |= {"1": "0", "3": "#,##0", "4": "#,##0.00", "9": "0%", "49": "@"}
    last = re.findall(r'<xf numFmtId="(\d+)"', styles)[-1]
    assert written[last].replace("&quot;", '"').replace("&lt;", "<") == expected


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=4))
@example(["\x01", "_x0001_", "a\r\nb", "<r>"])
def test_a_text_arrives_as_text_whatever_it_begins_with(texts):
    content = workbook([one_column([*SIGNS, *texts, "last"])])
    assert "<f>" not in parts(content, "worksheets")
    assert not parts(content, "worksheets/_rels").count("hyperlink")
    arrived = [row[0] for row in cells(content, 1)[FIRST_ROW + 1 :]]
    assert arrived == [*SIGNS, *texts, "last"]


def test_a_file_without_rows_has_its_heads(tmp_path):
    write_released([], "estimates", tmp_path / "estimates.parquet")
    empty = read_released(tmp_path / "estimates.parquet")
    written = cells(workbook([], [empty]), "estimates")
    heads, *rows = written[FIRST_ROW:]
    assert written[3][0] == "There are no rows."
    assert heads == list(COLUMNS["estimates"])
    assert not any(map(any, rows))


def test_a_text_that_excel_would_cut_off_is_an_error():
    with pytest.raises(WatwerktError, match="too large for Excel"):
        workbook([one_column(["x" * 32768])])


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Caseload per fte", "03-2 Caseload per fte"),
        ("People on benefit, per month", "03-2 People on benefit"),
        ("Misleading: [slope] of 'x' a/b?", "03-2 Misleading slope of x a b"),
        ("Share of new entrants with a first contact", "03-2 Share of new entrants…"),
        ("Aandeel met 1, 2 en 5 jaar, nu", "03-2 Aandeel met 1, 2 en 5 jaar"),
        ("Uitstroombestemmingsverdelingscijfers", "03-2…"),
    ],
)
def test_a_sheet_is_called_after_its_place_and_its_title(title, expected):
    assert sheet_name("03-2", title) == expected
    assert len(expected) <= 31


def test_everything_is_of_the_extract_date():
    content = workbook([one_column(["a"])], language="nl")
    with ZipFile(BytesIO(content)) as package:
        assert {i.date_time for i in package.infolist()} == {(2024, 12, 31, 0, 0, 0)}
        assert {i.compress_type for i in package.infolist()} == {ZIP_STORED}
    properties = parts(content, "core.xml")
    for said in (
        "<dc:title>Tabellen bij het evaluatierapport Voorbeeld &amp; Stad</dc:title>",
        "<dc:language>nl-NL</dc:language>",
        '<dcterms:created xsi:type="dcterms:W3CDTF">2024-12-31T00:00:00Z<',
        '<dcterms:modified xsi:type="dcterms:W3CDTF">2024-12-31T00:00:00Z<',
    ):
        assert said in properties


def test_the_same_bytes_whatever_the_seed_of_hashes():
    program = "import hashlib, test_excel as t; print(hashlib.sha256(t.written()).hexdigest())"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == hashlib.sha256(written()).hexdigest()


def written() -> bytes:
    return workbook([sheet_of(NL.table(sealed(EXITS), "Contents")), one_column(SIGNS)])

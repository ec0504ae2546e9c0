"""The workbook from outside: LibreOffice reads it again; a delivery tries to slip in a formula."""

import re
import shutil
from io import StringIO
from zipfile import ZipFile

import polars as pl
import pyarrow.parquet as pq
import pytest
from bs4 import BeautifulSoup
from python_calamine import CalamineWorkbook
from rich.console import Console

from test_excel import SIGNS, one_column, workbook
from tiny_chapters import write_chapter
from watwerkt.disclosure.released import COLUMNS, read_released
from watwerkt.params import read_params
from watwerkt.paths import workspace
from watwerkt.publish.excel_table import FIRST_ROW
from watwerkt.runtime.report import write_report

KINDS = {
    "string": str,
    "int64": float,
    "double": float,
    "bool": bool,
}  # a sheet has one number type


def read_rows(book, name: str) -> list[list]:
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)[FIRST_ROW:]


@pytest.fixture
def released(root):
    """The estimates and aggregates of the sample."""
    folder = root / "data" / "sample" / "released" / "GM9901"
    return {kind: folder / f"{kind}.parquet" for kind in COLUMNS}


@pytest.mark.office
@pytest.mark.parametrize(("locale", "written"), [("en-US", "1.20"), ("nl-NL", "1,20")])
def test_libreoffice_reads_what_was_released(released, soffice, tmp_path, locale, written):
    """Every value, type, empty cell and row; in a cell an empty text and no text are one thing."""
    path = tmp_path / "tables.xlsx"
    kept = [read_released(released[kind]) for kind in COLUMNS]
    path.write_bytes(workbook([one_column([1.2], ".2"), one_column(SIGNS)], kept))
    again = soffice(path, "ods", locale)
    book = CalamineWorkbook.from_path(again)
    for kind in COLUMNS:
        parquet = pq.read_table(released[kind])
        heads, *rows = read_rows(book, kind)
        assert heads == parquet.column_names
        assert len(rows) == parquet.num_rows > 0
        for column, cells in zip(parquet.schema, zip(*rows, strict=True), strict=True):
            values = parquet.column(column.name).to_pylist()
            assert list(cells) == ["" if v is None else v for v in values], column.name
            found = {type(cell) for cell in cells if cell != ""}
            assert found <= {KINDS.get(str(column.type), type(values[0]))}, column.name
    tabless = [text.replace("\t", "") for text in SIGNS]  # .ods has an element for a tab
    assert [row[0] for row in read_rows(book, "03-2 Title")[1:]] == tabless
    with ZipFile(again) as package:
        content = package.read("content.xml").decode()
    assert f">{written}<" in content, "the locale was that of the reader"
    assert set(re.findall(r'table:formula="([^"]*)"', content)) <= {"of:=TRUE()", "of:=FALSE()"}


OPEN = """
from watwerkt.disclosure import protect_counts
from watwerkt.runtime.chapter import open_chapter
chapter = open_chapter("01_names", municipality_id, language=language, prepared_dir=prepared_dir)
"""
SHOW = """
rows = chapter.table("{table}").collect().to_pandas()
counts = rows.groupby("{column}")["{unit}"].nunique().rename("n_persons").reset_index()
chapter.page.table(
    protect_counts(counts.assign(staff=9), ["n_persons"], chapter.policy, by=["{column}"],
                   n_caseworkers="staff"),
    "Contents", {{"{column}": "team", "n_persons": ""}},
)
"""
NAMED = [
    ("clients", "district_id", "person_id"),
    ("caseworkers", "team_id", "caseworker_id"),
    ("trials", "stratum", "unit_id"),
]


@pytest.fixture(scope="module")
def hostile(root, tmp_path_factory):
    """A report on a delivery whose districts, teams and strata are called like formulas."""
    copy = tmp_path_factory.mktemp("copy")
    delivery = copy / "data" / "sample" / "GM9901"
    shutil.copytree(root / "papermill_params", copy / "papermill_params")
    shutil.copytree(root / "data" / "sample" / "GM9901", delivery)
    shutil.copy(root / "requirements.lock", copy)
    for table, column, _ in NAMED:
        rows = pl.read_csv(delivery / f"{table}.csv", infer_schema=False)
        names = pl.Series(column, [SIGNS[i % len(SIGNS)] for i in range(len(rows))])
        rows.with_columns(names).write_csv(delivery / f"{table}.csv")
    shown = [SHOW.format(table=t, column=c, unit=u) for t, c, u in NAMED]
    write_chapter(copy / "notebooks", "01_names", OPEN, *shown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATWERKT_ROOT", str(copy))
        place, told = workspace(), StringIO()
        params = read_params(place.params, "GM9901", language="en", municipality_name="=Stad")
        assert write_report(place, params, delivery, Console(file=told)) == [], told.getvalue()
        return place.reports / "GM9901" / "en"


@pytest.mark.e2e
def test_a_name_that_looks_like_a_formula_is_a_name_in_everything_that_is_published(hostile):
    book = CalamineWorkbook.from_path(hostile / "tables.xlsx")
    page = BeautifulSoup((hostile / "report.html").read_text(encoding="utf-8"), "html.parser")
    arrived = {name.strip() for name in SIGNS}
    assert len(book.sheet_names) == 1 + len(NAMED) + len(COLUMNS)
    for name, shown in zip(book.sheet_names[1:], page.select("table"), strict=False):
        assert {row[0].strip() for row in read_rows(book, name)[1:]} == arrived
        assert {head.text.strip() for head in shown.select("tbody th")} == arrived
    assert not page.select("table a")
    with ZipFile(hostile / "tables.xlsx") as package:
        written = {name: package.read(name).decode() for name in package.namelist()}
    assert not [name for name, part in written.items() if "<f>" in part or "<f " in part]
    assert not [name for name in written if "externalLink" in name or "calcChain" in name]
    linked = re.findall(r"<hyperlink [^>]*>", "".join(written.values()))
    assert len(linked) == len(book.sheet_names) - 1
    assert all("location=" in link and "r:id" not in link for link in linked)

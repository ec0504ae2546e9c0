"""A scan finds every planted leak, and nothing in what the report command writes."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DictionaryObject, NameObject
from xlsxwriter import Workbook

from watwerkt.errors import DisclosureError, ParameterError
from watwerkt.publish.excel_table import FIRST_ROW
from watwerkt.scan import require_clean, scan_folder
from watwerkt.scan import texts as text_rules
from watwerkt.scan.finding import REMEDIES

PLACE = "/" + "home/jan/data"  # no place of one machine stands in this repository
BSN, PSEUDONYM = "111222333", "a026f5ec77da6bc0ae979632"
PAGE = """<!DOCTYPE html><html lang="nl"><body><section id="ch02">
<figure id="f"><figcaption>Mensen</figcaption><svg role="img" aria-label="Lijn"></svg></figure>
<details><table><caption>Mensen</caption>
<thead><tr><th>bestemming</th><th>mensen</th><th>uitstroom</th><th>aandeel</th></tr></thead><tbody>
<tr><td>werk</td><td>20</td><td>1.205</td><td>31%</td></tr>
<tr><td>onderwijs</td><td>–</td><td>–</td><td>–</td></tr>
<tr><td>overleden</td><td>–</td><td>–</td><td>–</td></tr>
<tr><td>totaal</td><td>45</td><td>–</td><td>–</td></tr>
</tbody></table></details></section>
<dl><dt>Versie van het onthullingsbeleid</dt><dd>1.1</dd></dl></body></html>"""


@pytest.fixture
def example(root) -> Path:
    return root / "reports" / "example"


def rules(folder: Path) -> set[str]:
    return {finding.rule for finding in scan_folder(folder)}


def test_what_the_report_command_writes_is_clean(example):
    assert not scan_folder(example)


def page_rules(folder: Path, page: str) -> set[str]:
    (folder / "report.html").write_text(page, encoding="utf-8")
    return rules(folder)


def test_the_page_that_the_plants_go_into_is_clean(tmp_path):
    assert page_rules(tmp_path, PAGE) == set()


IN_PAGE = {
    "a pseudonym": ("Mensen</figcaption>", f"Mensen {PSEUDONYM}</figcaption>", "identifier"),
    "a citizen service number": ("Lijn", f"Lijn {BSN}", "identifier"),
    "a key of persons": ("bestemming", "person_id", "identifier"),
    "an e-mail address": ("</section>", "<p>jan@voorbeeld.nl</p></section>", "contact_details"),
    "a telephone number": ("</section>", "<p>06-12345678</p></section>", "contact_details"),
    "an IBAN": ("</section>", "<p>NL91 ABNA 0417 1643 00</p></section>", "contact_details"),
    "a postcode": ("</section>", "<p>1234 AB</p></section>", "contact_details"),
    "a local path": ("</section>", f"<p>{PLACE}</p></section>", "local_path"),
    "an address in memory": ("</section>", "<p>at 0x7f1234abcd</p></section>", "local_path"),
    "a comment": ("</section>", "<!-- 7 --></section>", "hidden_content"),
    "a script": ("</section>", "<script>let rows = [7]</script></section>", "hidden_content"),
    "a handler": ("<section ", '<section onclick="f()" ', "hidden_content"),
    "an image from elsewhere": (
        "</section>",
        '<img src="//x.nl/a.png"></section>',
        "foreign_content",
    ),
    "embedded data": ("</section>", '<img src="data:text/csv,a"></section>', "foreign_content"),
    "a spoken identifier": ('aria-label="Lijn"', f'aria-label="{PSEUDONYM}"', "identifier"),
    "a small count": ("<td>20</td>", "<td>7</td>", "small_count"),
    "an unrounded count": ("<td>20</td>", "<td>23</td>", "unrounded_count"),
    "an exact percentage": ("31%", "31,0373%", "exact_share"),
    "one hidden cell": (
        "<td>overleden</td><td>–</td>",
        "<td>overleden</td><td>15</td>",
        "subtraction",
    ),
    "a figure without its data": ("<details>", "<figure></figure><details>", "figure_without_data"),
    "a table without a title": ("<caption>Mensen</caption>", "", "no_context"),
    "no policy": ("Versie van het onthullingsbeleid", "Versie", "no_context"),
}


@pytest.mark.parametrize("plant", IN_PAGE)
def test_a_leak_in_a_page_is_found(plant, tmp_path):
    old, new, rule = IN_PAGE[plant]
    assert old in PAGE
    assert rule in page_rules(tmp_path, PAGE.replace(old, new))


def rewrite(book: Path, to: Path, change: Callable[[str, bytes], bytes], **more: bytes) -> None:
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(part, old.read(part)))
        for part, content in more.items():
            new.writestr(part, content)


def replaced(name: str, old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    def change(part: str, content: bytes) -> bytes:
        if part != name:
            return content
        assert old in content
        return content.replace(old, new, 1)

    return change


SHEET, BOOK, CORE = "xl/worksheets/sheet3.xml", "xl/workbook.xml", "docProps/core.xml"
IN_BOOK = {
    "a hidden sheet": (
        replaced(BOOK, b'sheetId="3"', b'sheetId="3" state="hidden"'),
        {},
        "hidden_content",
    ),
    "a hidden row": (replaced(SHEET, b"<row ", b'<row hidden="1" '), {}, "hidden_content"),
    "a formula": (replaced(SHEET, b"<v>", b"<f>1+1</f><v>"), {}, "hidden_content"),
    "a defined name": (
        replaced(BOOK, b"</definedNames>", b'<definedName name="x">7</definedName></definedNames>'),
        {},
        "hidden_content",
    ),
    "a macro": (lambda part, content: content, {"xl/vbaProject.bin": b"x"}, "hidden_content"),
    "comments": (lambda part, content: content, {"xl/comments1.xml": b"<x/>"}, "hidden_content"),
    "an author": (replaced(CORE, b"<dc:creator>watwerkt<", b"<dc:creator>Jan<"), {}, "metadata"),
    "a property": (
        replaced(CORE, b"<dc:creator>", b"<cp:category>x</cp:category><dc:creator>"),
        {},
        "metadata",
    ),
    "a pseudonym": (
        replaced("xl/sharedStrings.xml", b"<t>", f"<t>{PSEUDONYM} ".encode()),
        {},
        "identifier",
    ),
}


@pytest.mark.parametrize("plant", IN_BOOK)
def test_a_leak_in_a_workbook_is_found(plant, example, tmp_path):
    change, more, rule = IN_BOOK[plant]
    rewrite(example / "tables.xlsx", tmp_path / "tables.xlsx", change, **more)
    assert rule in rules(tmp_path)


def test_a_small_count_in_a_sheet_is_found(example, tmp_path):
    """Every count of people in the first table."""

    def change(part: str, content: bytes) -> bytes:
        is_it = part == "xl/worksheets/sheet2.xml"
        return re.sub(rb'(<c r="F\d+" s="\d+"><v>)\d+', rb"\g<1>7", content) if is_it else content

    rewrite(example / "tables.xlsx", tmp_path / "tables.xlsx", change)
    assert {"small_count", "unrounded_count"} <= rules(tmp_path)


IN_COLUMNS = {
    "a small count": (
        lambda t: with_column(t, "n_persons", pa.array([7] * len(t), pa.int64())),
        "small_count",
    ),
    "an unrounded count": (
        lambda t: with_column(t, "n_obs", pa.array([1234] * len(t), pa.int64())),
        "unrounded_count",
    ),
    "a column of its own": (lambda t: t.append_column("who", pa.array(["x"] * len(t))), "contract"),
    "an index of pandas": (
        lambda t: t.replace_schema_metadata({**t.schema.metadata, b"pandas": b"{}"}),
        "metadata",
    ),
    "a free text": (
        lambda t: with_column(t, "note", pa.array(["lang " * 200] * len(t))),
        "free_text",
    ),
    "a pseudonym": (lambda t: with_column(t, "term", pa.array([PSEUDONYM] * len(t))), "identifier"),
}


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


@pytest.mark.parametrize("plant", IN_COLUMNS)
def test_a_leak_in_a_released_file_is_found(plant, example, tmp_path):
    change, rule = IN_COLUMNS[plant]
    path = tmp_path / "estimates.parquet"
    pq.write_table(change(pq.read_table(example / path.name)), path)
    assert rule in rules(tmp_path)


def with_note(writer: PdfWriter) -> None:
    writer.add_annotation(0, FreeText(text="x", rect=(50, 550, 200, 650)))


def with_script(writer: PdfWriter) -> None:
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
    writer.root_object[NameObject("/OpenAction")] = action


IN_PAPER = {
    "an attachment": (lambda w: w.add_attachment("data.csv", b"x"), "hidden_content"),
    "a script": (with_script, "hidden_content"),
    "a note": (with_note, "hidden_content"),
    "a property": (lambda w: w.add_metadata({"/Company": "x"}), "metadata"),
    "a path": (lambda w: w.add_metadata({"/Title": PLACE}), "local_path"),
}


@pytest.mark.parametrize("plant", IN_PAPER)
def test_a_leak_in_a_pdf_is_found(plant, example, tmp_path):
    change, rule = IN_PAPER[plant]
    writer = PdfWriter()
    writer.append(PdfReader(example / "report.pdf"), pages=(0, 1))
    writer.metadata = None
    change(writer)
    writer.write(tmp_path / "report.pdf")
    assert rule in rules(tmp_path)


STRANGE = {
    "01_data_quality.ipynb": "notebook",
    "extra.csv": "unexpected_file",
    "run.json": "unexpected_file",
}


@pytest.mark.parametrize(("name", "rule"), STRANGE.items())
def test_what_has_no_place_in_a_report_is_found(name, rule, tmp_path):
    (tmp_path / name).write_text("{}", encoding="utf-8")
    assert rules(tmp_path) == {rule}


@pytest.mark.parametrize(
    "name", ["report.pdf", "tables.xlsx", "estimates.parquet", "manifest.json"]
)
def test_half_a_file_is_a_finding_and_no_crash(name, example, tmp_path):
    content = (example / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    assert rules(tmp_path) == {"unreadable"}


def test_a_workbook_that_unpacks_without_end_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "tables.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    assert rules(tmp_path) == {"too_large"}


PAIR = """<!DOCTYPE html><html lang="nl"><body><section id="ch02"><table>
<caption>Mensen</caption><thead><tr><th>bestemming</th><th>mensen</th></tr></thead><tbody>
<tr><td>werk</td><td>20</td></tr><tr><td>onderwijs</td><td>–</td></tr>
<tr><td>school</td><td>–</td></tr></tbody></table></section></body></html>"""


@pytest.mark.parametrize("hides", ["neither", "the page", "the book", "the page, in groups"])
def test_what_one_file_hides_the_other_does_not_show(hides, tmp_path):
    page = PAIR if "page" in hides else PAIR.replace("<td>–</td>", "<td>15</td>")
    rows = [["2023", "werk", 20], ["2023", "onderwijs", 15], ["2023", "school", 15]]
    if hides == "the book":
        rows[1][2] = rows[2][2] = None
    n_keys = 2 if hides == "the page, in groups" else 1
    write_sheet(tmp_path / "tables.xlsx", [row[2 - n_keys :] for row in rows], n_keys)
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    found = [f for f in scan_folder(tmp_path) if f.rule == "hidden_elsewhere"]
    where = "report.html" if hides == "the book" else "tables.xlsx"
    assert [(f.file, f.count) for f in found] == ([] if hides == "neither" else [(where, 2)])


def write_sheet(path: Path, rows: list[list], n_keys: int) -> None:
    with Workbook(path) as book:
        sheet = book.add_worksheet("02-1")
        sheet.write(0, 0, "Mensen")
        sheet.write_row(FIRST_ROW, 0, [*["jaar", "bestemming"][2 - n_keys :], "mensen"])
        for number, row in enumerate(rows, start=FIRST_ROW + 1):
            sheet.write_row(number, 0, row)


def test_every_rule_has_a_plant():
    tried = [*IN_PAGE.values(), *IN_BOOK.values(), *IN_COLUMNS.values(), *IN_PAPER.values()]
    by_a_test = {"unreadable", "too_large", "hidden_elsewhere"}
    assert {plant[-1] for plant in tried} | set(STRANGE.values()) | by_a_test == set(REMEDIES)


def test_a_finding_never_gives_the_value(tmp_path):
    page_rules(
        tmp_path, PAGE.replace("Lijn", f"{PSEUDONYM} {BSN}").replace("<td>20</td>", "<td>7</td>")
    )
    findings = scan_folder(tmp_path)
    said = " ".join(map(str, findings))
    assert len(findings) >= 3
    assert PSEUDONYM not in said
    assert BSN not in said
    with pytest.raises(DisclosureError, match="not released, 4 places") as refused:
        require_clean(findings, "GM9901/nl")
    assert {reason["rule"] for reason in refused.value.reasons} >= {"identifier", "small_count"}


def test_a_folder_without_files_is_a_wrong_question(tmp_path):
    with pytest.raises(ParameterError, match="nothing in it to scan"):
        scan_folder(tmp_path)


@pytest.mark.parametrize("number", range(len(text_rules.RULES)))
def test_each_rule_for_texts_is_needed(number, tmp_path, monkeypatch):
    leaks = [PSEUDONYM, BSN, "jan@voorbeeld.nl", PLACE]
    page = PAGE.replace("</section>", f"<p>{leaks[number]}</p></section>")
    assert page_rules(tmp_path, page)
    kept = tuple(rule for i, rule in enumerate(text_rules.RULES) if i != number)
    monkeypatch.setattr(text_rules, "RULES", kept)
    assert not page_rules(tmp_path, page)

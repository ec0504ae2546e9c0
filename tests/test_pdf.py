"""The report on paper: tagged, described, marked and whole, the same bytes every time."""

import io
import os
import re
import subprocess
import sys
import threading
from base64 import b64decode
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pikepdf
import pytest
from bs4 import BeautifulSoup
from pdfua import validate

from conftest import absent
from pdf_pages import outside, read_body, read_pages, said_by, structure
from test_html import about, chapter
from watwerkt.publish.chapter_html import Section, chapter_section
from watwerkt.publish.html import report_html
from watwerkt.publish.pdf import report_pdf

pytestmark = pytest.mark.paper
MAKE = "import sys; from watwerkt.publish.pdf import report_pdf as pdf\n"
MAKE += "sys.stdout.buffer.write(pdf(sys.stdin.buffer.read().decode()))"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
PIXEL += "RU5ErkJggg=="
SIGNS = "é ë ï ö ü ĳ − × ≥ ≤ € – ‘ ’ “ ” … ½ ± ² ° →"


def test_where_everything_is_checked_there_are_pango_and_poppler():
    assert "paper" not in absent() or not os.environ.get("CI"), "CI lacks Pango or poppler-utils"


@pytest.fixture(scope="module")
def example(root) -> str:
    return (root / "reports" / "example" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def twice(example, tmp_path_factory) -> list[bytes]:
    """The example as a PDF, made by two processes that order their sets differently."""
    makers = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        folder = tmp_path_factory.mktemp("place")
        (folder / "page.html").write_text(example, encoding="utf-8")
        with (folder / "page.html").open("rb") as page, (folder / "page.pdf").open("wb") as pdf:
            around = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "TMPDIR": str(folder)}
            command = [sys.executable, "-c", MAKE]
            maker = subprocess.Popen(command, stdin=page, stdout=pdf, env=around, cwd=folder)
        makers.append((maker, folder / "page.pdf"))
    assert [maker.wait() for maker, _ in makers] == [0, 0]
    return [path.read_bytes() for _, path in makers]


@pytest.fixture(scope="module")
def pdf(twice) -> bytes:
    return twice[0]


def page(*bodies: str, is_synthetic: bool = True, language: str = "nl") -> str:
    """A report whose chapters say ``bodies``."""
    sections = [Section(f"{n:02}_x", f"Titel {n}", body) for n, body in enumerate(bodies, start=3)]
    return report_html(sections, about(is_synthetic), language)


def table(n_columns: int, n_rows: int) -> str:
    """A table as ``page.table`` makes it."""
    heads = "".join(f'<th class="n" scope="col">kenmerk {c}</th>' for c in range(1, n_columns))
    rows = "".join(
        f'<tr><th scope="row">rij {r}</th>'
        + "".join(f'<td class="n">{1000 * r + c}.000</td>' for c in range(1, n_columns))
        + "</tr>"
        for r in range(n_rows)
    )
    return (
        '<div class="table"><table><caption><span>Bijschrift</span></caption>'
        f'<thead><tr><th scope="col">hoofd</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def errors(pdf: bytes, folder: Path) -> list[str]:
    """What ``pdfua check`` finds, of any severity."""
    path = folder / "checked.pdf"
    path.write_bytes(pdf)
    return [finding.rule_id for finding in validate(str(path)).findings]


def test_the_same_bytes_in_every_process(twice):
    assert twice[0] == twice[1]


def test_a_real_report_passes_the_checks_of_pdf_ua(pdf, tmp_path):
    assert errors(pdf, tmp_path) == []


def test_those_checks_find_a_drawing_without_description(tmp_path):
    drawing = '<figure><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg></figure>'
    named = drawing.replace("<svg", '<svg role="img" aria-label="Een vierkant"')
    square = '<rect width="9" height="9"/>'
    assert errors(report_pdf(page(named.format(square))), tmp_path) == []
    assert errors(report_pdf(page(drawing.format(square))), tmp_path) == ["UA-13-004"]


def test_it_says_all_that_the_page_says(example, pdf):
    body = read_body(pdf)
    said = said_by(example)
    assert len(said) > 500
    assert [text for text in said if text not in body] == []


def test_every_drawing_is_there_once_with_its_description(example, pdf):
    drawings = BeautifulSoup(example, "html.parser").select("figure .wide svg")
    described = [alt for kind, alt, _ in structure(pdf) if kind == "/Figure"]
    assert described == [drawing["aria-label"] for drawing in drawings]


def test_every_head_of_a_table_says_whose_it_is(example, pdf):
    tree = BeautifulSoup(example, "html.parser")
    shown = [head for head in tree.select(".table th") if not head.find_parent("details")]
    in_head = sum(head.find_parent("thead") is not None for head in shown)
    scopes = Counter(scope for kind, _, scope in structure(pdf) if kind == "/TH")
    assert scopes.keys() == {"/Column", "/Row"}
    assert scopes["/Row"] == len(shown) - in_head
    assert scopes["/Column"] >= in_head  # again where a table goes on overleaf


def test_every_page_is_marked_and_numbered_and_no_word_is_cut(pdf):
    pages = read_pages(pdf)
    assert len(pages) > 5
    assert all("SYNTHETISCHE GEGEVENS" in text for text in pages)
    assert outside(pdf) == []


@pytest.mark.parametrize(
    ("language", "is_synthetic", "head", "mark", "foot"),
    [
        ("nl", True, "Evaluatierapport", "SYNTHETISCHE GEGEVENS", "Pagina {} van {}"),
        ("en", True, "Evaluation report", "SYNTHETIC DATA", "Page {} of {}"),
        ("nl", False, "Evaluatierapport", "", "Pagina {} van {}"),
    ],
)
def test_head_and_foot_of_every_page(language, is_synthetic, head, mark, foot):
    body = chapter_section(chapter(language, is_synthetic), "04_contact", language).body
    pages = read_pages(report_pdf(page(body, is_synthetic=is_synthetic, language=language)))
    for number, text in enumerate(pages, start=1):
        assert f"{head} Voorbeeldstad" in text
        assert foot.format(number, len(pages)) in text
        assert mark in text
        assert bool(re.search("synthe", text, flags=re.IGNORECASE)) == is_synthetic


def test_what_the_file_says_of_itself():
    made = report_pdf(page("<h3>Bestand</h3><p>Tekst</p>"))
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert opened.Root.Lang == "nl"
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        with opened.open_metadata() as facts:
            assert facts["pdfuaid:part"] == "1"
            assert facts["xmp:CreateDate"] == facts["xmp:ModifyDate"] == "2024-04-01"
        facts = {key: str(value) for key, value in opened.docinfo.items()}
    assert facts["/Title"] == "Evaluatierapport Voorbeeldstad"
    assert facts["/Author"] == "Voorbeeldstad"
    assert facts["/Subject"].endswith("gegevens van 1 april 2024; synthetische gegevens")
    assert facts["/CreationDate"] == facts["/ModDate"] == "D:20240401"


def test_outline_and_contents_lead_to_the_pages_of_the_chapters():
    made = report_pdf(page("<h3>Bestand</h3><p>Tekst</p>" * 30, "<p>Tekst</p>"))
    pages = read_pages(made)
    starts = [n for n, text in enumerate(pages[1:], start=2) if re.search(r"\d Titel \d", text)]
    assert len(pages) == starts[-1] + 1
    with pikepdf.open(io.BytesIO(made)) as opened, opened.open_outline() as outline:
        [top] = outline.root
        assert top.title == "Evaluatierapport Voorbeeldstad"
        first, second, last = top.children
        assert (first.title, second.title) == ("3 Titel 3", "4 Titel 4")
        assert last.title == "Hoe dit rapport is gemaakt"
        assert {entry.title for entry in first.children} == {"Bestand"}
        led = [opened.pages.index(pikepdf.Page(e.destination[0])) + 1 for e in (first, second)]
    assert led == starts
    contents = re.findall(r"^\d+$", pages[0], re.MULTILINE)
    assert [int(number) for number in contents] == [*starts, len(pages)]


def test_a_long_table_has_its_head_on_every_page():
    pages = [text for text in read_pages(report_pdf(page(table(4, 90)))) if "rij" in text]
    assert len(pages) > 1
    assert all("hoofd" in text and "kenmerk 3" in text for text in pages)


def test_a_short_table_is_not_split():
    pages = read_pages(report_pdf(page("".join(table(4, n_rows) for n_rows in range(3, 13)))))
    assert sum("hoofd" in text for text in pages) > 1
    assert sum(text.count("hoofd") for text in pages) == 10


@pytest.mark.parametrize(
    ("n_columns", "is_turned"), [(7, False), (9, False), (10, True), (14, True)]
)
def test_a_wide_table_fits(n_columns, is_turned):
    made = report_pdf(page(table(n_columns, 3)))
    with pikepdf.open(io.BytesIO(made)) as opened:
        boxes = [[float(side) for side in sheet.mediabox] for sheet in opened.pages]
    assert any(width > height for *_, width, height in boxes) == is_turned
    assert outside(made) == []


def test_every_sign_is_of_the_typeface_that_comes_with_it():
    made = report_pdf(page(f"<p>{SIGNS} <b>{SIGNS}</b> <i>{SIGNS}</i></p>"))
    body = read_body(made)
    assert all(body.count(sign) >= 3 for sign in SIGNS.split() if sign not in "ĳ–")
    with pikepdf.open(io.BytesIO(made)) as opened:
        fonts = {
            str(font.BaseFont).partition("+")[2]
            for sheet in opened.pages
            for font in sheet.Resources.Font.values()
        }
    assert fonts == {"IBM-Plex-Sans", "IBM-Plex-Sans-Bold", "IBM-Plex-Sans-Italic"}


@pytest.fixture
def asked():
    """A server that counts what is asked of it."""
    paths = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()


def test_nothing_is_fetched(asked, tmp_path):
    place, paths = asked
    (tmp_path / "own.png").write_bytes(b64decode(PIXEL))
    wanted = {
        f"{place}/a.png": 0,
        (tmp_path / "own.png").as_uri(): 0,
        f"data:image/png;base64,{PIXEL}": 1,
    }
    for address, n_images in wanted.items():
        body = f"""<p style="background: url('{address}')"><img src="{address}" alt="x"></p>
            <svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="y" viewBox="0 0 9 9">
            <image href="{address}" width="9" height="9"/></svg>"""
        style = f"<style>@import url('{address}');</style></head>"
        made = report_pdf(page(body).replace("</head>", style))
        assert (b"/Subtype /Image" in made) == bool(n_images), address
    assert paths == []


def test_without_pango_it_says_what_to_install():
    program = """
import cffi, sys
load = cffi.FFI.dlopen
def without_pango(self, name, *flags):
    if "pango" in name:
        raise OSError("no such library")
    return load(self, name, *flags)
cffi.FFI.dlopen = without_pango
from watwerkt.errors import LibraryError
from watwerkt.publish.pdf import report_pdf
try:
    report_pdf("<p>")
except LibraryError as error:
    sys.stderr.write(str(error))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "apt-get install libpango-1.0-0" in ended.stderr
    assert ended.stdout == ""

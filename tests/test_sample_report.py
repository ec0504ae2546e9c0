"""The real chapters on the sample: the committed example, and towns that deliver less."""

import json
import re
from hashlib import sha256
from io import StringIO

import pytest
from bs4 import BeautifulSoup
from pdfua import validate
from python_calamine import CalamineWorkbook
from rich.console import Console

from conftest import absent
from pdf_pages import outside, read_body, said_by
from watwerkt.disclosure.released import read_released
from watwerkt.params import read_params
from watwerkt.paths import workspace
from watwerkt.runtime.report import write_report

pytestmark = pytest.mark.e2e
OVER_MUNICIPALITIES = {"20_benchmark"}
BUNDLE = ("estimates.parquet", "aggregates.parquet")
IDENTIFIER = re.compile(r"[0-9a-f]{16,}", flags=re.IGNORECASE)


@pytest.fixture
def report(root, tmp_path):
    """Write the report of a town of the sample; the folder of what is published."""

    def report(town, language):
        place = workspace(out=tmp_path / "reports", prepared=tmp_path / "prepared")
        params = read_params(place.params, town, language=language)
        told = StringIO()
        delivery = root / "data" / "sample" / town
        assert write_report(place, params, delivery, Console(file=told)) == [], told.getvalue()
        return place.reports / town / language

    return report


def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def body(folder):
    """The page without how it was made, where hashes belong."""
    return page(folder).partition('id="provenance"')[0]


def test_the_committed_example_is_what_the_code_writes(root, report):
    """Byte for byte; only the library's own hash may be older than the last commit.

    But for the PDF, of which the machine's Pango decides the bytes too: below its words are held
    against the page's, and ``test_pdf`` holds that one machine makes it the same every time.
    """
    written, example = report("GM9901", "nl"), root / "reports" / "example"
    assert sheets(written) == captions(written, "synthetische gegevens")
    for name in ("report.html", "tables.xlsx", *BUNDLE):
        assert (written / name).read_bytes() == (example / name).read_bytes(), name
    for name in BUNDLE:
        bundle = root / "data" / "sample" / "released" / "GM9901" / name
        assert (written / name).read_bytes() == bundle.read_bytes(), name
    manifest = json.loads((written / "manifest.json").read_text(encoding="utf-8"))
    committed = json.loads((example / "manifest.json").read_text(encoding="utf-8"))
    notebooks = {path.stem for path in (root / "notebooks").glob("*.ipynb")}
    assert manifest["chapters"].keys() == notebooks - OVER_MUNICIPALITIES
    assert lasting(manifest) == lasting(committed)


def lasting(manifest):
    """What stays the same from one patch of Python or one machine's Pango to the next."""
    outputs = {name: sha for name, sha in manifest["outputs"].items() if name != "report.pdf"}
    passing = {"library_sha256", "python", "versions", "not_written"}
    return {k: v for k, v in manifest.items() if k not in passing} | {"outputs": outputs}


@pytest.mark.paper
def test_the_committed_pdf_says_what_the_committed_page_says(root):
    example = root / "reports" / "example"
    pdf = (example / "report.pdf").read_bytes()
    committed = json.loads((example / "manifest.json").read_text(encoding="utf-8"))
    assert committed["outputs"]["report.pdf"] == sha256(pdf).hexdigest()
    assert committed["not_written"] == {}
    written = read_body(pdf)
    assert [text for text in said_by(page(example)) if text not in written] == []


def captions(folder, mark):
    """The titles of all tables, those of the figures too, without the mark."""
    found = BeautifulSoup(page(folder), "html.parser").select("caption")
    return [caption.get_text().removesuffix(mark).strip() for caption in found]


def sheets(folder):
    """The titles of the sheets between the contents and the two released files."""
    book = CalamineWorkbook.from_path(folder / "tables.xlsx")
    tops = [book.get_sheet_by_name(name).to_python(nrows=3) for name in book.sheet_names]
    assert {top[2][0] for top in tops} <= {"Synthetic data.", "Synthetische gegevens."}
    return [top[0][0] for top in tops][1:-2]


@pytest.mark.parametrize(
    ("town", "language", "synthetic", "not_delivered"),
    [
        ("GM9902", "en", "synthetic data", "Not delivered: contacts"),
        ("GM9903", "nl", "synthetische gegevens", "Niet aangeleverd: contacten"),
    ],
)
def test_a_town_that_delivers_less_gets_a_report_that_says_so(
    report, town, language, synthetic, not_delivered
):
    published = report(town, language)
    assert not_delivered in page(published)
    assert sheets(published) == captions(published, synthetic)
    assert page(published).count("<table") <= page(published).count(synthetic)
    assert not IDENTIFIER.search(body(published))
    analyses = set(read_released(published / "estimates.parquet").frame["analysis"])
    assert "P9" in analyses  # needs benefits only
    assert "P4" not in analyses  # needs contacts
    assert read_released(published / "aggregates.parquet").is_synthetic
    if "paper" not in absent():
        assert not validate(str(published / "report.pdf")).findings
        assert outside((published / "report.pdf").read_bytes()) == []

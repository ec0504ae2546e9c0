"""The report: what it takes over from a chapter, and that it stands on its own."""

import datetime as dt
import itertools
import re
from collections import Counter

import nbformat.v4 as v4
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from sealed_tables import sealed
from watwerkt.errors import ChapterError, DisclosureError
from watwerkt.publish.chapter_html import Section, chapter_section, failed_section
from watwerkt.publish.figures import plot_lines
from watwerkt.publish.html import About, report_html
from watwerkt.publish.page import Page

MONTHS = pd.date_range("2023-01-01", periods=12, freq="MS")
STOCK = pd.DataFrame({"month": MONTHS, "n_clients": range(1200, 1212)})
COLUMNS = {"month": "total", "n_clients": "missing"}
TITLES = {"nl": "Verhoogt contact de uitstroom?", "en": "Does contact raise outflow?"}


def about(is_synthetic: bool = True) -> About:
    return About(
        municipality_id="GM9901",
        municipality_name="Voorbeeldstad",
        is_synthetic=is_synthetic,
        first_month="2018-01",
        last_month="2023-12",
        extract_date=dt.date(2024, 4, 1),
        provenance={"policy_version": "1.0", "delivery_sha256": "ab" * 32},
    )


def prose(source: str, *tags: str) -> NotebookNode:
    return v4.new_markdown_cell(source, metadata={"tags": list(tags)})


def code(*outputs: NotebookNode, source: str = "page", tags: tuple[str, ...] = ()) -> NotebookNode:
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def result(shown) -> NotebookNode:
    data = {"text/html": shown.data, "text/plain": "<IPython.core.display.HTML object>"}
    return v4.new_output("execute_result", data=data, execution_count=1)


def chapter(language: str = "nl", is_synthetic: bool = True) -> NotebookNode:
    """A chapter as it stands after running: parameters, imports, prose in pairs, page output."""
    page, stock = Page(language, is_synthetic), sealed(STOCK)
    shown = {"columns": COLUMNS, "formats": {"month": "month"}}
    figure = page.figure(plot_lines, stock, "Contents", "total", x="month", y="n_clients", **shown)
    return v4.new_notebook(
        cells=[
            prose(f"# {TITLES['nl']}\n\nProza.", "nl"),
            prose(f"# {TITLES['en']}\n\nProse.", "en"),
            code(source="language: str = 'nl'", tags=("parameters",)),
            code(v4.new_output("stream", name="stderr", text="a warning"), source="import x"),
            prose("## Bestand\n\n<script>alert(1)</script>", "nl"),
            prose("## Stock", "en"),
            code(result(figure)),
            code(result(page.table(stock, "Contents", **shown))),
            code(
                result(page.provenance({"policy_version": "chapter's own"})), tags=("provenance",)
            ),
        ]
    )


@pytest.fixture(scope="module")
def report() -> str:
    names = ("01_first", "04_second")
    sections = [chapter_section(chapter(), name, "nl") for name in names]
    failed = failed_section(chapter(), "03_third", "nl", "03_third, cel 6: DataError")
    return report_html([sections[0], failed, sections[1]], about(), "nl")


@pytest.fixture(scope="module")
def page(report) -> BeautifulSoup:
    return BeautifulSoup(report, "html.parser")


def test_a_section_holds_the_prose_of_one_language_and_what_page_made():
    for language, other in (("nl", "en"), ("en", "nl")):
        section = chapter_section(chapter(language), "04_contact", language)
        assert (section.number, section.anchor) == ("4", "ch04")
        assert section.title == TITLES[language]
        assert ("Proza" in section.body) == (language == "nl")
        assert TITLES[other] not in section.body
        found = BeautifulSoup(section.body, "html.parser")
        assert len(found.select("figure")) == 1
        assert len(found.select(".ww-table table")) == 1


@pytest.mark.parametrize(
    "absent", ["language: str", "import x", "a warning", "IPython", "chapter's own"]
)
def test_a_section_holds_no_code_streams_reprs_or_own_provenance(absent):
    assert absent not in chapter_section(chapter(), "04_contact", "nl").body


def test_html_in_prose_is_text():
    body = chapter_section(chapter(), "04_contact", "nl").body
    assert "&lt;script&gt;" in body
    assert "<script" not in body


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<table><tr><td>3</td></tr></table>"},
        {"text/html": '<p>x</p><div class="ww ww-text">'},
        {"image/png": "aGFsbG8="},
        {"application/vnd.plotly.v1+json": {}},
    ],
    ids=["html", "prefixed", "png", "plotly"],
)
def test_what_page_did_not_make_is_refused(data):
    notebook = chapter()
    notebook.cells.append(code(v4.new_output("display_data", data=data)))
    with pytest.raises(DisclosureError, match="04_contact, cell 10 shows something that page"):
        chapter_section(notebook, "04_contact", "nl")


def test_a_chapter_that_ended_in_an_error_is_refused_without_its_message():
    notebook = chapter()
    notebook.cells.append(code(v4.new_output("error", ename="KeyError", evalue="'a1b2'")))
    with pytest.raises(ChapterError, match="cell 10 ended in an error") as caught:
        chapter_section(notebook, "04_contact", "nl")
    assert "a1b2" not in str(caught.value)


def test_a_chapter_without_a_title_is_refused():
    notebook = v4.new_notebook(cells=[prose("no title", "nl")])
    with pytest.raises(ChapterError, match="04_contact has no title in nl"):
        chapter_section(notebook, "04_contact", "nl")


def test_one_h1_and_no_level_skipped(page):
    levels = [int(heading.name[1]) for heading in page.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_id_is_unique_and_every_reference_resolves(page, report):
    ids = Counter(element["id"] for element in page.select("[id]"))
    assert [name for name, n in ids.items() if n > 1] == []
    links = [a["href"][1:] for a in page.select("a[href^='#'], use[href^='#']")]
    named = [
        name for e in page.select("[aria-labelledby]") for name in e["aria-labelledby"].split()
    ]
    drawn = re.findall(r"url\(#([^)]+)\)", report)
    assert set(links + named + drawn) <= ids.keys()
    assert links
    assert drawn


def test_contents_name_every_chapter(page):
    entries = [item.get_text(" ", strip=True) for item in page.select("nav li")]
    assert entries == [
        f"1 {TITLES['nl']}",
        f"3 {TITLES['nl']} ontbreekt",
        f"4 {TITLES['nl']}",
        "Hoe dit rapport is gemaakt",
    ]


def test_a_failed_chapter_is_a_visible_gap(page):
    gap = page.select_one("#ch03 .missing").get_text()
    assert "Dit hoofdstuk ontbreekt." in gap
    assert "03_third, cel 6: DataError" in gap


def test_nothing_comes_from_outside(page, report):
    assert not page.select("script, iframe, object, link[rel=stylesheet], img[src^=http]")
    assert [link["href"] for link in page.select("link")] == ["data:,"]
    outside = re.findall(r"(?:https?:)?//[^\s\"'<>)]+", report)
    assert set(outside) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in report


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_report_says_its_language(language):
    shown = report_html([], about(), language)
    assert shown.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')


def test_synthetic_data_are_marked_on_page_figure_and_table(page):
    assert "Synthetische gegevens." in page.select_one("header .banner").get_text()
    assert all("synthetische gegevens" in svg.get_text() for svg in page.select("svg"))
    assert all("synthetische gegevens" in svg["aria-label"] for svg in page.select("svg"))
    assert all("synthetische gegevens" in caption.get_text() for caption in page.select("caption"))
    assert len(page.select("svg")) == 4
    assert len(page.select("caption")) == 4


def test_a_real_report_does_not_call_itself_synthetic():
    section = chapter_section(chapter(is_synthetic=False), "04_contact", "nl")
    assert "synthetische" not in report_html([section], about(is_synthetic=False), "nl").lower()


def test_a_report_is_the_same_bytes_twice_and_holds_no_clock_path_or_address():
    def written() -> str:
        return report_html([chapter_section(chapter(), "04_contact", "nl")], about(), "nl")

    first = written()
    assert first == written()
    assert not re.search(r"0x[0-9a-f]{6,}|/(?:home|tmp|work|usr)/|ipykernel", first)


def test_text_from_outside_is_escaped():
    section = Section("04_contact", "<i>Title</i> & more", failure="<b>cause</b>")
    shown = report_html([section], about(), "en")
    assert "<i>Title" not in shown
    assert "<b>cause" not in shown
    assert "&lt;i&gt;Title&lt;/i&gt; &amp; more" in shown


def test_provenance_stands_at_the_end(page):
    facts = [div.get_text(" ", strip=True) for div in page.select("footer dl div")]
    assert facts[0] == "Versie van het onthullingsbeleid 1.0"

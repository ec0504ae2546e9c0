"""The report in a real browser, on a desk and on a phone; see ``conftest.chromium``."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from conftest import find_chromium
from test_html import about, chapter
from watwerkt.publish.chapter_html import chapter_section, failed_section
from watwerkt.publish.html import report_html

WIDTHS = {"desk": 1440, "tablet": 768, "phone": 390}


def test_where_everything_is_checked_there_is_a_chromium():
    assert find_chromium() or not os.environ.get("CI"), "CI has no Chromium: install it there"


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    sections = [
        failed_section(chapter(), "00_summary", "nl", "00_summary, cel 3: DataError"),
        chapter_section(chapter(), "03_caseload_outflow", "nl"),
        chapter_section(chapter(), "04_contact_intensity", "nl"),
    ]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_html(sections, about(), "nl"), encoding="utf-8")
    return path


@pytest.fixture(params=WIDTHS)
def tab(request, chromium: Browser, report: Path) -> Iterator[Tab]:
    """The report opened; what it complains of and what it asks for are kept on the tab."""
    context = chromium.new_context(viewport={"width": WIDTHS[request.param], "height": 900})
    tab = context.new_page()
    tab.complaints, tab.requests = [], []
    tab.on("console", lambda message: tab.complaints.append(message.text))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("request", lambda asked: tab.requests.append(asked.url))
    tab.goto(report.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    yield tab
    context.close()


@pytest.mark.browser
def test_it_opens_quietly_and_asks_for_nothing(tab, report):
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith("data:")] == [report.as_uri()]


@pytest.mark.browser
def test_it_never_scrolls_sideways(tab):
    size = "({full: document.documentElement.scrollWidth, window: window.innerWidth})"
    found = tab.evaluate(size)
    assert found["full"] <= found["window"]


@pytest.mark.browser
def test_it_has_one_title_and_every_drawing_is_described(tab):
    assert tab.locator("h1").count() == 1
    drawings = tab.locator("img, svg")
    assert drawings.count() == 4
    undescribed = "all => all.filter(e => !(e.getAttribute('alt') || e.ariaLabel)).length"
    assert drawings.evaluate_all(undescribed) == 0


@pytest.mark.browser
def test_each_figure_is_drawn_once_for_the_width_at_hand(tab):
    kind = "narrow" if tab.viewport_size["width"] == WIDTHS["phone"] else "wide"
    shown = tab.locator("figure svg").evaluate_all(
        "all => all.filter(e => e.checkVisibility()).map(e => e.parentElement.className)"
    )
    assert shown == [kind, kind]


@pytest.mark.browser
def test_text_in_drawings_can_be_read(tab):
    smallest = tab.locator("figure svg text").evaluate_all(
        "all => Math.min(...all.filter(e => e.checkVisibility()).map(e =>"
        " parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().d))"
    )
    assert smallest >= 11  # CSS pixels


@pytest.mark.browser
def test_nothing_in_a_drawing_is_cut_off(tab):
    outside = tab.locator("figure svg text").evaluate_all(
        """all => all.filter(e => e.checkVisibility()).filter(e => {
            const box = e.getBoundingClientRect(), svg = e.ownerSVGElement.getBoundingClientRect()
            return box.left < svg.left - 1 || box.right > svg.right + 1
                || box.top < svg.top - 1 || box.bottom > svg.bottom + 1
        }).map(e => e.textContent)"""
    )
    assert outside == []


@pytest.mark.browser
def test_every_entry_of_the_contents_leads_somewhere(tab):
    for link in tab.locator("nav a").all():
        target = tab.locator(link.get_attribute("href"))
        assert target.count() == 1
        link.click()
        assert target.evaluate("e => e.getBoundingClientRect().top < window.innerHeight")


@pytest.mark.browser
def test_the_keyboard_reaches_the_report_first(tab):
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "report"

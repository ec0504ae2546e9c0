"""What cannot be shown is said once, with what it stands for; what is shown stays."""

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup

from watwerkt.disclosure.gap import NO_CONTACTS, NO_EXITS
from watwerkt.publish.gaps import fold_gaps
from watwerkt.publish.language import Translator
from watwerkt.publish.page import Page

PAGE = Page("nl", is_synthetic=False)


def prose(text):
    return v4.new_markdown_cell(text)


def cell(*shown):
    outputs = [v4.new_output("display_data", data={"text/html": one.data}) for one in shown]
    return v4.new_code_cell(outputs=outputs)


NO_TALKS, NO_LEAVERS = PAGE.table(NO_CONTACTS, "Contents"), PAGE.table(NO_EXITS, "Contents")
SILENCE, SAID = PAGE.say("total", NO_EXITS), PAGE.say("total")


def read(*cells):
    """What is left, a line per heading, prose, output and item of a list."""
    lines = []
    for one in fold_gaps(cells, "nl"):
        lines += [one.source] if one.cell_type == "markdown" else []
        for output in one.get("outputs", []):
            found = BeautifulSoup(output.data["text/html"], "html.parser").select("p, li")
            lines += [told.get_text() for told in found]
    return lines


def dutch(gap):
    return Translator("nl").text(gap.reason)


def test_a_gap_that_says_what_the_one_before_said_is_left_out():
    shown = [NO_LEAVERS, SILENCE, NO_LEAVERS, NO_TALKS, NO_LEAVERS]
    cells = [cell(one) for one in shown]
    exits, contacts = dutch(NO_EXITS), dutch(NO_CONTACTS)
    assert read(*cells, prose("Meer."), cell(NO_LEAVERS)) == [
        exits, contacts, exits, "Meer.", exits,
    ]  # fmt: skip


def test_a_part_that_shows_nothing_is_its_heading_and_the_reason():
    cells = [prose("## Wie?\n\nUitleg."), cell(NO_TALKS), prose("Meer."), cell(SILENCE, NO_TALKS)]
    assert read(*cells) == ["## Wie?", dutch(NO_CONTACTS)]


def test_parts_that_miss_the_same_are_named_in_one_gap_by_their_uppermost_headings():
    cells = [
        prose("Vooraf."),
        prose("## Wie?"), cell(NO_TALKS),
        prose("## Hoe?\n\nZo."), cell(NO_TALKS),
        prose("### Hoe vaak?"), cell(NO_TALKS),
        prose("## Wat <niet>?\n\nDit niet."),
    ]  # fmt: skip
    assert read(*cells) == [
        "Vooraf.", dutch(NO_CONTACTS), "Daarom ontbreekt hier:", "Wie?", "Hoe?",
        "## Wat <niet>?\n\nDit niet.",
    ]  # fmt: skip


def test_parts_that_miss_different_things_stay_apart():
    cells = [prose("## Wie?"), cell(NO_TALKS), prose("## Hoe?"), cell(NO_LEAVERS)]
    assert read(*cells) == ["## Wie?", dutch(NO_CONTACTS), "## Hoe?", dutch(NO_EXITS)]


@pytest.mark.parametrize(
    "shown", [SAID, PAGE.warn("total"), PAGE.note("total")], ids=["text", "warning", "note"]
)
def test_a_part_that_says_something_keeps_its_prose(shown):
    cells = [prose("## Wie?\n\nUitleg."), cell(NO_TALKS), cell(shown)]
    assert "## Wie?\n\nUitleg." in read(*cells)


def test_a_part_keeps_its_prose_where_something_is_shown_under_a_smaller_heading():
    cells = [prose("## Wie?\n\nUitleg."), cell(NO_TALKS), prose("### Nu?\n\nJa."), cell(SAID)]
    assert read(*cells)[0] == "## Wie?\n\nUitleg."
    assert "### Nu?\n\nJa." in read(*cells)


def test_a_heading_amid_prose_begins_a_part_too():
    cells = [prose("## Wie?"), cell(NO_TALKS), prose("Meer.\n\n## Wat niet?\n\nDit niet.")]
    assert read(*cells) == ["## Wie?", dutch(NO_CONTACTS), "## Wat niet?\n\nDit niet."]


def test_what_stands_before_the_first_heading_stays():
    assert read(prose("De vraag."), cell(NO_TALKS)) == ["De vraag.", dutch(NO_CONTACTS)]

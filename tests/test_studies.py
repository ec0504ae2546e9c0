"""docs/studies.md points at what is there: chapters, titles of figures, tables of a delivery."""

import re

import nbformat
import pytest

from watwerkt import schemas
from watwerkt.publish.messages import find_messages

ROW = re.compile(r"^\| (?!what it found|---)(.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
PLACE = re.compile(r"(?:(\d\d), )?“([^”]+)”")
NOT_OF_A_DELIVERY = {"watwerkt plan", "watwerkt design", "caseload_pairs", "subgroups"}


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "studies.md").read_text(encoding="utf-8")


def titles(root, number):
    (path,) = (root / "notebooks").glob(f"{number}_*.ipynb")
    assert nbformat.read(path, as_version=4).cells
    return find_messages([path])


def test_every_title_that_is_quoted_stands_in_its_chapter(page, root):
    wrong = []
    for _, places, _ in ROW.findall(page):
        number = ""
        for chapter, title in PLACE.findall(places):
            number = chapter or number
            if title.rstrip(",") not in titles(root, number):
                wrong.append((number, title))
    assert wrong == []


def test_the_page_for_the_council_is_quoted_rightly(page, root):
    last = page.rpartition("## And the page for the council")[2]
    found = [title for _, title in PLACE.findall(last)]
    assert len(found) == 3
    assert set(found) <= titles(root, "00")


def test_every_table_and_column_that_is_asked_for_is_in_the_contract(page):
    asked = {
        word
        for _, _, needs in ROW.findall(page)
        for word in re.findall(r"`([^`]+)`", needs)
        if "/" not in word and word not in NOT_OF_A_DELIVERY
    }
    promised = {name: set(table.columns) for name, table in schemas.tables().items()}
    unknown = [
        word
        for word in sorted(asked)
        if (table := word.partition("."))[0] not in promised
        or (table[2] and table[2] not in promised[table[0]])
    ]
    assert unknown == []


def test_each_study_has_at_least_five_findings(page):
    parts = page.split("\n## ")[1:-1]
    assert len(parts) == 5
    assert min(len(ROW.findall(part)) for part in parts) >= 5

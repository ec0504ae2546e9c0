"""What OpenSAFELY's output checkers send back, refused by the door and found by the scanner.

Percentages that are not rounded under counts that are, low counts
that were not redacted, results without the context to judge them, figures without the data
beneath them.
"""

import pytest
from bs4 import BeautifulSoup
from test_scan import PAGE, page_rules

from disclosure_tables import POLICY, table
from watwerkt.disclosure import protect_counts, protect_shares
from watwerkt.errors import DisclosureError
from watwerkt.publish.figures import plot_lines
from watwerkt.publish.page import Page

EXITS = """
    year  n_work  n_exits
    2022  37      91
    2023  43      118
"""


def test_percentages_come_from_rounded_counts():
    of = {"share": ("n_work", "n_exits")}
    frame = protect_shares(table(EXITS), of, POLICY, by=["year"]).frame
    assert frame["share"].tolist() == [0.39, 0.38]  # 35 of 90, 45 of 120
    assert 37 / 91 not in frame["share"].tolist()


def test_a_percentage_finer_than_its_counts_is_found(tmp_path):
    assert page_rules(tmp_path, PAGE.replace("31%", "30,8%")) == set()
    assert page_rules(tmp_path, PAGE.replace("31%", "30,769%")) == {"exact_share"}


def test_a_low_count_is_not_shown():
    counts = table("""
        destination  n_exits
        north        7
        south        4
        east         40
        west         60
        centre       80
    """)
    frame = protect_counts(counts, ["n_exits"], POLICY, by=["destination"]).frame
    assert frame.set_index("destination")["n_exits"][["north", "south"]].isna().all()
    assert frame["n_exits"].min() >= POLICY.threshold


def test_a_low_count_is_found(tmp_path):
    assert page_rules(tmp_path, PAGE.replace("<td>20</td>", "<td>5</td>")) == {"small_count"}


@pytest.mark.parametrize(
    ("left_out", "instead"),
    [
        ("<caption>Mensen</caption>", ""),
        ("<dt>Versie van het onthullingsbeleid</dt><dd>1.1</dd>", ""),
    ],
)
def test_a_result_without_its_context_is_found(left_out, instead, tmp_path):
    assert left_out in PAGE
    assert page_rules(tmp_path, PAGE.replace(left_out, instead)) == {"no_context"}


WORDS = {"title": "Contents", "alt": "missing", "columns": {"year": "no", "n_exits": "total"}}


def test_a_figure_is_drawn_from_protected_data_and_shows_them():
    counts = table(EXITS)[["year", "n_exits"]]
    page = Page("en", is_synthetic=False)
    protected = protect_counts(counts, ["n_exits"], POLICY, by=["year"])
    shown = page.figure(plot_lines, protected, x="year", y="n_exits", **WORDS)
    drawn = BeautifulSoup(shown.data, "html.parser")
    assert [c.get_text() for c in drawn.select("figure ~ details td")] == ["90", "120"]
    with pytest.raises(DisclosureError, match="only a protected frame"):
        page.figure(plot_lines, counts, x="year", y="n_exits", **WORDS)


def test_a_figure_without_its_data_is_found(tmp_path):
    start, _, rest = PAGE.partition("<details>")
    _, _, end = rest.partition("</details>")
    assert page_rules(tmp_path, start + end) == {"figure_without_data"}

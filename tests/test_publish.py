"""The page: what it refuses, what it writes, and that a kernel refuses what goes round it."""

import re
from importlib.resources import files

import nbformat
import pandas as pd
import polars as pl
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from sealed_tables import sealed, table
from watwerkt.disclosure.gap import Gap
from watwerkt.errors import DisclosureError, ParameterError
from watwerkt.publish.figures import plot_lines, plot_stack
from watwerkt.publish.guard import refuse_unprotected
from watwerkt.publish.page import Page

DUTCH = Page("nl", is_synthetic=False)
ENGLISH = Page("en", is_synthetic=False)


EXITS = table("""
    destination  year  n_exits  share
    work         2023  1250     0.6135
    education    2023  –        –
    total        2023  2040     1
""").astype({"year": "int64"})
COLUMNS = {"destination": "no", "year": "missing", "n_exits": "total", "share": "misleading"}


def soup(shown) -> BeautifulSoup:
    return BeautifulSoup(shown.data, "html.parser")


def cells(shown) -> list[list[str]]:
    rows = soup(shown).select("tbody tr, thead tr")
    return [[cell.get_text() for cell in row.select("th, td")] for row in rows]


def test_no_column_has_two_words():
    text = (files("watwerkt.publish") / "vocabulary.yaml").read_text(encoding="utf-8")
    columns = re.findall(r"^(\w+):", text, flags=re.MULTILINE)
    assert sorted({column for column in columns if columns.count(column) > 1}) == []


def test_a_table_in_dutch():
    shown = DUTCH.table(
        sealed(EXITS, n_suppressed=2),
        "Contents",
        COLUMNS,
        codes={"destination": "destination"},
        formats={"share": "%1"},
    )
    assert cells(shown) == [
        ["nee", "ontbreekt", "totaal", "misleidend"],
        ["werk", "2023", "1.250", "61,4%"],
        ["onderwijs", "2023", "–", "–"],
        ["totaal", "2023", "2.040", "100,0%"],
    ]
    assert "te weinig mensen" in soup(shown).select_one(".key").get_text()


def test_a_table_is_accessible():
    shown = soup(ENGLISH.table(sealed(EXITS), "Contents", COLUMNS))
    assert shown.caption.get_text() == "Contents"
    assert {th["scope"] for th in shown.select("thead th")} == {"col"}
    assert {th["scope"] for th in shown.select("tbody th")} == {"row"}
    scroller = shown.select_one("[role=region][tabindex='0']")
    assert shown.find(id=scroller["aria-labelledby"]) is shown.caption
    assert not shown.select(".key"), "nothing was suppressed"


def test_a_hidden_figure_that_is_not_shown_is_not_explained():
    words = DUTCH.table(sealed(EXITS, n_suppressed=2), "Contents", {"destination": "no"})
    assert not soup(words).select(".key")


def test_text_in_a_table_is_text():
    frame = pd.DataFrame({"name": ["<b>&"], "n_rows": [1]})
    shown = ENGLISH.table(sealed(frame), "Contents", {"name": "no", "n_rows": "yes"})
    assert "&lt;b&gt;&amp;" in shown.data
    assert "<b>" not in shown.data


def test_groups_become_headings():
    frame = table("""
        table     rule  n_rows
        benefits  B01   10
        benefits  B02   20
        contacts  C01   30
    """)
    columns = {"table": "no", "rule": "yes", "n_rows": "total"}
    shown = soup(ENGLISH.table(sealed(frame), "Contents", columns, group="table"))
    groups = [row.get_text() for row in shown.select("tr.group")]
    assert groups == ["benefits", "contacts"]
    assert len(shown.select("tbody tr")) == 5


YEARS = table("""
    year  destination  n_exits
    2022  education    –
    2022  work         150
    2023  education    20
    2023  work         250
""").astype({"year": "int64"})


@pytest.mark.parametrize(
    ("plot", "options"),
    [
        (plot_lines, {"x": "year", "y": "n_exits", "series": "destination"}),
        (plot_stack, {"y": "year", "x": "n_exits", "series": "destination"}),
    ],
)
def test_a_figure_of_several_lines_has_a_table_with_a_column_for_each(plot, options):
    columns = {"year": "no", "destination": "yes", "n_exits": "total"}
    codes = {"destination": "destination"}
    shown = ENGLISH.figure(
        plot, sealed(YEARS), "Contents", "missing", columns=columns, codes=codes, **options
    )
    assert cells(shown) == [
        ["no", "work", "education"],
        ["2022", "150", "–"],
        ["2023", "250", "20"],
    ]


def test_a_total_is_the_last_column():
    frame = table("year destination n_exits\n 2022 a 10\n 2022 total 30\n 2023 b 20")
    frame = frame.astype({"year": "int64"})
    options = {"x": "year", "y": "n_exits", "series": "destination"}
    columns = {"year": "no", "destination": "yes", "n_exits": "missing"}
    shown = ENGLISH.figure(plot_lines, sealed(frame), "Contents", "no", columns=columns, **options)
    assert cells(shown)[0] == ["no", "a", "b", "total"]


def test_a_table_that_shows_more_than_the_lines_has_a_heading_for_each():
    frame = sealed(YEARS.assign(n_rows=YEARS["n_exits"]))
    columns = {"year": "no", "destination": "yes", "n_exits": "total", "n_rows": "missing"}
    options = {"x": "year", "y": "n_exits", "series": "destination"}
    shown = ENGLISH.figure(plot_lines, frame, "Contents", "missing", columns=columns, **options)
    assert [row.get_text() for row in soup(shown).select("tr.group")] == ["education", "work"]


def test_synthetic_data_are_marked_whoever_says_so():
    for page, frame in [
        (Page("nl", is_synthetic=True), sealed(EXITS)),
        (DUTCH, sealed(EXITS, is_synthetic=True)),
    ]:
        assert "synthetische gegevens" in page.table(frame, "Contents", COLUMNS).data
    assert "synthetische" not in DUTCH.table(sealed(EXITS), "Contents", COLUMNS).data


def test_a_p_value_never_stands_alone():
    frame = sealed(table("term conf_low conf_high p_value\n a 0.1 0.3 0.0004"))
    with pytest.raises(DisclosureError, match="conf_low and conf_high"):
        ENGLISH.table(frame, "Contents", {"term": "no", "p_value": "yes"})
    columns = {"term": "no", "conf_low": "yes", "conf_high": "total", "p_value": "missing"}
    shown = ENGLISH.table(frame, "Contents", columns, formats={"p_value": "p"})
    assert cells(shown)[1] == ["a", "0.10", "0.30", "< 0.001"]


@pytest.mark.parametrize(
    "show",
    [
        lambda frame: ENGLISH.table(frame, "Contents", COLUMNS),
        lambda frame: ENGLISH.figure(plot_lines, frame, "Contents", "missing", columns=COLUMNS),
        lambda frame: ENGLISH.say("total", frame),
        lambda frame: ENGLISH.warn("total", frame),
        lambda frame: ENGLISH.note("total", frame),
    ],
)
@pytest.mark.parametrize("frame", [EXITS, pl.from_pandas(EXITS), EXITS.to_dict()])
def test_what_is_not_protected_is_refused(show, frame):
    with pytest.raises(DisclosureError, match="only a protected frame"):
        show(frame)


def test_a_gap_says_why():
    gap = Gap("missing")
    assert "ontbreekt" in DUTCH.table(gap, "Contents", COLUMNS).data
    assert "ontbreekt" in DUTCH.figure(plot_lines, gap, "Contents", "total", columns=COLUMNS).data
    assert soup(DUTCH.say("total", gap)).get_text() == ""


def test_a_sentence_is_filled_from_one_protected_row():
    shown = ENGLISH.say("{n_exits} & {share:%}", sealed(EXITS), at={"destination": "work"})
    assert soup(shown).p.get_text() == "1,250 & 61%"
    assert soup(ENGLISH.say("{n_exits}", sealed(EXITS), at=-1)).p.get_text() == "2,040"
    suppressed = ENGLISH.say("{n_exits}", sealed(EXITS), at=1)
    assert soup(suppressed).p.get_text() == "–"


@pytest.mark.parametrize("at", [None, {"year": 2023}, {"year": 1999}])
def test_a_sentence_wants_one_row(at):
    with pytest.raises(ParameterError, match=r"filled from one row, and [03] match"):
        ENGLISH.say("{n_exits}", sealed(EXITS), at=at)


def test_a_month_is_found_by_its_date():
    months = sealed(table("month n_clients\n 2024-01-01 100\n 2024-02-01 200"))
    shown = ENGLISH.say("{n_clients} in {month:month}", months, at={"month": "2024-02-01"})
    assert soup(shown).p.get_text() == "200 in February 2024"


@pytest.mark.parametrize("number", [3, 3.5, EXITS["n_exits"].iloc[0], EXITS["share"].iloc[0]])
def test_a_loose_number_is_refused_in_a_sentence(number):
    with pytest.raises(DisclosureError, match="instead of n_clients"):
        ENGLISH.say("{n_clients} clients", n_clients=number)


def test_a_parameter_may_be_named_in_a_sentence():
    shown = ENGLISH.say("{max_gap_days} and {threshold}", max_gap_days=2, threshold=10)
    assert soup(shown).p.get_text() == "2 and 10"


def test_a_warning_is_labelled():
    shown = soup(DUTCH.warn("total"))
    assert shown.select_one("[role=note]").get_text() == "Misleidend. totaal"


def test_the_page_writes_the_same_bytes_twice():
    def shown() -> str:
        return DUTCH.table(sealed(EXITS), "Contents", COLUMNS).data

    assert shown() == shown()
    assert not re.search(r"0x[0-9a-f]{6}", shown())


@pytest.mark.parametrize(
    "value",
    [
        EXITS,
        EXITS["year"],
        EXITS.style,
        EXITS.index,
        EXITS["year"].to_numpy(),
        pl.from_pandas(EXITS),
        pl.from_pandas(EXITS).lazy(),
        Figure(),
        [EXITS],
        {"a": {"b": (1, EXITS)}},
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_guard_refuses(value):
    with pytest.raises(DisclosureError, match=r"is not protected: .*page\.table"):
        refuse_unprotected(value)


@pytest.mark.parametrize("value", [1, "text", None, [1, 2], {"a": 1}, sealed(EXITS), DUTCH])
def test_the_guard_lets_pass(value):
    refuse_unprotected(value)


SETUP = """
import pandas as pd, polars as pl
from great_tables import GT
from IPython.display import display
from matplotlib.figure import Figure
from watwerkt.publish.guard import guard_display
frame = pd.DataFrame({"person_id": ["a1b2"], "n": [1]})
guard_display()
guard_display()
"""
REFUSED = {
    "frame": "frame",
    "series": "frame['n']",
    "styler": "frame.style",
    "polars": "pl.from_pandas(frame)",
    "lazy": "pl.from_pandas(frame).lazy()",
    "great table": "GT(frame)",
    "figure": "Figure()",
    "tuple": "1, frame",
    "display": "display(frame)",
    "print": "print(frame)",
}


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    """All refused expressions in one guarded kernel; the last of them ends the run."""
    code = [SETUP, *REFUSED.values(), "len(frame)", "print('done')", "frame"]
    cells = [nbformat.v4.new_code_cell(source) for source in code]
    for cell in cells[1:-1]:
        cell.metadata["tags"] = ["raises-exception"]  # nbclient goes on after these
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(CellExecutionError, match="DisclosureError"):
        NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    return notebook


@pytest.mark.parametrize("place", range(1, len(REFUSED) + 1), ids=list(REFUSED))
def test_a_kernel_refuses(executed, place):
    outputs = executed.cells[place].outputs
    assert [(o.output_type, o.get("ename")) for o in outputs] == [("error", "DisclosureError")]
    assert "a1b2" not in "".join(outputs[0].traceback)


def test_a_kernel_still_works(executed):
    assert executed.cells[-3].outputs[0].data["text/plain"] == "1"
    assert executed.cells[-2].outputs[0].text == "done\n"

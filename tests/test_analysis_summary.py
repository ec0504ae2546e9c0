"""Rows of released estimates: what stands beside the findings on the one page."""

import math

import pandas as pd
import pytest

from disclosure_tables import POLICY, policy
from watwerkt.analysis import summary
from watwerkt.disclosure import Protected, protect_counts, protect_estimates
from watwerkt.disclosure.selection import join_rows, select_rows
from watwerkt.errors import DisclosureError

ROW = {
    "analysis": "P4", "design": "lagged hazard", "outcome": "all", "horizon_months": 1,
    "estimand": "odds", "scale": "log OR", "term": "contact", "subgroup": "", "std_error": 0.1,
    "conf_level": 0.95, "p_value": 0.04, "n_obs": 5000, "n_persons": 900, "n_events": 200,
    "n_clusters": 20, "mde": math.log(1.4), "grade": 2, "status": "indicative",
    "is_primary": True, "note": "",
}  # fmt: skip


def estimates(*rows: dict) -> Protected:
    """Released estimates, each with an interval of odds ratios: ``low``, ``at`` and ``high``."""
    drawn = []
    for row in rows:
        low, at, high = (math.log(x) if x else math.nan for x in row.pop("odds", (0.9, 1, 1.1)))
        drawn.append(ROW | {"estimate": at, "conf_low": low, "conf_high": high} | row)
    return protect_estimates(pd.DataFrame(drawn), POLICY)


NAIVE = {"status": "warning", "is_primary": False, "design": "naive"}
ROWS = (
    {"outcome": "work", "status": "indicative"},
    {"outcome": "all", "status": "indicative"},
    {"outcome": "education", "status": "evidence"},
    NAIVE | {"outcome": "work"},
    NAIVE | {"outcome": "all", "scale": "elasticity"},
    {"outcome": "all", "status": "indicative", "is_primary": False, "scale": "pp"},
    {"outcome": "all", "status": "indicative", "scale": "elasticity", "design": "shock"},
    {"outcome": "work", "status": "warning", "scale": "elasticity", "design": "shock"},
)


def test_misleading_are_the_warnings_on_one_scale():
    found = summary.misleading(estimates(*map(dict, ROWS)), scale="elasticity").frame
    assert found[["outcome", "status"]].to_numpy().tolist() == [["all", "warning"]]


def test_a_page_without_misleading_estimates_says_so():
    assert summary.misleading(estimates(dict(ROWS[0])), "log OR") is summary.NO_WARNING


EXITS = pd.DataFrame(
    {
        "year": [2020, 2020, 2021, 2021, 2022],
        "place": ["a", "b", "a", "b", "a"],
        "n_exits": [20, 30, 40, 3, 60],
    }
)


def exits() -> Protected:
    return protect_counts(EXITS, ["n_exits"], policy(version="own"), by=["year", "place"])


def test_selected_rows_are_protected_as_they_were():
    found = select_rows(exits(), year=2020)
    assert type(found) is Protected
    assert (found.kind, found.policy_version) == ("counts", "own")
    assert found.frame["n_exits"].tolist() == [20, 30]


def test_rows_stand_in_the_order_of_the_list_and_the_last_list_leads():
    found = select_rows(exits(), year=[2021, 2020], place=["b", "a"]).frame
    pairs = list(zip(found["place"], found["year"], strict=True))
    assert pairs == [("b", 2021), ("b", 2020), ("a", 2021), ("a", 2020)]


def test_suppressed_figures_are_counted_among_the_rows_that_are_left():
    assert exits().n_suppressed == 4  # b in 2021 and 2022, and a beside it
    assert select_rows(exits(), place="b").n_suppressed == 2
    assert select_rows(exits(), place="b", year=[2020, 2021]).n_suppressed == 1
    assert select_rows(exits(), place="a").n_suppressed == 2


def test_a_figure_that_an_estimate_never_has_was_not_suppressed():
    rows = ({"p_value": math.nan}, {"outcome": "work", "n_persons": 9})
    found = estimates(*map(dict, rows))
    assert found.n_suppressed == 1
    assert select_rows(found, outcome="all").n_suppressed == 0
    assert select_rows(found, outcome="work").n_suppressed == 1


def test_nothing_but_a_protected_frame_is_selected_from():
    with pytest.raises(DisclosureError, match="only a protected frame"):
        select_rows(EXITS, year=2020)


def test_a_value_that_no_row_has_leaves_no_row():
    assert select_rows(exits(), year=1999).frame.empty
    assert select_rows(exits(), year=[]).frame.empty


def test_joined_rows_show_what_the_parts_show():
    parts = [select_rows(exits(), place="b"), select_rows(exits(), place="a", year=2020)]
    found = join_rows(parts)
    assert (found.kind, found.policy_version, found.n_suppressed) == ("counts", "own", 2)
    assert found.frame["n_exits"].isna().tolist() == [False, True, True, False]


def test_rows_of_another_kind_or_policy_are_not_joined():
    other = protect_counts(EXITS, ["n_exits"], policy(version="new"), by=["year", "place"])
    narrower = protect_counts(
        EXITS[EXITS["place"] == "a"].drop(columns="place"),
        ["n_exits"],
        policy(version="own"),
        by=["year"],
    )
    for part in (other, narrower):
        with pytest.raises(DisclosureError, match="one kind, policy and set of columns"):
            join_rows([exits(), part])
    with pytest.raises(DisclosureError, match="only a protected frame"):
        join_rows([exits(), EXITS])

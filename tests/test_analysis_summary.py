"""The one page: the sentence that the interval allows, in Dutch and English, and its rows."""

import math

import pandas as pd
import pytest

from disclosure_tables import POLICY, policy
from watwerkt.analysis import summary
from watwerkt.disclosure import Protected, protect_counts, protect_estimates
from watwerkt.disclosure.selection import join_rows, select_rows
from watwerkt.errors import DisclosureError
from watwerkt.publish.language import Translator

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


def sentence(language: str, found: Protected) -> str:
    row = summary.contact_row(found)
    values = {} if row is None else row.frame.iloc[0].to_dict()
    return Translator(language).text(summary.contact_sentence(found), **values)


@pytest.mark.parametrize(
    ("odds", "nl", "en"),
    [
        (
            (1.1, 1.3, 1.54),
            "Na persoonlijk contact, twee tot vier maanden geleden, was de kansverhouding om uit "
            "te stromen 1,30 keer zo groot als zonder contact (1,10 tot 1,54). Dat is een "
            "aanwijzing, geen bewijs.",
            "After personal contact two to four months ago, the odds of leaving benefit were 1.30 "
            "times as high as without (1.10 to 1.54). That is an indication, not proof.",
        ),
        (
            (0.6, 0.7, 0.82),
            "Na persoonlijk contact, twee tot vier maanden geleden, was de kansverhouding om uit "
            "te stromen kleiner: 0,70 keer die zonder contact (0,60 tot 0,82). Dat is een "
            "aanwijzing, geen bewijs.",
            "After personal contact two to four months ago, the odds of leaving benefit were "
            "lower: 0.70 times those without (0.60 to 0.82). That is an indication, not proof.",
        ),
        (
            (0.9, 1.05, 1.22),
            "Of mensen na persoonlijk contact eerder uitstromen, is uit deze gegevens niet op te "
            "maken: de kansverhouding was 1,05 keer die zonder contact, maar alles van 0,90 tot "
            "1,22 past erbij. Een verhouding van 1,40 zou meestal zijn opgemerkt.",
            "Whether people leave sooner after personal contact cannot be told from these data: "
            "the odds were 1.05 times those without, but anything from 0.90 to 1.22 fits. Odds "
            "1.40 times as high would mostly have been noticed.",
        ),
        (
            (None, None, None),
            "Of mensen na persoonlijk contact eerder uitstromen, is met deze levering niet te "
            "schatten.",
            "Whether people leave sooner after personal contact cannot be estimated from this "
            "delivery.",
        ),
    ],
)
def test_the_interval_decides_what_is_said(odds, nl, en):
    found = estimates({"odds": odds})
    assert sentence("en", found) == en
    assert sentence("nl", found) == nl


@pytest.mark.parametrize(("low", "high", "said"), [(1, 1.5, "open"), (0.5, 1, "open")])
def test_an_interval_that_touches_no_difference_leaves_it_open(low, high, said):
    found = estimates({"odds": (low, 0.9, high)})
    assert summary.contact_sentence(found) == summary.CONTACT_LABELS[said]


@pytest.mark.parametrize(
    "other",
    [{"analysis": "naive_same_month"}, {"outcome": "work"}, {"scale": "pp"}],
)
def test_only_the_odds_of_all_exits_in_p4_speak(other):
    found = estimates({"odds": (1.1, 1.3, 1.54)} | other)
    assert summary.contact_row(found) is None
    assert summary.contact_sentence(found) == summary.CONTACT_LABELS["missing"]


def test_an_estimate_of_too_few_people_says_nothing():
    found = estimates({"odds": (1.1, 1.3, 1.54), "n_persons": 9})
    assert summary.contact_sentence(found) == summary.CONTACT_LABELS["missing"]


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


def test_readable_are_the_primary_ones_all_exits_first():
    found = summary.readable(estimates(*map(dict, ROWS)), "log OR").frame
    assert found["outcome"].tolist() == ["all", "work", "education"]
    assert found["is_primary"].all()


def test_misleading_are_the_warnings_on_one_scale():
    found = summary.misleading(estimates(*map(dict, ROWS)), scale="elasticity").frame
    assert found[["outcome", "status"]].to_numpy().tolist() == [["all", "warning"]]


def test_a_page_without_readable_or_misleading_estimates_says_so():
    assert summary.readable(estimates(dict(ROWS[3])), "log OR") is summary.NO_EVIDENCE
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
    assert exits().n_suppressed == 2  # b in 2021, and in 2022 where it had none
    assert select_rows(exits(), place="b").n_suppressed == 2
    assert select_rows(exits(), place="b", year=[2020, 2021]).n_suppressed == 1
    assert select_rows(exits(), place="a").n_suppressed == 0


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

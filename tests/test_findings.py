"""The page for the council: what each interval allows to be said, in Dutch and English."""

import math
import re

import pandas as pd
import pytest

from disclosure_tables import POLICY
from watwerkt.analysis import findings, recommendations
from watwerkt.disclosure import Gap, Protected, protect_estimates
from watwerkt.publish.page import Page
from watwerkt.publish.points import MARKS, write_figures

ROW = {
    "chapter": "07_experiments", "analysis": "P7", "design": "ITT", "outcome": "all",
    "horizon_months": 12, "estimand": "shares", "scale": "pp", "term": "intensief",
    "subgroup": "", "std_error": 1.0, "conf_level": 0.95, "p_value": 0.04, "n_obs": 900,
    "n_persons": 900, "n_events": 200, "n_clusters": 900, "mde": 5.0, "grade": 5,
    "status": "evidence", "is_primary": True, "note": "",
}  # fmt: skip
KINDS = {  # question → where its row differs, and the signs of an improvement
    "trial_exits": ({}, +1),
    "trial_work": ({"outcome": "work_12h"}, +1),
    "trial_days": ({"outcome": "benefit_days", "scale": "days", "mde": 40.0}, -1),
    "caseload_exits": ({"analysis": "P3"}, +1),
    "caseload_days": (
        {"analysis": "P3", "outcome": "benefit_days", "scale": "days", "mde": 40.0},
        -1,
    ),
    "prevention": ({"analysis": "P8", "outcome": "entry", "horizon_months": 6}, -1),
    "targets": ({"analysis": "P2", "term": "smaller_target"}, +1),
    "departures": (
        {
            "analysis": "P1", "horizon_months": 7, "scale": "elasticity",
            "term": "months_0_6", "mde": 0.8,
        },
        -1,
    ),
    "contact": (
        {
            "analysis": "P4", "horizon_months": 1, "scale": "log OR",
            "term": "contact_2_4_months_ago", "mde": 0.2,
        },
        +1,
    ),
    "contact_often": ({"analysis": "P5", "term": "often_against_never"}, +1),
    "errors": (
        {
            "analysis": "P6", "outcome": "admin_errors", "horizon_months": 1,
            "scale": "log RR", "term": "contact_2_4_months_ago", "mde": 0.2,
        },
        -1,
    ),
    "provision": (
        {"analysis": "P10", "outcome": "work", "horizon_months": 24, "term": "training"},
        +1,
    ),
}  # fmt: skip
WIDTHS = {"pp": (2.0, 9.0), "days": (8.0, 60.0), "elasticity": (0.2, 1.2), "log OR": (0.1, 0.4)}
WIDTHS["log RR"] = WIDTHS["log OR"]
MARGINS = {"trial_days": 23.0, "caseload_days": 23.0, "departures": 0.3}


def estimates(*rows: dict) -> Protected:
    return protect_estimates(pd.DataFrame([ROW | row for row in rows]), POLICY)


def world(question: str, truth: str, **given: object) -> dict:
    """A row whose interval tells a ``truth``: positive, negative, none or underpowered."""
    differs, sign = KINDS[question]
    row = ROW | differs | given
    narrow, wide = WIDTHS[row["scale"]]
    half = wide if truth == "underpowered" else narrow
    at = {"positive": 3, "negative": -3}.get(truth, 0.1) * sign * narrow
    return row | {"estimate": at, "conf_low": at - half, "conf_high": at + half}


def found(*rows: dict, margins: dict[str, float] = MARGINS) -> Protected | Gap:
    return findings.find_answers(estimates(*rows), margins)


def text(language: str, shown: Protected | Gap) -> str:
    """What a reader sees of a list of points, without its mark-up."""
    page = Page(language, is_synthetic=False).points(shown).data
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).strip()


@pytest.mark.parametrize("question", KINDS)
@pytest.mark.parametrize(
    ("truth", "status", "light"),
    [
        ("positive", "evidence", "better"),
        ("negative", "evidence", "worse"),
        ("positive", "indicative", "better_hint"),
        ("negative", "indicative", "worse_hint"),
        ("underpowered", "evidence", "open"),
        ("none", "indicative", "open"),
        ("positive", "warning", "unusable"),
    ],
)
def test_the_interval_and_the_grade_decide_the_light(question, truth, status, light):
    answers = found(world(question, truth, status=status))
    assert answers.frame["light"].tolist() == [light]
    for language in ("nl", "en"):
        said = text(language, answers)
        assert MARKS.get(light, "–") in said
        assert not re.search(r"[{}]|nan", said)


@pytest.mark.parametrize("question", ["trial_days", "caseload_days", "departures"])
def test_a_precise_nought_rules_out_what_would_pay(question):
    assert found(world(question, "none")).frame["light"].tolist() == ["small"]
    without = found(world(question, "none"), margins={})
    assert without.frame["light"].tolist() == ["open"]


DAYS = [
    (
        "positive",
        "1. ▲ beter Proef, dagen bijstand: intensief. Mensen zaten in het eerste jaar 24 dagen "
        "korter in de bijstand dan bij de gebruikelijke aanpak (16 tot 32). Dit mag als bewijs "
        "worden gelezen. Of het de 23 dagen zijn waarmee het zich terugverdient, moet nog blijken. "
        "Hoofdstuk 7.",
        "1. ▲ better Trial, days on benefit: intensief. In the trial people were on benefit 24 "
        "days less in the first year than with the usual approach (16 to 32). This may be read as "
        "evidence. Whether the 23 days are saved that pay for it, remains to be seen. Chapter 7.",
    ),
    (
        "negative",
        "1. ▼ slechter Proef, dagen bijstand: intensief. Mensen zaten in het eerste jaar 24 dagen "
        "langer in de bijstand dan bij de gebruikelijke aanpak (16 tot 32). Dit mag als bewijs "
        "worden gelezen. Hoofdstuk 7.",
        "1. ▼ worse Trial, days on benefit: intensief. In the trial people were on benefit 24 days "
        "more in the first year than with the usual approach (16 to 32). This may be read as "
        "evidence. Chapter 7.",
    ),
    (
        "none",
        "1. ■ verdient zich niet terug Proef, dagen bijstand: intensief. Of mensen in het eerste "
        "jaar korter in de bijstand zitten, staat niet vast: alles van 9 dagen korter tot 7 dagen "
        "langer past bij de gegevens. De 23 dagen besparing waarmee het zich terugverdient, zijn "
        "uitgesloten. Hoofdstuk 7.",
        "1. ■ does not pay Trial, days on benefit: intensief. Whether people are on benefit for "
        "fewer days in the first year is not settled by the trial: anything from 9 days less to 7 "
        "days more fits. A saving of the 23 days that pay for it is ruled out. Chapter 7.",
    ),
    (
        "underpowered",
        "1. ○ niet beslist Proef, dagen bijstand: intensief. Of mensen in het eerste jaar korter "
        "in de bijstand zitten, staat niet vast: alles van 61 dagen korter tot 59 dagen langer "
        "past bij de gegevens. Een verschil van 40 dagen zou meestal zijn opgemerkt. Het verdient "
        "zich terug bij 23 dagen, en dat is minder dan hier te zien is: deze gemeente kan de "
        "vraag niet alleen beantwoorden. Hoofdstuk 7.",
        "1. ○ not settled Trial, days on benefit: intensief. Whether people are on benefit for "
        "fewer days in the first year is not settled by the trial: anything from 61 days less to "
        "59 days more fits. A difference of 40 days would mostly have been noticed. To pay for "
        "itself it takes 23 days, and that is less than can be seen here: this municipality alone "
        "cannot answer the question. Chapter 7.",
    ),
]


@pytest.mark.parametrize(("truth", "nl", "en"), DAYS)
def test_the_whole_of_what_is_said_of_days(truth, nl, en):
    answers = found(world("trial_days", truth))
    assert (text("nl", answers), text("en", answers)) == (nl, en)


DEPARTURES = [
    (
        "positive",
        "When a colleague left and caseloads rose, outflow fell. Turned round: with a tenth fewer "
        "clients per caseworker outflow is 7% higher (4 to 9). That is an indication, not proof. "
        "More than the 3% that pays for it.",
    ),
    (
        "negative",
        "When a colleague left and caseloads rose, outflow rose as well. Turned round: with a "
        "tenth fewer clients per caseworker outflow is 6% lower (4 to 8). That is an "
        "indication, not proof.",
    ),
    (
        "underpowered",
        "What happened when colleagues left and caseloads rose settles nothing: with a tenth fewer "
        "clients per caseworker anything from 12% less to 14% more outflow fits. A rise of 9% "
        "would mostly have been noticed. To pay for itself it takes 3%, and that is less than can "
        "be seen here: this municipality alone cannot answer the question.",
    ),
]


@pytest.mark.parametrize(("truth", "en"), DEPARTURES)
def test_an_elasticity_is_turned_round_into_a_tenth_fewer_clients(truth, en):
    answers = found(world("departures", truth, status="indicative"))
    assert text("en", answers).endswith(f"{en} Chapter 3.")


@pytest.mark.parametrize(
    ("elasticity", "per_cent"), [(0.0, 0.0), (-0.23, 100 * (0.9**-0.23 - 1)), (1.0, -10.0)]
)
def test_per_cent_of_outflow_for_a_tenth_fewer_clients(elasticity, per_cent):
    row = world("departures", "none") | {"estimate": elasticity}
    assert found(row).frame["at"].item() == pytest.approx(per_cent, abs=1e-3)


def test_a_ratio_that_should_fall_is_detectable_from_below():
    rows = found(world("errors", "none"), world("contact", "none")).frame
    seen = dict(zip(rows["question"], rows["seen_from"], strict=True))
    assert seen["errors"] == pytest.approx(math.exp(-0.2), abs=1e-5)
    assert seen["contact"] == pytest.approx(math.exp(0.2), abs=1e-5)


@pytest.mark.parametrize(("p_value", "low"), [(0.9, 0.5), (0.001, 0.5), (0.9, -0.5), (0.001, -0.5)])
def test_no_p_value_decides_anything(p_value, low):
    row = ROW | {"estimate": 2.0, "conf_low": low, "conf_high": 4.0, "p_value": p_value}
    assert found(row).frame["light"].item() == ("better" if low > 0 else "open")


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_an_interval_that_touches_no_difference_leaves_it_open(low):
    row = ROW | {"estimate": 2.0, "conf_low": low, "conf_high": 4.0}
    assert found(row).frame["light"].item() == "open"


def test_what_is_settled_comes_first_and_every_finding_has_its_number():
    rows = found(
        world("trial_exits", "underpowered"),
        world("contact", "positive", status="indicative"),
        world("targets", "positive"),
        world("departures", "positive", status="warning"),
    )
    assert rows.frame["question"].tolist() == ["targets", "contact", "trial_exits", "departures"]
    assert rows.frame["number"].tolist() == [1, 2, 3, 4]
    assert findings.answered(rows).frame["number"].tolist() == [1, 2, 3]
    left = findings.unanswered(rows)
    assert left.frame["question"].tolist() == ["departures"]
    assert '<span class="no">4.</span>' in Page("nl", is_synthetic=False).points(left).data


def test_each_arm_and_each_provision_has_a_finding_of_its_own():
    arms = [world("trial_exits", "none", term=arm) for arm in ("intensief", "zelf doen")]
    rows = found(*arms, world("provision", "none"))
    assert rows.frame["about"].tolist() == ["intensief", "zelf doen", "training"]
    assert "scholing of training" in text("nl", rows)


@pytest.mark.parametrize(
    "other", [{"is_primary": False}, {"horizon_months": 24}, {"outcome": "work"}]
)
def test_only_the_estimate_named_beforehand_answers(other):
    assert found(world("trial_exits", "positive") | other) is findings.NO_FINDING


def test_few_people_say_nothing():
    rows = found(world("trial_exits", "positive", n_persons=4))
    assert rows.frame["light"].tolist() == ["missing"]
    assert findings.answered(rows) is findings.NO_FINDING


ADVICE = [  # findings → recommendations, each with the question that it rests on
    ([("trial_days", "none", "evidence")], [("not_for_money", "trial_days")]),
    ([("trial_exits", "positive", "evidence")], [("extend", "trial_exits")]),
    ([("trial_exits", "negative", "evidence")], [("stop", "trial_exits")]),
    ([("trial_days", "underpowered", "evidence")], [("draw_on", "trial_days")]),
    ([("departures", "underpowered", "indicative")], [("draw_teams", "departures")]),
    ([("departures", "positive", "warning")], [("draw_teams", "departures")]),
    (
        [("departures", "none", "warning"), ("caseload_exits", "positive", "evidence")],
        [("extend", "caseload_exits")],
    ),
    ([("contact", "positive", "indicative")], [("draw_contact", "contact")]),
    ([("contact", "negative", "indicative")], []),
    ([("provision", "positive", "indicative")], [("draw_places", "provision")]),
    ([("errors", "positive", "indicative")], []),
    (
        [
            ("provision", "positive", "indicative"),
            ("contact", "positive", "indicative"),
            ("departures", "underpowered", "indicative"),
            ("trial_days", "underpowered", "evidence"),
        ],
        [("draw_on", "trial_days"), ("draw_teams", "departures"), ("draw_contact", "contact")],
    ),
]


@pytest.mark.parametrize(("told", "advised"), ADVICE)
def test_recommendations_follow_from_findings_and_are_three_at_most(told, advised):
    answers = found(*(world(question, truth, status=s) for question, truth, s in told))
    got = recommendations.recommend(answers)
    if not advised:
        assert got is recommendations.NO_ADVICE
        return
    words = [recommendations.ADVICE_LABELS[name] for name, _ in advised]
    assert got.frame["advice"].tolist() == words
    assert got.frame["question"].tolist() == [question for _, question in advised]
    for language in ("nl", "en"):
        assert re.search(r"(See finding|Zie bevinding) \d", text(language, got))


def test_nothing_found_is_said_in_every_place():
    nothing = findings.NO_FINDING
    assert findings.answered(nothing) is nothing
    assert findings.unanswered(nothing) is nothing
    assert write_figures(nothing, "nl") is nothing


def test_nothing_found_nothing_advised():
    assert recommendations.recommend(findings.NO_FINDING) is recommendations.NO_ADVICE


def test_figures_are_written_in_the_unit_of_each_row():
    rows = found(
        world("trial_days", "positive"),
        world("contact", "positive", status="indicative"),
        world("departures", "positive", status="indicative"),
    )
    written = write_figures(rows, "nl").frame
    assert written["figure"].tolist() == [
        "−24 dagen (−32 tot −16)",
        "7% (4 tot 9)",
        "1,35 keer (1,22 tot 1,49)",
    ]
    assert written["detectable"].tolist() == ["40 dagen", "9%", "1,22 keer"]

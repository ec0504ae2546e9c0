"""What each chapter may use: every rule on hand-made facts, and whole deliveries."""

from dataclasses import replace

import polars as pl
import pytest

from analysis_panels import EXACT
from prepared_towns import prepare
from watwerkt.analysis import requirements, verdict
from watwerkt.analysis.facts import Facts, gather_facts
from watwerkt.analysis.requirements import CAUTION, NEEDS, NO, SUBJECTS, YES, judge
from watwerkt.publish.vocabulary import word
from watwerkt.schemas import tables

TRAITS = ("distance", "household_type", "exemption", "labour_market_distance")
GOOD = Facts(
    filled=frozenset(
        [*tables(), *(f"{t.name}.{c}" for t in tables().values() for c in t.columns)]
        + [f"traits:{trait}" for trait in TRAITS]
    ),
    gaps=frozenset(),
    found=frozenset(),
    caseload_source="assignments",
    is_lag_estimated=True,
    n_exits=1000,
    n_months=70.0,
    shares={
        "unexplained": 0.0,
        "held": 1.0,
        "fte": 1.0,
        "shock": 0.9,
        "contact_known": 0.8,
        "late": 0.0,
        "no_caseworker": 0.0,
        "no_channel": 0.0,
    },
)
ACCOUNTS = pl.DataFrame({"table": list(tables()), "rows_kept": [1000] * len(tables())})


def facts(without: str = "", **changed) -> Facts:
    """Good facts with something changed; ``shares`` are changed one by one."""
    gone = {f for f in GOOD.filled if without and (f == without or f.startswith(f"{without}."))}
    shares = {**GOOD.shares, **changed.pop("shares", {})}
    return replace(GOOD, **({"filled": GOOD.filled - gone, "shares": shares} | changed))


def test_everything_is_good_where_nothing_is_wrong():
    assert {subject: judge(subject, GOOD) for subject in SUBJECTS} == dict.fromkeys(
        SUBJECTS, (YES, "good")
    )


@pytest.mark.parametrize(
    ("subject", "changed", "found"),
    [
        ("benefits", {"n_exits": 0}, (NO, "no_exits")),
        ("benefits", {"n_exits": 99}, (CAUTION, "few_exits")),
        ("benefits", {"found": frozenset({"B10-flag"})}, (CAUTION, "vanished")),
        ("benefits", {"is_lag_estimated": False}, (CAUTION, "lag_assumed")),
        ("benefits", {"gaps": frozenset({"benefits"})}, (CAUTION, "months_missing")),
        ("exit_reasons", {"shares": {"unexplained": 0.11}}, (CAUTION, "unexplained")),
        ("exit_reasons", {"without": "benefits.exit_reason"}, (NO, "empty")),
        ("distance", {"filled": GOOD.filled - {"traits:labour_market_distance"}},
         (CAUTION, "undated")),
        ("groups", {"without": "clients.origin"}, (NO, "empty")),
        ("groups", {"without": "traits"}, (CAUTION, "undated")),
        ("caseload", {"caseload_source": "none"}, (NO, "no_caseload")),
        ("caseload", {"caseload_source": "contacts", "without": "assignments"},
         (CAUTION, "caseload_from_contacts")),
        ("caseload", {"shares": {"held": 0.8}}, (CAUTION, "caseworker_unknown")),
        ("hours", {"without": "caseworkers.fte"}, (NO, "empty")),
        ("hours", {"without": "caseworkers"}, (NO, "not_delivered")),
        ("hours", {"shares": {"fte": 0.8}}, (CAUTION, "hours_partly")),
        ("departures", {"found": frozenset({"A04-flag"})}, (NO, "no_history")),
        ("departures", {"shares": {"shock": 0.0}}, (NO, "no_departures")),
        ("contacts", {"without": "contacts"}, (NO, "not_delivered")),
        ("contacts", {"shares": {"contact_known": 0.4}}, (NO, "contact_unusable")),
        ("contacts", {"found": frozenset({"C05-flag"})}, (CAUTION, "collapsed")),
        ("contacts", {"filled": GOOD.filled | {"contacts.is_reach_assumed"}},
         (CAUTION, "reach_unknown")),
        ("contacts", {"shares": {"late": 0.21}}, (CAUTION, "booked_late")),
        ("contacts", {"shares": {"no_channel": 0.11}}, (CAUTION, "channel_unknown")),
        ("contact_caseworker", {"shares": {"no_caseworker": 0.11}},
         (CAUTION, "caseworker_unknown")),
        ("services", {"found": frozenset({"S02-flag"})}, (CAUTION, "srg_break")),
        ("follow_up", {"n_months": 17.9}, (NO, "too_short")),
        ("follow_up", {"n_months": 35.9}, (CAUTION, "short")),
        ("trial", {"without": "trials"}, (NO, "not_delivered")),
    ],
)  # fmt: skip
def test_a_rule_finds_what_it_is_for(subject, changed, found):
    assert judge(subject, facts(**changed)) == found


def test_every_word_of_a_verdict_is_in_the_vocabulary():
    reasons = {r for s in SUBJECTS.values() for r in (*s.lacks, *s.doubts)}
    assert {*reasons, "good", "not_delivered", "empty", "months_missing"} == set(
        word("reason").names
    )
    assert set(SUBJECTS) == set(word("need").names)
    assert set(NEEDS) == set(word("chapter").names)
    assert {need for needs in NEEDS.values() for need in needs} == set(SUBJECTS)


def verdicts(found: Facts) -> dict[str, tuple[str, str, str]]:
    frame = verdict.may_use_table(found, ACCOUNTS, EXACT).frame
    columns = (frame[c] for c in ("verdict", "need", "reason"))
    return dict(zip(frame["chapter"], zip(*columns, strict=True), strict=True))


def test_a_chapter_is_as_good_as_what_it_cannot_do_without():
    found = verdicts(facts(without="contacts"))
    assert found["04"] == (NO, "contacts", "not_delivered")
    assert found["08"] == (CAUTION, "contacts", "not_delivered")  # helps there
    assert found["05"] == (YES, "chain", "good")


def test_what_it_cannot_do_without_decides_before_what_helps():
    found = verdicts(facts(without="policies", found=frozenset({"B10-flag"})))
    assert found["03"] == (CAUTION, "benefits", "vanished")


def test_every_need_of_every_chapter_has_a_row_in_order():
    frame = verdict.needs_table(GOOD, ACCOUNTS, EXACT).frame
    assert len(frame) == sum(len(needs) for needs in NEEDS.values())
    assert frame["chapter"].is_monotonic_increasing
    assert frame["rows_kept"].eq(1000).all()


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (GOOD, verdict.VERDICT_LABELS[YES,]),
        (facts(is_lag_estimated=False, found=frozenset({"S02-flag"})),
         verdict.VERDICT_LABELS[YES, CAUTION]),
        (facts(without="contacts"), verdict.SOME_LABEL),
    ],
)  # fmt: skip
def test_one_sentence_says_it_all(found, sentence):
    assert verdict.verdict_sentence(verdict.may_use_table(found, ACCOUNTS, EXACT)) == sentence


BENEFITS = (
    "person_id start_date end_date exit_reason\nann 2018-01-01 2021-03-01 98\nbo 2018-01-01 - -"
)


def test_facts_of_a_plain_extract():
    found = gather_facts(prepare(benefits=BENEFITS))
    assert {"clients", "benefits", "benefits.exit_reason"} <= found.filled
    assert "benefits.entry_reason" not in found.filled
    assert (found.n_exits, found.share("unexplained")) == (10, 1)
    assert (found.caseload_source, found.is_lag_estimated) == ("none", False)
    assert found.n_months == pytest.approx(71, abs=0.5)  # without the last 30 days
    assert judge("caseload", found) == (NO, "no_caseload")
    assert judge("contacts", found) == (NO, "not_delivered")
    assert judge("exit_reasons", found) == (CAUTION, "unexplained")


def test_facts_of_contacts_and_assignments():
    found = gather_facts(
        prepare(
            benefits=BENEFITS,
            caseworkers="caseworker_id team_id start_date fte\nw1 t1 2017-01-01 0.8",
            assignments="person_id caseworker_id start_date\nann w1 2018-01-01\nbo w1 2018-01-01",
            contacts="""
                person_id contact_date registered_date channel caseworker_id
                ann       2019-01-05   2019-12-05      unknown -
                bo        2020-01-05   2020-01-05      phone   w1
            """,
        )
    )
    assert found.shares["held"] == found.shares["fte"] == 1
    assert [found.share(name) for name in ("late", "no_caseworker", "no_channel")] == [0.5] * 3
    assert "A04-flag" in found.found
    assert "contacts.is_reach_assumed" in found.filled


def test_no_threshold_is_out_of_range():
    shares = ("MANY_UNEXPLAINED", "MANY_LATE", "MANY_UNKNOWN", "MOSTLY", "USABLE")
    assert all(0 < getattr(requirements, name) < 1 for name in shares)

"""Nought to three recommendations, each tied to a finding: chosen by rules, in a fixed order.

What a lottery has shown comes first, then what a lottery could show. No rule reads a p-value, and
none turns an indication into advice to spend.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from watwerkt.analysis.findings import BETTER, BETTER_HINT, OPEN, SMALL, UNUSABLE, WORSE
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.selection import derive_rows

MOST = 3
TRIALS = ("trial_exits", "trial_work", "trial_days", "caseload_exits", "caseload_days")
DRAWN = (*TRIALS, "prevention")
BY_CIRCUMSTANCE = ("departures", "targets")
NO_ADVICE = Gap("These findings give no reason for a recommendation.")
ADVICE_LABELS = {
    "stop": "Stop with this approach, or change it: by lot it turned out worse than the usual one.",
    "extend": (
        "Go on with this approach, and offer it to more people. What it costs and brings stands "
        "in chapter 10."
    ),
    "not_for_money": (
        "Do not extend this approach in order to save: what pays for it is ruled out. There may be "
        "other reasons to go on with it."
    ),
    "draw_on": (
        "Let this trial run on, or join with other municipalities: as large as it is, it cannot "
        "settle the question."
    ),
    "draw_teams": (
        "Where there is money for smaller caseloads, draw by lot which teams get them first, and "
        "which later. Then next year tells what they do."
    ),
    "draw_contact": (
        "Test by lottery whether more conversations help before staff are hired for them. What is "
        "seen now is only an indication."
    ),
    "draw_places": (
        "Where more people want a place than there are places, draw by lot. Then this indication "
        "becomes an answer."
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Which findings give a reason for a recommendation; the first of them is named with it."""

    advice: str
    questions: tuple[str, ...]
    lights: tuple[str, ...]
    holds: Callable[[pd.DataFrame], bool] = lambda rows: True


def _nothing_drawn(found: pd.DataFrame) -> bool:
    """No lottery over caseloads was held, or none could be used."""
    drawn = found[found["question"].isin(("caseload_exits", "caseload_days"))]
    return not drawn["light"].isin((BETTER, WORSE, SMALL, OPEN)).any()


def _nothing_settled(found: pd.DataFrame) -> bool:
    """No arm of a trial has an answer on any outcome."""
    trials = found[found["question"].isin(TRIALS)]
    return not trials["light"].isin((BETTER, WORSE, SMALL)).any()


RULES = (
    Rule("stop", DRAWN, (WORSE,)),
    Rule("extend", DRAWN, (BETTER,)),
    Rule("not_for_money", TRIALS, (SMALL,)),
    Rule("draw_on", ("trial_days", "caseload_days"), (OPEN,), _nothing_settled),
    Rule(
        "draw_teams",
        BY_CIRCUMSTANCE,
        (BETTER, BETTER_HINT, OPEN, UNUSABLE),
        _nothing_drawn,
    ),
    Rule("draw_contact", ("contact", "contact_often"), (BETTER_HINT,)),
    Rule("draw_places", ("provision",), (BETTER_HINT,)),
)


def recommend(found: Protected | Gap) -> Protected | Gap:
    """At most ``MOST`` rows of ``found``, each with the ``advice`` (message id) it leads to."""
    if isinstance(found, Gap):
        return NO_ADVICE
    frame = found.frame
    reasons = {rule.advice: _reason(rule, frame) for rule in RULES if rule.holds(frame)}
    rows = [
        row.assign(advice=ADVICE_LABELS[advice]) for advice, row in reasons.items() if not row.empty
    ]
    if not rows:
        return NO_ADVICE
    return derive_rows(pd.concat(rows[:MOST], ignore_index=True), found)


def _reason(rule: Rule, found: pd.DataFrame) -> pd.DataFrame:
    """The first finding that the rule is about, as a frame of one row or none."""
    is_reason = found["question"].isin(rule.questions) & found["light"].isin(rule.lights)
    return found[is_reason].head(1)

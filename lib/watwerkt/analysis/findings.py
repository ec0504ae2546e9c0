"""The findings of a report, one row per question: what may be said of it, by grade and interval.

The question decides beforehand which of the primary estimates answers it; the interval decides
what is said; a p-value decides nothing. Figures are in a reader's units, in which more is not
always better: percentage points, days, ratios, and per cent of outflow for a tenth fewer clients.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from watwerkt.analysis.finding_words import (
    FINDING_LABELS,
    MARGIN_LABELS,
    SEEN_LABELS,
    WEIGHT_LABELS,
)
from watwerkt.analysis.shock_rows import WITH_HAND_OVER
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.selection import derive_rows, select_rows

CHAPTERS = {"P1": "3", "P2": "3", "P3": "7", "P4": "4", "P5": "4", "P6": "4", "P7": "7", "P8": "7"}
CHAPTERS |= {"P10": "6"}
RECENT = "contact_2_4_months_ago"
SMALLER = 0.9  # of a caseload: a tenth fewer clients per caseworker
UNITS = {
    "pp": "points",
    "days": "days",
    "log OR": "ratio",
    "log RR": "ratio",
    "elasticity": "per_cent",
}
BETTER, WORSE = "better", "worse"
BETTER_HINT, WORSE_HINT = "better_hint", "worse_hint"
SMALL, OPEN, UNUSABLE, MISSING = "small", "open", "unusable", "missing"
ANSWERED = [BETTER, WORSE, SMALL, BETTER_HINT, WORSE_HINT, OPEN]
LIGHTS = [*ANSWERED, UNUSABLE, MISSING]  # what is settled comes first
NO_FINDING = Gap("No question of this report can be answered from these data.")
ALL_ANSWERED = Gap("Every question of this report has an answer, be it an open one.")
ENDS = ["low", "at", "high"]


@dataclass(frozen=True, slots=True)
class Question:
    """Which primary estimate answers a question; ``sign`` is that of an improvement.

    Without a ``term`` there can be several answers: one per arm of a trial or kind of provision.
    """

    name: str
    analysis: str
    outcome: str
    horizon_months: int
    sign: int
    term: str = ""


QUESTIONS = (
    Question("trial_exits", "P7", "all", 12, +1),
    Question("trial_work", "P7", "work_12h", 12, +1),
    Question("trial_days", "P7", "benefit_days", 12, -1),
    Question("caseload_exits", "P3", "all", 12, +1),
    Question("caseload_days", "P3", "benefit_days", 12, -1),
    Question("prevention", "P8", "entry", 6, -1),
    Question("targets", "P2", "all", 12, +1, "smaller_target"),
    Question("departures", "P1", "all", 7, -1, WITH_HAND_OVER),
    Question("contact", "P4", "all", 1, +1, RECENT),
    Question("contact_often", "P5", "all", 12, +1, "often_against_never"),
    Question("errors", "P6", "admin_errors", 1, -1, RECENT),
    Question("provision", "P10", "work", 24, +1),
)


def find_answers(estimates: Protected, margins: Mapping[str, float]) -> Protected | Gap:
    """One row per question and arm or kind of provision: by ``LIGHTS``, then by ``QUESTIONS``.

    ``margins`` says for a question which improvement would pay for itself, on the scale of the
    estimate and above 0. Columns beside the estimate's own: ``question``, ``light``, ``unit``;
    ``low``, ``at``, ``high`` and ``seen_from`` in that unit; ``margin``; and the sentences.
    """
    rows = [
        _answer(row, question, margins.get(question.name, np.nan))
        for question in QUESTIONS
        for _, row in _rows_of(estimates, question).iterrows()
    ]
    if not rows:
        return NO_FINDING
    table = pd.DataFrame(rows).astype({"n_persons": "Int64", "grade": "Int64"})
    order = table["light"].map(LIGHTS.index)
    table = table.assign(order=order).sort_values("order", kind="stable", ignore_index=True)
    numbered = table.drop(columns="order").assign(number=range(1, len(table) + 1))
    return derive_rows(numbered, estimates)


def answered(found: Protected | Gap) -> Protected | Gap:
    """The findings that say something."""
    return _with_light(found, ANSWERED, NO_FINDING)


def unanswered(found: Protected | Gap) -> Protected | Gap:
    """The questions that these data do not answer: no estimate, or one that failed its checks."""
    return _with_light(found, [UNUSABLE, MISSING], ALL_ANSWERED)


def judge(row: pd.Series, sign: int, margin: float) -> str:
    """The verdict on one estimate, by its status and its interval; ``margin`` may be missing."""
    if np.isnan(row["estimate"]):
        return MISSING
    gain = sorted(sign * row[["conf_low", "conf_high"]].to_numpy(float))
    if row["status"] == "warning" or np.isnan(gain).any():
        return UNUSABLE
    is_evidence = row["status"] == "evidence"
    if gain[0] > 0:
        return BETTER if is_evidence else BETTER_HINT
    if gain[1] < 0:
        return WORSE if is_evidence else WORSE_HINT
    return SMALL if is_evidence and gain[1] < margin else OPEN


def _rows_of(estimates: Protected, question: Question) -> pd.DataFrame:
    wanted = {"term": question.term} if question.term else {}
    return select_rows(
        estimates,
        analysis=question.analysis,
        outcome=question.outcome,
        horizon_months=question.horizon_months,
        is_primary=True,
        **wanted,
    ).frame


def _answer(row: pd.Series, question: Question, margin: float) -> dict[str, object]:
    verdict = judge(row, question.sign, margin)
    unit = UNITS[row["scale"]]
    figures = _in_unit(row, unit, question.sign) | {"margin": _one_in_unit(margin, unit)}
    kept = ["analysis", "term", "grade", "status", "n_persons", "horizon_months"]
    return {
        "question": question.name,
        "about": "" if question.term else row["term"],
        **{column: row[column] for column in kept},
        "light": verdict,
        "place": CHAPTERS[question.analysis],
        "unit": unit,
        **figures,
        **_sizes(figures),
        **_sentences(question, verdict, unit, row, margin),
    }


def _in_unit(row: pd.Series, unit: str, sign: int) -> dict[str, float]:
    """The interval, the estimate and what could be detected, in a reader's unit."""
    ends = [_one_in_unit(row[c], unit) for c in ("conf_low", "estimate", "conf_high")]
    if unit == "per_cent":  # of outflow where caseload falls: an elasticity turned round
        ends = [100 * (SMALLER ** row[c] - 1) for c in ("conf_high", "estimate", "conf_low")]
    seen = sign * row["mde"] if unit == "ratio" else row["mde"]
    return dict(zip(ENDS, ends, strict=True)) | {"seen_from": _one_in_unit(seen, unit)}


def _one_in_unit(value: float, unit: str) -> float:
    """A difference above 0, on the scale of the estimate, in a reader's unit."""
    if unit == "ratio":
        return float(np.exp(value))
    return float(100 * (SMALLER**-value - 1)) if unit == "per_cent" else float(value)


def _sizes(figures: Mapping[str, float]) -> dict[str, float]:
    """Without a sign, for sentences that say *more* or *fewer* themselves."""
    low, at, high = (figures[end] for end in ENDS)
    least, most = sorted([abs(low), abs(high)])
    return {"size": abs(at), "least": least, "most": most, "below": abs(low), "above": abs(high)}


def _sentences(
    question: Question, verdict: str, unit: str, row: pd.Series, margin: float
) -> dict[str, str]:
    """Message ids: what was found, how much it weighs, and what would pay or could be seen."""
    said = FINDING_LABELS[question.name]
    direction = {BETTER_HINT: BETTER, WORSE_HINT: WORSE, SMALL: OPEN}.get(verdict, verdict)
    is_told = verdict in (BETTER, WORSE, BETTER_HINT, WORSE_HINT)
    seen = SEEN_LABELS[unit] if verdict == OPEN and not np.isnan(row["mde"]) else ""
    return {
        "sentence": WEIGHT_LABELS[verdict] if direction not in said else said[direction],
        "weight": WEIGHT_LABELS[row["status"]] if is_told else "",
        "power": seen,
        "pays": _pays(question, verdict, row, margin),
    }


def _pays(question: Question, verdict: str, row: pd.Series, margin: float) -> str:
    """Whether it would pay for itself (message id); nothing where no price is known."""
    said = MARGIN_LABELS.get(question.name, {})
    if np.isnan(margin) or not said:
        return ""
    gain = sorted(question.sign * row[["conf_low", "conf_high"]].to_numpy(float))
    if verdict in (BETTER, BETTER_HINT):
        settled = "pays" if gain[0] > margin else "short" if gain[1] < margin else "may_pay"
        return said[settled]
    if verdict == OPEN:
        return said["unseen" if row["mde"] > margin else "may_pay"]
    return said["ruled_out"] if verdict == SMALL else ""


def _with_light(found: Protected | Gap, lights: list[str], otherwise: Gap) -> Protected | Gap:
    if isinstance(found, Gap):
        return found
    rows = select_rows(found, light=lights)
    return otherwise if rows.frame.empty else rows

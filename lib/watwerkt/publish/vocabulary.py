"""One word per thing: how a column is called and written wherever it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from watwerkt.errors import DataError

SHARE_CURVE = {"time": "", "at_risk": "", "estimate": "share", "conf_low": "", "conf_high": ""}
SHARES = dict.fromkeys(("estimate", "conf_low", "conf_high"), "%0")
ODDS_COLUMNS = {
    "estimate": "odds ratio",
    "conf_low": "",
    "conf_high": "",
    "mde": "",
    "n_persons": "",
    "n_events": "",
}
ODDS = dict.fromkeys(("estimate", "conf_low", "conf_high", "mde"), "exp.2")  # logs, read as ratios
SHOCK_STAGE = dict.fromkeys(
    ("estimate", "conf_low", "conf_high", "mde"), "%1"
)  # log, about a share
TRIAL_EFFECT_LABELS = {  # column → its label in tables of a trial's effects
    "trial_id": "",
    "term": "arm",
    "outcome": "outcome",
    "estimate": "difference",
    "conf_low": "",
    "conf_high": "",
    "mde": "",
    "n_persons": "",
}
TRIAL_OUTCOME_LABELS = {
    "all": "left benefit",
    "work": "left benefit for work",
    "administrative": "left benefit, no entitlement or no information",
    "work_12h": "works 12 hours a week or more",
    "benefit_days": "days on benefit",
    "entry": "on benefit within 6 months",
    "hours_month": "hours of work a month, of those with a job",
    "wage_eur_month": "wage a month in euros, of those with a job",
}
TRIAL_DESIGN_LABELS = {
    "ITT": "by formula, corrected for all questions by Holm",
    "ITT, lottery drawn again": "by drawing again, corrected for all questions by Romano and Wolf",
    "Lee, lower bound": "lower bound",
    "Lee, upper bound": "upper bound",
}
TRIAL_NAMES = {"outcome": TRIAL_OUTCOME_LABELS, "design": TRIAL_DESIGN_LABELS}
TWO_YEARS = {  # the columns of a trial's effects at several horizons
    **dict.fromkeys(("trial_id", "horizon_months"), ""),
    **TRIAL_EFFECT_LABELS,
    "p_adjusted": "",
}
CHANCE_LABELS = {
    "design": "",
    "trial_id": "",
    "term": "arm",
    "outcome": "outcome",
    "horizon_months": "",
    "estimate": "difference",
    "conf_low": "",
    "conf_high": "",
    "p_value": "",
    "p_adjusted": "p-value, corrected",
}
MARGIN_COLUMNS = {k: v for k, v in TRIAL_EFFECT_LABELS.items() if k != "outcome"} | {"p_value": ""}
BOUND_LABELS = {
    "outcome": "outcome",
    "trial_id": "",
    "term": "arm",
    "design": "",
    "estimate": "difference",
    "conf_low": "",
    "conf_high": "",
    "n_persons": "",
}
WITHIN_LABELS = {
    "known_before": "",
    "group": "",
    "trial_id": "",
    "term": "arm",
    "estimate": "difference",
    "conf_low": "",
    "conf_high": "",
    "mde": "",
    "n_persons": "",
}
BETWEEN_LABELS = {
    "known_before": "",
    "trial_id": "",
    "term": "arm",
    "estimate": "difference between the groups",
    "conf_low": "",
    "conf_high": "",
    "mde": "",
    "p_value": "",
    "p_adjusted": "",
}
PATH_LABELS = {
    "time": "months since the draw",
    "term": "arm",
    "estimate": "percentage points",
    "conf_low": "",
    "conf_high": "",
    "mde": "",
    "n_persons": "",
}
ARM_PATH_AXES = {
    "x": "time",
    "y": "estimate",
    "series": "term",
    "low": "conf_low",
    "high": "conf_high",
}
COST_COLUMNS = ["pair", "cost_eur", "cost_low", "cost_high", "break_even_days"]
NET_COLUMNS = ["pair", "perspective", "net_eur", "net_low", "net_high", "share_paid_back"]
EUROS = dict.fromkeys(("value", "low", "high"), ".0")
PRICE_SHARES = dict.fromkeys(("value", "low", "high"), ".2")
INTERVAL_COLUMNS = {"estimate": "", "conf_low": "", "conf_high": "", "mde": "", "n_persons": ""}
RATE_LABELS = {
    "mde": "",
    "estimate": "ratio",
    "conf_low": "",
    "conf_high": "",
    "n_persons": "",
    "n_events": "errors",
}
POINTS_COLUMNS = {
    "outcome": "",
    "estimate": "percentage points",
    "conf_low": "",
    "conf_high": "",
    "mde": "",
    "n_events": "",
}
GROUP_ODDS_LABELS = {  # column → its label in tables of effects by group
    "level": "",
    "estimate": "odds ratio",
    **dict.fromkeys(("conf_low", "conf_high", "mde", "n_persons", "n_events"), ""),
}
GROUP_POINTS_LABELS = GROUP_ODDS_LABELS | {"estimate": "percentage points"}
GROUP_ELASTICITY_LABELS = GROUP_ODDS_LABELS | {"estimate": "elasticity"}
DRAWN_COLUMNS = ["division", "level", "estimate", "conf_low", "conf_high", "n_persons", "n_events"]
PAIR_LABELS = {
    **dict.fromkeys(("division", "finding", "first", "second"), ""),
    "estimate": "difference",
    **dict.fromkeys(("conf_low", "conf_high", "mde"), ""),
}
PAIR_ODDS_LABELS = PAIR_LABELS | {"estimate": "ratio"}
COVERAGE_COLUMNS = ["reach", "n_covered", "n_clients", "share_covered"]
VERDICT_LABELS = {"evidence": "evidence", "indicative": "indication", "warning": "no answer"}
VERDICT_NAMES = {"status": VERDICT_LABELS}
ITEM_LABELS = {  # of a survey; an item without a name here stands as it was delivered
    "vertrouwen": "trust",
    "regie": "having a say",
    "gezondheid": "health",
    "weg_naar_werk": "way to work",
}
ANSWER_LABELS = {"as_answered": "as answered", "weighted": "weighted to all"}
ITEM_NAMES = {"outcome": ITEM_LABELS, "term": ANSWER_LABELS}
MEAN_LABELS = {"outcome": "item", "month": "", "term": "answers", "estimate": "mean score"}
MEAN_LABELS |= {"conf_low": "", "conf_high": "", "n_persons": ""}
SURVEY_LABELS = {
    "trial_id": "",
    "term": "arm",
    "outcome": "item",
    "estimate": "",
    "conf_low": "",
    "conf_high": "",
    "p_adjusted": "",
    "mde": "",
    "n_persons": "",
}
SCORES = dict.fromkeys(("estimate", "conf_low", "conf_high", "mde"), ".2")
ENDS = {"conf_low": "", "conf_high": ""}
PATH_AXES = {
    "x": "time",
    "y": "estimate",
    "series": "outcome",
    "low": "conf_low",
    "high": "conf_high",
}
POINTS = dict.fromkeys(("estimate", "conf_low", "conf_high", "mde"), ".1")


@dataclass(frozen=True, slots=True)
class Word:
    """How one column is called and written.

    Attributes
    ----------
    label : its message id.
    format : a placeholder spec, as in ``language``.
    names : value → message id.
    codes : a code list of the codebook, which has both languages itself.
    """

    label: str
    format: str = ""
    names: Mapping[Any, str] = field(default_factory=dict)
    codes: str = ""


@cache
def vocabulary() -> dict[str, Word]:
    """Every column by name, from ``vocabulary.yaml``."""
    text = (files("watwerkt.publish") / "vocabulary.yaml").read_text(encoding="utf-8")
    return {column: Word(**spec) for column, spec in yaml.safe_load(text).items()}


def word(column: str) -> Word:
    """The word for ``column``; raises DataError where the vocabulary has none."""
    if column not in vocabulary():
        raise DataError(f"no word for column {column}: add it to publish/vocabulary.yaml")
    return vocabulary()[column]


def messages() -> Iterator[str]:
    """Every message id that the vocabulary asks for."""
    for entry in vocabulary().values():
        yield entry.label
        yield from entry.names.values()

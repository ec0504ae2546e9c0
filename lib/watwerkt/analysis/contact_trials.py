"""What if everybody were spoken to regularly, or nobody? Emulated trials (P5).

At least one reached contact in every three months of a year, against none in its first six: the
share that has left within that year, standardised to the clients at hand.
"""

from dataclasses import dataclass, replace

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import OUTCOMES
from watwerkt.analysis.contact_rows import DEATH, PROGNOSTIC, SELECTION, trial_rows
from watwerkt.analysis.destination import UNEXPLAINED
from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_means
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.risk_difference import TERM, RiskDifference, risk_difference
from watwerkt.estimators.sequential_trials import HORIZON, NEVER, OFTEN, emulate_trials
from watwerkt.estimators.weights import weight_diagnostics

MIN_UNCENSORED, MIN_EVENTS = 100, 10  # per arm, or nothing is shown
MIN_EFFECTIVE = 100  # persons of equal weight per arm
MEAN_WEIGHT = (0.8, 1.25)  # of stabilised weights, beyond which their model does not hold
RULE_LABELS = {OFTEN: "a talk every three months", NEVER: "no talk for half a year"}
FEW_FOLLOWED = Gap(
    "Too few people kept to one of the two rules for a year, or too few of them left: comparing "
    "the rules needs 100 people and 10 exits under each."
)
LOOSE_WEIGHTS = Gap(
    "Those who kept to a rule differ so much from all others that a few of them would decide the "
    "outcome: no figure is shown."
)
EMULATION = Design(
    analysis="P5",
    design="sequential trial emulation",
    estimand="a contact in every 3 months of a year against none in the first 6",
    scale="pp",
    grade=2,
    status="indicative",
    is_primary=True,
    horizon_months=HORIZON,
)
NEGATIVE_CONTROL = replace(
    EMULATION,
    analysis="P5 negative control",
    estimand="death, on which contact has no effect",
    is_primary=False,
)
SOUND, FEW = "chance_within_background", "few_followed"


@dataclass(frozen=True, slots=True)
class Emulation:
    """The risk difference of each outcome; None where it cannot be estimated.

    Attributes
    ----------
    weights : as ``weight_diagnostics`` gives them; None where no trial can be emulated.
    """

    fits: dict[str, RiskDifference | None]
    weights: pd.DataFrame | None


def fit_trials(panel: pl.LazyFrame) -> Emulation | None:
    """Emulate the trials once, and compare every destination, and death, in them.

    None where contacts are not delivered, or not long enough to have a history.
    """
    rows = trial_rows(panel)
    if rows.empty:
        return None
    outcomes = [*OUTCOMES, UNEXPLAINED, DEATH]
    try:
        trials = emulate_trials(rows, SELECTION, PROGNOSTIC)
    except DataError:
        return Emulation(dict.fromkeys(outcomes), None)
    fits: dict[str, RiskDifference | None] = {}
    for outcome in outcomes:
        try:
            fits[outcome] = risk_difference(trials, f"to_{outcome}")
        except DataError:
            fits[outcome] = None
    return Emulation(fits, weight_diagnostics(trials))


def risk_differences(found: Emulation | None, policy: Policy, conf_level: float) -> Protected | Gap:
    """Difference in exits within a year, in percentage points; a row per destination, whatever."""
    if found is None:
        return NO_CONTACTS
    return protect_estimates(_rows(found, [*OUTCOMES, UNEXPLAINED], conf_level), policy)


def negative_control(found: Emulation | None, policy: Policy, conf_level: float) -> Protected | Gap:
    """The same for death, which a contact does not bring about: an effect here is selection."""
    if found is None:
        return NO_CONTACTS
    return protect_estimates(_rows(found, [DEATH], conf_level, NEGATIVE_CONTROL), policy)


def shown_differences(
    found: Emulation | None, policy: Policy, conf_level: float
) -> Protected | Gap:
    """The same for the page: only destinations of which the verdict is no warning."""
    if found is None:
        return NO_CONTACTS
    rows = _rows(found, [*OUTCOMES, UNEXPLAINED], conf_level)
    shown = rows[rows["note"] == SOUND].reset_index(drop=True)
    if len(shown):
        return protect_estimates(shown, policy)
    return _why_not(rows)


def _why_not(rows: pd.DataFrame) -> Gap:
    return LOOSE_WEIGHTS if (rows["note"] == "weights").any() else FEW_FOLLOWED


def weights_table(found: Emulation | None, policy: Policy) -> Protected | Gap:
    """Per rule: who kept to it, and whether their weights can carry an estimate."""
    if found is None:
        return NO_CONTACTS
    if found.weights is None:
        return FEW_FOLLOWED
    table = found.weights.drop(columns=["n_trials", "max_weight"])
    means = ["mean_weight", "effective_n"]
    return protect_means(table, means, policy, by=["arm"], n_persons="n_uncensored")


def judge_trials(fit: RiskDifference, weights: pd.DataFrame) -> tuple[str, str]:
    """Status and its reason: the rule that decides how an estimate may be read.

    *warning* with fewer than 100 people or 10 exits under either rule, or with weights that do not
    hold (their mean far from 1, or fewer than 100 people's worth); else *indicative*, never more:
    who was spoken to may have been chosen for what nobody wrote down.
    """
    if weights["n_uncensored"].min() < MIN_UNCENSORED or min(fit.events.values()) < MIN_EVENTS:
        return "warning", FEW
    holds = weights["mean_weight"].between(*MEAN_WEIGHT).all()
    if not holds or weights["effective_n"].min() < MIN_EFFECTIVE:
        return "warning", "weights"
    return "indicative", SOUND


def unknown_reason_bounds(found: Emulation | None, policy: Policy) -> Protected | Gap:
    """Per destination: the difference if no unknown reason was it, or all were, in either arm.

    From none where the difference is least, to all: from the least that the true difference in
    exits to a destination can be (apart from chance) to the most.
    """
    if found is None:
        return NO_CONTACTS
    unknown = found.fits[UNEXPLAINED]
    if found.weights is None or unknown is None:
        return FEW_FOLLOWED
    n_persons = int(found.weights["n_uncensored"].min())
    rows = [
        {
            "outcome": outcome,
            "estimate": float(fit.estimate[0]),
            "lower_bound": float(fit.estimate[0] - unknown.risk[NEVER][-1]),
            "upper_bound": float(fit.estimate[0] + unknown.risk[OFTEN][-1]),
            "n_persons": n_persons,
        }
        for outcome in OUTCOMES[1:]
        if (fit := found.fits[outcome]) is not None and judge_trials(fit, found.weights)[1] == SOUND
    ]
    if not rows:
        return _why_not(_rows(found, [*OUTCOMES], 0.95))
    figures = ["estimate", "lower_bound", "upper_bound"]
    return protect_means(pd.DataFrame(rows), figures, policy, by=["outcome"], n_persons="n_persons")


def _rows(
    found: Emulation, outcomes: list[str], conf_level: float, design: Design = EMULATION
) -> pd.DataFrame:
    rows = []
    for outcome in outcomes:
        fit = found.fits[outcome]
        if fit is None or found.weights is None:
            warned = replace(design, status="warning", grade=1)
            rows.append(not_estimable(warned, outcome, TERM, conf_level))
            continue
        status, note = judge_trials(fit, found.weights)
        judged = replace(design, status=status, note=note, grade=2 if status != "warning" else 1)
        rows.append(describe_estimates(fit.tidy(conf_level), judged, outcome, conf_level))
    return pd.concat(rows, ignore_index=True)

"""Does a talk raise the odds of leaving? The lagged hazard (P4), and the same in percentage points.

Exposure: at least one reached personal contact two to four months ago. The last month is skipped,
since half of the talks that follow from an exit are held a month before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.contact_months import EXPOSURE, ContactMonths
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import Design, describe_fit
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.cells import Grouped
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import HazardFit, average_difference, hazard_of

OUTCOMES = (ALL, "work", "other_income", "education", "administrative")
LAGGED = Design(
    analysis="P4",
    design="lagged hazard",
    estimand="odds of exit this month, contact two to four months ago against none",
    scale="log OR",
    grade=2,
    status="indicative",
    is_primary=True,
    horizon_months=1,
)
STANDARDISED = replace(
    LAGGED,
    estimand="exits this month per 100 persons, contact two to four months ago against none",
    scale="pp",
    is_primary=False,
)


def fit_outcomes(
    months: ContactMonths, outcomes: Sequence[str] = OUTCOMES
) -> dict[str, HazardFit | None]:
    """The lagged hazard of each outcome; None where the data do not vary enough for one.

    An outcome is ``all`` or a destination group.
    Empty where contacts are not delivered, or not long enough to have a history.
    """
    return fit_hazards(months, {name: months.rows[f"to_{name}"] for name in outcomes})


def odds_ratios(
    fits: dict[str, HazardFit | None], policy: Policy, conf_level: float
) -> Protected | Gap:
    """Log odds ratio of each exit after contact two to four months ago, adjusted (P4)."""
    return _protect(fits, LAGGED, policy, conf_level)


def per_hundred(
    fits: dict[str, HazardFit | None], policy: Policy, conf_level: float
) -> Protected | Gap:
    """The same as extra exits per 100 persons a month, standardised over the months at hand."""
    differences = {name: fit and average_difference(fit) for name, fit in fits.items()}
    return _protect(differences, STANDARDISED, policy, conf_level)


def fit_hazards(
    months: ContactMonths, events: Mapping[str, pd.Series]
) -> dict[str, HazardFit | None]:
    """The hazard of each event in these months; None where they do not vary enough."""
    grouped = months.grouped
    if grouped is None:
        return {}
    return {name: _fit(grouped, event, months.n_persons) for name, event in events.items()}


def _fit(months: Grouped, event: pd.Series, n_persons: int) -> HazardFit | None:
    try:
        return hazard_of(months, event, n_persons)
    except DataError:
        return None


def _protect(
    found: Mapping[str, Estimates | None], design: Design, policy: Policy, conf_level: float
) -> Protected | Gap:
    if not found:
        return NO_CONTACTS
    rows = [
        describe_fit(estimates, design, outcome, EXPOSURE, conf_level)
        for outcome, estimates in found.items()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)

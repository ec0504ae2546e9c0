"""What the lagged hazard (P4) has to stand: unknown reasons for leaving, and a death.

Of part of the exits the reason is unknown, and talks make it known more often. The odds of leaving
for work are therefore also given with every unknown reason read as work on one side only: after
no talk (the least they can be) and after a talk (the most). A talk does not bring about a death:
an effect on it would be of whom caseworkers speak to.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.contact_effect import LAGGED, fit_hazards
from watwerkt.analysis.contact_months import EXPOSURE, ContactMonths
from watwerkt.analysis.destination import DEATH, UNEXPLAINED
from watwerkt.analysis.evidence import describe_fit
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.estimators.estimates import Estimates

READINGS = ("work_known", "work_least", "work_most")
BOUNDS = replace(
    LAGGED,
    analysis="P4 bounds",
    estimand="odds of exit to work this month, unknown reasons read as work on neither or one side",
    is_primary=False,
)
NEGATIVE_CONTROL = replace(
    LAGGED,
    analysis="P4 negative control",
    estimand="odds of death this month, on which contact has no effect",
    is_primary=False,
)
Fits = Mapping[str, Estimates | None]


def fit_checks(months: ContactMonths, known: Estimates | None) -> Fits:
    """The hazards of the three readings of work and of death; empty without contacts.

    ``known``: that of exits known to be to work, which P4 has fitted already.
    """
    rows = months.rows
    is_talk, is_work, is_unknown = (rows[c] for c in (EXPOSURE, "to_work", f"to_{UNEXPLAINED}"))
    events = {
        "work_least": is_work | (is_unknown & ~is_talk),
        "work_most": is_work | (is_unknown & is_talk),
        DEATH: rows[f"to_{DEATH}"],
    }
    fits = fit_hazards(months, events)
    alone = {name: fit and fit.alone() for name, fit in fits.items()}
    return {READINGS[0]: known} | alone if fits else {}


def bounds(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of leaving for work, a row per reading of the unknown reasons."""
    if not fits:
        return NO_CONTACTS
    rows = [describe_fit(fits[name], BOUNDS, "work", name, conf_level) for name in READINGS]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def negative_control(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of dying this month, one row."""
    if not fits:
        return NO_CONTACTS
    row = describe_fit(fits[DEATH], NEGATIVE_CONTROL, DEATH, EXPOSURE, conf_level)
    return protect_estimates(row, policy)

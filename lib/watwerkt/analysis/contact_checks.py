"""What the lagged hazard (P4) has to stand: unknown reasons for leaving, and a death.

Of part of the exits the reason is unknown, and talks make it known more often. The odds of leaving
for work are therefore also given with every unknown reason read as work on one side only: after
no talk (the least they can be) and after a talk (the most). A talk does not bring about a death:
an effect on it would be of whom caseworkers speak to.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import EXPOSURE, LAGGED, contact_months, fit_hazards
from watwerkt.analysis.destination import UNEXPLAINED, is_exit_to
from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.estimators.estimates import Estimates

DEATH = "death"
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


def fit_checks(panel: pl.LazyFrame, known: Estimates | None) -> Fits:
    """The hazards of the three readings of work and of death; empty without contacts.

    ``known``: that of exits known to be to work, which P4 has fitted already.
    """
    is_talk = pl.col("n_contacts_lag_2_4") > 0
    is_work, is_unknown = is_exit_to("work"), is_exit_to(UNEXPLAINED)
    months = contact_months(
        panel,
        to_work_least=is_work | (is_unknown & ~is_talk),
        to_work_most=is_work | (is_unknown & is_talk),
        to_death=(pl.col("exit_destination") == DEATH).fill_null(False),
    )
    fits = fit_hazards(months, (*READINGS[1:], DEATH))
    alone = {name: fit and fit.alone() for name, fit in fits.items()}
    return {READINGS[0]: known} | alone if fits else {}


def bounds(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of leaving for work, a row per reading of the unknown reasons."""
    if not fits:
        return NO_CONTACTS
    rows = [_row(fits[name], BOUNDS, "work", name, conf_level) for name in READINGS]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def negative_control(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of dying this month, one row."""
    if not fits:
        return NO_CONTACTS
    row = _row(fits[DEATH], NEGATIVE_CONTROL, DEATH, EXPOSURE, conf_level)
    return protect_estimates(row, policy)


def _row(
    fit: Estimates | None, design: Design, outcome: str, term: str, conf_level: float
) -> pd.DataFrame:
    if fit is None:
        return not_estimable(design, outcome, term, conf_level)
    return describe_estimates(
        fit.tidy(conf_level).assign(term=term), design, outcome, conf_level
    )  # fmt: skip

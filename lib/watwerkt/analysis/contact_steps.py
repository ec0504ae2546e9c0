"""Do people who are spoken to climb the participation ladder? The lagged hazard of a step.

As in P4, with a higher or lower distance to the labour market next month as what happens. Steps
down are the check: whoever is spoken to is assessed more often, which shows steps either way.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import LAGGED, fit_hazards
from watwerkt.analysis.contact_months import EXPOSURE, ContactMonths
from watwerkt.analysis.evidence import describe_fit
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.estimators.estimates import Estimates

STEPS = ("step_up", "step_down")
LADDER = replace(
    LAGGED,
    analysis="P4 steps",
    estimand="odds of a step on the participation ladder next month",
    is_primary=False,
)
NOT_DATED = Gap(
    "Not delivered: distances to the labour market with the dates at which they changed."
)
Fits = Mapping[str, Estimates | None]


def fit_steps(months: ContactMonths) -> Fits:
    """The hazards of a step up and of one down; empty where no distance changes, or no contacts."""
    known = months.only(months.rows["ahead"].notna())
    ahead = known.rows["ahead"]
    if not (ahead > 0).any():
        return {}
    fits = fit_hazards(known, dict(zip(STEPS, (ahead > 0, ahead < 0), strict=True)))
    return {name: fit and fit.alone() for name, fit in fits.items()}


def odds_of_steps(
    fits: Fits, contacts: pl.LazyFrame | None, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Log odds ratio of a step next month after contact two to four months ago, two rows."""
    if not fits:
        return NO_CONTACTS if contacts is None else NOT_DATED
    rows = [describe_fit(fit, LADDER, name, EXPOSURE, conf_level) for name, fit in fits.items()]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)

"""Do clients of caseworkers who speak to many leave sooner? (reduced form, at most indicative)

A caseworker's style is how often she speaks to her *other* clients, so that what a client is like
does not enter her own exposure. It is compared within team and role, and given beside the same
without the background of clients: what known background does to the figure, unknown background may
do too. Skill, sanctions and care in booking travel with a style; nothing here tells them apart.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.contact_effect import LAGGED
from watwerkt.analysis.contact_months import ADJUSTED_FOR, STYLE, ContactMonths
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import describe_fit
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import discrete_hazard

MIN_CASEWORKERS = 10
WHERE = ("quarter", "role", "team", "duration_band")
ADJUSTED, PLAIN = "style_adjusted", "style_plain"
MODELS = {ADJUSTED: (*WHERE, *ADJUSTED_FOR), PLAIN: WHERE}
REDUCED = replace(
    LAGGED,
    analysis="P4 caseworker style",
    design="leave-one-out propensity, reduced form",
    estimand="odds of exit this month, per ten in a hundred more clients spoken to in a month",
    is_primary=False,
)
FEW_STYLES = Gap(
    "Whether caseworkers who speak to many of their clients see more of them leave cannot be "
    "estimated: it needs ten caseworkers or more, in teams of several."
)
Fits = Mapping[str, Estimates | None]


def fit_styles(months: ContactMonths) -> Fits:
    """Both models of all exits; None where they cannot be told apart, empty without contacts."""
    if months.rows.empty:
        return {}
    rows = months.rows
    known = rows[rows[STYLE].notna() & (rows["cluster"] != UNKNOWN)]
    return {name: _fit(known, adjusting) for name, adjusting in MODELS.items()}


def odds_by_style(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of leaving per ten in a hundred more clients spoken to, two rows."""
    if not fits:
        return NO_CONTACTS
    if not any(fits.values()):
        return FEW_STYLES
    rows = [describe_fit(fit, REDUCED, ALL, name, conf_level) for name, fit in fits.items()]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _fit(months: pd.DataFrame, adjusting: tuple[str, ...]) -> Estimates | None:
    if months["cluster"].nunique() < MIN_CASEWORKERS:
        return None
    try:
        fit = discrete_hazard(
            months[[STYLE, *adjusting]],
            months[f"to_{ALL}"],
            months["cluster"],
            exposure=[STYLE],
            n_persons=months["person_id"].nunique(),
        )
    except DataError:
        return None
    return fit.alone()

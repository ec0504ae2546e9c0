"""How many talks, how long ago, by which channel: the lagged hazard, taken apart (secondary).

As in P4 talks of the last month do not count, and everything is compared with people of the same
background. Three models, of all exits: by the number of talks two to four months ago, by how long
ago the latest was, and by channel.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.contact_effect import LAGGED
from watwerkt.analysis.contact_months import CHANNELS, COMPARED_WITHIN, ContactMonths
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import describe_estimates, not_estimable
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import discrete_hazard

DOSES = {
    "number": ("number",),
    "latest": ("latest",),
    "channel": tuple(CHANNELS),
}
ESTIMANDS = {
    "number": "odds of exit this month, by number of contacts two to four months ago against none",
    "latest": "odds of exit this month, by months since the latest contact, seven or more the base",
    "channel": "odds of exit this month, contact by this channel two to four months ago or none",
}
Fits = Mapping[str, Estimates | None]


def fit_doses(months: ContactMonths) -> Fits:
    """One fit per kind of dose; None where the data do not vary enough, empty without contacts."""
    if months.rows.empty:
        return {}
    return {kind: _fit(months, names) for kind, names in DOSES.items()}


def odds_by_dose(fits: Fits, kind: str, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratios of any exit this month, by one kind of dose: ``number``, ``latest`` or
    ``channel``."""
    if kind not in fits:
        return NO_CONTACTS
    design = replace(
        LAGGED, analysis=f"P4 by {kind}", estimand=ESTIMANDS[kind], is_primary=False
    )  # fmt: skip
    fit = fits[kind]
    if fit is None:
        rows = [not_estimable(design, ALL, name, conf_level) for name in DOSES[kind]]
        return protect_estimates(pd.concat(rows, ignore_index=True), policy)
    return protect_estimates(
        describe_estimates(fit.tidy(conf_level), design, ALL, conf_level), policy
    )


def _fit(months: ContactMonths, exposure: tuple[str, ...]) -> Estimates | None:
    rows = months.rows
    try:
        fit = discrete_hazard(
            rows[[*exposure, *COMPARED_WITHIN]],
            rows[f"to_{ALL}"],
            rows["cluster"],
            exposure=exposure,
            n_persons=months.n_persons,
        )
    except DataError:
        return None
    return fit.alone()

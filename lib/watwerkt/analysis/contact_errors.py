"""Are there fewer administrative errors after a talk? The lagged count model (P6).

The exposure, the background and the clusters are those of the lagged hazard (P4); the outcome is
the number of errors dated in the month. Everybody at risk in a month counts it once.
"""

from dataclasses import replace

from watwerkt.analysis.contact_effect import LAGGED
from watwerkt.analysis.contact_months import EXPOSURE, ContactMonths
from watwerkt.analysis.evidence import describe_fit
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.count_rate import rate_ratio_of
from watwerkt.estimators.estimates import Estimates

OUTCOME = "admin_errors"
NO_ERRORS = Gap("Not delivered: administrative errors, or contacts to compare them by.")
COUNTED = replace(
    LAGGED,
    analysis="P6",
    design="lagged count model",
    estimand="administrative errors this month, contact two to four months ago against none",
    scale="log RR",
)


def fit_errors(months: ContactMonths) -> Estimates | Gap | None:
    """The log rate ratio of errors; None where the data do not vary enough for one."""
    known = months.only(months.rows["n_errors"].notna())
    if known.grouped is None:
        return NO_ERRORS
    try:
        return rate_ratio_of(known.grouped, known.rows["n_errors"], known.n_persons)
    except DataError:
        return None


def error_ratio(fit: Estimates | Gap | None, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log rate ratio of errors after contact two to four months ago, with its MDE (P6)."""
    if isinstance(fit, Gap):
        return fit
    row = describe_fit(fit, COUNTED, OUTCOME, EXPOSURE, conf_level)
    return protect_estimates(row, policy)

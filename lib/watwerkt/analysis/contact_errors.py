"""Are there fewer administrative errors after a talk? The lagged count model (P6).

The exposure, the background and the clusters are those of the lagged hazard (P4); the outcome is
the number of errors dated in the month. Everybody at risk in a month counts it once.
"""

from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import ADJUSTED_FOR, EXPOSURE, LAGGED, contact_months
from watwerkt.analysis.evidence import describe_estimates, not_estimable
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.count_rate import rate_ratio
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


def fit_errors(panel: pl.LazyFrame) -> Estimates | None:
    """The log rate ratio of errors; None where the data do not vary enough for one."""
    months = contact_months(panel.filter(pl.col("n_errors_month").is_not_null()))
    if not len(months):
        return None
    try:
        return rate_ratio(
            months[[EXPOSURE, "duration_band", "month", *ADJUSTED_FOR]],
            months["n_errors"],
            months["cluster"],
            exposure=[EXPOSURE],
            n_persons=months["person_id"].nunique(),
        )
    except DataError:
        return None


def error_ratio(
    panel: pl.LazyFrame, fit: Estimates | None, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Log rate ratio of errors after contact two to four months ago, with its MDE (P6)."""
    if not has_errors(panel):
        return NO_ERRORS
    if fit is None:
        row = not_estimable(COUNTED, OUTCOME, EXPOSURE, conf_level)
    else:
        tidy = fit.tidy(conf_level).assign(term=EXPOSURE)
        row = describe_estimates(tidy, COUNTED, OUTCOME, conf_level)
    return protect_estimates(pd.DataFrame(row), policy)


def has_errors(panel: pl.LazyFrame) -> bool:
    """Whether errors and contacts were both delivered, for any month."""
    known = pl.col("n_errors_month").is_not_null() & pl.col("is_contact_known")
    return bool(panel.select(known.fill_null(False).any()).collect().item())

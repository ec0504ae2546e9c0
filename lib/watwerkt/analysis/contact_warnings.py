"""The comparisons of contact and exit that mislead, computed to be recognised."""

from collections.abc import Callable

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, is_exit_to
from watwerkt.analysis.evidence import describe_estimates, naive_design, not_estimable
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.naive import (
    ever_contacted_difference,
    lag_one_odds,
    same_month_odds,
    unadjusted_lag_odds,
)

NAIVE_ODDS = {
    "same_month": same_month_odds,
    "lag_one": lag_one_odds,
    "unadjusted_lag": unadjusted_lag_odds,
}


def naive_odds(panel: pl.LazyFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Three naive log odds ratios of contact and exit; status ``warning``, never an effect."""
    months = _person_months(panel)
    if months.empty:
        return NO_CONTACTS
    rows = [
        _describe(term, estimate, months, "log OR", 1, conf_level)
        for term, estimate in NAIVE_ODDS.items()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def ever_against_never(panel: pl.LazyFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Exit within 12 months, ever contacted minus never (pp): immortal time, a ``warning``."""
    months = _person_months(panel)
    if months.empty:
        return NO_CONTACTS
    row = _describe("ever_contacted", ever_contacted_difference, months, "pp", 12, conf_level)
    return protect_estimates(row, policy)


def _describe(
    term: str,
    estimate: Callable[[pd.DataFrame], Estimates],
    months: pd.DataFrame,
    scale: str,
    horizon_months: int,
    conf_level: float,
) -> pd.DataFrame:
    design = naive_design(term, scale, horizon_months)
    try:
        tidy = estimate(months).tidy(conf_level).assign(term=term)
    except DataError:
        return not_estimable(design, ALL, term, conf_level)
    return describe_estimates(tidy, design, ALL, conf_level)


def _person_months(panel: pl.LazyFrame) -> pd.DataFrame:
    return (
        panel.filter("is_contact_known")
        .select(
            "person_id",
            "spell_id",
            "month",
            "months_since_entry",
            "n_contacts_month",
            "n_contacts_1m",
            "n_contacts_lag_2_4",
            caseworker_id=pl.col("caseworker_id").fill_null(UNKNOWN),
            is_exit=is_exit_to(ALL),
        )
        .collect()
        .to_pandas()
    )

"""The comparisons of contact and exit that mislead, computed to be recognised."""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, is_exit_to
from watwerkt.analysis.evidence import Design, describe_estimates
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS, TOO_FEW
from watwerkt.errors import DataError
from watwerkt.estimators.naive import (
    ever_contacted_difference,
    lag_one_odds,
    same_month_odds,
    unadjusted_lag_odds,
)

NAIVE = {
    "ever_contacted": (ever_contacted_difference, "pp", 12),
    "same_month": (same_month_odds, "log OR", 1),
    "lag_one": (lag_one_odds, "log OR", 1),
    "unadjusted_lag": (unadjusted_lag_odds, "log OR", 1),
}


def naive_contact(panel: pl.LazyFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Four naive comparisons of contact and exit; status ``warning``, never an effect."""
    months = _person_months(panel)
    if months.empty:
        return NO_CONTACTS
    rows = []
    for term, (estimate, scale, horizon) in NAIVE.items():
        try:
            tidy = estimate(months).tidy(conf_level).assign(term=term)
        except DataError:
            continue
        rows.append(describe_estimates(tidy, _design(term, scale, horizon), ALL, conf_level))
    return protect_estimates(pd.concat(rows, ignore_index=True), policy) if rows else TOO_FEW


def _design(term: str, scale: str, horizon_months: int) -> Design:
    return Design(
        chapter="04",
        analysis=f"naive_{term}",
        design="naive",
        estimand="none: a published mistake",
        scale=scale,
        grade=1,
        status="warning",
        is_primary=False,
        horizon_months=horizon_months,
    )


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

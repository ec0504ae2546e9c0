"""Does a talk raise the odds of leaving? The lagged hazard (P4), and the same in percentage points.

Exposure: at least one reached personal contact two to four months ago. The last month is skipped,
since half of the talks that follow from an exit are held a month before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import AGE_BANDS, band_of
from watwerkt.analysis.destination import ALL, GROUPS, is_exit_to
from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.cells import Grouped, group_months
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import (
    HazardFit,
    add_duration_band,
    average_difference,
    hazard_of,
)

OUTCOMES = (ALL, "work", "other_income", "education", "administrative")
EXPOSURE = "contact_2_4_months_ago"
FIRST_MONTH = 4  # months since entry from which the whole window of exposure lies in the benefit
ADJUSTED_FOR = (
    "labour_market_distance",
    "age_band",
    "sex",
    "household_type",
    "n_benefits_earlier",
    "is_exempt",
)
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
    panel: pl.LazyFrame, outcomes: Sequence[str] = OUTCOMES
) -> dict[str, HazardFit | None]:
    """The lagged hazard of each outcome; None where the data do not vary enough for one.

    An outcome is ``all`` or a destination group.
    Empty where contacts are not delivered, or not long enough to have a history.
    """
    return fit_hazards(contact_months(panel), outcomes)


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


def contact_months(panel: pl.LazyFrame, **more: pl.Expr) -> pd.DataFrame:
    """Person-months whose contact history is known, with exposure and covariates.

    One row per person-month from the fifth month on benefit; a missing trait is its own level.
    ``more``: further columns of it, by name.
    """
    earlier = pl.col("n_benefits_earlier").clip(upper_bound=2).cast(pl.String)
    texts = [pl.col("labour_market_distance", "sex", "household_type"), earlier]
    months = (
        panel.filter("is_contact_known", pl.col("months_since_entry") >= FIRST_MONTH)
        .select(
            "person_id",
            "month",
            "months_since_entry",
            "exit_destination",
            *(text.fill_null(UNKNOWN) for text in texts),
            age_band=band_of(pl.col("age_years"), AGE_BANDS),
            is_exempt=pl.col("is_exempt").fill_null(False),
            n_errors=pl.col("n_errors_month").fill_null(0),
            cluster=pl.col("caseworker_id").fill_null(UNKNOWN),
            **{EXPOSURE: pl.col("n_contacts_lag_2_4") > 0},
            **{f"to_{outcome}": is_exit_to(outcome) for outcome in (ALL, *GROUPS)},
            **more,
        )
        .collect()
        .to_pandas()
    )
    covariates = ["month", *ADJUSTED_FOR]
    return add_duration_band(months).astype(dict.fromkeys(covariates, "category"))


def fit_hazards(months: pd.DataFrame, outcomes: Sequence[str]) -> dict[str, HazardFit | None]:
    """The hazard of each ``to_<outcome>`` in these months; None where they do not vary enough."""
    if months.empty:
        return {}
    covariates = months[[EXPOSURE, "duration_band", "month", *ADJUSTED_FOR]]
    grouped = group_months(covariates, months["cluster"], [EXPOSURE])
    n_persons = months["person_id"].nunique()
    return {name: _fit(grouped, months[f"to_{name}"], n_persons) for name in outcomes}


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
        not_estimable(design, outcome, EXPOSURE, conf_level)
        if estimates is None
        else describe_estimates(
            estimates.tidy(conf_level).assign(term=EXPOSURE), design, outcome, conf_level
        )
        for outcome, estimates in found.items()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)

"""Does a talk raise the odds of leaving? The lagged hazard (P4), and the same in percentage points.

Exposure: at least one reached personal contact two to four months ago. The last month is skipped,
since half of the talks that follow from an exit are held a month before it.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, is_exit_to
from watwerkt.analysis.evidence import Design, describe_estimates
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS, TOO_FEW
from watwerkt.errors import DataError
from watwerkt.estimators.hazard import HazardFit, add_duration_band, average_difference, discrete_hazard

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
    chapter="04",
    analysis="P4",
    design="lagged hazard",
    estimand="odds of exit this month, contact two to four months ago against none",
    scale="log OR",
    grade=2,
    status="indicative",
    is_primary=True,
    horizon_months=1,
)


def lagged_contact(panel: pl.LazyFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of each exit after contact two to four months ago, adjusted (P4)."""
    months = contact_months(panel)
    if months.empty:
        return NO_CONTACTS
    rows = []
    for outcome in OUTCOMES:
        try:
            fit = fit_lagged(months, outcome)
        except DataError:
            continue
        rows.append(describe_estimates(_named(fit.tidy(conf_level)), LAGGED, outcome, conf_level))
    return protect_estimates(pd.concat(rows, ignore_index=True), policy) if rows else TOO_FEW


def per_hundred(panel: pl.LazyFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """The same as extra exits per 100 people per month, standardised over the months at hand."""


def contact_months(panel: pl.LazyFrame) -> pd.DataFrame:
    """Person-months whose contact history is known, with exposure and covariates.

    One row per person-month from the fifth month on benefit; a missing trait is its own level.
    """
    texts = ["labour_market_distance", "sex", "household_type"]
    months = (
        panel.filter("is_contact_known", pl.col("months_since_entry") >= FIRST_MONTH)
        .select(
            "person_id",
            "month",
            "months_since_entry",
            "exit_destination",
            *(pl.col(name).fill_null(UNKNOWN) for name in texts),
            age_band=pl.col("age_years").cut([27, 35, 45, 55]).cast(pl.String).fill_null(UNKNOWN),
            n_benefits_earlier=pl.col("n_benefits_earlier").clip(upper_bound=2).cast(pl.String),
            is_exempt=pl.col("is_exempt").fill_null(False),
            cluster=pl.col("caseworker_id").fill_null(UNKNOWN),
            **{EXPOSURE: pl.col("n_contacts_lag_2_4") > 0},
            **{f"to_{outcome}": is_exit_to(outcome) for outcome in OUTCOMES},
        )
        .collect()
        .to_pandas()
    )
    return add_duration_band(months)


def fit_lagged(months: pd.DataFrame, outcome: str) -> HazardFit:
    """Fit the hazard of ``outcome`` on the rows of ``contact_months``; may raise DataError."""
    return discrete_hazard(
        months[[EXPOSURE, "duration_band", "month", *ADJUSTED_FOR]],
        months[f"to_{outcome}"],
        months["cluster"],
        exposure=[EXPOSURE],
        n_persons=months["person_id"].nunique(),
    )


def _named(tidy: pd.DataFrame) -> pd.DataFrame:
    return tidy.assign(term=EXPOSURE)

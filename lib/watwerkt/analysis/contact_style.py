"""Do clients of caseworkers who speak to many leave sooner? (reduced form, at most indicative)

A caseworker's style is how often she speaks to her *other* clients, so that what a client is like
does not enter her own exposure. It is compared within team and role, and given beside the same
without the background of clients: what known background does to the figure, unknown background may
do too. Skill, sanctions and care in booking travel with a style; nothing here tells them apart.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import ADJUSTED_FOR, LAGGED, contact_months
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import describe_estimates, not_estimable
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import discrete_hazard

STYLE = "style"  # clients spoken to in a month, per ten
MIN_OTHERS = 60  # months of her other clients, below which a caseworker's style is not known
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


def fit_styles(panel: pl.LazyFrame) -> Fits:
    """Both models of all exits; None where they cannot be told apart, empty without contacts."""
    months = contact_months(
        panel.with_columns(**{STYLE: _style()}),
        **{STYLE: pl.col(STYLE)},
        quarter=pl.col("month").dt.truncate("1q"),
        role=pl.col("role").fill_null(UNKNOWN),
        team=pl.col("team_id").fill_null(UNKNOWN),
    )
    known = months[months[STYLE].notna() & (months["cluster"] != UNKNOWN)]
    if months.empty:
        return {}
    return {name: _fit(known, adjusting) for name, adjusting in MODELS.items()}


def odds_by_style(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log odds ratio of leaving per ten in a hundred more clients spoken to, two rows."""
    if not fits:
        return NO_CONTACTS
    if not any(fits.values()):
        return FEW_STYLES
    rows = [
        not_estimable(REDUCED, ALL, name, conf_level)
        if fit is None
        else describe_estimates(fit.tidy(conf_level).assign(term=name), REDUCED, ALL, conf_level)
        for name, fit in fits.items()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _style() -> pl.Expr:
    """Share of the caseworker's other clients' months in which she spoke to them, in tenths.

    Over all months whose contact history is known, of talks in the month before; to the nearest
    hundredth, since the months of clients with the same style are taken together.
    """
    counts = pl.col("is_contact_known") & pl.col("caseworker_id").is_not_null()
    spoken = ((pl.col("n_contacts_1m") > 0) & counts).fill_null(False).cast(pl.Int64)
    caseworker, own = ["caseworker_id"], ["caseworker_id", "person_id"]
    talks = spoken.sum().over(caseworker) - spoken.sum().over(own)
    months = counts.cast(pl.Int64).sum().over(caseworker) - counts.cast(pl.Int64).sum().over(own)
    return pl.when(months >= MIN_OTHERS).then((100 * talks / months).round() / 10)


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

"""How many talks, how long ago, by which channel: the lagged hazard, taken apart (secondary).

As in P4 talks of the last month do not count, and everything is compared with people of the same
background. Three models, of all exits: by the number of talks two to four months ago, by how long
ago the latest was, and by channel.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import ADJUSTED_FOR, LAGGED, contact_months
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import describe_estimates, not_estimable
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import discrete_hazard

LAGS = (2, 3, 4)
MOST = 3  # talks; more count as so many
CHANNELS = {"in_person": ["in_person", "home_visit"], "phone": ["phone"], "video": ["video"]}
LATEST = pl.Enum(["longer", "5-6", "4", "2-3"])  # months ago; the first is compared with
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


def fit_doses(panel: pl.LazyFrame, contacts: pl.LazyFrame | None) -> Fits:
    """One fit per kind of dose; None where the data do not vary enough, empty without contacts."""
    if contacts is None:
        return {}
    months = contact_months(
        _add_channels(panel, contacts),
        number=pl.col("n_contacts_lag_2_4").clip(upper_bound=MOST).cast(pl.String),
        latest=_latest(),
        **{channel: pl.col(channel).fill_null(False) for channel in CHANNELS},
    )
    return {kind: _fit(months, names) for kind, names in DOSES.items() if len(months)}


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


def _latest() -> pl.Expr:
    """How long ago the latest talk was, those of the last month aside."""
    count = {m: pl.col(f"n_contacts_{m}m") for m in (1, 3, 6)}
    two_to_four = pl.col("n_contacts_lag_2_4")
    return (
        pl.when(count[3] > count[1])
        .then(pl.lit("2-3"))
        .when(two_to_four > 0)
        .then(pl.lit("4"))
        .when(count[6] - count[1] > two_to_four)
        .then(pl.lit("5-6"))
        .otherwise(pl.lit("longer"))
        .cast(LATEST)
    )


def _add_channels(panel: pl.LazyFrame, contacts: pl.LazyFrame) -> pl.LazyFrame:
    """Add whether there was a talk two to four months ago, by channel; missing is no."""
    talks = contacts.filter("is_personal", "is_reached", pl.col("phase") == "during").select(
        "person_id",
        month=pl.col("contact_date").dt.truncate("1mo"),
        **{name: pl.col("channel").is_in(codes) for name, codes in CHANNELS.items()},
    )
    held = talks.group_by("person_id", "month").agg(pl.col(*CHANNELS).any())
    later = pl.concat(held.with_columns(pl.col("month").dt.offset_by(f"{lag}mo")) for lag in LAGS)
    flags = later.group_by("person_id", "month").agg(pl.col(*CHANNELS).any())
    return panel.join(flags, on=["person_id", "month"], how="left", maintain_order="left")


def _fit(months: pd.DataFrame, exposure: tuple[str, ...]) -> Estimates | None:
    try:
        fit = discrete_hazard(
            months[[*exposure, "duration_band", "month", *ADJUSTED_FOR]],
            months[f"to_{ALL}"],
            months["cluster"],
            exposure=exposure,
            n_persons=months["person_id"].nunique(),
        )
    except DataError:
        return None
    return fit.alone()

"""The stock in layers: of the people on benefit, how many entered when, and how long ago.

Every third month and the last one are shown. A layer of entrants is not there before its year, so
that each calendar year is protected by itself, with the layers that it can have.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import DURATION_BANDS, band_of
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.disclosure.gap import NO_MONTHS
from watwerkt.disclosure.selection import join_rows

COHORT, DURATION = "cohort", "duration_band"


def layered_stock(
    panel: pl.LazyFrame, spells: pl.LazyFrame, policy: Policy, by: str
) -> Protected | Gap:
    """Persons on benefit per month and layer, with their total.

    ``by``: ``cohort``, the year of entry (before the window in one layer), or ``duration_band``,
    the time since the start. The start of a spell that a conversion set (rule B11) is unknown.
    """
    counts = (
        _snapshots(panel)
        .join(spells.select("spell_id", "is_left_censored"), on="spell_id", how="left")
        .with_columns(first_year=pl.col("month").dt.year().min())
        .group_by("month", _layer(by).alias(by), "first_year")
        .agg(n_persons=pl.len())
        .collect()
    )
    if counts.is_empty():
        return NO_MONTHS
    frame = counts.drop("first_year").to_pandas()
    layers = sorted(set(frame[by]), key=_place)
    years = (part for _, part in frame.groupby(frame["month"].dt.year))
    return join_rows([_protect_year(year, by, layers, policy) for year in years])


def _protect_year(rows: pd.DataFrame, by: str, layers: list[str], policy: Policy) -> Protected:
    """One calendar year; a layer that it could have and has not is a count of 0."""
    year = str(rows["month"].dt.year.max())
    later = {name for name in layers if name.isdigit() and name > year}
    possible = [name for name in layers if name not in later]
    whole = (
        rows.astype({by: pd.CategoricalDtype(possible, ordered=True)})
        .groupby(["month", by], observed=False)["n_persons"]
        .sum()
        .reset_index()
    )
    return protect_counts(whole, ["n_persons"], policy, by=["month", by], totals=[by])


def _snapshots(panel: pl.LazyFrame) -> pl.LazyFrame:
    month = pl.col("month")
    shown = panel.select(month.unique()).filter(
        (month.dt.month() % 3 == 0) | (month == month.max())
    )
    return panel.select("month", "spell_id", "months_since_entry").join(
        shown, on="month", how="semi"
    )


def _layer(by: str) -> pl.Expr:
    """The layer of a row: cohorts before the first year shown are one, written ``≤ 2018``."""
    since = pl.col("months_since_entry")
    if by == DURATION:
        layer = band_of(since, DURATION_BANDS)
    else:
        year = pl.col("month").dt.offset_by(pl.format("-{}mo", since)).dt.year()
        before = pl.format("≤ {}", pl.col("first_year") - 1)
        layer = pl.when(year < pl.col("first_year")).then(before).otherwise(year.cast(pl.String))
    is_unknown = pl.col("is_left_censored").fill_null(False)
    return pl.when(is_unknown).then(pl.lit(UNKNOWN)).otherwise(layer)


def _place(layer: str) -> tuple[int, str]:
    """Where a layer stands: in the order of its band or year, an unknown start last."""
    if layer in DURATION_BANDS:
        return list(DURATION_BANDS).index(layer) - len(DURATION_BANDS), ""
    return int(layer == UNKNOWN), layer.removeprefix("≤ ")

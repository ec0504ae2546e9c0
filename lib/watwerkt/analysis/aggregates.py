"""Exits observed and expected per year: what a comparison of municipalities needs of this one."""

import polars as pl

from watwerkt.analysis.destination import ALL, GROUPS, is_exit_to
from watwerkt.codebook import read_codebook
from watwerkt.disclosure import Policy, Protected, protect_aggregates

BANDS = {"0-11": 12, "12-35": 36, "36+": None}  # months since entry, up to and not including


def exits_by_year(panel: pl.LazyFrame, policy: Policy) -> Protected:
    """Person-months, exits and expected exits per year, destination group and duration band.

    Expected: the national exit share of that year (CBS) times the person-months, only for all
    exits and all durations together, since it is published for no other split.
    """
    outcomes = (ALL, *GROUPS)
    counts = (
        panel.group_by(year=pl.col("month").dt.year(), band=_band())
        .agg(
            pl.len().alias("n_person_months"),
            pl.col("person_id").n_unique().alias("n_persons"),
            *(is_exit_to(o).sum().alias(o) for o in outcomes),
        )
        .unpivot(
            index=["year", "band", "n_person_months", "n_persons"],
            on=list(outcomes),
            variable_name="destination",
            value_name="n_exits",
        )
    )
    return protect_aggregates(counts.collect().to_pandas(), policy)


def reference_exits(year: int, n_person_months: float) -> float | None:
    """Exits that ``n_person_months`` would have at the national share of ``year``, if known."""
    share = read_codebook("reference_rates")["quarterly_exit_share"].get(year)
    return None if share is None else n_person_months * share / 3


def _band() -> pl.Expr:
    band = pl.lit("36+")
    for name, end in reversed(list(BANDS.items())):
        if end is not None:
            band = pl.when(pl.col("months_since_entry") < end).then(pl.lit(name)).otherwise(band)
    return band

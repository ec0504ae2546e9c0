"""Exits per year and case-mix band: what a comparison of municipalities needs of this one."""

import polars as pl

from watwerkt.analysis.bands import band_of
from watwerkt.analysis.destination import GROUPS, OUTSIDE, is_exit_to
from watwerkt.disclosure import Gap, Policy, Protected, protect_aggregates
from watwerkt.disclosure.gap import NO_MONTHS
from watwerkt.disclosure.selection import join_rows

BANDS = {"0-11": 12, "12-35": 36, "36+": None}  # months since entry, up to and not including


def exits_by_year(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Person-months and exits per year, destination group and duration band.

    The row ``total`` holds all destinations within policy, so that chapter 20 sees outflow whole
    where a destination is hidden. Months and exits per band are the case mix: whoever has them of
    several municipalities can expect exits by band (indirect standardisation). No published rate
    exists for these bands, so no expected number stands beside the observed one here: chapter 20
    makes it of all municipalities together.
    """
    groups = [group for group in GROUPS if group != OUTSIDE]
    counts = (
        panel.group_by(
            year=pl.col("month").dt.year(), band=band_of(pl.col("months_since_entry"), BANDS)
        )
        .agg(
            pl.len().alias("n_person_months"),
            pl.col("person_id").n_unique().alias("n_persons"),
            *(is_exit_to(group).sum().alias(group) for group in GROUPS),
        )
        .unpivot(
            index=["year", "band", "n_person_months", "n_persons"],
            on=list(GROUPS),
            variable_name="destination",
            value_name="n_exits",
        )
        .collect()
        .to_pandas()
    )
    if counts.empty:
        return NO_MONTHS
    within = counts["destination"].isin(groups)
    return join_rows(
        [
            protect_aggregates(counts[within].reset_index(drop=True), policy, with_total=True),
            protect_aggregates(counts[~within].reset_index(drop=True), policy),
        ]
    )

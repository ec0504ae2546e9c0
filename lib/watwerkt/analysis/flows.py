"""Stock, inflow and outflow, in persons (a couple is two)."""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import GROUPS, OUTSIDE, STAY, UNEXPLAINED, destination_group
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_shares
from watwerkt.disclosure.gap import NO_EXITS, NO_MONTHS, NO_QUARTERS, NO_REASON_KNOWN


def monthly_stock(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Persons on benefit in each month."""
    stock = panel.group_by("month").agg(n_persons=pl.len()).collect()
    if stock.is_empty():
        return NO_MONTHS
    return protect_counts(stock.to_pandas(), ["n_persons"], policy, by=["month"])


def quarterly_flows(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Persons entering and leaving per quarter, quarters that are not wholly observed left out."""
    began = (pl.col("months_since_entry") == 0) & pl.col("is_entry_observed")
    quarter = pl.col("month").dt.truncate("1q")
    wide = (
        panel.group_by(quarter=quarter)
        .agg(
            pl.col("month").n_unique().alias("n_months"),
            inflow=began.sum(),
            outflow=(pl.col("exit_destination") != STAY).sum(),
        )
        .filter(pl.col("n_months") == 3)
        .drop("n_months")
    )
    long = wide.unpivot(index="quarter", variable_name="flow", value_name="n_persons").collect()
    if long.is_empty():
        return NO_QUARTERS
    return protect_counts(long.to_pandas(), ["n_persons"], policy, by=["quarter", "flow"])


def yearly_exits(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Exits per calendar year and destination group, work first."""
    counts = _exits(panel).group_by("year", "destination_group").agg(n_exits=pl.len()).collect()
    if counts.is_empty():
        return NO_EXITS
    order = pd.CategoricalDtype(list(GROUPS), ordered=True)
    return protect_counts(
        counts.to_pandas().astype({"destination_group": order}),
        ["n_exits"],
        policy,
        by=["year", "destination_group"],
        totals=["destination_group"],
    )


def work_share_bounds(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Share of exits to work per year, at least and at most given the unknown reasons.

    Exits outside policy (moves, pension, death) are left out. At least: no unknown reason was
    work. At most: every one was. Contact itself improves recording, so a rise in the known share
    can look like a rise in work.
    """
    is_work, is_unknown = (pl.col("destination_group") == g for g in ("work", UNEXPLAINED))
    counts = (
        _exits(panel)
        .filter(pl.col("destination_group") != OUTSIDE)
        .group_by("year")
        .agg(
            n_exits=pl.len(),
            n_work=is_work.sum(),
            n_work_or_unknown=(is_work | is_unknown).sum(),
            n_unknown=is_unknown.sum(),
        )
        .collect()
    )
    if counts.is_empty():
        return NO_EXITS
    if (counts["n_unknown"] == counts["n_exits"]).all():
        return NO_REASON_KNOWN
    return protect_shares(
        counts.drop("n_unknown").to_pandas(),
        {
            "share_at_least": ("n_work", "n_exits"),
            "share_at_most": ("n_work_or_unknown", "n_exits"),
        },
        policy,
        by=["year"],
    )


def _exits(panel: pl.LazyFrame) -> pl.LazyFrame:
    return panel.filter(pl.col("exit_destination") != STAY).select(
        year=pl.col("month").dt.year(), destination_group=destination_group()
    )

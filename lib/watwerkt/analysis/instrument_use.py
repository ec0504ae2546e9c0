"""Which provisions are used, what they cost, and who gets them."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.balance import STEP
from watwerkt.analysis.instrument_rows import KNOWN_BEFORE
from watwerkt.analysis.instruments import NO_FIGURE, NO_SERVICES, Instruments
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_means
from watwerkt.estimators.start_balance import start_balance

NONE_POOLED = Gap("Every kind of provision had enough starts to be compared on its own.")
SEEN = 0.095  # a smaller difference is not shown
LARGEST = ("cost_eur_in_all", "cost_eur_of_first", "cost_eur_of_second")
DISTANCE = "labour_market_distance"


def uses_table(services: pl.LazyFrame | None, policy: Policy) -> Protected | Gap:
    """Per kind of provision: people, mean cost of one, and the share of those ended that was done.

    What a delivery does not hold has no column.
    """
    if services is None:
        return NO_SERVICES
    names = services.collect_schema().names()
    figures = {"mean_cost_eur": pl.col("cost_eur").mean()} if "cost_eur" in names else {}
    if "end_reason" in names:
        ended = pl.col("end_reason").is_in(["completed", "stopped"])
        figures["share_completed"] = (pl.col("end_reason") == "completed").filter(ended).mean()
    table = (
        services.group_by(service_type=pl.col("type").fill_null(UNKNOWN))
        .agg(n_persons=pl.col("person_id").n_unique(), **figures)
        .sort("service_type")
        .collect()
        .to_pandas()
    )
    shown = [name for name in figures if table[name].notna().any()]
    table = table[["service_type", "n_persons", *shown]]
    if table.empty:
        return NO_SERVICES
    parts = {"mean_cost_eur": LARGEST} if "mean_cost_eur" in shown else {}
    if parts:
        table = table.merge(_largest(services), on="service_type")
    return protect_means(
        table, shown, policy, by=["service_type"], n_persons="n_persons", parts=parts
    )


def _largest(services: pl.LazyFrame) -> pd.DataFrame:
    """Per kind what was paid, and for the two people for whom most was."""
    kind = pl.col("type").fill_null(UNKNOWN).alias("service_type")
    paid = services.group_by(kind, "person_id").agg(paid=pl.col("cost_eur").sum())
    most = pl.col("paid").sort(descending=True)
    columns = (pl.col("paid").sum(), most.get(0), most.get(1, null_on_oob=True).fill_null(0))
    named = [column.alias(name) for column, name in zip(columns, LARGEST, strict=True)]
    return paid.group_by("service_type").agg(named).collect().to_pandas()


def pooled_table(found: Instruments | Gap, policy: Policy) -> Protected | Gap:
    """The kinds that share one comparison, with the people who started each in those months."""
    if isinstance(found, Gap):
        return found
    if not found.pooled:
        return NONE_POOLED
    starts = found.months.starts
    chosen = starts[starts["kind"].isin(found.pooled)].rename(columns={"kind": "service_type"})
    table = chosen.groupby("service_type")["person"].nunique().rename("n_started").reset_index()
    return protect_counts(table, ["n_started"], policy, by=["service_type"])


def who_starts(found: Instruments | Gap, policy: Policy) -> Protected | Gap:
    """Per kind and step on the ladder: share of those who start, and of those who do not yet."""
    if isinstance(found, Gap):
        return found
    rows = [row for kind in found.fits for row in _by_distance(found, kind)]
    if not rows:
        return NO_FIGURE
    by = [("service_type", DISTANCE)]
    shares = ["share_started", "share_others"]
    return protect_means(pd.DataFrame(rows), shares, policy, by=by, n_persons="n_persons")


def selection_table(found: Instruments | Gap, policy: Policy) -> Protected | Gap:
    """Per kind and trait the largest standardised difference, before weighting and after.

    Only traits in which the groups differ by a tenth of a standard deviation or more.
    """
    if isinstance(found, Gap):
        return found
    rows = [row for kind in found.fits for row in _by_trait(found, kind)]
    if not rows:
        return NO_FIGURE
    figures = ["difference_before", "difference_after"]
    by = [("service_type", "known_before")]
    return protect_means(pd.DataFrame(rows), figures, policy, by=by, n_persons="n_persons")


def _by_distance(found: Instruments, kind: str) -> Iterator[dict[str, object]]:
    fit = found.fits[kind]
    if fit.effect is None:
        return
    for row in start_balance(fit.rows, [DISTANCE], fit.effect.weight).itertuples():
        yield {
            "service_type": kind,
            DISTANCE: row.level,
            "share_started": row.share_started,
            "share_others": row.share_others,
            "n_persons": fit.n_starts,
        }


def _by_trait(found: Instruments, kind: str) -> Iterator[dict[str, object]]:
    fit = found.fits[kind]
    if fit.effect is None:
        return
    table = start_balance(fit.rows, KNOWN_BEFORE, fit.effect.weight)
    for trait, part in table.groupby("known_before", sort=False):
        figures = part[["difference_before", "difference_after"]].abs().max()
        rounded = np.round(figures / STEP) * STEP
        yield {"service_type": kind, "known_before": trait, "n_persons": fit.n_starts} | dict(
            rounded
        )

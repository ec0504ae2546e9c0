"""Caseloads as they were, and what the policy aimed at."""

import polars as pl

from watwerkt.analysis.bands import band_of
from watwerkt.disclosure import (
    Gap,
    Policy,
    Protected,
    protect_distribution,
    protect_means,
)
from watwerkt.disclosure.gap import NO_CASELOAD

BANDS = (25, 50, 75, 100, 125, 150, 200)  # clients per caseworker at which a band ends


def caseload_distribution(panel: pl.LazyFrame, policy: Policy, per: str) -> Protected | Gap:
    """Share of client-months in caseloads of each size, per FTE or per head.

    Weighted by client: it says what caseload clients were in, not how many caseworkers had one.
    """
    bands = (
        panel.select("person_id", "caseworker_id", band=_band(per))
        .drop_nulls()
        .group_by("band")
        .agg(
            n_client_months=pl.len(),
            n_persons=pl.col("person_id").n_unique(),
            n_caseworkers=pl.col("caseworker_id").n_unique(),
        )
        .sort("band")
        .collect()
    )
    if bands.is_empty():
        return NO_CASELOAD
    return protect_distribution(
        bands.to_pandas(),
        "n_client_months",
        policy,
        by=["band"],
        n_persons="n_persons",
        n_caseworkers="n_caseworkers",
    )


def realised_against_target(
    panel: pl.LazyFrame, policies: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Mean caseload that clients were in, per year, beside the target then in force.

    The target is the one of the client's team that month, else the municipality's; its mean is
    missing in years without one.
    """
    clients = panel.select(
        "person_id", "caseworker_id", "team_id", "month", "caseload_fte", "caseload_head"
    ).filter(pl.col("caseload_head").is_not_null())
    years = (
        _add_target(clients, policies)
        .group_by(year=pl.col("month").dt.year())
        .agg(
            pl.col("caseload_fte", "caseload_head", "target_caseload").mean(),
            n_persons=pl.col("person_id").n_unique(),
            n_caseworkers=pl.col("caseworker_id").n_unique(),
        )
        .sort("year")
        .collect()
        .to_pandas()
    )
    if years.empty:
        return NO_CASELOAD
    means = [
        c for c in ("caseload_fte", "caseload_head", "target_caseload") if years[c].notna().any()
    ]
    return protect_means(
        years[["year", "n_persons", "n_caseworkers", *means]],
        means,
        policy,
        by=["year"],
        n_persons="n_persons",
        n_caseworkers="n_caseworkers",
    )


def _add_target(clients: pl.LazyFrame, policies: pl.LazyFrame | None) -> pl.LazyFrame:
    if policies is None:
        return clients.with_columns(target_caseload=pl.lit(None, pl.Float64))
    present = policies.collect_schema().names()
    if "target_caseload" not in present:
        return clients.with_columns(target_caseload=pl.lit(None, pl.Float64))
    team = pl.col("team_id") if "team_id" in present else pl.lit(None, pl.String)
    changes = policies.select("start_date", "target_caseload", team_id=team).drop_nulls(
        "target_caseload"
    )
    own = changes.drop_nulls("team_id").sort("start_date")
    general = changes.filter(pl.col("team_id").is_null()).drop("team_id").sort("start_date")
    return (
        clients.sort("month")
        .join_asof(
            own.rename({"target_caseload": "own"}),
            by="team_id",
            left_on="month",
            right_on="start_date",
            check_sortedness=False,
        )
        .join_asof(
            general.rename({"target_caseload": "general"}), left_on="month", right_on="start_date"
        )
        .with_columns(target_caseload=pl.coalesce("own", "general"))
    )


def _band(per: str) -> pl.Expr:
    """The band of the caseload, in order; missing where it is."""
    bands: dict[str, int | None] = {
        f"{low}–{high - 1}": high for low, high in zip((0, *BANDS[:-1]), BANDS, strict=True)
    }
    bands[f"{BANDS[-1]}+"] = None
    return band_of(pl.col(f"caseload_{per}"), bands).cast(pl.Enum(list(bands)), strict=False)

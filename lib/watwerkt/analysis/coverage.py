"""Is every month there: stock, contacts, registration per team, unknown exit reasons."""

import polars as pl

from watwerkt.analysis.destination import STAY, UNEXPLAINED, destination_group
from watwerkt.disclosure import (
    Gap,
    Policy,
    Protected,
    protect_counts,
    protect_means,
    protect_shares,
)
from watwerkt.disclosure.gap import NO_CONTACTS, NO_EXITS, NO_MONTHS, NO_TEAMS


def monthly_coverage(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Persons on benefit per month, and where contacts are delivered, those spoken to in person."""
    wide = panel.group_by("month").agg(
        stock=pl.len(), contacted=(pl.col("n_contacts_month") > 0).sum()
    )
    long = wide.unpivot(index="month", variable_name="covered", value_name="n_persons").collect()
    if panel.select(pl.col("n_contacts_month").is_null().all()).collect().item():
        long = long.filter(pl.col("covered") == "stock")
    if long.is_empty():
        return NO_MONTHS
    return protect_counts(long.to_pandas(), ["n_persons"], policy, by=["month", "covered"])


def registration_by_team(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Personal contacts per 100 clients a month, per team; never per caseworker."""
    teams = (
        panel.filter(pl.col("team_id").is_not_null())
        .group_by("team_id")
        .agg(
            contacts_per_100=100 * pl.col("n_contacts_month").mean(),
            known_months_share=pl.col("is_contact_known").mean(),
            n_persons=pl.col("person_id").n_unique(),
            n_caseworkers=pl.col("caseworker_id").n_unique(),
        )
        .collect()
        .to_pandas()
    )
    if teams.empty:
        return NO_TEAMS
    if teams["contacts_per_100"].isna().all():
        return NO_CONTACTS
    return protect_means(
        teams,
        ["contacts_per_100", "known_months_share"],
        policy,
        by=["team_id"],
        n_persons="n_persons",
        n_caseworkers="n_caseworkers",
    )


def unknown_exit_reasons(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Share of exits per year without a known reason."""
    years = (
        panel.filter(pl.col("exit_destination") != STAY)
        .group_by(year=pl.col("month").dt.year())
        .agg(n_exits=pl.len(), n_unknown=(destination_group() == UNEXPLAINED).sum())
        .collect()
        .to_pandas()
    )
    if years.empty:
        return NO_EXITS
    return protect_shares(years, {"share_unknown": ("n_unknown", "n_exits")}, policy, by=["year"])

"""Who gets contact, who gets provisions, and who is missed: shares of the people on benefit."""

import pandas as pd
import polars as pl

from watwerkt.analysis.contact import past_contacts
from watwerkt.analysis.groups import LEVELS, TRAITS, Groups, column_of
from watwerkt.disclosure import Gap, Policy, Protected, protect_shares
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.disclosure.selection import derive_rows, join_rows

PAST_MONTHS = 12
KINDS = ("spoken_to", "with_provision", "neither")
NO_REACH = Gap("Who was spoken to and who had a provision in the past year cannot be told.")
NO_LADDER = Gap("Not delivered: the distance to the labour market, so that nobody is known as far.")


def reach_by_group(
    groups: Groups, services: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Per group the shares of clients who were spoken to, had a provision, or neither, in a year.

    Of clients a year or longer on benefit in the last month whose contacts are known; a provision
    counts where it ran or began in these months, and is unknown where none were delivered.
    """
    people = _people(groups, services)
    if people.is_empty():
        return NO_CONTACTS
    kinds = KINDS if services is not None else KINDS[:1]
    parts = [
        _protect(people.filter(pl.col(column_of(trait)).is_not_null()), trait, kind, policy)
        for trait in groups.levels
        for kind in kinds
    ]
    return join_rows(parts) if parts else NO_REACH


def _protect(people: pl.DataFrame, trait: str, kind: str, policy: Policy) -> Protected:
    """One share over the levels of one trait, so that none follows from the others."""
    column = column_of(trait)
    counted = people.group_by(column).agg(n_clients=pl.len(), n_reached=pl.col(kind).sum())
    table = counted.select(
        "n_clients",
        "n_reached",
        client_group=pl.lit(f"{trait}.") + pl.col(column),
        reach=pl.lit(kind),
    ).to_pandas()
    order = [f"{trait}.{level}" for level in LEVELS.get(trait, [])]
    if order:
        table = table.astype({"client_group": pd.CategoricalDtype(order, ordered=True)})
    shares = {"share_reached": ("n_reached", "n_clients")}
    found = protect_shares(table, shares, policy, by=["reach", "client_group"])
    return derive_rows(found.frame.astype({"client_group": "str"}), found)


def missed(groups: Groups, services: pl.LazyFrame | None, policy: Policy) -> Protected | Gap:
    """Clients by distance: how many had no contact in a year, and how many no provision either."""
    people = _people(groups, services)
    if people.is_empty():
        return NO_CONTACTS
    people = people.filter(pl.col("rung").is_not_null())
    if people.is_empty():
        return NO_LADDER
    is_known = services is not None
    table = people.group_by("rung").agg(
        n_clients=pl.len(),
        n_not_spoken_to=(~pl.col("spoken_to")).sum(),
        **({"n_neither": pl.col("neither").sum()} if is_known else {}),
    )
    shares = {"share_not_spoken_to": ("n_not_spoken_to", "n_clients")}
    shares |= {"share_neither": ("n_neither", "n_clients")} if is_known else {}
    order = pd.CategoricalDtype(["far", "halfway", "near"], ordered=True)
    frame = table.to_pandas().astype({"rung": order}).sort_values("rung", ignore_index=True)
    return protect_shares(frame, shares, policy, by=["rung"])


def _people(groups: Groups, services: pl.LazyFrame | None) -> pl.DataFrame:
    """One row per client of the last month, with groups and what was done in the past year."""
    last = groups.panel.select(pl.col("month").max()).collect().item()
    if last is None:
        return pl.DataFrame()
    now = (
        groups.panel.filter(pl.col("month") == last)
        .select("person_id", *groups.columns, rung=TRAITS["distance"])
        .collect()
    )
    past = past_contacts(groups.panel).filter(
        pl.col("is_past_known").fill_null(False), pl.col("months_since_entry") >= PAST_MONTHS
    )
    spoken = past.select("person_id", spoken_to=pl.col(f"n_contacts_{PAST_MONTHS}m") > 0)
    people = now.join(spoken, on="person_id").with_columns(with_provision=pl.lit(None, pl.Boolean))
    if services is not None:
        since = pl.lit(last).dt.offset_by(f"-{PAST_MONTHS}mo")
        ended = pl.col("end_date").fill_null(pl.lit(last).dt.offset_by("1mo"))
        held = services.filter(ended > since, pl.col("start_date") <= pl.lit(last).dt.month_end())
        ids = held.select("person_id").unique().collect()["person_id"].implode()
        people = people.with_columns(with_provision=pl.col("person_id").is_in(ids))
    return people.with_columns(neither=~pl.col("spoken_to") & ~pl.col("with_provision"))

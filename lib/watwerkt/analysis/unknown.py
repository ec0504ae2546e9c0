"""Whom do we not know: what the register does not say of a client, or says no longer.

What is unknown here is what the delivery does not hold. The municipality may know it all the same:
in another system, in a caseworker's head, or under a code that it may not hand over.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import band_of
from watwerkt.analysis.contact import PAST_MONTHS, is_asked, past_contacts
from watwerkt.analysis.population import INFLOW, STOCK, add_dated
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import (
    Gap,
    Policy,
    Protected,
    protect_counts,
    protect_distribution,
    protect_shares,
)
from watwerkt.disclosure.gap import NO_CONTACTS, NO_MONTHS

DISTANCE = "labour_market_distance"
TRAITS = {  # trait → the column that says whether it is known
    **{name: name for name in (DISTANCE, "education", "health_limitation", "language_level")},
    **{"household_type": "household_type", "entry_reason": "entry_reason"},
    **{"exemption": "is_exempt", "contact": "is_contact_known"},
}
YEARS_AGO = {"< 1": 1, "1–2": 2, "2–5": 5, "5+": None}  # since the step was written down
RECENT = ["< 1", "1–2"]
NO_DATES = Gap("Not delivered: when the distance to the labour market was written down.")


def unknown_traits(people: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Per trait: of how many of the stock and of the entrants the delivery does not hold it.

    Of contacts it is unknown where no contact on record need not mean that none was held. Counted
    are gaps in the register, of which 0 may be shown.
    """
    if people.is_empty():
        return NO_MONTHS
    rows = [_count_unknown(people, trait, column) for trait, column in TRAITS.items()]
    order = pd.CategoricalDtype(list(TRAITS), ordered=True)
    shares = {f"share_unknown_{p}": (f"n_unknown_{p}", f"n_{p}") for p in (STOCK, INFLOW)}
    return protect_shares(
        pd.DataFrame(rows).astype({"trait": order}),
        shares,
        policy,
        by=[("trait", "is_delivered")],
        of="records",
    )


def distance_dates(
    people: pl.DataFrame, traits: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Persons of the stock by how many years ago their step on the ladder was written down."""
    dated = _date_distance(people, traits)
    if dated is None:
        return NO_DATES
    counts = dated.group_by("years_ago").agg(n_persons=pl.len()).to_pandas()
    order = pd.CategoricalDtype([*YEARS_AGO, UNKNOWN], ordered=True)
    return protect_distribution(
        counts.astype({"years_ago": order}), "n_persons", policy, by=["years_ago"]
    )


def out_of_sight(
    people: pl.DataFrame, panel: pl.LazyFrame, traits: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Persons a year or longer on benefit: spoken to in it or not, and a recent step or none.

    A step is recent that was written down in the two years before. As in the shares without
    contact, clients of whom no contact may mean that none was written down are left out.
    """
    months = max(PAST_MONTHS)
    asked = past_contacts(panel).filter(is_asked(months))
    if asked.is_empty():
        return NO_CONTACTS
    dated = _date_distance(people, traits)
    if dated is None:
        return NO_DATES
    counts = (
        asked.join(dated, on="person_id")
        .group_by(
            is_spoken=pl.col(f"n_contacts_{months}m") > 0,
            is_recent=pl.col("years_ago").is_in(RECENT),
        )
        .agg(n_persons=pl.len())
        .to_pandas()
    )
    keys = ["is_recent", "is_spoken"]
    return protect_counts(counts, ["n_persons"], policy, by=keys, totals=keys)


def _count_unknown(people: pl.DataFrame, trait: str, column: str) -> dict[str, object]:
    value = pl.col(column)
    is_known = value if trait == "contact" else value.cast(pl.String) != UNKNOWN
    found = people.select("population", is_known=is_known.fill_null(False))
    row: dict[str, object] = {"trait": trait, "is_delivered": not people[column].is_null().all()}
    for population in (STOCK, INFLOW):
        known = found.filter(pl.col("population") == population)["is_known"]
        row |= {f"n_{population}": len(known), f"n_unknown_{population}": int((~known).sum())}
    return row


def _date_distance(people: pl.DataFrame, traits: pl.LazyFrame | None) -> pl.DataFrame | None:
    """The stock with ``years_ago``, a band; None where no step is dated."""
    if traits is None:
        return None
    steps = traits.filter(pl.col("trait") == DISTANCE).select(
        "person_id", day="valid_from", since="valid_from", step="value"
    )
    stock = people.filter(pl.col("population") == STOCK)
    if stock.is_empty() or steps.select(pl.len()).collect().item() == 0:
        return None
    dated = add_dated(stock, steps)
    years = (pl.col("month") - pl.col("since")).dt.total_days() / 365.25
    known = pl.when(pl.col("step") != UNKNOWN).then(years)
    return dated.select("person_id", years_ago=band_of(known, YEARS_AGO))

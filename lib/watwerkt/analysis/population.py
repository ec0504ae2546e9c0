"""Who is on benefit, in persons: everybody in the last month, and those who came or left.

The three populations of the chapter are

* ``stock``: on benefit in the last observed month. Whoever stays long is in it month after month,
  so that long spells weigh more than among those who enter: it is length-biased.
* ``inflow``: entered in the last months, whether or not still on benefit.
* ``outflow``: left in the last months, wherever to.

Each person counts once in each, as last seen in it.
"""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import AGE_BANDS, DURATION_BANDS, band_of
from watwerkt.analysis.destination import STAY
from watwerkt.codebook import UNKNOWN, codes
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_distribution
from watwerkt.disclosure.gap import NO_MONTHS

STOCK, INFLOW, OUTFLOW = "stock", "inflow", "outflow"
ENTERING = (STOCK, INFLOW)
OF_SPELL = ["spell_id", "start_date", "entry_reason", "is_left_censored"]
ORDERS = {
    "population": [STOCK, INFLOW, OUTFLOW],
    "age_band": [*AGE_BANDS, UNKNOWN],
    "duration_band": [*DURATION_BANDS, UNKNOWN],
} | {
    name: list(codes(name))
    for name in ("sex", "household_type", "entry_reason", "labour_market_distance", "exemption")
}
NO_PARTNERS = Gap(
    "In this delivery no two people share one benefit, so that benefits cannot be told from "
    "persons. Every figure here counts persons."
)
NOT_DELIVERED = {
    "household_type": Gap("Not delivered: how people live together."),
    "entry_reason": Gap("Not delivered: why people came on benefit."),
    "labour_market_distance": Gap("Not delivered: the distance to the labour market."),
    "exemption": Gap("Not delivered: who is exempt from the duty to work."),
}


def build_people(panel: pl.LazyFrame, spells: pl.LazyFrame, months: int) -> pl.DataFrame:
    """One row per population and person, with the panel's columns and those of the spell.

    Restricted: rows of persons. ``months``: how far back ``inflow`` and ``outflow`` reach, the
    last month included. Adds ``duration_band`` (unknown where a conversion set the start, rule
    B11) and ``age_band``.
    """
    last = pl.lit(panel.select(pl.col("month").max()).collect().item(), pl.Date)
    since = last.dt.offset_by(f"-{months - 1}mo")
    entry = pl.col("month").dt.offset_by(pl.format("-{}mo", "months_since_entry"))
    recent = panel.filter(pl.col("month") >= since).join(
        spells.select(OF_SPELL), on="spell_id", how="left"
    )
    populations = {
        STOCK: recent.filter(pl.col("month") == last),
        INFLOW: recent.filter("is_entry_observed", entry >= since),
        OUTFLOW: recent.filter(pl.col("exit_destination") != STAY),
    }
    duration = pl.when(~pl.col("is_left_censored").fill_null(False)).then("months_since_entry")
    return (
        pl.concat(rows.with_columns(population=pl.lit(name)) for name, rows in populations.items())
        .sort("person_id", "month")
        .group_by("population", "person_id", maintain_order=True)
        .last()
        .with_columns(
            age_band=band_of(pl.col("age_years"), AGE_BANDS),
            duration_band=band_of(duration, DURATION_BANDS),
        )
        .collect()
    )


def reference_month(people: pl.DataFrame) -> date | None:
    """The month of the stock: the last that is observed."""
    return people.filter(pl.col("population") == STOCK)["month"].max()  # type: ignore[return-value]


def benefits_and_persons(people: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Benefits, the second persons on them, and persons: of a couple both are on one benefit."""
    empty = pl.DataFrame({"population": ENTERING, "n_benefits": 0, "n_persons": 0})
    found = (
        people.filter(pl.col("population").is_in(ENTERING))
        .group_by("population")
        .agg(n_benefits=pl.col("benefit_id").n_unique(), n_persons=pl.len())
    )
    counts = pl.concat([found, empty], how="vertical_relaxed").group_by("population").sum()
    counts = counts.with_columns(n_partners=pl.col("n_persons") - pl.col("n_benefits"))
    if people.is_empty():
        return NO_MONTHS
    if not counts["n_partners"].sum():
        return NO_PARTNERS
    parts = ["n_benefits", "n_partners"]
    return protect_counts(
        in_order(counts, "population"),
        ["n_persons", *parts],
        policy,
        by=["population"],
        sums={"n_persons": parts},
    )


def by_sex_and_age(people: pl.DataFrame, population: str, policy: Policy) -> Protected | Gap:
    """Persons of one population by age band and sex, with their totals."""
    counts = (
        people.filter(pl.col("population") == population)
        .group_by("age_band", _listed("sex"))
        .agg(n_persons=pl.len())
    )
    if counts.is_empty():
        return NO_MONTHS
    keys = ["age_band", "sex"]
    return protect_counts(in_order(counts, *keys), ["n_persons"], policy, by=keys, totals=keys)


def composition(
    people: pl.DataFrame, key: str, policy: Policy, of: Sequence[str] = ENTERING
) -> Protected | Gap:
    """Persons, and their share of the population, in each category of ``key``; unknown is one."""
    asked = people.filter(pl.col("population").is_in(of))
    if asked.is_empty():
        return NO_MONTHS
    if asked[key].is_null().all():
        return NOT_DELIVERED[key]
    counts = asked.group_by("population", _listed(key)).agg(n_persons=pl.len())
    keys = ["population", key]
    return protect_distribution(in_order(counts, *keys), "n_persons", policy, by=keys)


def add_dated(people: pl.DataFrame, values: pl.LazyFrame) -> pl.DataFrame:
    """Add to each person the last of ``values`` valid on the first day at risk in the month.

    ``values`` has ``person_id``, ``day`` (valid from) and what is to be added.
    """
    rows = people.with_columns(day=pl.max_horizontal("month", "start_date"))
    dated = values.collect().sort(pl.all())
    return (
        rows.sort("person_id", "day", "population")
        .join_asof(dated, on="day", by="person_id", check_sortedness=False)
        .drop("day")
    )


def in_order(counts: pl.DataFrame, *keys: str) -> pd.DataFrame:
    """The counts in pandas, their keys ordered as they are to be read."""
    kinds = {key: pd.CategoricalDtype(ORDERS[key], ordered=True) for key in keys}
    return counts.to_pandas().astype(kinds)


def _listed(key: str) -> pl.Expr:
    """The codes of ``key``; one that is missing, or on no list (a trait's text), is unknown."""
    return pl.when(pl.col(key).is_in(ORDERS[key])).then(key).otherwise(pl.lit(UNKNOWN)).alias(key)

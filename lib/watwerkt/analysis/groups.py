"""The groups of clients that were named before anything was estimated: by trait, and by level.

A group is what was known of a client in the month at hand, before the outcome of that month. A
trait that was not delivered, or has one level only, gives no groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from watwerkt.codebook import UNKNOWN

LACKING_LABELS = {
    "some": "Not delivered, or the same for everybody: {lacking}.",
    "all": "By none of these traits can clients be told apart: {lacking}.",
    "none": "All traits by which groups were asked for are there.",
}
YOUTH_BELOW, OLDER_FROM = 27, 45  # years; youths as in the Participatiewet
SHORT, LONG = 24, 60  # months on benefit
RUNGS = {"far": ("1", "2"), "halfway": ("3", "4"), "near": ("5", "6")}
TRAITS: Mapping[str, pl.Expr] = {  # trait → its level in a month of the panel, missing if unknown
    "age": pl.when(pl.col("age_years") < YOUTH_BELOW)
    .then(pl.lit("under_27"))
    .when(pl.col("age_years") < OLDER_FROM)
    .then(pl.lit("27_to_44"))
    .when(pl.col("age_years") >= OLDER_FROM)
    .then(pl.lit("45_or_older")),
    "sex": pl.col("sex"),
    "origin": pl.col("origin"),
    "education": pl.col("education"),
    "status_holder": pl.when("is_status_holder")
    .then(pl.lit("yes"))
    .when(~pl.col("is_status_holder"))
    .then(pl.lit("no")),
    "health": pl.col("health_limitation"),
    "distance": pl.coalesce(
        pl.when(pl.col("labour_market_distance").is_in(rungs)).then(pl.lit(name))
        for name, rungs in RUNGS.items()
    ),
    "duration": pl.when(pl.col("months_since_entry") < SHORT)
    .then(pl.lit("under_2_years"))
    .when(pl.col("months_since_entry") < LONG)
    .then(pl.lit("2_to_5_years"))
    .when(pl.col("months_since_entry") >= LONG)
    .then(pl.lit("5_years_or_longer")),
    "language": pl.col("language_level"),
}

LEVELS = {  # of traits whose levels have an order
    "age": ["under_27", "27_to_44", "45_or_older"],
    "education": ["low", "middle", "high"],
    "health": ["none", "some", "severe"],
    "distance": [*RUNGS],
    "duration": ["under_2_years", "2_to_5_years", "5_years_or_longer"],
    "language": ["below_a1", "a1", "a2", "b1"],
    "origin": ["netherlands", "europe", "outside_europe"],
}


@dataclass(frozen=True, slots=True)
class Groups:
    """A panel with a column per trait (``column_of`` it) that holds the level of each month.

    Attributes
    ----------
    panel : person × month.
    levels : trait → its levels that occur, in order; traits of two levels or more.
    lacking : traits that were asked for and have no two levels here.
    """

    panel: pl.LazyFrame
    levels: dict[str, list[str]]
    lacking: list[str]

    @property
    def columns(self) -> list[str]:
        """The columns of the panel that hold levels."""
        return [column_of(trait) for trait in self.levels]

    @property
    def named(self) -> list[tuple[str, str]]:
        """Every group, as trait and level."""
        return [(trait, level) for trait, levels in self.levels.items() for level in levels]


def column_of(trait: str) -> str:
    """The column of ``Groups.panel`` with the levels of a trait."""
    return f"{trait}_level"


def find_groups(panel: pl.LazyFrame, chosen: Sequence[str]) -> Groups:
    """The groups by the ``chosen`` traits; every trait is in ``TRAITS``, as parameters are."""
    code = {column_of(t): pl.when(TRAITS[t] != UNKNOWN).then(TRAITS[t]) for t in chosen}
    with_levels = panel.with_columns(**code)
    present = {trait: _levels(with_levels, trait) for trait in chosen}
    levels = {trait: found for trait, found in present.items() if len(found) > 1}
    return Groups(with_levels, levels, [trait for trait in chosen if trait not in levels])


def lacking_sentence(groups: Groups) -> str:
    """Which traits give no groups (message id)."""
    if not groups.lacking:
        return LACKING_LABELS["none"]
    return LACKING_LABELS["some" if groups.levels else "all"]


def _levels(panel: pl.LazyFrame, trait: str) -> list[str]:
    """The levels that occur, in order."""
    column = column_of(trait)
    found = panel.select(pl.col(column).drop_nulls().unique()).collect()[column].to_list()
    return [level for _, level in sorted((_place(trait, level), level) for level in found)]


def _place(trait: str, level: str) -> tuple[int, str]:
    order = LEVELS.get(trait, [])
    return (order.index(level) if level in order else len(order), level)

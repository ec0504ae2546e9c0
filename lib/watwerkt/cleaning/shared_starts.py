"""Rule B11: start dates that are a conversion's, not a person's."""

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult, flag_rows
from watwerkt.cleaning.spells import add_spell_edges

MIN_PERSONS = 20  # fewer than these may well begin together
MAX_SHARE = 0.5  # of the starts on the same day of the month, a year to either side


def flag_shared_starts(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A start that an improbable share of the stock has in common is a migration, not an entry.

    Improbable: at least 20 spells begin on the day, and more than on the same day of the twelve
    months before and the twelve months after together. These are left-censored.
    """
    edges = add_spell_edges(frame, context.max_gap_days)
    counted = (
        edges.filter("opens_spell")
        .group_by("start_date")
        .agg(n_starts=pl.len())
        .with_columns(
            day=pl.col("start_date").dt.day(),
            month=pl.col("start_date").dt.year() * 12 + pl.col("start_date").dt.month(),
        )
        .sort("day", "month")
    )
    around = counted.rolling("month", period="25i", offset="-13i", group_by="day").agg(
        n_around=pl.col("n_starts").sum()
    )
    is_shared = (pl.col("n_starts") >= MIN_PERSONS) & (
        pl.col("n_starts") > MAX_SHARE * pl.col("n_around")
    )
    shared = counted.join(around, on=["day", "month"]).filter(is_shared)["start_date"]
    result = flag_rows(
        edges,
        "is_left_censored",
        pl.col("opens_spell") & pl.col("start_date").is_in(shared.implode()),
    )
    return RuleResult(result.frame.drop("opens_spell", "ends_spell"), result.n_rows)

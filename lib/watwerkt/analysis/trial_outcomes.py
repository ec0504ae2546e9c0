"""What became of the people in a trial, counted from the day of the draw.

Outcomes are in percentage points (0 or 100 per person) or in days, and missing where the months
after the draw are not observed yet. Nobody is left out for leaving, moving or never taking up.
"""

from collections.abc import Sequence
from datetime import date

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import OUTSIDE, STAY, UNEXPLAINED, destination_group
from watwerkt.analysis.trial_rows import Trial
from watwerkt.panel.prepared import Prepared

HORIZONS = (12, 24)
HOURS_A_MONTH = 52  # 12 hours a week
ENTRY_MONTHS = 6
ADMINISTRATIVE = "administrative"  # the destination: no entitlement, or no information
PERSON_OUTCOMES = ("all", "work", "work_12h", "benefit_days")
PREVENTION_OUTCOMES = (("entry", ENTRY_MONTHS), ("benefit_days", 24))
PAY = ("hours_month", "wage_eur_month")
FAR = date(9999, 1, 1)


def outcome_name(outcome: str, months: int) -> str:
    """The column that holds an outcome at so many months."""
    return f"{outcome}_{months}"


def add_outcomes(
    trial: Trial, prepared: Prepared, months: Sequence[int] = HORIZONS
) -> pd.DataFrame:
    """The trial's rows with, for each horizon in months since the draw:

    ``all_``, ``work_`` and ``administrative_``: the first exit after the draw falls within it, and
    leads to any destination within policy, to work, or to no entitlement or no information (0 or
    100). ``benefit_days_``: days on benefit within it, returns included. ``work_12h_``: at least 12
    hours of work a week in the last month of it, where jobs are delivered; ``hours_month_`` and
    ``wage_eur_month_``: of that month, missing for
    whoever has no job in it. ``entry_``: on benefit at any moment within it. ``known_``: neither
    moved, dead or pensioned within it, nor left for a reason nobody wrote down.
    """
    rows = pl.from_pandas(trial.rows).with_columns(
        pl.col("assigned_date").cast(pl.Date), row=pl.int_range(pl.len())
    )
    for n in months:
        until = rows.select("row", until=pl.col("assigned_date").dt.offset_by(f"{n}mo"))
        rows = rows.join(_at(rows, until, prepared, n), on="row", how="left")
    made = rows.sort("row").drop("row").to_pandas()
    return made.set_index(trial.rows.index)


def _at(rows: pl.DataFrame, until: pl.DataFrame, prepared: Prepared, n: int) -> pl.DataFrame:
    asked = rows.select("row", "person_id", "assigned_date").join(until, on="row")
    spells = prepared.spells.select("person_id", "start_date", "end_date", "exit_destination")
    ended = pl.col("end_date").fill_null(FAR)
    past = asked.lazy().join(spells, on="person_id").filter(ended > pl.col("assigned_date"))
    sums = _days_and_exits(past.filter(pl.col("start_date") < pl.col("until")))
    found = asked.join(sums, on="row", how="left")
    works = _hours(asked, prepared)
    if works is not None:
        found = found.join(works, on="row", how="left")
        found = found.with_columns(pl.col("work_12h").fill_null(False))
    shares = [c for c in ("all", "work", ADMINISTRATIVE, "work_12h", "entry") if c in found.columns]
    points = [pl.col(c).fill_null(False).cast(pl.Float64) * 100 for c in shares]
    known, days = pl.col("known").fill_null(True), pl.col("benefit_days").fill_null(0.0)
    made = found.with_columns(*points, known, days)
    names = [*shares, "known", "benefit_days", *(c for c in PAY if c in found.columns)]
    seen = pl.col("until") <= prepared.observed_until
    return made.select("row", **{outcome_name(c, n): pl.when(seen).then(c) for c in names})


def _days_and_exits(past: pl.LazyFrame) -> pl.DataFrame:
    """Per row: days on benefit before ``until``, and where the first exit before it led."""
    last, ended = pl.col("until"), pl.col("end_date").fill_null(FAR)
    begins = pl.max_horizontal("start_date", "assigned_date")
    inside = (pl.min_horizontal(ended, last) - begins).dt.total_days()
    leaves = ended <= last
    group = pl.when(leaves).then(destination_group()).otherwise(pl.lit(STAY))
    first = pl.col("group").first()
    return (
        past.with_columns(days=inside.cast(pl.Float64), group=group)
        .sort("row", "start_date")
        .group_by("row")
        .agg(
            benefit_days=pl.col("days").sum(),
            all=~first.is_in([STAY, OUTSIDE]),
            work=first == "work",
            **{ADMINISTRATIVE: first == ADMINISTRATIVE},
            known=~first.is_in([OUTSIDE, UNEXPLAINED]),
            entry=pl.lit(True),
        )
        .collect()
    )


def _hours(asked: pl.DataFrame, prepared: Prepared) -> pl.DataFrame | None:
    """Hours and wage in the last month before ``until``, and whether 12 hours a week or more."""
    jobs = prepared.table("jobs")
    present = jobs.collect_schema().names() if jobs is not None else []
    if jobs is None or "hours_month" not in present:
        return None
    last = pl.col("until").dt.offset_by("-1d").dt.truncate("1mo").alias("month")
    wanted = asked.lazy().with_columns(last)
    mine = jobs.join(wanted.select("person_id", "month").unique(), on=["person_id", "month"])
    pay = mine.group_by("person_id", "month").agg(pl.col(c).sum() for c in PAY if c in present)
    found = wanted.join(pay, on=["person_id", "month"])
    enough = pl.col("hours_month") >= HOURS_A_MONTH
    return found.select("row", *(c for c in PAY if c in present), work_12h=enough).collect()


def add_exits_by_month(trial: Trial, prepared: Prepared, months: Sequence[int]) -> pd.DataFrame:
    """The trial's rows with ``all_`` for each of many months, as in ``add_outcomes``."""
    rows = pl.from_pandas(trial.rows).with_columns(
        pl.col("assigned_date").cast(pl.Date), row=pl.int_range(pl.len())
    )
    spells = prepared.spells.select("person_id", "start_date", "end_date", "exit_destination")
    ended = pl.col("end_date").fill_null(FAR)
    first = (
        rows.lazy()
        .select("row", "person_id", "assigned_date")
        .join(spells, on="person_id")
        .filter(ended > pl.col("assigned_date"))
        .sort("row", "start_date")
        .group_by("row")
        .agg(ended=ended.first(), is_exit=(destination_group() != OUTSIDE).first())
        .collect()
    )
    found = rows.join(first, on="row", how="left").sort("row")
    left = {}
    for n in months:
        until = pl.col("assigned_date").dt.offset_by(f"{n}mo")
        has_left = (pl.col("is_exit") & (pl.col("ended") <= until)).fill_null(False)
        seen = until <= prepared.observed_until
        left[outcome_name("all", n)] = pl.when(seen).then(has_left.cast(pl.Float64) * 100)
    made = found.with_columns(**left).drop("row", "ended", "is_exit").to_pandas()
    return made.set_index(trial.rows.index)

"""Spells to person-months: who is at risk in which month, and how the month ends.

A spell ``[start_date, end_date)`` gives a row for every calendar month it overlaps; the exit falls
in the month of the last day on benefit, ``end_date`` − 1 day. Whoever is at risk on the first day
of a month has the row, also where ``risk_end_date`` (state pension age) falls within it: dropping
those who did not leave that month would select on the outcome. An exit after ``risk_end_date``
is censored. A person has one row a month: of two spells that meet in a month the earlier has it.
"""

from datetime import date

import polars as pl

from watwerkt.panel.months import Window, first_day, month_of

STAY = "stay"
NEEDED = (
    *("start_date", "end_date", "risk_end_date", "exit_destination", "is_left_censored"),
    *("n_benefits_earlier", "is_sustained_6", "is_sustained_12"),
)


def add_follow_up(spells: pl.DataFrame, observed_until: date) -> pl.DataFrame:
    """Number the spells and add what a person's others tell: earlier benefits, sustained exits.

    ``is_sustained_6`` and ``_12``: no new spell began within 6 or 12 months after ``end_date``.
    Missing while those months are not over on ``observed_until``, also where a re-entry was seen
    (short absences would be known first), and after a move, when re-entry cannot be seen.
    """
    end, person = pl.col("end_date"), pl.col("person")
    next_start = pl.when(person.shift(-1) == person).then(pl.col("start_date").shift(-1))
    nth_of_person = pl.col("spell") - (person.rank("min") - 1)
    is_seen = pl.col("exit_destination") != "moved"
    sustained = {
        f"is_sustained_{months}": pl.when(
            is_seen & (end.dt.offset_by(f"{months}mo") <= observed_until)
        ).then(next_start.is_null() | (next_start >= end.dt.offset_by(f"{months}mo")))
        for months in (6, 12)
    }
    return (
        spells.sort("person", "start_date", "spell_id")
        .with_row_index("spell")
        .with_columns(n_benefits_earlier=nth_of_person, **sustained)
    )


def expand_spells(spells: pl.LazyFrame, window: Window) -> pl.LazyFrame:
    """Expand spells to months at risk within ``window``, sorted by person and month.

    Adds ``month`` (number), ``day`` (the first day at risk in it, for what is known by then),
    ``months_since_entry`` and ``exit_destination``; the sustained columns hold on exit rows only.
    """
    start, end = pl.col("start_date"), pl.col("end_date")
    risk_end = pl.min_horizontal(end, pl.col("risk_end_date"))
    last = month_of(risk_end.dt.offset_by("-1d")).fill_null(window.last)
    taken_until = pl.col("last").cum_max().shift(1).over("person").fill_null(-1)
    return (
        spells.select("spell", "person", *NEEDED)
        .sort("spell")
        .with_columns(
            last=last,
            exit_month=pl.when(end == risk_end).then(month_of(end.dt.offset_by("-1d"))),
        )
        .with_columns(first=pl.max_horizontal(month_of(start), taken_until + 1, window.first))
        .with_columns(last=pl.min_horizontal("last", window.last))
        .filter(pl.col("first") <= pl.col("last"))
        .with_columns(month=pl.int_ranges("first", pl.col("last") + 1, dtype=pl.Int32))
        .explode("month")
        .with_columns(
            day=pl.max_horizontal(first_day(pl.col("month")), start),
            months_since_entry=pl.col("month") - month_of(start),
            is_entry_observed=(month_of(start) >= window.first) & ~pl.col("is_left_censored"),
            is_exit=(pl.col("month") == pl.col("exit_month")).fill_null(False),
        )
        .with_columns(
            exit_destination=pl.when("is_exit").then("exit_destination").otherwise(pl.lit(STAY)),
            is_sustained_6=pl.when("is_exit").then("is_sustained_6"),
            is_sustained_12=pl.when("is_exit").then("is_sustained_12"),
        )
        .drop("first", "last", "exit_month", "is_exit", "end_date", "risk_end_date")
        .sort("person", "month")
    )

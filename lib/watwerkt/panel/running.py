"""What holds at a moment: the latest value so far, and how many periods run.

No expansion: a step frame holds one row per key and month in which a number changes, and a month
takes the last step at or before it.
"""

import polars as pl

from watwerkt.panel.months import month_from

STRETCH = 10_000_000  # each key has days or months of its own, so far from those of the next


def add_latest(
    rows: pl.LazyFrame, values: pl.LazyFrame, on: str, by: str, at_most: int | None = None
) -> pl.LazyFrame:
    """Add to each row the last of ``values`` at or before its ``on``, within ``by``.

    ``at_most`` so much before; 0 is the same month, and several times faster than a join on two
    keys. Both are sorted by ``by`` and ``on``; Polars cannot check that. A join keeps no order of
    its own, so every join of ``rows`` says ``maintain_order="left"``. ``by`` is a number or an
    Enum: with ``on`` it makes one number, so that two sorted columns are walked through once.
    """
    return (
        rows.with_columns(place=place(by, on))
        .join_asof(
            values.with_columns(place=place(by, on)).drop(by, on).drop_nulls("place"),
            on="place",
            tolerance=STRETCH // 2 if at_most is None else at_most,
            check_sortedness=False,
        )
        .drop("place")
    )


def place(by: str, on: str) -> pl.Expr:
    """Key and day, or key and month, as one number in the order of both."""
    return pl.col(by).to_physical().cast(pl.Int64) * STRETCH + pl.col(on).to_physical()


def build_steps(periods: pl.LazyFrame, by: str, weights: dict[str, pl.Expr]) -> pl.LazyFrame:
    """Sum ``weights`` over the periods of each key that run on the first day of a month.

    ``periods`` are half-open (``start_date``, ``end_date``; null runs on). One row per key and
    ``month`` (number) of change, sorted.
    """
    number = {name: weight.cast(pl.Float64) for name, weight in weights.items()}
    opened = periods.select(by, month=month_from(pl.col("start_date")), **number)
    closed = periods.filter(pl.col("end_date").is_not_null()).select(
        by,
        month=month_from(pl.col("end_date")),
        **{name: -weight for name, weight in number.items()},
    )
    return (
        pl.concat([opened, closed])
        .group_by(by, "month")
        .agg(pl.col(*weights).sum())
        .sort(by, "month")
        .with_columns(pl.col(*weights).cum_sum().over(by).round(6))
    )

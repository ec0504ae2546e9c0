"""Calendar months as whole numbers, so that a window is a subtraction.

Month 0 is January of the year 0; a month is a half-open period, its end the first day of the next.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl


@dataclass(frozen=True, slots=True)
class Window:
    """The months of the panel, both inclusive; empty where ``last < first``."""

    first: int
    last: int


def month_of(day: pl.Expr) -> pl.Expr:
    """The month that holds ``day``."""
    return day.dt.year() * 12 + day.dt.month().cast(pl.Int32) - 1


def month_from(day: pl.Expr) -> pl.Expr:
    """The first month that begins on or after ``day``."""
    return month_of(day) + (day.dt.day() > 1).cast(pl.Int32)


def first_day(month: pl.Expr) -> pl.Expr:
    """The date on which ``month`` begins: looked up, which is quicker than making it."""
    return pl.lit(_first_days()).gather(month - 12)


@cache
def _first_days() -> pl.Series:
    """Of months 12 and on; made when asked for, so that importing starts no thread of Polars."""
    return pl.date_range(date(1, 1, 1), date(9999, 12, 1), "1mo", eager=True)


def observed_window(first_month: str, last_month: str, observed_until: date) -> Window:
    """The delivered months that had ended on ``observed_until``.

    A month counts only where its end, the first day of the next month, is observed: an exit on its
    last day has that day as ``end_date``, and is otherwise not yet known.
    """
    observed = observed_until.year * 12 + observed_until.month - 2
    return Window(_parse_month(first_month), min(_parse_month(last_month), observed))


def _parse_month(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7]) - 1

"""From a birth date to what may be delivered: the year, and the month in which AOW age is reached.

Source of the ages: Algemene Ouderdomswet art. 7a, in ``codebook/aow.yaml``.
"""

import datetime as dt

import polars as pl

from watwerkt.codebook import read_codebook

NOTATIONS = ("dd-mm-jjjj", "jjjjmmdd", "dd-mm-jj", "dd-mmm-jjjj")


def aow_month(born: dt.date) -> dt.date:
    """The first day of the month in which someone born on ``born`` reaches AOW age.

    The age is that of the calendar year in which it is reached; before and after the listed years
    the nearest listed age stands.
    """
    ages: dict[int, list[int]] = read_codebook("aow")["ages"]
    month = born.year * 12 + born.month - 1
    for year, (years, months) in sorted(ages.items()):
        reached = month + 12 * years + months
        if reached // 12 <= year:
            break
    return dt.date(reached // 12, reached % 12 + 1, 1)


def aow_months(births: pl.Series) -> pl.Series:
    """``aow_month`` of a column of birth dates."""
    distinct = births.drop_nulls().unique()
    if distinct.is_empty():
        return births
    months = pl.Series([aow_month(born) for born in distinct], dtype=pl.Date)
    return births.replace_strict(distinct, months, default=None, return_dtype=pl.Date)

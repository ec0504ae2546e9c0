"""Rows that share a key: quick where there are none, which is the common case."""

from collections.abc import Sequence

import polars as pl


def find_repeated(frame: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """True on every row that shares ``key`` with another row; missing equals missing.

    Sorted hashes show which rows may repeat; only those are compared.
    """
    column = pl.col(key[0]) if len(key) == 1 else pl.struct(key)
    hashes = frame.select(hash=column.hash())["hash"]
    ordered = hashes.sort()
    twice = ordered.filter(ordered == ordered.shift()).unique()
    may_repeat = hashes.is_in(twice.implode())
    if twice.is_empty():
        return may_repeat.alias("is_repeated")
    repeated = frame.select(key).filter(may_repeat).select(column.is_duplicated().alias("same"))
    rows = may_repeat.arg_true().filter(repeated["same"])
    return _mark(frame.height, rows).alias("is_repeated")


def without_rows(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """``frame`` without the rows at these positions."""
    return frame.filter(~_mark(frame.height, rows))


def _mark(height: int, rows: pl.Series) -> pl.Series:
    return pl.Series([False]).new_from_index(0, height).scatter(rows, True)

"""What other columns of a row say: whether it is a record of the table, whether a cell counts."""

from collections.abc import Mapping

import polars as pl

from watwerkt.intake.entries import Condition, TableMapping
from watwerkt.intake.formats import as_text
from watwerkt.intake.headers import find_header
from watwerkt.intake.parsing import is_running


def holds(raw: pl.DataFrame, conditions: Mapping[str, Condition]) -> pl.Series:
    """True on the rows of ``raw`` where every condition holds.

    ``filled``: something stands there, and no sign for "not ended". A list: one of these, whatever
    the case. A column that the file lacks says nothing, and so does not speak against a row.
    """
    held = pl.Series([True]).new_from_index(0, len(raw))
    for source, condition in conditions.items():
        name = find_header(raw.columns, source)
        if name is not None:
            held &= _holds(as_text(raw[name]), condition)
    return held


def count_left_out(raw: pl.DataFrame, table: TableMapping) -> int:
    """How many rows of ``raw`` are no records of the table (``only``)."""
    return int((~holds(raw, table.only)).sum())


def _holds(text: pl.Series, condition: Condition) -> pl.Series:
    if condition == "filled":
        return text.is_not_null() & ~is_running(text)
    wanted = [value.lower() for value in condition]
    return text.str.to_lowercase().is_in(wanted).fill_null(value=False)

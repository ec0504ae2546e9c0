"""What a cleaning rule is: one table in, the table as the rule leaves it out, with a count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import polars as pl

Action = Literal["merge", "quarantine", "repair", "flag"]


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at besides its own table.

    Attributes
    ----------
    table : name of the table that the rule is applied to.
    tables : every table as the rules before have left it, with all its canonical columns.
    extract_date : the day the register was read.
    first_month, last_month : first days of the first and last month delivered.
    max_gap_days : benefit periods at most this many days apart are one spell.
    """

    table: str
    tables: Mapping[str, pl.DataFrame]
    extract_date: date
    first_month: date
    last_month: date
    max_gap_days: int


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A table after one rule.

    Attributes
    ----------
    frame : the table; no row leaves it but by ``merge`` or ``quarantine``.
    n_rows : rows merged away, quarantined, repaired or flagged.
    quarantined : the rows taken out.
    derived : tables that the rule makes beside its own.
    """

    frame: pl.DataFrame
    n_rows: int
    quarantined: pl.DataFrame | None = None
    derived: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the cleaning table: its code, its action, its tables and its function.

    ``delivery.md`` gives some codes two actions; each is a rule here, under the same code.
    """

    code: str
    action: Action
    tables: tuple[str, ...]
    apply: Callable[[pl.DataFrame, Context], RuleResult]

    @property
    def summary(self) -> str:
        """The rule in words: the first line of its function's docstring."""
        return (self.apply.__doc__ or "").strip().splitlines()[0]


def quarantine_rows(frame: pl.DataFrame, is_wrong: pl.Expr) -> RuleResult:
    """Take the rows out for which ``is_wrong``; missing is not wrong."""
    wrong = frame.select(is_wrong.fill_null(False).alias("wrong"))["wrong"]
    if not wrong.any():
        return RuleResult(frame, 0)
    return RuleResult(frame.filter(~wrong), int(wrong.sum()), frame.filter(wrong))


def flag_rows(frame: pl.DataFrame, column: str, is_so: pl.Expr) -> RuleResult:
    """Add ``column``, true where ``is_so``; missing is false."""
    flagged = frame.with_columns(is_so.fill_null(False).alias(column))
    return RuleResult(flagged, int(flagged[column].sum()))

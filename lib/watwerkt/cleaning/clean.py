"""Clean a delivery: every rule in its order, and what became of every row."""

from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from watwerkt.cleaning.booking_lag import estimate_booking_lag, last_observed_day, start_lag_p95
from watwerkt.cleaning.ledger import Entry, build_accounts, build_ledger, enter, gather_quarantine
from watwerkt.cleaning.rule import Context
from watwerkt.cleaning.rules import RULES
from watwerkt.cleaning.spells import build_spells
from watwerkt.intake.about import DeliveryFile
from watwerkt.intake.delivery import Delivery
from watwerkt.schemas import tables

ALWAYS_THERE = {"end_date", "is_reached"}  # also where they were not delivered


@dataclass(frozen=True)
class Cleaned:
    """A delivery after every rule.

    Attributes
    ----------
    about : the delivery's own description.
    tables : every delivered table, its delivered columns and the flags of its rules. ``benefits``
        holds spells (with ``spell_id``) and out-of-scope periods. Beside them ``periods`` (the
        payment periods of each spell) and, with contacts, ``registration`` (team × month).
    spells : one row per spell in scope, ends after ``observed_until`` taken as not yet known.
    ledger : ``table, rule, action, n_rows``; one row per table × rule × action, also where 0.
    accounts : ``table, rows_read, rows_kept, rows_merged, rows_quarantined``; adds up to the row.
    quarantine : table → the rows taken out, with their ``rule``.
    booking_lag_days : ``median``, ``p95``, and ``is_estimated`` (1.0) or assumed (0.0).
    observed_until : the last day up to which ends are known.
    dropped_columns, withheld, left_out, approximate : what was delivered and not read, or read for
        something else, as in ``Delivery``.
    """

    about: DeliveryFile
    tables: dict[str, pl.DataFrame]
    spells: pl.DataFrame
    ledger: pl.DataFrame
    accounts: pl.DataFrame
    quarantine: dict[str, pl.DataFrame]
    booking_lag_days: dict[str, float]
    observed_until: date
    dropped_columns: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    approximate: dict[str, str] = field(default_factory=dict)


def clean_delivery(
    delivery: Delivery, max_gap_days: int = 30, booking_lag_months: int = 3
) -> Cleaned:
    """Apply every rule; ``DataError`` when a row is neither kept, merged nor quarantined.

    Parameters
    ----------
    max_gap_days : benefit periods at most this many days apart are one spell.
    booking_lag_months : how late ends are booked, where the delivery does not tell.
    """
    about = delivery.about
    context = Context(
        table="",
        tables={name: add_missing_columns(f, name) for name, f in delivery.tables.items()},
        extract_date=about.extract_date,
        first_month=date.fromisoformat(f"{about.first_month}-01"),
        last_month=date.fromisoformat(f"{about.last_month}-01"),
        max_gap_days=max_gap_days,
    )
    cleaned, entries = apply_rules(context)
    benefits, window = cleaned["benefits"], (context.first_month, context.extract_date)
    lag = estimate_booking_lag(benefits, *window, booking_lag_months)
    observed_until = last_observed_day(
        context.extract_date, max_gap_days, lag["p95"], start_lag_p95(benefits, *window)
    )
    ledger = build_ledger(entries)
    return Cleaned(
        about=about,
        tables={n: _drop_undelivered(f, delivery.tables.get(n), n) for n, f in cleaned.items()},
        spells=build_spells(benefits, observed_until),
        ledger=ledger,
        accounts=build_accounts(delivery.tables, cleaned, ledger),
        quarantine=gather_quarantine(entries),
        booking_lag_days=lag,
        observed_until=observed_until,
        dropped_columns=delivery.dropped_columns,
        withheld=delivery.withheld,
        left_out=delivery.left_out,
        approximate=delivery.approximate,
    )


def apply_rules(context: Context) -> tuple[dict[str, pl.DataFrame], list[Entry]]:
    """Every rule on every table of ``context`` that it is for: the tables after it, the entries."""
    cleaned, entries = dict(context.tables), []
    for rule in RULES:
        for table in (name for name in rule.tables if name in context.tables):
            result = rule.apply(cleaned[table], replace(context, table=table, tables=cleaned))
            cleaned = {**cleaned, table: result.frame, **result.derived}
            entries.append(enter(table, rule, result))
    return cleaned, entries


def add_missing_columns(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Every canonical column, in order; one that was not delivered is missing everywhere.

    Except ``is_reached``: a register without it is taken to hold contacts that took place, under
    the flag ``is_reach_assumed``.
    """
    dtypes = tables()[table].dtypes()
    missing = {c: pl.lit(None, dtype) for c, dtype in dtypes.items() if c not in frame.columns}
    if "is_reached" in missing:
        missing |= {"is_reached": pl.lit(True), "is_reach_assumed": pl.lit(True)}
    more = [c for c in (*frame.columns, *missing) if c not in dtypes]
    return frame.with_columns(**missing).select(*dtypes, *more)


def _drop_undelivered(
    frame: pl.DataFrame, delivered: pl.DataFrame | None, table: str
) -> pl.DataFrame:
    if delivered is None:
        return frame
    absent = set(tables()[table].columns) - set(delivered.columns) - ALWAYS_THERE
    return frame.drop(absent)

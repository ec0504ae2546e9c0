"""Rule B10: deliveries that are a row per person, thing and report month (BUS, SRG)."""

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult, flag_rows
from watwerkt.cleaning.services import srg_break
from watwerkt.schemas import tables

KEYS = {name: list(table.key) for name, table in tables().items()}
KEYS |= {"clients": ["person_id", "birth_year", "sex"]}


def merge_superseded_snapshots(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Of the monthly reports on one person, benefit, trait or service the latest month stays."""
    if not _are_snapshots(frame):
        return RuleResult(frame, 0)
    ordered = frame.sort("report_month", nulls_last=False, maintain_order=True)
    latest = ordered.unique(KEYS[context.table], keep="last", maintain_order=True)
    return RuleResult(latest, frame.height - latest.height)


def flag_vanished_benefits(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A benefit not reported in the last month delivered, whose end never was, has vanished.

    Adds ``vanished_date``, the first day after its last report: it leaves risk there.
    """
    if not _are_snapshots(frame):
        absent = frame.with_columns(vanished_date=pl.lit(None, pl.Date))
        return flag_rows(absent, "is_vanished", pl.lit(False))
    month = pl.col("report_month")
    has_end = (pl.col("end_date") <= context.extract_date).fill_null(False)
    is_vanished = ~has_end & (month < context.last_month)
    next_month = month.dt.month_start().dt.offset_by("1mo")
    dated = frame.with_columns(vanished_date=pl.when(is_vanished).then(next_month))
    return flag_rows(dated, "is_vanished", is_vanished)


def repair_vanished_services(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A service that is reported no more, whose end never was, ended with its last report.

    Only where a later month was delivered, and up to the month before SRG began to send changes
    (S02): since then a service that runs on unchanged need not be reported again.
    """
    month = pl.col("report_month")
    until = pl.min_horizontal(month.max(), pl.lit(srg_break()[0]))
    has_end = (pl.col("end_date") <= context.extract_date).fill_null(False)
    result = flag_rows(frame, "is_end_assumed", ~has_end & (month < until))
    next_month = month.dt.month_start().dt.offset_by("1mo")
    ended = pl.when("is_end_assumed").then(next_month).otherwise("end_date")
    return RuleResult(result.frame.with_columns(end_date=ended), result.n_rows)


def _are_snapshots(frame: pl.DataFrame) -> bool:
    return "report_month" in frame.columns and frame["report_month"].count() > 0

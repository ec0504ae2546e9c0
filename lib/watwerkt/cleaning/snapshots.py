"""Rule B10: deliveries that are a row per person, thing and report month (BUS, SRG).

The latest report says when a benefit began and how it ended. What changes on the way (exemption,
part-time income, household) is kept by the month that reported it, so that the state of the last
report does not stand for the months before it.
"""

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult, flag_rows
from watwerkt.cleaning.services import srg_break
from watwerkt.cleaning.spells import TERMS, is_in_scope
from watwerkt.codebook import codes
from watwerkt.schemas import tables

KEYS = {name: list(table.key) for name, table in tables().items()}
KEYS |= {"clients": ["person_id", "birth_year", "sex"]}
LATE_MONTHS = "3mo"  # a first report speaks at most so far back: benefits are granted with delay


def merge_superseded_snapshots(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Of the monthly reports on one person, benefit, trait or service the latest month stays.

    Makes ``terms`` (of benefits) or ``client_history``: what the reports say by month.
    """
    if not _are_snapshots(frame):
        return RuleResult(frame, 0)
    ordered = frame.sort("report_month", nulls_last=False, maintain_order=True)
    latest = ordered.unique(KEYS[context.table], keep="last", maintain_order=True)
    history = {"clients": _date_traits, "benefits": _date_terms}.get(context.table)
    reports = frame.filter(pl.col("report_month").is_not_null())
    derived = history(reports) if history else {}
    return RuleResult(latest, frame.height - latest.height, derived=derived)


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


def _date_terms(reports: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """``terms``: person × day from which the terms of the benefit hold, where they change.

    From the month of the report. The first report after months without one also speaks for these,
    back to the start of the benefit, at most three months.
    """
    order = ["person_id", "report_month", "start_date"]
    reported = reports.filter(is_in_scope()).select(*order, *TERMS)
    rows = reported.sort(order, maintain_order=True)
    month, start = pl.col("report_month"), pl.col("start_date")
    unreported = pl.max_horizontal(
        start, month.dt.offset_by(f"-{LATE_MONTHS}"), _of_same_person(month).dt.offset_by("1mo")
    )
    valid_from = pl.min_horizontal(unreported, pl.max_horizontal(month, start))
    return {"terms": _where_changed(rows.select("person_id", *TERMS, valid_from=valid_from))}


def _date_traits(reports: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """``client_history``: the traits of clients by the month of the report, as in ``traits``."""
    delivered = [t for t in codes("trait") if t in reports.columns and reports[t].count()]
    order = ["person_id", "report_month"]
    rows = reports.select(*order, *delivered).sort(order, maintain_order=True)
    month = pl.col("report_month")
    is_first = _of_same_person(month).is_null()
    valid_from = pl.when(is_first).then(month.dt.offset_by(f"-{LATE_MONTHS}")).otherwise(month)
    dated = rows.with_columns(valid_from=valid_from)
    history = [
        _where_changed(dated.select("person_id", "valid_from", value=trait).drop_nulls("value"))
        .with_columns(trait=pl.lit(trait))
        .select("person_id", "trait", "value", "valid_from")
        for trait in delivered
    ]
    return {"client_history": pl.concat(history)} if history else {}


def _where_changed(rows: pl.DataFrame) -> pl.DataFrame:
    """Without the rows that say what the person's row before says; sorted as given."""
    told = [pl.col(c) for c in rows.columns if c not in ("person_id", "valid_from")]
    is_new = pl.col("person_id").ne_missing(pl.col("person_id").shift())
    return rows.filter(is_new | pl.any_horizontal(c.ne_missing(c.shift()) for c in told))


def _of_same_person(column: pl.Expr) -> pl.Expr:
    """The value in the row before, of rows sorted as given."""
    person = pl.col("person_id")
    return pl.when(person == person.shift()).then(column.shift())

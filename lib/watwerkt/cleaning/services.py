"""Rules for what happens beside the benefit: services (S02) and jobs (J01)."""

from datetime import date

import polars as pl

from watwerkt.cleaning.persons import is_unknown_person
from watwerkt.cleaning.rule import Context, RuleResult, flag_rows, quarantine_rows
from watwerkt.codebook import read_codebook

SRG_BREAK = "SRG transaction system"


def srg_break() -> tuple[date, date]:
    """First days of the first and the last month of the break in SRG."""
    entry = next(b for b in read_codebook("breaks")["breaks"] if b["name"] == SRG_BREAK)
    first, last = (date.fromisoformat(f"{entry[m]}-01") for m in ("first_month", "last_month"))
    return first, last


def drop_backward_services(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A service does not end before it starts."""
    return quarantine_rows(frame, pl.col("end_date") < pl.col("start_date"))


def flag_series_break(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A service that starts or ends in the months of the SRG break (2022-12, 2023-01)."""
    first, last = srg_break()
    in_break = [
        pl.col(day).dt.month_start().is_between(first, last) for day in ("start_date", "end_date")
    ]
    return flag_rows(
        frame, "is_in_series_break", pl.any_horizontal(c.fill_null(False) for c in in_break)
    )


def drop_jobs_out_of_place(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A job month lies in the window delivered, and its person among the clients."""
    in_window = pl.col("month").dt.month_start().is_between(context.first_month, context.last_month)
    return quarantine_rows(frame, is_unknown_person(context) | ~in_window)

"""Rules for benefits that look at a period by itself: B01-B03, B05 and B09."""

import polars as pl

from watwerkt.cleaning.aow import add_pension_date
from watwerkt.cleaning.rule import Context, RuleResult, flag_rows, quarantine_rows
from watwerkt.cleaning.spells import is_in_scope

ADULT_AGE = 18


def drop_empty_periods(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A benefit period does not end on or before its first day."""
    return quarantine_rows(frame, pl.col("end_date") <= pl.col("start_date"))


def drop_future_periods(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A benefit period does not start after the extract."""
    return quarantine_rows(frame, pl.col("start_date") > context.extract_date)


def repair_running_ends(frame: pl.DataFrame, context: Context) -> RuleResult:
    """An end date that means "still running" is missing: intake read it so; here it is counted."""
    if "is_end_repaired" not in frame.columns:
        return flag_rows(frame, "is_end_repaired", pl.lit(False))
    return flag_rows(frame, "is_end_repaired", pl.col("is_end_repaired"))


def flag_outside_working_age(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A period in scope that starts below 18, or runs on past state pension age, leaves risk there.

    A birth year shows an age below 18 only where the eighteenth year has not begun. Adds
    ``risk_end_date``, the first day out of risk.
    """
    clients = add_pension_date(context.tables["clients"])
    aged = frame.join(
        clients.select("person_id", "birth_year", "pension_date"),
        on="person_id",
        how="left",
        maintain_order="left",
    )
    start, end, pension = pl.col("start_date"), pl.col("end_date"), pl.col("pension_date")
    is_past_pension = (end.is_null() | (end > pension)) & (pension <= context.extract_date)
    is_minor = start.dt.year() < pl.col("birth_year") + ADULT_AGE
    risk_end = pl.min_horizontal(
        pl.when(is_minor).then(start), pl.when(is_past_pension).then(pension)
    )
    dated = aged.with_columns(risk_end_date=pl.when(is_in_scope()).then(risk_end))
    return flag_rows(
        dated.drop("birth_year", "pension_date"),
        "is_outside_working_age",
        pl.col("risk_end_date").is_not_null(),
    )


def flag_out_of_scope(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Schemes other than PW, IOAW and IOAZ are kept, out of risk and caseload."""
    return flag_rows(frame, "is_out_of_scope", ~is_in_scope())

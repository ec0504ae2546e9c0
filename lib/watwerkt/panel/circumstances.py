"""What runs or happens beside the benefit: part-time income, exemption, services, errors, jobs."""

import polars as pl

from watwerkt.panel.months import month_of
from watwerkt.panel.running import add_latest, build_steps
from watwerkt.panel.traits import is_exempt

INCOME = "part_time_income_eur_month"


def add_benefit_terms(rows: pl.LazyFrame, periods: pl.LazyFrame, known: list[str]) -> pl.LazyFrame:
    """Add ``is_exempt`` and ``has_part_time_work`` as of the first day at risk.

    The latest payment period that began by then speaks, also in a gap that was merged away. Only
    for the terms that are ``known``, delivered: in those an empty income is no income.
    """
    terms = {
        "exemption": is_exempt().alias("is_exempt"),
        INCOME: (pl.col(INCOME).fill_null(0) > 0).alias("has_part_time_work"),
    }
    built = [term for column, term in terms.items() if column in known]
    valued = periods.select("person", pl.col("start_date").alias("day"), *built)
    return add_latest(rows, valued.sort(pl.all()), on="day", by="person")


def add_jobs(rows: pl.LazyFrame, jobs: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``has_part_time_work`` where benefits do not tell: hours or a wage in the month.

    A job with neither counts. In the month of exit the job may be the one that ended the benefit.
    """
    if "has_part_time_work" in rows.collect_schema().names():
        return rows
    amount = pl.max_horizontal("hours_month", "wage_eur_month").fill_null(1)
    months = jobs.filter(amount > 0).select("person", month=month_of(pl.col("month"))).unique()
    worked = months.with_columns(has_part_time_work=pl.lit(True)).sort("person", "month")
    return add_latest(rows, worked, on="month", by="person", at_most=0).with_columns(
        pl.col("has_part_time_work").fill_null(False)
    )


def add_services(rows: pl.LazyFrame, services: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``n_services_active``: provisions that run on the first day of the month."""
    running = build_steps(services, by="person", weights={"n_services_active": pl.lit(1)})
    return add_latest(rows, running, on="month", by="person").with_columns(
        pl.col("n_services_active").fill_null(0)
    )


def add_errors(rows: pl.LazyFrame, errors: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``n_errors_month``: administrative errors dated in the month."""
    counted = (
        errors.with_columns(month=month_of(pl.col("error_date")))
        .group_by("person", "month")
        .agg(n_errors_month=pl.len())
        .sort("person", "month")
    )
    return add_latest(rows, counted, on="month", by="person", at_most=0).with_columns(
        pl.col("n_errors_month").fill_null(0)
    )

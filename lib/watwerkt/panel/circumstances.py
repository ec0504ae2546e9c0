"""What runs or happens beside the benefit: part-time income, exemption, services, errors, jobs."""

import polars as pl

from watwerkt.panel.months import Window, month_of
from watwerkt.panel.running import add_latest, build_steps
from watwerkt.panel.traits import is_exempt

INCOME = "part_time_income_eur_month"


def add_benefit_terms(rows: pl.LazyFrame, periods: pl.LazyFrame, known: list[str]) -> pl.LazyFrame:
    """Add ``is_exempt`` and ``has_part_time_work`` as of the first day at risk.

    The latest payment period that began by then speaks, also in a gap that was merged away. Only
    for the terms that are ``known``, delivered: in those an empty income is no income. A suite that
    overwrites the terms of a running period gives those of the extract: dated traits and jobs
    take their place where they were delivered.
    """
    terms = {
        "exemption": is_exempt().alias("is_exempt"),
        INCOME: (pl.col(INCOME).fill_null(0) > 0).alias("has_part_time_work"),
    }
    built = [term for column, term in terms.items() if column in known]
    valued = periods.select("person", pl.col("start_date").alias("day"), *built)
    return add_latest(rows, valued.sort(pl.all()), on="day", by="person")


def add_jobs(rows: pl.LazyFrame, jobs: pl.LazyFrame, window: Window) -> pl.LazyFrame:
    """Add ``has_part_time_work`` from jobs, in the place of what payment periods say.

    Hours or a wage in the month *before*, on this benefit already: in the month of exit the job may
    be the one that ended it, and before entry the one that was lost. A job with neither counts.
    Missing in the first month of the window, before which no jobs are known (J01).
    """
    amount = pl.max_horizontal("hours_month", "wage_eur_month").fill_null(1)
    worked = (
        jobs.filter(amount > 0)
        .select("person", month=month_of(pl.col("month")) + 1)
        .unique()
        .with_columns(worked=pl.lit(True))
        .sort("person", "month")
    )
    is_new = pl.col("months_since_entry") == 0
    has_worked = pl.col("worked").fill_null(False) & ~is_new
    is_known = is_new | (pl.col("month") > window.first)
    return (
        add_latest(rows, worked, on="month", by="person", at_most=0)
        .with_columns(has_part_time_work=pl.when(is_known).then(has_worked))
        .drop("worked")
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

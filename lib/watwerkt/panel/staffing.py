"""Staffing shock: clients inherited from caseworkers who left, per remaining FTE of the team.

Only departures out of service (``leave_reason`` left): leave and rotation are planned. The clients
are those held on the last working day; they fall to whoever of the team is then still there. A
departure counts in the six months that follow it. The instrument of chapter 03 (P1).
"""

import polars as pl

from watwerkt.panel.months import Window, month_from

MONTHS_AFTER = 6
DEPARTURE = ["caseworker_id", "team_id", "left_date"]


def build_staffing_shocks(
    holdings: pl.LazyFrame, caseworkers: pl.LazyFrame, window: Window
) -> pl.DataFrame:
    """One row per team × month from the seventh month of the window on: ``staffing_shock``.

    0 where nobody left; missing where the FTE that remained is none or not known. In the first six
    months who left before, and with how many clients, is not known.
    """
    teams = caseworkers.select("team_id").drop_nulls().unique()
    months = pl.LazyFrame().select(
        month=pl.int_range(window.first + MONTHS_AFTER, window.last + 1, dtype=pl.Int32)
    )
    shocks = _sum_by_month(_inherited(holdings, caseworkers))
    known = pl.col("is_known").fill_null(True)
    return (
        teams.join(months, how="cross")
        .join(shocks, on=["team_id", "month"], how="left")
        .with_columns(staffing_shock=pl.when(known).then(pl.col("shock").fill_null(0.0)))
        .select("team_id", "month", "staffing_shock")
        .sort("team_id", "month")
        .collect()
    )


def _sum_by_month(departures: pl.LazyFrame) -> pl.LazyFrame:
    first = pl.col("left_month")
    return (
        departures.with_columns(month=pl.int_ranges(first, first + MONTHS_AFTER, dtype=pl.Int32))
        .explode("month")
        .group_by("team_id", "month")
        .agg(pl.col("shock").sum().round(6), is_known=pl.col("shock").is_not_null().all())
    )


def _inherited(holdings: pl.LazyFrame, caseworkers: pl.LazyFrame) -> pl.LazyFrame:
    """One row per departure: ``team_id``, ``left_month``, ``shock`` (clients per remaining FTE)."""
    left = caseworkers.filter(
        pl.col("leave_reason") == "left", pl.col("end_date", "team_id").is_not_null()
    ).select("caseworker_id", "team_id", left_date="end_date")
    shock = pl.col("n_clients").fill_null(0) / pl.col("fte")
    return (
        left.join(_clients_held(left, holdings), on=DEPARTURE, how="left")
        .join(_remaining_fte(left, caseworkers), on=DEPARTURE, how="left")
        .select(
            "team_id",
            left_month=month_from(pl.col("left_date")),
            shock=pl.when(pl.col("is_known") & (pl.col("fte") > 0)).then(shock),
        )
    )


def _clients_held(left: pl.LazyFrame, holdings: pl.LazyFrame) -> pl.LazyFrame:
    last_day = pl.col("left_date").dt.offset_by("-1d")
    return (
        left.join(holdings, on="caseworker_id")
        .filter(
            pl.col("start_date") <= last_day,
            (last_day < pl.col("end_date")).fill_null(True),
        )
        .group_by(DEPARTURE)
        .agg(n_clients=pl.col("person").n_unique())
    )


def _remaining_fte(left: pl.LazyFrame, caseworkers: pl.LazyFrame) -> pl.LazyFrame:
    day = pl.col("left_date")
    return (
        left.join(caseworkers, on="team_id", suffix="_colleague")
        .filter(
            pl.col("start_date") <= day,
            (day < pl.col("end_date")).fill_null(True),
        )
        .group_by(DEPARTURE)
        .agg(pl.col("fte").sum(), is_known=pl.col("fte").is_not_null().all())
    )

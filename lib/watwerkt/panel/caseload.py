"""Caseload: clients per FTE and per head of the caseworker at the start of the month.

By cumulative sum over starts and ends of holdings, without expanding them; a caseworker has one
role at a time, so the caseload is within it. FTE is the sum over the caseworker's own periods that
run on that day, and missing where one of them is. Stock at the start, since an exit in the month
would lower the regressor of the month it happens in (see the warnings of chapter 03).
"""

import polars as pl

from watwerkt.panel.months import Window
from watwerkt.panel.running import add_latest, build_steps


def build_caseloads(
    holdings: pl.DataFrame, caseworkers: pl.DataFrame | None, window: Window
) -> pl.DataFrame:
    """One row per caseworker with clients × month: ``n_clients``, ``fte`` (null: not known)."""
    clients = build_steps(holdings.lazy(), by="caseworker_id", weights={"n_clients": pl.lit(1)})
    grid = (
        holdings.lazy()
        .select("caseworker_id")
        .unique()
        .join(
            pl.LazyFrame({"month": range(window.first, window.last + 1)}, {"month": pl.Int32}),
            how="cross",
        )
        .sort("caseworker_id", "month")
    )
    loads = add_latest(grid, clients, on="month", by="caseworker_id").filter(
        pl.col("n_clients") > 0
    )
    return add_fte(loads, caseworkers).collect()


def add_fte(rows: pl.LazyFrame, caseworkers: pl.DataFrame | None) -> pl.LazyFrame:
    """Add ``fte`` of ``caseworker_id`` on the first day of ``month``."""
    if caseworkers is None:
        return rows.with_columns(fte=pl.lit(None, pl.Float64))
    weights = {
        "fte": pl.col("fte").fill_null(0.0),
        "n_unknown": pl.col("fte").is_null().cast(pl.Float64),
    }
    steps = build_steps(caseworkers.lazy(), by="caseworker_id", weights=weights)
    known = (pl.col("n_unknown") == 0) & (pl.col("fte") > 0)
    return (
        add_latest(rows, steps, on="month", by="caseworker_id")
        .with_columns(fte=pl.when(known).then("fte"))
        .drop("n_unknown")
    )


def add_caseload(held: pl.LazyFrame) -> pl.LazyFrame:
    """Turn ``n_clients`` and ``fte`` into caseload; ``caseload_others`` leaves the client out.

    Missing where the caseworker had no client yet on the first day of the month.
    """
    head, fte = pl.col("n_clients"), pl.col("fte")
    others = head - pl.col("is_held_at_start").cast(pl.Int8)
    return held.with_columns(
        caseload_head=head, caseload_fte=head / fte, caseload_others=others / fte
    ).drop("n_clients", "fte", "is_held_at_start")


def add_team(rows: pl.LazyFrame, caseworkers: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``team_id`` and ``role`` on ``day``; sorted by ``caseworker_id`` and ``day``."""
    periods = caseworkers.select("caseworker_id", "team_id", "role", day="start_date").sort(
        "caseworker_id", "day", "team_id", "role"
    )
    return add_latest(rows, periods, on="day", by="caseworker_id")


def add_mean_caseload(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``caseload_fte_mean_3m``: the client's own exposure, in the spell so far.

    Mean of the caseload at the start of this month and of the two before.
    """
    same_spell = {lag: pl.col("spell").shift(lag) == pl.col("spell") for lag in (0, 1, 2)}
    exposures = [
        pl.when(is_same).then(pl.col("caseload_fte").shift(lag))
        for lag, is_same in same_spell.items()
    ]
    return rows.with_columns(caseload_fte_mean_3m=pl.mean_horizontal(exposures))

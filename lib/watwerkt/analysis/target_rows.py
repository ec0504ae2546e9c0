"""Who was in each team at the start of each month, and how many of them left within a year (P2).

A window of a team begins with the clients it has in a month, whoever handles them later, and
counts their first exit in the twelve months from then on. Windows that are not observed to their
end are left out.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import STAY, UNEXPLAINED, is_exit_to
from watwerkt.analysis.targets import Targets
from watwerkt.codebook import UNKNOWN

SPAN = 12  # months
OUTCOMES = ("all", "work", "without_work", "administrative")
COUNTED = (*OUTCOMES, UNEXPLAINED)
CASELOAD = "caseload"
MIN_CLIENTS = 10  # of a team's window
WINDOW = ["unit", "month"]


def team_windows(panel: pl.LazyFrame, targets: Targets) -> pd.DataFrame:
    """Windows of all teams but those that got a larger target first, for ``build_windows``.

    Columns ``unit, stratum, month, weight, caseload`` (the mean of the clients' caseloads over the
    window) and the per cent that left within 1 to 12 months, ``all_1`` … ``work_12`` …, and for a
    reason that is not known, ``unexplained_1`` ….
    """
    number = 12 * pl.col("month").dt.year().cast(pl.Int64) + pl.col("month").dt.month() - 1
    clients = panel.filter(
        pl.col("team_id").is_not_null() & ~pl.col("team_id").is_in(sorted(targets.raised))
    ).select(
        "spell_id", "role", "caseload_fte", unit=pl.col("team_id"), month=number.cast(pl.Int64)
    )
    stock = (
        clients.group_by(WINDOW)
        .agg(
            stratum=pl.col("role").drop_nulls().mode().min(),
            weight=pl.len(),
            now=pl.col("caseload_fte").mean(),
        )
        .sort(WINDOW)
    )
    last = panel.select(number.max()).collect().item()
    windows = _complete(stock.collect().to_pandas(), last)
    exits = _exits(panel, clients, number).reindex(pd.MultiIndex.from_frame(windows[WINDOW]))
    shares = 100 * exits.fillna(0.0).div(windows["weight"].to_numpy(), axis=0)
    return windows.join(shares.reset_index(drop=True))


def _exits(panel: pl.LazyFrame, clients: pl.LazyFrame, number: pl.Expr) -> pd.DataFrame:
    """Clients per window that left within so many months, by outcome."""
    ends = panel.filter(pl.col("exit_destination") != STAY).select(
        "spell_id", end=number, **{outcome: is_exit_to(outcome) for outcome in COUNTED}
    )
    left = (
        clients.join(ends, on="spell_id")
        .with_columns(after=pl.col("end") - pl.col("month") + 1)
        .filter(pl.col("after").is_between(1, SPAN))
        .group_by(*WINDOW, "after")
        .agg(pl.col(COUNTED).sum())
        .collect()
        .to_pandas()
    )
    steps = [
        left.pivot_table(outcome, WINDOW, "after", "sum")
        .reindex(columns=range(1, SPAN + 1))
        .fillna(0.0)
        .cumsum(axis=1)
        .add_prefix(f"{outcome}_")
        for outcome in COUNTED
    ]
    return pd.concat(steps, axis=1)


def _complete(table: pd.DataFrame, last: int | None) -> pd.DataFrame:
    """Windows seen to their end, with the caseload over their months and one stratum a team."""
    by_team = table.sort_values("month", ascending=False).groupby("unit")["now"]
    mean = by_team.transform(lambda now: now.rolling(SPAN, min_periods=SPAN).mean())
    role = (
        table.fillna({"stratum": UNKNOWN})
        .groupby("unit")["stratum"]
        .agg(lambda roles: roles.mode().min())
    )
    rows = table.assign(**{CASELOAD: mean, "stratum": table["unit"].map(role)}).drop(columns="now")
    kept = (rows["month"] + SPAN - 1 <= (last or 0)) & (rows["weight"] >= MIN_CLIENTS)
    return rows[kept].reset_index(drop=True)

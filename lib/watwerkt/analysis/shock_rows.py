"""Incumbent clients in teams that a colleague left: the rows of the staffing-shock design (P1).

The panel's ``staffing_shock`` adds up the departures of the month and of the five before it. Its
mean with that of a month earlier covers months 0 to 6 since a departure (the first and last for
half), its value four months ago covers months 4 to 9, and its value six months on the departures
that are still to come.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import DURATION_BANDS, band_of
from watwerkt.analysis.destination import DEATH, UNEXPLAINED, is_exit_to
from watwerkt.codebook import UNKNOWN

WITH_HAND_OVER, AFTER_HAND_OVER = "months_0_6", "months_4_9"
LAST_MONTH = {WITH_HAND_OVER: 6, AFTER_HAND_OVER: 9}  # since the departure
OUTCOMES = ("all", "work", "without_work")
EVERYBODY = pl.lit(True)
COUNTED = (*OUTCOMES, UNEXPLAINED, DEATH)
NEW = 1  # a month in which a client who came this month is not yet an incumbent


def shock_rows(
    panel: pl.LazyFrame, span: str, chosen: pl.Expr = EVERYBODY
) -> tuple[pd.DataFrame, int]:
    """Sums by team, month and case-mix cell over ``chosen`` months, and the persons behind them.

    Only who was on benefit before the earliest departure that counts: what comes in later may be
    sent elsewhere because somebody left. Columns ``team, month, cell, n_months, log_caseload``
    (mean), ``shock``, ``shock_later`` (missing near the end) and exits per outcome, ``n_all``
    … ``n_unexplained`` and ``n_death``.
    """
    texts = ("role", "labour_market_distance")
    cell = [
        *(pl.col(name).fill_null(UNKNOWN) for name in texts),
        band_of(pl.col("months_since_entry"), DURATION_BANDS),
    ]
    months = (
        panel.filter(
            pl.col("months_since_entry") >= LAST_MONTH[span] + NEW,
            pl.col("caseload_fte") > 0,
            chosen,
        )
        .join(_team_shocks(panel, span), on=["team_id", "month"])
        .with_columns(cell=pl.concat_str(cell, separator="|"))
    )
    rows = months.group_by("team_id", "month", "cell").agg(
        n_months=pl.len(),
        log_caseload=pl.col("caseload_fte").log().mean(),
        shock=pl.col("shock").first(),
        shock_later=pl.col("shock_later").first(),
        **{f"n_{outcome}": is_exit_to(outcome).sum() for outcome in COUNTED},
    )
    table = rows.sort("team_id", "month", "cell").collect().to_pandas()
    n_persons = months.select(pl.col("person_id").n_unique()).collect().item()
    return table.rename(columns={"team_id": "team"}), int(n_persons)


def _team_shocks(panel: pl.LazyFrame, span: str) -> pl.LazyFrame:
    """Team × month where the shock is known: ``shock`` and ``shock_later``."""
    teams = (
        panel.filter(pl.col("team_id").is_not_null() & pl.col("staffing_shock").is_not_null())
        .group_by("team_id", "month")
        .agg(now=pl.col("staffing_shock").first())
    )
    for months in (1, 4, -6):
        moved = teams.select(
            "team_id", pl.col("month").dt.offset_by(f"{months}mo"), pl.col("now").alias(f"{months}")
        )
        teams = teams.join(moved, on=["team_id", "month"], how="left")
    shock = (pl.col("now") + pl.col("1")) / 2 if span == WITH_HAND_OVER else pl.col("4")
    return teams.select(
        "team_id", "month", shock=shock, shock_later=pl.col("-6")
    ).filter(pl.col("shock").is_not_null())  # fmt: skip

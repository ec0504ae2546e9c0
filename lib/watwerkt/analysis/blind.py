"""A panel whose outcomes nobody has read: who could have left, without who did.

A plan says what could be detected before it is known what happened. So every exit is taken out of
the panel, and others are drawn at a published rate, the same for everybody. What chapters then
find is chance; their standard errors say what they could have seen.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watwerkt.analysis.destination import STAY

WORK, ELSEWHERE = "work", "other_income"


@dataclass(frozen=True, slots=True)
class Outflow:
    """What is assumed of outflow: shares of 1, of people a month and of those who leave."""

    month_share: float
    work_share: float


def blind_panel(panel: pl.LazyFrame, outflow: Outflow, rng: np.random.Generator) -> pl.LazyFrame:
    """The panel with drawn exits in the place of its own; months after a drawn exit are left out.

    Errors in the administration are outcomes too, and are taken out. One row per person × month.
    """
    ordered = panel.sort("spell_id", "month").collect()
    leaves = rng.random(ordered.height) < outflow.month_share
    where = np.where(rng.random(ordered.height) < outflow.work_share, WORK, ELSEWHERE)
    drawn = ordered.with_columns(
        exit_destination=pl.Series(np.where(leaves, where, STAY)),
        n_errors_month=pl.lit(None, pl.Int32),
    )
    earlier = pl.Series(leaves.astype(np.int32)).alias("leaves")
    still = pl.col("leaves").cum_sum().over("spell_id") - pl.col("leaves") == 0
    return drawn.with_columns(earlier).filter(still).drop("leaves").lazy()

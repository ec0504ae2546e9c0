"""The elasticity of exits to work, whatever the unknown reasons for leaving were (P1)."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import UNEXPLAINED
from watwerkt.analysis.shock import NO_SHOCKS, describe_shock
from watwerkt.analysis.shock_groups import SECONDARY
from watwerkt.analysis.shock_rows import WITH_HAND_OVER, shock_rows
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.shock_iv import ShockFit, shock_elasticity

BOUNDS = replace(
    SECONDARY,
    analysis="P1 bounds",
    estimand="exit hazard to work per log caseload, unknown reasons read as work, or on one side",
)
READINGS = {  # of months with a departure behind them, and of others: are unknown reasons work?
    "departure_known": (0, 0),
    "departure_all": (1, 1),
    "departure_without": (0, 1),
    "departure_with": (1, 0),
}
Fits = Mapping[str, ShockFit | None]


def fit_readings(panel: pl.LazyFrame) -> Fits:
    """The elasticity of exits to work for each of ``READINGS``; empty where no shock is known."""
    rows, n_persons = shock_rows(panel, WITH_HAND_OVER)
    if rows.empty:
        return {}
    return {name: _fit(rows, n_persons, *reading) for name, reading in READINGS.items()}


def elasticity_bounds(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """A row per reading; no number where departures hardly moved the caseload."""
    if not fits:
        return NO_SHOCKS
    rows = [describe_shock(fit, BOUNDS, "work", name, conf_level) for name, fit in fits.items()]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _fit(rows: pd.DataFrame, n_persons: int, after: int, otherwise: int) -> ShockFit | None:
    is_work = (rows["shock"] > 0).map({True: after, False: otherwise})
    exits = rows["n_work"] + is_work * rows[f"n_{UNEXPLAINED}"]
    try:
        return shock_elasticity(rows.assign(n_exits=exits), n_persons)
    except DataError:
        return None

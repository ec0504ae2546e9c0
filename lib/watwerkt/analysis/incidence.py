"""How long benefit lasts and where people go: curves over months since the start.

People already on benefit when the window begins enter at the duration they had then (delayed
entry). Spells whose start was set by a conversion (rule B11) have no known duration and are left
out. Durations are days / 30.4375.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.destination import GROUPS, destination_group
from watwerkt.disclosure import Gap, Policy, Protected, protect_curve
from watwerkt.disclosure.gap import NO_EXITS
from watwerkt.estimators.survival_curves import aalen_johansen, kaplan_meier

DAYS_PER_MONTH = 365.25 / 12
SHOWN_MONTHS = 60  # beyond five years only the stock is left to tell


@dataclass(frozen=True, slots=True)
class Window:
    """What is observed: days from ``start`` up to, not including, ``until``."""

    start: dt.date
    until: dt.date


def spell_durations(spells: pl.LazyFrame, window: Window) -> pd.DataFrame:
    """One row per spell observed in the window: ``entry``, ``duration`` (months), ``destination``.

    ``destination`` is a destination group, "" where the spell was still running when last seen,
    or left risk (state pension age).
    """
    last_seen = pl.min_horizontal(pl.lit(window.until), "end_date", "risk_end_date")
    ended = (pl.col("end_date") == last_seen) & (pl.col("end_date") <= window.until)
    days = pl.col("start_date")
    return (
        spells.filter(~pl.col("is_left_censored"))
        .select(
            entry=(pl.lit(window.start) - days).dt.total_days().clip(lower_bound=0)
            / DAYS_PER_MONTH,
            duration=(last_seen - days).dt.total_days() / DAYS_PER_MONTH,
            destination=pl.when(ended.fill_null(False))
            .then(destination_group())
            .otherwise(pl.lit("")),
        )
        .filter(pl.col("duration") > pl.col("entry"))
        .collect()
        .to_pandas()
    )


def exits_by_destination(
    spells: pl.LazyFrame, window: Window, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Cumulative incidence of each destination group by months since the start (Aalen-Johansen)."""
    durations = spell_durations(spells, window)
    if not durations["destination"].any():
        return NO_EXITS
    curves = aalen_johansen(
        durations["duration"], durations["destination"], entry=durations["entry"]
    ).tidy(conf_level)
    shown = _early(curves).rename(columns={"destination": "destination_group"})
    order = {group: place for place, group in enumerate(GROUPS)}
    shown = shown.sort_values(
        ["destination_group", "time"], key=lambda c: c.map(order) if c.name != "time" else c
    )
    return protect_curve(shown, policy, by=["destination_group"])


def still_on_benefit(
    spells: pl.LazyFrame, window: Window, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Share still on benefit by months since the start (Kaplan-Meier), any exit ending it."""
    durations = spell_durations(spells, window)
    if not durations["destination"].any():
        return NO_EXITS
    curve = kaplan_meier(
        durations["duration"], np.asarray(durations["destination"] != ""), entry=durations["entry"]
    )
    return protect_curve(_early(curve.tidy(conf_level)), policy)


def _early(curve: pd.DataFrame) -> pd.DataFrame:
    return curve[curve["time"] <= SHOWN_MONTHS]

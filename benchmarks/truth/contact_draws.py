"""P4, P5 and P6 on the clients of ``contact_worlds``, adjusted as in the chapter and not at all."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from contact_worlds import contact_world
from watwerkt.analysis.contact_effect import LAGGED
from watwerkt.analysis.contact_months import EXPOSURE, FIRST_MONTH
from watwerkt.analysis.contact_trials import judge_trials
from watwerkt.cleaning.registration import is_collapsed
from watwerkt.estimators.count_rate import rate_ratio
from watwerkt.estimators.hazard import HazardFit, add_duration_band, discrete_hazard
from watwerkt.estimators.risk_difference import risk_difference
from watwerkt.estimators.sequential_trials import emulate_trials
from watwerkt.estimators.weights import weight_diagnostics
from watwerkt.panel.contact_history import MONTHS_COLLAPSED
from worlds import Draw, World, figures

OR, FEWER = float(np.log(1.3)), float(np.log(0.6))
ADJUSTED_FOR = ("duration_band", "month", "is_near")
CARELESS, NEAR = {"carelessness": 0.7}, {"selection": "near"}
OFTEN_AGAINST_NEVER = 3.40  # pp, of that: ``true_risk_difference`` of 350,000 persons


def draw_hazard(seed: int, is_near_seen: bool = True, **planted: Any) -> dict[str, Draw]:
    """P4; naive is the odds ratio of a talk in the month itself, exit talks among them.

    Flagged: rule C05 finds a team whose registration collapsed, and leaves out its months.
    """
    every = contact_world(np.random.default_rng(seed), **planted)
    rows = _after_no_collapse(every)
    adjusting = ADJUSTED_FOR if is_near_seen else ADJUSTED_FOR[:-1]
    naive = _odds(rows, "taken", ()).tidy().iloc[0]
    return {
        "P4": figures(
            _odds(rows, "lagged", adjusting).tidy().iloc[0],
            naive=naive.estimate,
            naive_low=naive.conf_low,
            naive_high=naive.conf_high,
            status=LAGGED.status,
            is_flagged=len(rows) < len(every),
        )
    }


def draw_trials(seed: int, is_near_seen: bool = True, **planted: Any) -> dict[str, Draw]:
    """P5; naive emulates the same trials without adjusting for distance."""
    rows = contact_world(np.random.default_rng(seed), **planted).assign(same=1)
    blind = emulate_trials(rows, ["history"], ["same"])
    naive = risk_difference(blind, "is_exit")
    trials, fit = blind, naive
    if is_near_seen:
        trials = emulate_trials(rows, ["is_near", "history"], ["is_near"])
        fit = risk_difference(trials, "is_exit")
    without = naive.tidy().iloc[0]
    status, _ = judge_trials(fit, weight_diagnostics(trials))
    return {
        "P5": figures(
            fit.tidy().iloc[0],
            naive=without.estimate,
            naive_low=without.conf_low,
            naive_high=without.conf_high,
            status=status,
            is_flagged=status == "warning",
        )
    }


def draw_errors(seed: int, is_near_seen: bool = True, **planted: Any) -> dict[str, Draw]:
    """P6; naive is the same without the distance to work."""
    rows = contact_world(np.random.default_rng(seed), **planted)
    months = rows[rows["position"] >= FIRST_MONTH]
    own, naive = (
        rate_ratio(months[names], months["n_errors"], months["cluster"], ["lagged"], 1)
        .tidy()
        .iloc[0]
        for names in (["lagged", "is_near"], ["lagged"])
    )
    fit = own if is_near_seen else naive
    more = {"naive": naive.estimate, "naive_low": naive.conf_low, "naive_high": naive.conf_high}
    return {"P6": figures(fit, status="indicative", is_flagged=False, **more)}


def worlds() -> list[World]:
    """Odds ratios of 1 and 1.3, whoever is spoken to; then what is not seen."""
    sound = [
        _hazard(
            f"odds ratio {np.exp(log_or):.1f}, talks to {kind}", log_or=log_or, selection=chosen
        )
        for log_or in (0.0, OR)
        for kind, chosen in [("all", "none"), ("those near", "near"), ("those far", "far")]
    ]
    unseen: dict[str, Any] = {**NEAR, "is_near_seen": False}
    emulated = [
        _trials(f"odds ratio {np.exp(o):.1f}, talks to those near", log_or=o, selection="near")
        for o in (0.0, OR)
    ]
    counted = [
        _errors(f"rate ratio {np.exp(r):.1f}, talks to those near", log_rr=r, selection="near")
        for r in (0.0, FEWER)
    ]
    return [
        *sound,
        *emulated,
        *counted,
        _hazard("distance is not seen", "unobserved", log_or=0.0, **unseen),
        _hazard("who speaks to many is skilled", "skill", log_or=0.0, skill=1.0),
        _hazard("a quarter not booked, by caseworker", "diligence", log_or=OR, **CARELESS),
        _hazard("two teams book next to nothing", "collapse", log_or=OR, is_collapsed=True),
        _trials("distance is not seen", "unobserved", log_or=0.0, **unseen),
        _trials("who speaks to many is skilled", "skill", log_or=0.0, skill=1.0),
        _trials("a quarter not booked, by caseworker", "diligence", log_or=OR, **NEAR, **CARELESS),
        _errors("distance is not seen", "unobserved", log_rr=0.0, **unseen),
        _errors("a quarter not booked, by caseworker", "diligence", log_rr=FEWER, **CARELESS),
    ]


def _hazard(name: str, violates: str = "", **planted: Any) -> World:
    return World(name, {"P4": planted["log_or"]}, partial(draw_hazard, **planted), violates)


def _trials(name: str, violates: str = "", **planted: Any) -> World:
    truth = OFTEN_AGAINST_NEVER if planted["log_or"] else 0.0
    return World(name, {"P5": truth}, partial(draw_trials, **planted), violates)


def _errors(name: str, violates: str = "", **planted: Any) -> World:
    return World(name, {"P6": planted["log_rr"]}, partial(draw_errors, **planted), violates)


def _after_no_collapse(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out what rule C05 and the panel leave out."""
    months = pl.from_pandas(rows[["team_id", "month", "taken"]]).group_by("team_id", "month")
    counted = months.agg(n_contacts=pl.col("taken").sum(), n_clients=pl.len())
    found = counted.filter(is_collapsed())
    later = found.join(pl.DataFrame({"after": range(1, MONTHS_COLLAPSED + 1)}), how="cross")
    unknown = set(later.select("team_id", pl.col("month") + pl.col("after")).iter_rows())
    is_unknown = [place in unknown for place in zip(rows["team_id"], rows["month"], strict=True)]
    return rows[~np.array(is_unknown)]


def _odds(rows: pd.DataFrame, exposure: str, adjusting: tuple[str, ...]) -> HazardFit:
    months = add_duration_band(rows.rename(columns={"position": "months_since_entry"}))
    months = months[months["months_since_entry"] >= FIRST_MONTH]
    covariates = months[list(adjusting)].astype(str).assign(**{EXPOSURE: months[exposure]})
    return discrete_hazard(covariates, months["is_exit"], months["cluster"], [EXPOSURE], 1)

"""P4, P5 and P6 on a world with a planted effect of contact: one draw each, and the cases."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from contact_worlds import contact_world, true_risk_difference
from watwerkt.estimators.count_rate import rate_ratio
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import discrete_hazard
from watwerkt.estimators.risk_difference import risk_difference
from watwerkt.estimators.sequential_trials import emulate_trials

Draw = dict[str, float]
FIRST_MONTH = 4  # of a benefit, from which the whole exposure of P4 and P6 lies in it
N_PERSONS, N_TRUTH = 4000, 60_000
THREE_TENTHS, TWO_FIFTHS_FEWER = float(np.log(1.3)), float(np.log(0.6))


def draw_odds(seed: int, **planted: Any) -> Draw:
    """P4; naive is the same without the distance to work."""
    months = _months(seed, **planted)
    fits = [
        discrete_hazard(months[names], months["is_exit"], months["cluster"], ["lagged"], N_PERSONS)
        for names in (["lagged", "is_near"], ["lagged"])
    ]
    return _figures(*fits)


def draw_trials(seed: int, **planted: Any) -> Draw:
    """P5, all exits; naive is the same without the distance to work."""
    rows = contact_world(np.random.default_rng(seed), N_PERSONS, **planted).assign(same=1)
    fits = [
        risk_difference(emulate_trials(rows, covariates, prognostic), "is_exit")
        for covariates, prognostic in (
            (["is_near", "history"], ["is_near"]),
            (["history"], ["same"]),
        )
    ]
    return _figures(*fits)


def draw_errors(seed: int, **planted: Any) -> Draw:
    """P6; naive is the same without the distance to work."""
    months = _months(seed, **planted)
    fits = [
        rate_ratio(months[names], months["n_errors"], months["cluster"], ["lagged"], N_PERSONS)
        for names in (["lagged", "is_near"], ["lagged"])
    ]
    return _figures(*fits)


def contact_cases() -> list[tuple[str, float, Callable[[int], Draw]]]:
    """Name, truth and draw of every world; the truth of P5 by simulating either rule."""
    odds = [("none", 0.0), ("near", 0.0), ("near", THREE_TENTHS), ("far", THREE_TENTHS)]
    lagged = [
        (f"P4: {who}", effect, partial(draw_odds, selection=who, log_or=effect))
        for who, effect in odds
    ]
    emulated = [
        (
            f"P5: {who}",
            true_risk_difference(n_persons=N_TRUTH, selection=who, log_or=effect),
            partial(draw_trials, selection=who, log_or=effect),
        )
        for who, effect in odds[1:]
    ]
    counted = [
        ("P6: near", effect, partial(draw_errors, selection="near", log_rr=effect))
        for effect in (0.0, TWO_FIFTHS_FEWER)
    ]
    skilled = {"selection": "near", "skill": 1.0}
    return [
        *lagged,
        *emulated,
        *counted,
        ("P4 violated: who talks more is better", 0.0, partial(draw_odds, **skilled)),
        ("P5 violated: who talks more is better", 0.0, partial(draw_trials, **skilled)),
    ]


def _months(seed: int, **planted: Any) -> pd.DataFrame:
    rows = contact_world(np.random.default_rng(seed), N_PERSONS, **planted)
    return rows[rows["position"] >= FIRST_MONTH]


def _figures(fit: Estimates, naive: Estimates) -> Draw:
    row = fit.tidy().iloc[0]
    return {
        "estimate": row["estimate"],
        "low": row["conf_low"],
        "high": row["conf_high"],
        "p": row["p_value"],
        "naive": float(naive.estimate[0]),
    }

"""What a planned lottery promises: the chance that it finds an effect, what it costs, what it asks.

Everything is protected: figures about the participants and about people like them a year before.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from watwerkt.analysis.published import published_elasticity
from watwerkt.analysis.trial_plan import LotteryPlan
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_means
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.estimators.cost_benefit import DAYS_PER_YEAR, break_even_days, client_year_cost
from watwerkt.estimators.planted_hazard import LARGEST, expected_saving, find_ratio
from watwerkt.estimators.power import mde
from watwerkt.estimators.trial_power import Power, simulate_power
from watwerkt.prices import Prices

STEPS = (0.0, 0.4, 0.7, 1.0, 1.3, 1.6)  # of the smallest effect found with 80 %
GOAL = 0.8
PILOT, SAFE = 50, 1.15  # draws to find a size, and how much larger it is taken
RARE, SURE = 0.2, 0.98  # shares between which a simulated power tells the effect
SPARSE = 4  # one in so many draws for each point of the curve
TAKE_UP = 0.8  # an example of how many of those drawn come
DAYS, EXITS = 0, 1  # places of outcomes in ``Power``


@dataclass(frozen=True, slots=True)
class Promise:
    """The power at the effect asked for, and over a range of effects (days → power)."""

    asked: Power
    curve: dict[float, Power]
    mde_days: float
    mde_exits: float


def promise_power(plan: LotteryPlan, n_draws: int, conf_level: float) -> Promise:
    """Simulate the lottery at the effect asked for, and from none to well beyond what it can find.

    Effects out of reach of the year are left out of the curve.
    """
    asked = _simulate(plan, plan.ratio, n_draws, conf_level)
    found = find_mde(asked, conf_level)
    most = find_reachable(plan, max(STEPS) * found[DAYS])
    effects = sorted({round(step * min(found[DAYS], most / max(STEPS)), 2) for step in STEPS})
    ratios = {days: find_ratio(plan.past, days, plan.weight) for days in effects}
    curve = {d: _simulate(plan, r, n_draws // SPARSE, conf_level) for d, r in ratios.items()}
    return Promise(asked, curve, found[DAYS], found[EXITS])


def find_mde(found: Power, conf_level: float) -> list[float]:
    """The effect found with 80 %, per outcome: the power that was simulated, moved to 80 %.

    Power is that of an estimate that is normal around the effect. Where nearly every draw, or
    nearly none, finds it, the simulated share says too little, and the standard error is used.
    """
    alpha = 1 - conf_level
    effects = []
    for estimate, error, share in zip(found.estimate, found.std_error, found.power, strict=True):
        if RARE < share < SURE:
            reach = norm.ppf(1 - alpha / 2) + norm.ppf(GOAL)
            effects.append(abs(estimate) * reach / (norm.ppf(1 - alpha / 2) + norm.ppf(share)))
        else:
            effects.append(mde(float(error), GOAL, alpha))
    return [float(effect) for effect in effects]


def find_size(plan: LotteryPlan, conf_level: float) -> int:
    """How many participants find the effect with 80 %, and somewhat more to be safe.

    By a short simulation with the participants of ``plan``; never more than these.
    """
    error = _simulate(plan, plan.ratio, PILOT, conf_level).std_error[DAYS]
    scale = (mde(float(error), GOAL, 1 - conf_level) / plan.wanted.effect_days) ** 2
    return min(len(plan.people), int(np.ceil(len(plan.people) * scale * SAFE / 10)) * 10)


def find_verdict(summary: Protected) -> str:
    """``enough``, ``more`` people of this municipality, or ``together`` with others."""
    row = summary.frame.iloc[0]
    if row["chance_days"] >= GOAL:
        return "enough"
    return "more" if row["n_needed"] <= row["n_eligible"] else "together"


def find_reachable(plan: LotteryPlan, days: float) -> float:
    """``days``, or the most that any effect on leaving saves within the year where that is less."""
    return min(days, 0.99 * expected_saving(plan.past, LARGEST, plan.weight))


def contacts_now(plan: LotteryPlan, policy: Policy) -> Protected | Gap:
    """Conversations in the past year of who takes part, on average; one row."""
    known = plan.people["n_contacts_12m"].dropna()
    if known.empty:
        return NO_CONTACTS
    row = {"plan": plan.trial_id, "contacts_year": known.mean(), "n_persons": len(known)}
    return protect_means(
        pd.DataFrame([row]), ["contacts_year"], policy, by=["plan"], n_persons="n_persons"
    )


def strata_table(plan: LotteryPlan, policy: Policy) -> Protected:
    """Participants by stratum, with a total; both arms of each are large enough to be shown."""
    counts = plan.people.groupby("stratum").size().rename("n_persons").reset_index()
    return protect_counts(counts, ["n_persons"], policy, by=["stratum"], totals=["stratum"])


def power_curve(plan: LotteryPlan, promise: Promise, policy: Policy) -> Protected:
    """Power over the effect in days, with twice the Monte-Carlo error on either side."""
    rows = [
        {
            "step": i,
            "effect_days": days,
            "effect_exits": power.estimate[EXITS],
            "chance_days": power.power[DAYS],
            "chance_low": max(0.0, power.power[DAYS] - 2 * power.monte_carlo_error[DAYS]),
            "chance_high": min(1.0, power.power[DAYS] + 2 * power.monte_carlo_error[DAYS]),
            "chance_exits": power.power[EXITS],
            "n_persons": len(plan.people),
        }
        for i, (days, power) in enumerate(promise.curve.items())
    ]
    table = pd.DataFrame(rows)
    means = [str(c) for c in table if c not in {"step", "n_persons"}]
    return protect_means(table, means, policy, by=["step"], n_persons="n_persons")


def summary_row(
    plan: LotteryPlan, promise: Promise, prices: Prices, pair: tuple[float, float], policy: Policy
) -> Protected:
    """One row: everything that a sentence about the plan needs.

    ``n_needed`` people, and ``n_municipalities`` of this size, find the effect with 80 %: the
    variance of the estimate falls with the number of people.
    """
    n, asked, effect = len(plan.people), promise.asked, plan.wanted.effect_days
    scale = (promise.mde_days / effect) ** 2
    row = {
        "plan": plan.trial_id,
        "n_eligible": float(plan.n_eligible),
        "effect_days": effect,
        "effect_of_comers": effect / TAKE_UP,
        "effect_exits": float(asked.estimate[EXITS]),
        "hazard_factor": plan.ratio,
        "chance_days": float(asked.power[DAYS]),
        "chance_error": float(asked.monte_carlo_error[DAYS]),
        "chance_exits": float(asked.power[EXITS]),
        "mde_days": promise.mde_days,
        "mde_exits": promise.mde_exits,
        "usual_days": float(np.average(plan.past.days, weights=plan.weight)),
        "usual_exits": 100 * float(np.average(plan.past.has_left, weights=plan.weight)),
        "n_needed": n * scale,
        "n_municipalities": float(np.ceil(n * scale / plan.n_eligible)),
        "n_persons": n,
    } | _cost(plan, prices, pair)
    row |= _as_in_vienna(plan, promise, pair)
    means = [name for name in row if name not in {"plan", "n_persons"}]
    return protect_means(pd.DataFrame([row]), means, policy, by=["plan"], n_persons="n_persons")


def _as_in_vienna(
    plan: LotteryPlan, promise: Promise, pair: tuple[float, float]
) -> dict[str, float]:
    """Days saved here by this pair of caseloads, were the elasticity that found in Vienna."""
    elasticity, _ = published_elasticity("all")
    days = expected_saving(plan.past, (pair[1] / pair[0]) ** elasticity, plan.weight)
    needed = len(plan.people) * (promise.mde_days / days) ** 2
    return {
        "vienna_days": days,
        "vienna_needed": needed,
        "vienna_municipalities": float(np.ceil(needed / plan.n_eligible)),
    }


def _cost(plan: LotteryPlan, prices: Prices, pair: tuple[float, float]) -> dict[str, float]:
    """Extra staff and euros of the year; staff is paid for as long as people are on benefit."""
    wage = prices.caseworker_fte
    drawn = len(plan.people) * plan.wanted.probability
    usual = float(np.average(plan.past.days, weights=plan.weight))
    years = drawn * (usual - plan.wanted.effect_days) / DAYS_PER_YEAR
    low, middle, high = client_year_cost([wage.low, wage.value, wage.high], *pair)
    return {
        "n_drawn": drawn,
        "caseload_usual": pair[0],
        "caseload_small": pair[1],
        "extra_fte": drawn * (1 / pair[1] - 1 / pair[0]),
        "cost_low": years * low,
        "cost_eur": years * middle,
        "cost_high": years * high,
        "break_even_days": float(break_even_days(middle, prices.benefit.value)),
    }


def _simulate(plan: LotteryPlan, ratio: float, n_draws: int, conf_level: float) -> Power:
    seed = plan.wanted.seed
    return simulate_power(plan.past, plan.lottery, ratio, n_draws, seed, conf_level)

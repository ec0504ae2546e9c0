"""The power of a lottery before it is held: draw it many times, analyse each as it will be.

Every draw takes people of a past year, stratum by stratum, draws the lottery, plants the effect,
and estimates it as ``estimate_itt`` does, by the mechanism of the trial: what is promised is what
will be analysed.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.lottery import draw_arms
from watwerkt.estimators.planted_hazard import FloatArray, IntArray, PastYear, draw_year
from watwerkt.estimators.trials import Mechanism, fit_arms

ARM, CONTROL = "drawn", "usual"
OUTCOMES = ("benefit_days", "all")  # days, percentage points


@dataclass(frozen=True, slots=True)
class Power:
    """What a lottery finds of one planted effect.

    Attributes
    ----------
    estimate : the mean estimate per outcome of ``OUTCOMES``; shape (2,).
    std_error : the median standard error; shape (2,).
    power : the share of draws whose interval excludes zero; shape (2,).
    n_draws : draws.
    """

    estimate: FloatArray
    std_error: FloatArray
    power: FloatArray
    n_draws: int

    @property
    def monte_carlo_error(self) -> FloatArray:
        """The standard error of ``power``; never below that of one draw more or less."""
        share = np.clip(self.power, 1 / self.n_draws, 1 - 1 / self.n_draws)
        return np.asarray(np.sqrt(share * (1 - share) / self.n_draws))


@dataclass(frozen=True, slots=True)
class PlannedLottery:
    """Who is drawn: each participant's stratum (numbers as in the past year), and the chance."""

    stratum: IntArray = field(repr=False)
    probability: float

    @property
    def mechanism(self) -> Mechanism:
        """As the trial will be analysed."""
        return Mechanism(unit="person", has_strata=len(np.unique(self.stratum)) > 1)


def simulate_power(
    past: PastYear, plan: PlannedLottery, ratio: float, n_draws: int, seed: int,
    conf_level: float = 0.95,
) -> Power:  # fmt: skip
    """Draw the lottery ``n_draws`` times with this ratio of hazards planted.

    Draw number i is of the generator ``[seed, i]``, whatever the ratio: the same people and the
    same lottery meet every effect.
    """
    found = [
        _estimate(draw_trial(past, plan, ratio, np.random.default_rng([seed, i])), plan, conf_level)
        for i in range(n_draws)
    ]
    rows = np.array(found)  # draws × outcomes × (estimate, std_error, excludes zero)
    return Power(
        estimate=rows[:, :, 0].mean(axis=0),
        std_error=np.median(rows[:, :, 1], axis=0),
        power=rows[:, :, 2].mean(axis=0),
        n_draws=n_draws,
    )


def draw_trial(
    past: PastYear, plan: PlannedLottery, ratio: float, rng: np.random.Generator
) -> pd.DataFrame:
    """One lottery and its year: ``arm, stratum, probability`` and the outcomes, a row a person."""
    people = np.empty(len(plan.stratum), dtype=np.int64)
    for one in np.unique(plan.stratum):
        pool, places = np.flatnonzero(past.stratum == one), plan.stratum == one
        people[places] = rng.choice(pool, size=int(places.sum()))
    is_treated = draw_arms(plan.stratum, plan.probability, rng)
    left, days = draw_year(past, people, is_treated, ratio, rng)
    return pd.DataFrame(
        {
            "arm": np.where(is_treated, ARM, CONTROL),
            "stratum": plan.stratum,
            "probability": np.where(is_treated, plan.probability, 1 - plan.probability),
            "benefit_days": days,
            "all": left,
        }
    )


def _estimate(rows: pd.DataFrame, plan: PlannedLottery, conf_level: float) -> FloatArray:
    """Per outcome the estimate, its error, and whether its interval excludes zero.

    ``fit_arms`` is what ``estimate_itt`` fits; here it fits both outcomes at once.
    """
    fit = fit_arms(rows, ARM, CONTROL, plan.mechanism, OUTCOMES)
    both = Estimates(
        term=OUTCOMES,
        estimate=fit.coefficient.estimate,
        std_error=np.sqrt(np.diag(fit.coefficient.covariance)),
        degrees_of_freedom=fit.coefficient.degrees_of_freedom,
        n_obs=fit.n_obs,
        n_persons=fit.n_obs,
        n_events=0,
        n_clusters=fit.n_units,
    ).tidy(conf_level)
    excludes = (both["conf_low"] > 0) | (both["conf_high"] < 0)
    return np.asarray(both.assign(excludes=excludes)[["estimate", "std_error", "excludes"]], float)

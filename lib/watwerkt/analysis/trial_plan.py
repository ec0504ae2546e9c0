"""A lottery for intensive guidance, planned: who takes part, in which strata, with which effect."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from watwerkt.analysis.eligible import eligible_at, next_draw, past_years
from watwerkt.analysis.trial_strata import find_strata
from watwerkt.disclosure import Policy
from watwerkt.errors import ParameterError
from watwerkt.estimators.lottery import draw_arms
from watwerkt.estimators.planted_hazard import FloatArray, PastYear, find_ratio
from watwerkt.estimators.trial_power import PlannedLottery
from watwerkt.panel.prepared import Prepared

INTENSIVE = "intensief"
DRAW_PEOPLE, DRAW_ARMS = 1, 2  # what the seed is used for
TRIAL_COLUMNS = ["trial_id", "unit_id", "unit", "arm", "stratum", "assigned_date", "probability"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a lottery.

    Attributes
    ----------
    assigned_date : the day of the draw.
    effect_days : days on benefit that the smallest effect worth finding saves a person drawn,
        within the year.
    probability : chance of intensive guidance, of each participant.
    n_clients, share : how many take part, or which share of who could; everybody
        where neither.
    control_arm : what the arm of usual guidance is called.
    seed : of the draw and of the simulation.
    """

    assigned_date: date
    effect_days: float
    control_arm: str
    probability: float = 0.5
    n_clients: int | None = None
    share: float | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True)
class LotteryPlan:
    """A lottery before it is held. Restricted: ``people`` are persons.

    Attributes
    ----------
    people : who takes part, with their stratum, a row a person.
    n_eligible : how many could.
    past : people like them, and their year without the lottery; ``weight`` makes strata count as
        among the participants.
    lottery : what is drawn, for the simulation.
    ratio : of the hazards of leaving that the effect comes to.
    """

    wanted: Wanted
    people: pd.DataFrame = field(repr=False)
    n_eligible: int
    strata: tuple[str, ...]
    past: PastYear = field(repr=False)
    weight: FloatArray = field(repr=False)
    lottery: PlannedLottery = field(repr=False)
    ratio: float

    @property
    def trial_id(self) -> str:
        """The name of the trial in next year's delivery."""
        return f"loting-{self.wanted.assigned_date:%Y-%m}"


def plan_lottery(prepared: Prepared, wanted: Wanted, policy: Policy) -> LotteryPlan:
    """Choose participants and strata, and the ratio of hazards that the effect comes to.

    Each arm of a stratum holds at least the policy's threshold of people.

    Raises
    ------
    DataError
        Too few people could take part, or no effect on leaving saves so many days.
    ParameterError
        More clients are asked for than could take part.
    """
    moment = next_draw(prepared, wanted.assigned_date)
    could, before = eligible_at(prepared, moment), past_years(prepared, moment)
    people = _participants(could, wanted)
    fewest = int(np.ceil(policy.threshold / min(wanted.probability, 1 - wanted.probability)))
    strata = find_strata(people, before, fewest + policy.round_base)
    known = strata.past.notna()
    past = PastYear(
        stratum=strata.numbers(strata.past[known]),
        months=before.loc[known, "months"].to_numpy(float),
        has_left=before.loc[known, "has_left"].to_numpy(bool),
        days=before.loc[known, "days"].to_numpy(float),
    )
    stratum = strata.numbers(strata.now)
    size, pool = np.bincount(stratum), np.bincount(past.stratum)
    weight = (size / pool)[past.stratum]
    return LotteryPlan(
        wanted=wanted,
        people=people.assign(stratum=strata.now),
        n_eligible=len(could),
        strata=tuple(strata.names),
        past=past,
        weight=weight,
        lottery=PlannedLottery(stratum, wanted.probability),
        ratio=find_ratio(past, wanted.effect_days, weight),
    )


def draw_list(plan: LotteryPlan) -> pd.DataFrame:
    """The lottery, held: the rows of table ``trials``, sorted by person. Restricted.

    The same plan and seed give the same list, to the row.
    """
    wanted = plan.wanted
    rng = np.random.default_rng([wanted.seed, DRAW_ARMS])
    drawn = draw_arms(plan.lottery.stratum, wanted.probability, rng)
    rows = pd.DataFrame(
        {
            "trial_id": plan.trial_id,
            "unit_id": plan.people["person_id"],
            "unit": "person",
            "arm": np.where(drawn, INTENSIVE, wanted.control_arm),
            "stratum": plan.people["stratum"],
            "assigned_date": wanted.assigned_date,
            "probability": np.where(drawn, wanted.probability, 1 - wanted.probability),
        }
    )
    return rows[TRIAL_COLUMNS].sort_values("unit_id").reset_index(drop=True)


def _participants(could: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Who takes part: everybody who could, or so many of them by lot."""
    n = wanted.n_clients
    if n is None:
        n = len(could) if wanted.share is None else round(wanted.share * len(could))
    if n > len(could):
        raise ParameterError(
            f"--clients {n}: fewer people could take part; leave it out to take everybody"
        )
    rng = np.random.default_rng([wanted.seed, DRAW_PEOPLE])
    places = np.sort(rng.permutation(len(could))[:n])
    return could.iloc[places].reset_index(drop=True)

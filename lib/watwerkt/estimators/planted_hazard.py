"""People like those of last year, some of whom leave sooner: an effect planted in observed years.

Whoever is drawn for guidance gets, on top of what happened to somebody like her, a further chance
to leave in each month on benefit: ``ratio - 1`` times the monthly hazard of her stratum. So the
hazard of an exit that counts is ``ratio`` times what it was, moves and deaths go on as they were,
and with a ratio of 1 nothing changes. Who leaves because of it may come back, as others did: the
share of the time left that earlier leavers were on benefit again is drawn from them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from watwerkt.errors import DataError, ParameterError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MONTHS = 12
DAYS_PER_MONTH = 365.0 / MONTHS
LARGEST = 20.0  # ratio beyond which none is looked for


@dataclass(frozen=True, slots=True)
class PastYear:
    """What became of people within twelve months in which nothing was changed; shape (n_people,).

    Attributes
    ----------
    stratum : number of the stratum, from 0.
    months : months on benefit up to the first exit of any kind, at most 12; 0 for who had left
        before the draw, which was not known yet.
    has_left : whether the first exit was one that counts (no move, pension or death).
    days : on benefit within the year, returns included.
    """

    stratum: IntArray
    months: FloatArray
    has_left: NDArray[np.bool_]
    days: FloatArray

    @property
    def hazard(self) -> FloatArray:
        """Exits that count per month on benefit, by stratum; shape (n_strata,)."""
        months = np.bincount(self.stratum, weights=self.months)
        exits = np.bincount(self.stratum, weights=self.has_left.astype(float))
        return np.asarray(exits / np.maximum(months, 1.0))

    @property
    def returned(self) -> FloatArray:
        """Of each who left: the share of the rest of the year on benefit again."""
        left = self.has_left & (self.months > 0) & (self.months < MONTHS)
        rest = (MONTHS - self.months[left]) * DAYS_PER_MONTH
        again = self.days[left] - self.months[left] * DAYS_PER_MONTH
        return np.asarray(np.clip(again / rest, 0.0, 1.0))


def expected_saving(past: PastYear, ratio: float, weight: FloatArray) -> float:
    """Days on benefit that the planted ratio saves a person within the year, on average.

    ``weight`` of each person of the past year, so that strata count as in the year to come.
    """
    rate = (ratio - 1) * past.hazard[past.stratum][:, None]
    begin = np.arange(MONTHS, dtype=float)
    stays = np.exp(-rate * np.minimum(begin, past.months[:, None]))
    length = np.clip(past.months[:, None] - begin, 0.0, 1.0)
    leaves = stays * -np.expm1(-rate * length)
    at = begin + length / 2
    again = past.returned.mean() if past.returned.size else 0.0
    saved = past.days[:, None] - at * DAYS_PER_MONTH - again * (MONTHS - at) * DAYS_PER_MONTH
    return float(np.average((leaves * saved).sum(axis=1), weights=weight))


def find_ratio(past: PastYear, days: float, weight: FloatArray) -> float:
    """The ratio of hazards that saves ``days`` on benefit a person within the year.

    Raises
    ------
    DataError
        Nobody left in the past year, or not even a twentyfold hazard saves as much.
    ParameterError
        ``days`` is negative.
    """
    if days < 0:
        raise ParameterError("an effect is a number of days saved, 0 or more")
    if days == 0:
        return 1.0
    if not past.hazard.any() or expected_saving(past, LARGEST, weight) < days:
        raise DataError(
            f"no effect on leaving saves {days:g} days a person within the year: so few people "
            "leave that the cost cannot be earned back in it; name a smaller --effect"
        )
    return float(brentq(lambda r: expected_saving(past, r, weight) - days, 1.0, LARGEST))


def draw_year(
    past: PastYear, people: IntArray, is_treated: NDArray[np.bool_], ratio: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """A year of ``people`` (places in ``past``): whether each left (0 or 100), days on benefit."""
    rate = (ratio - 1) * past.hazard[past.stratum[people]]
    # drawn for everybody, so that another effect is planted in the same people
    unit = rng.exponential(size=len(people))
    share = rng.choice(past.returned if past.returned.size else [0.0], size=len(people))
    with np.errstate(divide="ignore"):
        at = np.where(rate > 0, unit / rate, np.inf)
    leaves = is_treated & (at < past.months[people])
    at = np.where(leaves, at, 0.0)
    days = at * DAYS_PER_MONTH + share * (MONTHS - at) * DAYS_PER_MONTH
    left = 100.0 * (past.has_left[people] | leaves)
    return np.asarray(left), np.asarray(np.where(leaves, days, past.days[people]))

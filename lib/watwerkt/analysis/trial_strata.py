"""Strata of a lottery: time on benefit by distance to the labour market, where groups are large.

The finest grouping is taken in which every stratum holds enough people to be shown in both arms,
next year and in the years that are drawn from: by time and distance, by time, or none.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from watwerkt.codebook import UNKNOWN
from watwerkt.errors import DataError

LONG_MONTHS = 24
NEAR_STEPS = {"4", "5", "6"}
ALL = "all"


@dataclass(frozen=True, slots=True)
class Strata:
    """The strata of participants and of past people, by name, in order."""

    now: pd.Series
    past: pd.Series

    @property
    def names(self) -> list[str]:
        """Of the strata, sorted."""
        return sorted(self.now.unique())

    def numbers(self, names: pd.Series) -> np.ndarray:
        """Each name as the number of its stratum."""
        return np.array([self.names.index(name) for name in names], dtype=np.int64)


def find_strata(now: pd.DataFrame, past: pd.DataFrame, fewest: int) -> Strata:
    """The finest strata of at least ``fewest`` people each, now and in the past.

    Raises DataError where even all people together are fewer.
    """
    if min(len(now), len(past)) < fewest:
        raise DataError(
            f"a lottery takes at least {fewest} people who could take part, now and a year ago; "
            "plan one together with other municipalities, or with fewer conditions"
        )
    for grouping in (_time_and_distance, _time, _together):
        found = Strata(grouping(now), grouping(past))
        few = min(found.now.value_counts().min(), found.past.value_counts().min())
        if few >= fewest and set(found.past) >= set(found.now):
            return Strata(found.now, found.past.where(found.past.isin(found.now.unique())))
    raise AssertionError  # all people together are enough


def _time_and_distance(people: pd.DataFrame) -> pd.Series:
    steps = people["labour_market_distance"]
    is_known = steps.notna() & (steps != UNKNOWN)
    near = pd.Series(np.where(steps.isin(NEAR_STEPS), "_near", "_far"), index=people.index)
    return _time(people) + near.where(is_known, "_any" if is_known.any() else "")


def _time(people: pd.DataFrame) -> pd.Series:
    long = people["months_since_entry"] >= LONG_MONTHS
    return pd.Series(np.where(long, "long", "short"), index=people.index)


def _together(people: pd.DataFrame) -> pd.Series:
    return pd.Series(ALL, index=people.index)

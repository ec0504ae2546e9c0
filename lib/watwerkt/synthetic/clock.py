"""Months and days: month 0 is the first month of the window, earlier months are negative."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BURN_IN_MONTHS = 12  # simulated in full before the window opens, so that histories exist
NEVER = 10_000  # a month that does not come


@dataclass(frozen=True, slots=True)
class Clock:
    """The window: ``n_months`` from ``first_month``, month 0; the register is read at its end."""

    first_month: str
    n_months: int

    def month(self, t: ArrayLike) -> NDArray[np.datetime64]:
        """Calendar month of month number ``t``."""
        first = np.datetime64(self.first_month, "M")
        return np.asarray(first + np.asarray(t, dtype=np.int64), dtype="datetime64[M]")

    def date(self, t: ArrayLike, day: ArrayLike = 1) -> Days:
        """The ``day``-th (1 = first) of month ``t``; a day past its end runs into the next."""
        first = self.month(t).astype("datetime64[D]")
        return np.asarray(first + (np.asarray(day, dtype=np.int64) - 1), dtype="datetime64[D]")

    def calendar(self, t: int) -> tuple[int, int]:
        """Year and month (1-12) of month ``t``."""
        months = int(self.month(t).astype(np.int64))
        return 1970 + months // 12, months % 12 + 1

    @property
    def extract_date(self) -> np.datetime64:
        """Last day of the window."""
        return np.datetime64(str(self.date(self.n_months))) - np.timedelta64(1, "D")


def day_between(uniform: Floats, first: ArrayLike, last: ArrayLike) -> Ints:
    """A day of the month from ``first`` up to and including ``last``, by a uniform draw."""
    low, high = np.asarray(first), np.asarray(last)
    return (low + np.floor(uniform * (high - low + 1))).astype(np.int64)

"""Booking lag: how long an event takes to reach the register, and until when it has been observed.

An event is delivered only if it was booked before the extract, so short lags are over-represented
among recent events (right truncation). Seen backwards in time that is left truncation, which the
product-limit estimate allows for.

References
----------
Lynden-Bell, D. (1971). A method of allowing for known observational selection in small samples
applied to 3CR quasars. Monthly Notices of the Royal Astronomical Society 155, 95-118.
Lagakos, S. W., Barraj, L. M. and De Gruttola, V. (1988). Nonparametric analysis of truncated
survival data, with application to AIDS. Biometrika 75, 515-523.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray

DAYS_PER_MONTH = 365.25 / 12
LAG_EVENTS = {
    "ends": ("end_date", "end_registered_date"),
    "starts": ("start_date", "registered_date"),
}
MIN_EVENTS = 50  # fewer booked events do not carry an estimate of their own
MAX_LAG_DAYS = 730  # a later booking is a correction of the file, not a lag
MIN_AT_RISK_SHARE = 0.1  # of the events must be old enough to show the longest lag looked at


@dataclass(frozen=True, slots=True)
class LagDistribution:
    """Distribution of the lag; both arrays have shape (n_lags,), in increasing ``days``.

    Attributes
    ----------
    days : lags that occur.
    share : share of events that are booked within ``days``.
    """

    days: NDArray[np.float64]
    share: NDArray[np.float64]

    def share_within(self, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the events that are booked within ``days``; 0 before the shortest lag."""
        return np.append(0.0, self.share)[np.searchsorted(self.days, days, side="right")]

    def quantile(self, probability: float) -> float:
        """The smallest lag within which at least ``probability`` of the events are booked."""
        return float(self.days[np.searchsorted(self.share, probability - 1e-12)])


def lynden_bell(lag_days: NDArray[np.float64], seen_days: NDArray[np.float64]) -> LagDistribution:
    """Estimate the distribution of a lag that is only seen when it is at most ``seen_days``.

    Parameters
    ----------
    lag_days : array, shape (n_events,)
        Days from the event to its booking.
    seen_days : array, shape (n_events,)
        Days from the event to the extract; never less than the lag.
    """
    days, events = np.unique(lag_days, return_counts=True)
    booked_by = np.cumsum(events)
    too_recent = np.searchsorted(np.sort(seen_days), days, side="left")
    hazard = events / (booked_by - too_recent)
    longer = np.append(np.cumprod((1 - hazard)[:0:-1])[::-1], 1.0)
    return LagDistribution(days=days, share=longer)


def estimate_booking_lag(
    benefits: pl.DataFrame, first_day: date, extract_date: date, booking_lag_months: int
) -> dict[str, float]:
    """Days from an end to its booking: ``median``, ``p95`` and ``is_estimated`` (1 or 0).

    From ends since ``first_day`` with ``end_registered_date``; without these from starts with
    ``registered_date``; with fewer than 50 of either, ``booking_lag_months``.
    """
    _, lags = find_booked_lags(benefits, first_day, extract_date)
    if lags.is_empty():
        assumed = booking_lag_months * DAYS_PER_MONTH
        return {"median": assumed, "p95": assumed, "is_estimated": 0.0}
    distribution = fit_lags(lags)
    median, p95 = distribution.quantile(0.5), distribution.quantile(0.95)
    return {"median": median, "p95": p95, "is_estimated": 1.0}


def find_booked_lags(
    benefits: pl.DataFrame, first_day: date, extract_date: date
) -> tuple[str, pl.DataFrame]:
    """Which events tell the lag (``ends``, ``starts`` or ``none``), and ``lag``, ``seen`` in days.

    One row per event since ``first_day``; ``seen`` is how long before the extract it was. Fewer
    than 50 tell nothing.
    """
    for name, (event, booked) in LAG_EVENTS.items():
        lags = _booked_lags(benefits, event, booked, first_day, extract_date)
        if lags.height >= MIN_EVENTS:
            return name, lags
    return "none", lags.clear()


def fit_lags(lags: pl.DataFrame) -> LagDistribution:
    """The distribution of the lags that ``find_booked_lags`` found."""
    lag, seen = (lags[c].to_numpy().astype(float) for c in ("lag", "seen"))
    return lynden_bell(*_within_horizon(lag, seen))


def last_observed_day(extract_date: date, max_gap_days: int, lag_days: float) -> date:
    """The day up to which ends are known: a later one may be unbooked, or open a mere gap."""
    return extract_date - timedelta(days=max(max_gap_days, ceil(lag_days)))


def _booked_lags(
    benefits: pl.DataFrame, event: str, booked: str, first_day: date, extract_date: date
) -> pl.DataFrame:
    happened, registered = pl.col(event), pl.col(booked)
    return benefits.filter(
        pl.col("spell_id").is_not_null(),
        happened.is_between(first_day, extract_date),
        registered <= extract_date,
    ).select(
        lag=(registered - happened).dt.total_days().clip(0),
        seen=(extract_date - happened).dt.total_days(),
    )


def _within_horizon(
    lag: NDArray[np.float64], seen: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep the lags up to a horizon that enough events are old enough to show."""
    old_enough = np.quantile(seen, 1 - MIN_AT_RISK_SHARE)
    horizon = min(float(MAX_LAG_DAYS), float(old_enough))
    is_within = lag <= horizon
    return lag[is_within], np.minimum(seen, horizon)[is_within]

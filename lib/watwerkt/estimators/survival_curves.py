"""Survival in the benefit, and where people went: Kaplan-Meier and Aalen-Johansen.

Both take delayed entry: a spell that was already running when observation began is at risk only
from the duration it had then. Risk intervals are (entry, duration], as in R's
``Surv(start, stop, event)``: who enters at a duration is not at risk of an exit at that duration.

References
----------
Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete observations.
JASA 53, 457-481. Variance: Greenwood (1926).
Aalen, O. O. and Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov
chains based on censored observations. Scand. J. Stat. 5, 141-150. Variance: Andersen, Borgan,
Gill and Keiding (1993), eq. 4.4.20, which is Greenwood's for one destination.
Intervals on the log(-log) scale: Kalbfleisch and Prentice (2002), section 1.4.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import survival
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from watwerkt.errors import DataError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """A Kaplan-Meier curve; every array has shape (n_times,), in increasing ``time``.

    Attributes
    ----------
    time : duration at which spells ended or were last seen.
    at_risk, events : spells under observation just before, and ending at, ``time``.
    survival : share of spells still running just after ``time``, among those that reached
        ``start``.
    std_error : Greenwood's standard error of ``survival``.
    start : duration at which observation begins, 0 unless every entry is later.
    n_spells, n_left_out : spells in the curve, and spells outside it (see ``kaplan_meier``).
    """

    time: FloatArray
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    survival: FloatArray
    std_error: FloatArray
    start: float
    n_spells: int
    n_left_out: int

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """One row per time: ``time, at_risk, events, estimate, std_error, conf_low, conf_high``.

        Where the estimate is 0 or 1 nothing is known of its error: the last three are missing.
        """
        counts = {"time": self.time, "at_risk": self.at_risk, "events": self.events}
        return pd.DataFrame(counts | _with_interval(self.survival, self.std_error, conf_level))


@dataclass(frozen=True, slots=True)
class IncidenceCurves:
    """Cumulative incidence by destination, beside the survival curve it adds up to one with.

    Attributes
    ----------
    destination : the n_destinations names, sorted.
    events, incidence, std_error : exits at each time, share gone to each destination by each
        time, and its standard error; shape (n_destinations, n_times).
    overall : the survival curve of leaving for any destination.
    """

    destination: tuple[str, ...]
    events: NDArray[np.int64]
    incidence: FloatArray
    std_error: FloatArray
    overall: SurvivalCurve

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """One row per destination and time, with the columns of ``SurvivalCurve.tidy``."""
        n_destinations, n_times = self.incidence.shape
        counts = {
            "time": np.tile(self.overall.time, n_destinations),
            "destination": pd.array(np.repeat(self.destination, n_times), dtype="str"),
            "at_risk": np.tile(self.overall.at_risk, n_destinations),
            "events": self.events.ravel(),
        }
        shares = _with_interval(self.incidence.ravel(), self.std_error.ravel(), conf_level)
        return pd.DataFrame(counts | shares)


def kaplan_meier(
    duration: ArrayLike, event_observed: ArrayLike, entry: ArrayLike | None = None
) -> SurvivalCurve:
    """Estimate S(t), the share of spells that last longer than t.

    With delayed entry the early risk set may be empty, or be emptied by exits while other spells
    enter later: no curve can be carried across such a gap. The curve then covers the stretch
    with most exits, is conditional on reaching its ``start``, and counts the rest in
    ``n_left_out``.

    Parameters
    ----------
    duration : array, shape (n_spells,)
        Length of each spell when it ended or was last seen; the unit is the caller's.
    event_observed : bool array, shape (n_spells,)
        False where the spell was still running when last seen.
    entry : array, shape (n_spells,), optional
        Duration at which each spell came under observation; 0 for spells seen from their start.

    Raises
    ------
    DataError
        No spells, lengths that differ, missing or negative durations, or entry not before the end.
    """
    duration, entered, event = _validate_spells(duration, event_observed, entry)
    kept = _busiest_stretch(duration, entered, event)
    spans = (entered[kept], duration[kept], event[kept].astype(int))
    fit: Any = survival.survfit(survival.Surv(*spans), timefix=False)
    share = np.asarray(fit.surv, dtype=float)
    with np.errstate(invalid="ignore"):
        std_error = share * np.asarray(fit.std_err, dtype=float)
    return SurvivalCurve(
        time=np.asarray(fit.time, dtype=float),
        at_risk=np.asarray(fit.n_risk).astype(np.int64),
        events=np.asarray(fit.n_event).astype(np.int64),
        survival=share,
        std_error=std_error,
        start=float(entered[kept].min()),
        n_spells=int(kept.sum()),
        n_left_out=int((~kept).sum()),
    )


def aalen_johansen(
    duration: ArrayLike, destination: ArrayLike, entry: ArrayLike | None = None
) -> IncidenceCurves:
    """Estimate the share of spells that went to each destination by each duration.

    Leaving for one destination removes a spell from the risk of the others (competing risks,
    not censoring); the destinations and ``overall.survival`` add up to one at every time.

    Parameters
    ----------
    duration, entry : as in ``kaplan_meier``.
    destination : str array, shape (n_spells,)
        Where each spell went; ``""`` while it was still running when last seen.
    """
    place = np.asarray(destination, dtype=object)
    if pd.isna(place).any():
        raise DataError(f'{pd.isna(place).sum()} spells have no destination; censored is ""')
    overall = kaplan_meier(duration, place != "", entry)
    ended = pd.DataFrame({"time": np.asarray(duration, dtype=float), "place": place})
    counts = pd.crosstab(ended["place"], ended["time"]).drop(index="", errors="ignore")
    events = counts.reindex(columns=overall.time).to_numpy(dtype=np.int64)
    names = tuple(str(name) for name in counts.index)
    incidence, std_error = _accumulate(overall.at_risk, events)
    return IncidenceCurves(names, events, incidence, std_error, overall)


def _validate_spells(
    duration: ArrayLike, event_observed: ArrayLike, entry: ArrayLike | None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    length = np.asarray(duration, dtype=float)
    event = np.asarray(event_observed, dtype=bool)
    entered = np.zeros_like(length) if entry is None else np.asarray(entry, dtype=float)
    if not length.shape == event.shape == entered.shape or length.ndim != 1 or not len(length):
        raise DataError("a survival curve needs at least one spell, and arrays of equal length")
    bad = ~(np.isfinite(length) & (entered >= 0) & (length > entered))
    if bad.any():
        raise DataError(
            f"{bad.sum()} of {len(bad)} spells do not end after they come under observation, or "
            "have a missing length; take them out first, or measure duration in days"
        )
    return length, entered, event


def _busiest_stretch(duration: FloatArray, entered: FloatArray, event: BoolArray) -> BoolArray:
    """Mark the spells in the stretch of durations with most exits, without a break between.

    The risk set breaks off where everyone in it has left and either all of them by an exit, or
    nobody comes under observation at that very duration.
    """
    time, position = np.unique(duration, return_inverse=True)
    leaving = np.bincount(position)
    at_risk = np.searchsorted(np.sort(entered), time, side="left") - np.cumsum(leaving) + leaving
    all_by_exit = np.bincount(position, weights=event) == at_risk
    breaks_off = (at_risk == leaving) & (all_by_exit | ~np.isin(time, entered))
    stretch = np.searchsorted(time[breaks_off], duration, side="left")
    return np.asarray(stretch == np.bincount(stretch, weights=event).argmax())


def _accumulate(at_risk: NDArray[np.int64], events: NDArray[np.int64]) -> tuple[FloatArray, ...]:
    """Cumulative incidence and its standard error, time after time.

    ``events`` has shape (n_destinations, n_times). The hazards of one time are multinomial and
    independent of those before; ``var_stay``, ``var_gone`` and ``covariance`` follow
    S' = S (1 - q) and F' = F + S q_k to first order.
    """
    hazards = events / at_risk
    stay, gone = 1.0, np.zeros(len(events))
    var_stay, var_gone, covariance = 0.0, np.zeros(len(events)), np.zeros(len(events))
    incidence, variance = np.empty_like(hazards), np.empty_like(hazards)
    for i, (n, q) in enumerate(zip(at_risk, hazards.T, strict=True)):
        total, noise = q.sum(), stay**2 / n
        var_gone = var_gone + 2 * q * covariance + q**2 * var_stay + noise * q * (1 - q)
        covariance = (1 - total) * (covariance + q * var_stay - noise * q)
        var_stay = (1 - total) ** 2 * var_stay + noise * total * (1 - total)
        gone, stay = gone + stay * q, stay * (1 - total)
        incidence[:, i], variance[:, i] = gone, var_gone
    return incidence, np.sqrt(np.maximum(variance, 0.0))


def _with_interval(
    share: FloatArray, std_error: FloatArray, conf_level: float
) -> dict[str, FloatArray]:
    inside = (share > 0) & (share < 1)
    known = np.where(inside, share, np.nan)
    error = np.where(inside, std_error, np.nan)
    width = norm.ppf((1 + conf_level) / 2) * error / (known * np.log(known))
    return {
        "estimate": share,
        "std_error": error,
        "conf_low": known ** np.exp(-width),
        "conf_high": known ** np.exp(width),
    }

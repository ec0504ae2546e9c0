"""Shares with the error that clusters leave: plain ones, and those by a time that not all reach.

Partners share a benefit and a person can leave it twice, so that exits are not independent. The
standard error is that of the sum over clusters of each observation's influence on the share.

References
----------
Greenwood (1926), to which the error is equal (but for n / (n - 1)) where each observation is its
own cluster. Williams, R. L. (1995). Product-limit survival functions with correlated survival
times. Lifetime Data Analysis 1, 171-186.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import t as student_t

from watwerkt.errors import DataError


@dataclass(frozen=True, slots=True)
class ClusteredShare:
    """One share with its error.

    Attributes
    ----------
    estimate : the share, 0 to 1.
    std_error : missing where the share is 0 or 1, or there is one cluster: nothing is known then.
    n_obs, n_events, n_clusters : observations, those of them with the event seen, and clusters.
    """

    estimate: float
    std_error: float
    n_obs: int
    n_events: int
    n_clusters: int

    def complement(self) -> "ClusteredShare":
        """The share without the event; ``n_events`` still counts the events."""
        return replace(self, estimate=1 - self.estimate)

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """One row; the interval is made on the logit scale, so that it stays within 0 and 1."""
        low = high = np.nan
        if np.isfinite(self.std_error):
            slope = self.estimate * (1 - self.estimate)
            law = student_t(self.n_clusters - 1)
            width = law.ppf((1 + conf_level) / 2) * self.std_error / slope
            low, high = expit(logit(self.estimate) + np.array([-width, width]))
        row = {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "conf_low": low,
            "conf_high": high,
            "n_obs": self.n_obs,
            "n_events": self.n_events,
            "n_clusters": self.n_clusters,
        }
        return pd.DataFrame([row])


def clustered_share(has_event: ArrayLike, cluster: ArrayLike) -> ClusteredShare:
    """The plain share of observations with the event.

    Parameters
    ----------
    has_event : bool array, shape (n_obs,)
    cluster : array, shape (n_obs,)
        Observations of one cluster may depend on each other.

    Raises
    ------
    DataError
        No observations, or arrays of different lengths.
    """
    event = np.asarray(has_event, dtype=bool)
    _require_equal(event, np.asarray(cluster))
    share = float(event.mean())
    return _sum_up(share, (event - share) / len(event), event, cluster)


def share_within(
    duration: ArrayLike, event_observed: ArrayLike, horizon: float, cluster: ArrayLike
) -> ClusteredShare:
    """The share with the event within ``horizon`` (one less Kaplan-Meier).

    Parameters
    ----------
    duration : array, shape (n_obs,)
        Time until the event, or until last seen without it; the unit is that of ``horizon``.
    event_observed : bool array, shape (n_obs,)
    cluster : as in ``clustered_share``.

    Raises
    ------
    DataError
        Nobody is seen for so long: the share is not known then.
    """
    time, event = np.asarray(duration, dtype=float), np.asarray(event_observed, dtype=bool)
    _require_equal(time, event, np.asarray(cluster))
    is_event = event & (time <= horizon)
    moments = np.unique(time[is_event])
    at_risk = len(time) - np.searchsorted(np.sort(time), moments, side="left")
    n_events = np.searchsorted(np.sort(time[is_event]), moments, side="right")
    n_events = np.diff(n_events, prepend=0)
    if not is_event.all() and time[~is_event].max() < horizon:
        raise DataError(f"nobody is seen for {horizon:g}: shorten the horizon")
    left = at_risk - n_events
    stays = float(np.prod(left / at_risk))
    if stays == 0:
        return _sum_up(1.0, np.full(len(time), np.nan), is_event, cluster)
    expected = np.concatenate([[0.0], np.cumsum(n_events / (at_risk * left))])
    influence = -expected[np.searchsorted(moments, time, side="right")]
    influence[is_event] += 1 / left[np.searchsorted(moments, time[is_event])]
    return _sum_up(1 - stays, stays * influence, is_event, cluster)


def _sum_up(
    share: float, influence: NDArray[np.float64], event: NDArray[np.bool_], cluster: ArrayLike
) -> ClusteredShare:
    sums = pd.Series(influence).groupby(np.asarray(cluster)).sum().to_numpy()
    n = len(sums)
    is_known = 0 < share < 1 and n > 1
    error = float(np.sqrt((sums**2).sum() * n / (n - 1))) if is_known else np.nan
    return ClusteredShare(share, error or np.nan, len(event), int(event.sum()), n)


def _require_equal(*arrays: NDArray[np.generic]) -> None:
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1 or not len(arrays[0]):
        raise DataError("a share needs at least one observation, and arrays of equal length")

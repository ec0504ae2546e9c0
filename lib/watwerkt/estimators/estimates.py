"""What every estimator hands over: estimates, their errors, and how much stands behind them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student_t

from watwerkt.errors import DataError

ROUNDING = 1e-10  # a relative standard error below this is rounding, not knowledge


@dataclass(frozen=True, slots=True)
class Estimates:
    """Estimates with their standard errors; arrays have shape (n_terms,).

    Attributes
    ----------
    term : what each estimate is of.
    estimate, std_error : on the scale that the estimator's docstring names.
    degrees_of_freedom : of the t distribution behind p values and intervals; inf is the normal.
    n_obs, n_persons, n_events, n_clusters : rows, persons, events and clusters behind all terms.

    Raises
    ------
    DataError
        An estimate or standard error is not a finite number, or a standard error is nil: such
        a row would show as certain what is unknown.
    """

    term: tuple[str, ...]
    estimate: NDArray[np.float64]
    std_error: NDArray[np.float64]
    degrees_of_freedom: float
    n_obs: int
    n_persons: int
    n_events: int
    n_clusters: int

    def __post_init__(self) -> None:
        finite = np.isfinite(self.estimate) & np.isfinite(self.std_error)
        known = finite & (self.std_error > ROUNDING * (1 + np.abs(self.estimate)))
        if not known.all():
            names = ", ".join(name for name, ok in zip(self.term, known, strict=True) if not ok)
            raise DataError(
                f"no standard error can be given for {names}: the data do not vary enough; "
                "widen the window or group levels together"
            )

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """One row per term: estimate, its error, test against zero, interval and counts."""
        statistic = self.estimate / self.std_error
        law = student_t(self.degrees_of_freedom)
        width = law.ppf((1 + conf_level) / 2) * self.std_error
        return pd.DataFrame(
            {
                "term": list(self.term),
                "estimate": self.estimate,
                "std_error": self.std_error,
                "statistic": statistic,
                "p_value": 2 * law.sf(np.abs(statistic)),
                "conf_low": self.estimate - width,
                "conf_high": self.estimate + width,
                "n_obs": self.n_obs,
                "n_persons": self.n_persons,
                "n_events": self.n_events,
                "n_clusters": self.n_clusters,
            }
        )

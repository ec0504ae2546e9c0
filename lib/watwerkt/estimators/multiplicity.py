"""Many questions at one trial: p values and bands that hold for the declared family as a whole.

References
----------
Holm (1979); Benjamini and Hochberg (1995), as in statsmodels' ``multipletests``.
Romano, J. and Wolf, M. (2005). Stepwise multiple testing as formalized data snooping.
Econometrica 73, 1237-1282; p values: Romano and Wolf (2016), Statistics & Probability Letters 113.
Montiel Olea, J. and Plagborg-Møller, M. (2019). Simultaneous confidence bands. Journal of Applied
Econometrics 34, 1-17.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import t as student_t
from statsmodels.stats.multitest import multipletests

from watwerkt.errors import ParameterError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.least_squares import FloatArray
from watwerkt.estimators.randomisation import TIE, Redrawn
from watwerkt.estimators.trials import Mechanism, fit_arms

BAND_DRAWS = 20_000


def adjust_holm(p_values: ArrayLike) -> FloatArray:
    """Holm: the chance of one false finding or more stays below the level; shape (k,)."""
    return _adjust(p_values, "holm")


def adjust_bh(p_values: ArrayLike) -> FloatArray:
    """Benjamini-Hochberg: the expected share of false findings stays below the level."""
    return _adjust(p_values, "fdr_bh")


def _adjust(p_values: ArrayLike, method: str) -> FloatArray:
    p = np.asarray(p_values, dtype=float)
    if p.ndim != 1 or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise ParameterError("a family needs at least one p value, each between 0 and 1")
    return np.asarray(multipletests(p, method=method)[1], dtype=np.float64)


def adjust_romano_wolf(family: Redrawn) -> FloatArray:
    """Romano-Wolf: as Holm, but using how the family's statistics go together; shape (k,).

    ``family`` holds the statistics of all arms and outcomes over the same redrawn lotteries, in the
    order of ``redraw``.
    """
    size, drawn = np.abs(family.observed), np.abs(family.drawn)
    order = np.argsort(-size, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    as_large = (largest >= size[order] * (1 - TIE) - TIE).sum(axis=0)
    stepwise = np.maximum.accumulate((as_large + 1) / (len(drawn) + 1))
    adjusted = np.empty_like(size)
    adjusted[order] = stepwise
    return adjusted


@dataclass(frozen=True, slots=True)
class Path(Estimates):
    """An effect on several outcomes, month after month, with their covariance (n_terms, n_terms).

    ``draws`` is the number of simulated paths behind the band, ``seed`` what they were drawn with.
    """

    covariance: FloatArray
    draws: int
    seed: int

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """As ``Estimates.tidy``, with ``band_low`` and ``band_high``, which hold together."""
        width = self.critical_value(conf_level) * self.std_error
        return Estimates.tidy(self, conf_level).assign(
            band_low=self.estimate - width, band_high=self.estimate + width
        )

    def critical_value(self, conf_level: float = 0.95) -> float:
        """Standard errors within which the largest of all deviations stays; at least one's own."""
        own = student_t(self.degrees_of_freedom).ppf((1 + conf_level) / 2)
        return float(max(np.quantile(self._largest(), conf_level), own))

    def joint_p_value(self) -> float:
        """How often the largest of all deviations reaches the one found, where none is true."""
        found = np.abs(self.estimate / self.std_error).max()
        return float((1 + (self._largest() >= found).sum()) / (1 + self.draws))

    def _largest(self) -> FloatArray:
        """The largest deviation of each draw, in standard errors; shape (draws,)."""
        rng = np.random.default_rng(self.seed)
        correlation = self.covariance / np.outer(self.std_error, self.std_error)
        values, vectors = np.linalg.eigh(correlation)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = rng.standard_normal((self.draws, len(values))) @ root.T
        freedom = self.degrees_of_freedom
        spread = np.sqrt(rng.chisquare(freedom, self.draws) / freedom)
        return np.asarray(np.abs(normal).max(axis=1) / spread)


def simultaneous_band(
    rows: pd.DataFrame,
    arm: str,
    control: str,
    mechanism: Mechanism,
    outcomes: Sequence[str],
    covariates: Sequence[str] = (),
    seed: int = 0,
) -> Path:
    """Estimate the effect on each outcome (one column per month) with a band for the whole path.

    Terms are the outcomes; every estimate is that of ``estimate_itt``. ``n_events`` is the
    smallest over the outcomes.

    Raises
    ------
    DataError
        As ``estimate_itt``: begin the path in the first month in which somebody's outcome differs.
    """
    if not outcomes:
        raise ParameterError("a path needs at least one outcome")
    fit = fit_arms(rows, arm, control, mechanism, outcomes, covariates)
    covariance = fit.coefficient.covariance
    return Path(
        term=tuple(outcomes),
        estimate=fit.coefficient.estimate,
        std_error=np.sqrt(np.diag(covariance)),
        degrees_of_freedom=fit.coefficient.degrees_of_freedom,
        n_obs=fit.n_obs,
        n_persons=fit.n_obs,
        n_events=min(fit.n_events),
        n_clusters=fit.n_units,
        covariance=covariance,
        draws=BAND_DRAWS,
        seed=seed,
    )

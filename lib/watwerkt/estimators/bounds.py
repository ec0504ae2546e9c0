"""What the effect can at most and at least be, when one arm lost more outcomes than the other.

References
----------
Lee, D. (2009). Training, wages, and sample selection: estimating sharp bounds on treatment
effects. Review of Economic Studies 76, 1071-1102.
Imbens, G. and Manski, C. (2004). Confidence intervals for partially identified parameters.
Econometrica 72, 1845-1857.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from watwerkt.errors import DataError
from watwerkt.estimators.least_squares import FloatArray
from watwerkt.estimators.two_arms import Comparison, Mechanism, compare_arms

N_DRAWS = 400  # resamples behind the standard errors
MIN_KNOWN = 10  # outcomes known in each arm


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower and upper bound of an effect on those whose outcome is known in either arm.

    Attributes
    ----------
    low, high : the bounds, on the outcome's scale; std_error_low, std_error_high their errors.
    share_known, share_known_control : of each arm, weighted as drawn.
    trimmed_share : of the arm that lost fewer, left out at the top or at the bottom.
    n_obs, n_known : persons in both arms, and those among them whose outcome is known.
    """

    low: float
    high: float
    std_error_low: float
    std_error_high: float
    share_known: float
    share_known_control: float
    trimmed_share: float
    n_obs: int
    n_known: int

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """One row: the attributes, and Imbens and Manski's interval for the effect itself."""
        spread = max(self.std_error_low, self.std_error_high)
        gap = (self.high - self.low) / spread
        critical = brentq(
            lambda c: norm.cdf(c + gap) - norm.cdf(-c) - conf_level, 0, norm.ppf(conf_level) + 9
        )
        names = self.__dataclass_fields__
        return pd.DataFrame([{name: getattr(self, name) for name in names}]).assign(
            conf_low=self.low - critical * self.std_error_low,
            conf_high=self.high + critical * self.std_error_high,
        )


def lee_bounds(
    rows: pd.DataFrame,
    arm: str,
    control: str,
    mechanism: Mechanism,
    seed: int = 0,
    outcome: str = "outcome",
) -> Bounds:
    """Bound the effect where some outcomes are missing (NaN), for those known in either arm.

    Being drawn may make outcomes known more often or less, but not both: the arm that lost fewer
    is trimmed from above and from below until it lost as many. Errors by resampling units within
    arms and strata.

    Raises
    ------
    DataError
        What ``compare_arms`` refuses, or fewer than ten known outcomes in an arm.
    """
    pair = compare_arms(rows, arm, control, mechanism)
    value = pair.rows[outcome].to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(value)
    n_known = [int((known & (pair.is_treated == side)).sum()) for side in (False, True)]
    if min(n_known) < MIN_KNOWN:
        raise DataError(
            f"{min(n_known)} outcomes are known in an arm: bounds need at least {MIN_KNOWN}"
        )
    low, high, share, share_control = _trim(value, pair.is_treated, pair.weight)
    draws = _resample(pair, value, np.random.default_rng(seed))
    errors = np.std(draws, axis=0, ddof=1)
    if not (errors > 0).all():
        raise DataError("the known outcomes do not vary, so bounds have no standard error")
    return Bounds(
        low=low,
        high=high,
        std_error_low=float(errors[0]),
        std_error_high=float(errors[1]),
        share_known=share,
        share_known_control=share_control,
        trimmed_share=1 - min(share, share_control) / max(share, share_control),
        n_obs=len(value),
        n_known=sum(n_known),
    )


def _trim(
    value: FloatArray, treated: NDArray[np.bool_], weight: FloatArray
) -> tuple[float, float, float, float]:
    """Both bounds, and the share known in the arm and in the control."""
    known = np.isfinite(value)
    shares = [
        float(weight[known & (treated == side)].sum() / weight[treated == side].sum())
        for side in (True, False)
    ]
    least = min(shares)
    means = [
        _ends(value[known & (treated == side)], weight[known & (treated == side)], least / own)
        for side, own in zip((True, False), shares, strict=True)
    ]
    (bottom, top), (bottom_control, top_control) = means
    return bottom - top_control, top - bottom_control, shares[0], shares[1]


def _ends(value: FloatArray, weight: FloatArray, kept: float) -> tuple[float, float]:
    """Means of the lowest and of the highest ``kept`` share; a tie at the edge is cut in part."""
    order = np.argsort(value, kind="stable")
    v, w = value[order], weight[order]
    budget = kept * w.sum()
    before = np.cumsum(w) - w
    from_below = np.clip(budget - before, 0, w)
    from_above = np.clip(budget - (w.sum() - before - w), 0, w)
    return float(from_below @ v / budget), float(from_above @ v / budget)


def _resample(pair: Comparison, value: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Bounds of resampled trials, shape (n, 2): as many units in each arm of each stratum."""
    order = np.lexsort((value, pair.unit, pair.is_treated, pair.stratum))
    starts = np.flatnonzero(np.r_[True, np.diff(pair.unit[order]) != 0])
    size = np.diff(np.r_[starts, len(order)])
    cell = pair.stratum[order][starts] * 2 + pair.is_treated[order][starts]
    cells = [np.flatnonzero(cell == c) for c in np.unique(cell)]
    bounds = []
    for _ in range(N_DRAWS):
        chosen = np.concatenate([rng.choice(units, len(units)) for units in cells])
        n = size[chosen]
        within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        drawn = order[np.repeat(starts[chosen], n) + within]
        treated, known = pair.is_treated[drawn], np.isfinite(value[drawn])
        if known[treated].any() and known[~treated].any():
            bounds.append(_trim(value[drawn], treated, pair.weight[drawn])[:2])
    return np.array(bounds)

"""What a design can see: minimum detectable effects and needed numbers.

References
----------
Bloom, H. S. (1995). Minimum detectable effects. Evaluation Review 19, 547-556.
Fleiss, J. L. (1981). Statistical Methods for Rates and Proportions, eq. 3.14 (as R's
``power.prop.test``).
"""

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student_t

from watwerkt.errors import ParameterError


def mde(
    std_error: float, power: float = 0.8, alpha: float = 0.05, degrees_of_freedom: float = np.inf
) -> float:
    """Smallest true effect that a two-sided test finds with probability ``power``.

    On the scale of ``std_error`` (2.80 standard errors by default, more with few clusters:
    Bloom's multiplier with the t distribution).

    Raises
    ------
    ParameterError
        ``power`` or ``alpha`` is not a probability, or the standard error is not positive.
    """
    _require_probabilities(power=power, alpha=alpha)
    if not 0 < std_error < np.inf:
        raise ParameterError("an MDE needs a positive, finite standard error")
    law = student_t(degrees_of_freedom)
    return float((law.ppf(1 - alpha / 2) + law.ppf(power)) * std_error)


def mde_proportions(
    n_treated: int, n_control: int, base_rate: float, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Smallest detectable difference of two shares (0-1), whatever its sign.

    The variance is that under no effect, as in published MDEs: 188 per arm and a base of 0.15
    give 0.103. Away from a base of one half an increase needs somewhat more than this, a
    decrease somewhat less; ``n_per_arm`` takes that into account.
    """
    _require_probabilities(base_rate=base_rate)
    if min(n_treated, n_control) < 1:
        raise ParameterError("each arm needs at least one person")
    variance = base_rate * (1 - base_rate) * (1 / n_treated + 1 / n_control)
    return mde(float(np.sqrt(variance)), power, alpha)


def n_per_arm(
    base_rate: float, difference: float, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Persons needed in each of two equal arms to find ``difference`` (share, 0-1) from the base.

    Fleiss: pooled variance under no effect, separate variances under the effect; not rounded up.
    """
    _require_probabilities(power=power, alpha=alpha, base_rate=base_rate)
    _require_probabilities(reached_rate=base_rate + difference)
    if difference == 0:
        raise ParameterError("no number of persons finds a difference of zero")
    rate = np.array([base_rate, base_rate + difference])
    pooled = 2 * rate.mean() * (1 - rate.mean())
    separate = (rate * (1 - rate)).sum()
    root = norm.ppf(1 - alpha / 2) * np.sqrt(pooled) + norm.ppf(power) * np.sqrt(separate)
    return float((root / difference) ** 2)


def _require_probabilities(**values: float) -> None:
    outside = sorted(name for name, value in values.items() if not 0 < value < 1)
    if outside:
        raise ParameterError(f"{', '.join(outside)}: must lie between 0 and 1, ends excluded")

"""A ratio of two estimates, with an interval that holds however uncertain the denominator is.

References
----------
Fieller, E. C. (1954). Some problems in interval estimation. JRSS B 16, 175-185.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from watwerkt.errors import DataError


def fieller_interval(
    estimate: NDArray[np.float64],
    covariance: NDArray[np.float64],
    conf_level: float = 0.95,
    degrees_of_freedom: float = np.inf,
) -> tuple[float, float]:
    """Both ends of the interval of ``estimate[0] / estimate[1]``; shapes (2,) and (2, 2).

    Raises
    ------
    DataError
        The interval of the denominator holds zero, so that any ratio fits.
    """
    squared = student_t(degrees_of_freedom).ppf((1 + conf_level) / 2) ** 2
    top, bottom = estimate
    a = bottom**2 - squared * covariance[1, 1]
    b = top * bottom - squared * covariance[0, 1]
    c = top**2 - squared * covariance[0, 0]
    if a <= 0:
        raise DataError("the denominator may be zero: a ratio has no interval with two ends")
    root = np.sqrt(max(b**2 - a * c, 0.0))
    return float((b - root) / a), float((b + root) / a)

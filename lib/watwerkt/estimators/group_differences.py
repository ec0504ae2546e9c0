"""Does an effect differ between groups? All pairs at once, and each group drawn to their mean.

References
----------
Šidák, Z. (1967), JASA 62, 626-633 (intervals that hold together). Partial pooling as in
``pooling``: the mean over groups with the variance between them by restricted maximum likelihood.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from watwerkt.errors import DataError
from watwerkt.estimators.pooling import find_tau2

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LargestDifference:
    """Of all pairs of groups the one that differs most for its error.

    Attributes
    ----------
    first, second : places of the two groups; ``estimate`` is that of the first less the second.
    low, high : an interval that holds for all pairs of the family together.
    p_adjusted : Šidák's over the family.
    smallest_error : standard error of the pair that is known best.
    """

    first: int
    second: int
    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    smallest_error: float


def joint_level(conf_level: float, n: int) -> float:
    """Level of each of ``n`` intervals that hold together at ``conf_level`` (Šidák)."""
    return float(conf_level ** (1 / n))


def largest_difference(
    effect: FloatArray, std_error: FloatArray, conf_level: float, n_pairs: int
) -> LargestDifference:
    """The pair of groups with the largest difference for its error; shapes (k,).

    ``n_pairs``: pairs in the whole family, of other traits too. Groups are taken to be apart.
    Clients of one caseworker in several groups make a difference more certain than this, never
    less. Raises DataError with fewer than two groups.
    """
    if len(effect) < 2:
        raise DataError("a difference takes two groups")
    pairs = list(combinations(range(len(effect)), 2))
    differences = np.array([effect[i] - effect[j] for i, j in pairs])
    errors = np.array([np.hypot(std_error[i], std_error[j]) for i, j in pairs])
    at = int(np.argmax(np.abs(differences) / errors))
    width = norm.ppf((1 + joint_level(conf_level, n_pairs)) / 2) * errors[at]
    p_value = float(2 * norm.sf(abs(differences[at]) / errors[at]))
    return LargestDifference(
        first=pairs[at][0],
        second=pairs[at][1],
        estimate=float(differences[at]),
        std_error=float(errors[at]),
        low=float(differences[at] - width),
        high=float(differences[at] + width),
        p_value=p_value,
        p_adjusted=float(1 - (1 - p_value) ** n_pairs),
        smallest_error=float(errors.min()),
    )


def draw_together(effect: FloatArray, std_error: FloatArray) -> FloatArray:
    """Each group's effect drawn towards the mean of all, the more the less it says; shape (k,).

    All the same where the groups differ by no more than chance.
    """
    variance = np.asarray(std_error, float) ** 2
    tau2 = find_tau2(np.asarray(effect, float), variance)
    weight = 1 / (variance + tau2)
    mean = float(weight @ effect / weight.sum())
    kept = tau2 / (tau2 + variance)
    return np.asarray(mean + kept * (effect - mean))

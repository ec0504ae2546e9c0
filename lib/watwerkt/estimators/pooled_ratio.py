"""Pooling instrumental-variable estimates: a ratio of sums, never a mean of ratios.

A municipality's own ratio of reduced form to first stage has no mean, and its error is smallest
where it lies furthest off: pooled as if they were estimates, such ratios reject homogeneity always.
The sum of reduced forms over the sum of first stages has neither fault. How far a municipality
lies from it is seen in its reduced form less the ratio times its first stage, which is linear in
both, over the first stage of all together.
"""

import numpy as np

from watwerkt.errors import DataError
from watwerkt.estimators.pooling import FloatArray, Pooled, random_effects

MAX_STEPS, TOLERANCE = 100, 1e-10
STRONG = 10.0  # F of the common first stage, below which there is no ratio to speak of


def ratio_of_sums(
    reduced_form: FloatArray,
    first_stage: FloatArray,
    covariance: FloatArray,
    n_clusters: FloatArray,
    size: FloatArray,
    cluster: FloatArray,
) -> Pooled:
    """The common ratio, and each municipality's as if it had the first stage of all together.

    Parameters
    ----------
    reduced_form, first_stage : shape (k,).
    covariance : of both, per municipality; shape (k, 2, 2), the reduced form first.
    n_clusters, size, cluster : as for ``random_effects``; ``size`` is what the information of a
        municipality is proportional to. Effects that clusters have in common take a degree of
        freedom from the errors and make them too small: with four clusters their variances are 0.6
        of what they should be (``benchmarks/truth/pooled_towns.md``), and are raised by that.

    Raises
    ------
    DataError
        Too few municipalities, or a first stage that together is not strong either (F below 10).
    """
    too_small = (n_clusters / (n_clusters - 1)) ** 2  # both hold effects that clusters share
    weight = size / size.sum()
    ratio = _ratio(weight, reduced_form, first_stage, covariance)
    for _ in range(MAX_STEPS):
        contrast = np.array([1.0, -ratio])
        variance = np.einsum("i,kij,j->k", contrast, covariance, contrast)
        common = float(weight @ first_stage / weight.sum())
        effect = ratio + (reduced_form - ratio * first_stage) / common
        error = np.sqrt(np.maximum(variance, 0) * too_small) / abs(common)
        found = random_effects(effect, error, n_clusters - 1, size, cluster)
        weight, before = found.weight, ratio
        ratio = _ratio(weight, reduced_form, first_stage, covariance)
        if abs(ratio - before) < TOLERANCE:
            break
    return found


def _ratio(
    weight: FloatArray, top: FloatArray, bottom: FloatArray, covariance: FloatArray
) -> float:
    strength = (weight @ bottom) ** 2 / float(weight**2 @ covariance[:, 1, 1])
    if not strength >= STRONG:
        raise DataError(f"first stage: F {strength:.1f} together, it takes {STRONG:.0f}")
    return float(weight @ top / (weight @ bottom))

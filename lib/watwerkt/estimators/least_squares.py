"""One coefficient of a weighted regression, with errors that hold for few and unequal clusters.

Without clusters (each row its own) the errors are HC2, with clusters CR2; the degrees of freedom
are Bell and McCaffrey's (Satterthwaite's, under errors of equal size). Several outcomes on the same
design come with the covariance between their coefficients.

References
----------
Bell, R. and McCaffrey, D. (2002). Bias reduction in standard errors for linear regression with
multi-stage samples. Survey Methodology 28, 169-181.
Imbens, G. and Kolesár, M. (2016). Robust standard errors in small samples. Review of Economics and
Statistics 98, 701-712.
Pustejovsky, J. and Tipton, E. (2018). Small-sample methods for cluster-robust variance estimation.
Journal of Business & Economic Statistics 36, 672-683.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watwerkt.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FULL_LEVERAGE = 1e-9  # a row or cluster that the fit must pass through says nothing of its error


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One column's coefficient for each of m outcomes.

    ``estimate`` has shape (m,), ``covariance`` (m, m); ``degrees_of_freedom`` are those of the
    design, whatever the outcome.
    """

    estimate: FloatArray
    covariance: FloatArray
    degrees_of_freedom: float


def fit_coefficient(
    design: FloatArray,
    outcomes: FloatArray,
    weight: FloatArray,
    cluster: IntArray,
    column: int,
) -> Coefficient:
    """Regress each outcome on the design, and keep the coefficient of ``column``.

    Parameters
    ----------
    design, outcomes : shape (n, k) with full column rank, and (n, m).
    weight : shape (n,), positive; rows are scaled by its root, as in statsmodels' WLS.
    cluster : shape (n,), numbers from 0 without gaps.

    Raises
    ------
    DataError
        The coefficient rests on rows or clusters that the fit must pass through.
    """
    root = np.sqrt(weight)[:, None]
    x, y = design * root, outcomes * root
    bread = np.asarray(np.linalg.inv(x.T @ x), dtype=np.float64)
    coefficients = bread @ (x.T @ y)
    inflated = _inflate(x, bread, x @ bread[:, column], cluster)
    score = sum_by(cluster, inflated[:, None] * (y - x @ coefficients))
    freedom = _degrees_of_freedom(x, bread, inflated, cluster)
    return Coefficient(coefficients[column], score.T @ score, freedom)


def _inflate(
    x: FloatArray, bread: FloatArray, direction: FloatArray, cluster: IntArray
) -> FloatArray:
    """``direction`` times (I - H)^(-1/2), cluster by cluster; H = U U' within a cluster."""
    half = x @ np.linalg.cholesky(bread)
    size = np.bincount(cluster)
    leverage = np.minimum((half**2).sum(axis=1), 1.0)
    inflated = np.asarray(direction * _inverse_root(1 - leverage))
    order = np.argsort(cluster, kind="stable")
    for rows in np.split(order, np.cumsum(size)[:-1]):
        if len(rows) > 1:
            axes, length, _ = np.linalg.svd(half[rows], full_matrices=False)
            along = axes.T @ direction[rows]
            factor = _inverse_root(1 - np.minimum(length, 1.0) ** 2)
            inflated[rows] = direction[rows] + axes @ ((factor - 1) * along)
    return inflated


def _inverse_root(rest: FloatArray) -> FloatArray:
    free = rest > FULL_LEVERAGE
    return np.asarray(np.where(free, 1 / np.sqrt(np.where(free, rest, 1.0)), 0.0))


def _degrees_of_freedom(
    x: FloatArray, bread: FloatArray, inflated: FloatArray, cluster: IntArray
) -> float:
    """Trace squared over trace of squares, of the quadratic form that the variance is."""
    length = np.bincount(cluster, weights=inflated**2)
    across = sum_by(cluster, inflated[:, None] * x)
    inner = across @ bread
    taken = (inner * across).sum(axis=1)
    trace = (length - taken).sum()
    cross = across.T @ inner
    squares = (length**2).sum() - 2 * (length * taken).sum() + np.trace(cross @ cross)
    if not trace > FULL_LEVERAGE * length.sum() or not squares > 0:
        raise DataError(
            "no standard error can be given: too few units for so many strata and covariates; "
            "take strata together or leave covariates out"
        )
    return float(trace**2 / squares)


def sum_by(cluster: IntArray, values: FloatArray) -> FloatArray:
    """Sums of each column by cluster number, shape (n_clusters, n_columns)."""
    columns = [np.bincount(cluster, weights=column) for column in values.T]
    return np.column_stack(columns)

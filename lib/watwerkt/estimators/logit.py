"""The logit itself: maximum likelihood on counts, with sparse columns."""

import numpy as np
from scipy import sparse
from scipy.special import expit, logit

from watwerkt.errors import DataError
from watwerkt.estimators.design_columns import FloatArray, scale_rows

MAX_STEPS, MAX_MOVE, TOLERANCE = 40, 3.0, 1e-9  # of Newton's method, in log odds of any row


def fit_logit(
    design: sparse.csr_array, trials: FloatArray, events: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Coefficients and the inverse information, by Newton's method with bounded steps.

    Parameters
    ----------
    design : shape (n_rows, n_columns); the first column is the intercept.
    trials, events : shape (n_rows,); they may be weighted.

    Raises
    ------
    DataError
        A combination of columns decides alone, so that there is no finite estimate.
    """
    coefficient = np.zeros(design.shape[1])
    coefficient[0] = logit(events.sum() / trials.sum())
    log_odds = design @ coefficient
    for _ in range(MAX_STEPS):
        share = expit(log_odds)
        weighted = scale_rows(design, trials * share * (1 - share))
        try:
            information = (design.T @ weighted).toarray()
            bread = np.asarray(np.linalg.inv(information), dtype=np.float64)
        except np.linalg.LinAlgError:
            break
        step = bread @ (design.T @ (events - trials * share))
        move = design @ step
        if np.abs(move).max() < TOLERANCE:
            return coefficient + step, bread
        size = _step_size(trials, events, log_odds, move)
        coefficient, log_odds = coefficient + size * step, log_odds + size * move
    raise DataError(
        "a combination of covariates decides alone who leaves, so the model has no finite "
        "estimate; group levels together or leave a covariate out"
    )


def _step_size(
    trials: FloatArray, events: FloatArray, log_odds: FloatArray, move: FloatArray
) -> float:
    """Part of a step that moves no row too far and does not lower the log likelihood."""

    def log_likelihood(at: FloatArray) -> float:
        return float(events @ at - trials @ np.logaddexp(0, at))

    now, size = log_likelihood(log_odds), min(1.0, MAX_MOVE / np.abs(move).max())
    while size > TOLERANCE and log_likelihood(log_odds + size * move) < now - abs(now) * TOLERANCE:
        size /= 2
    return size

"""Counts with effects for every month, team and cell: Poisson regression on sparse columns.

The estimates are those of a Poisson regression with all columns written out, since they are.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from watwerkt.errors import DataError
from watwerkt.estimators.design_columns import FloatArray, find_free_columns, scale_rows

MAX_STEPS, MAX_MOVE, TOLERANCE = 50, 2.0, 1e-10  # of Newton's method, in logs of any row's mean


def build_effects(rows: pd.DataFrame, names: Sequence[str], control: str = "") -> sparse.csr_array:
    """One column per level of each effect and one for ``control``, where that is named.

    Columns that those before them determine are left out, so that the others can be estimated.
    """
    blocks = [sparse.csr_array(rows[[control]].to_numpy(float))] if control else []
    for name in names:
        code = pd.factorize(rows[name], sort=True)[0]
        blocks.append(sparse.csr_array((np.ones(len(code)), (np.arange(len(code)), code))))
    design = sparse.csr_array(sparse.hstack(blocks))
    return design[:, find_free_columns(design, np.ones(len(rows)))]


def fit_poisson(
    design: sparse.csr_array, events: FloatArray, exposure: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Coefficients, and the expected events of each row (``exposure`` times the fitted rate).

    Newton's method with bounded steps. Raises DataError where a combination of columns has no
    events at all, so that no finite estimate exists.
    """
    coefficient = np.zeros(design.shape[1])
    linear = np.zeros(len(events))
    level = events.sum() / exposure.sum()
    for _ in range(MAX_STEPS):
        expected = exposure * level * np.exp(linear)
        hessian = (design.T @ scale_rows(design, expected)).toarray()
        try:
            step = np.linalg.solve(hessian, design.T @ (events - expected))
        except np.linalg.LinAlgError:
            break
        move = design @ step
        if np.abs(move).max() < TOLERANCE:
            return coefficient, expected
        size = min(1.0, MAX_MOVE / np.abs(move).max())
        coefficient, linear = coefficient + size * step, linear + size * move
    raise DataError("a combination of effects decides alone who leaves: take cells together")


def partial_out(values: FloatArray, design: sparse.csr_array, weight: FloatArray) -> FloatArray:
    """What is left of each column of ``values`` after a weighted regression on ``design``."""
    weighted = scale_rows(design, weight)
    fitted = np.linalg.solve((design.T @ weighted).toarray(), weighted.T @ values)
    return np.asarray(values - design @ fitted)

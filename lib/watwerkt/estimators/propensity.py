"""How likely somebody was to get something, given what was known before: a logit on person-months.

The model behind the weights of ``sequential_trials``. Beside the probability it keeps what is
needed to carry its own uncertainty into whatever is made of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from watwerkt.errors import DataError
from watwerkt.estimators.combinations import find_combinations
from watwerkt.estimators.design_columns import FloatArray, build_design, find_free_columns
from watwerkt.estimators.logit import fit_logit

MIN_OF_EACH = 10  # rows with and rows without at a level; a rarer level joins the commonest


@dataclass(frozen=True, slots=True)
class Propensity:
    """A fitted probability for every row.

    Attributes
    ----------
    probability : shape (n_rows,).
    cell : shape (n_rows,): the row of ``design`` that describes it.
    design : shape (n_cells, n_columns), sparse: one row per combination of levels.
    score : shape (n_rows,): taken minus its probability, and 0 for rows outside the fit; with the
        design it gives the row's score.
    bread : shape (n_columns, n_columns), the inverse information.
    """

    probability: FloatArray = field(repr=False)
    cell: NDArray[np.intp] = field(repr=False)
    design: sparse.csr_array = field(repr=False)
    score: FloatArray = field(repr=False)
    bread: FloatArray = field(repr=False)


def fit_propensity(
    rows: pd.DataFrame, covariates: Sequence[str], taken: str, is_fitted: NDArray[np.bool_]
) -> Propensity:
    """Fit the probability of ``taken`` on the rows of ``is_fitted``; predict it for all.

    Every covariate is taken as categorical. A level with fewer than ten rows with, or without,
    joins the commonest level, so that the fit exists and every row has a probability.

    Raises
    ------
    DataError
        Fewer than ten rows with or without, or a combination of levels that decides alone.
    """
    y = rows[taken].to_numpy(dtype=float)
    if min(y[is_fitted].sum(), (1 - y[is_fitted]).sum()) < MIN_OF_EACH:
        raise DataError(
            f"{taken}: fewer than {MIN_OF_EACH} person-months with, or without, so that how likely "
            "it was cannot be known"
        )
    levels = pd.DataFrame({name: merge_rare(rows[name], y, is_fitted) for name in covariates})
    found = find_combinations(levels)
    cell, design = found.number, build_design(levels.iloc[found.first])[0]
    n_cells = design.shape[0]
    trials = np.bincount(cell[is_fitted], minlength=n_cells).astype(float)
    events = np.bincount(cell[is_fitted], y[is_fitted], n_cells).astype(float)
    design = design[:, find_free_columns(design, trials)]
    coefficient, bread = fit_logit(design, trials, events)
    probability = expit(design @ coefficient)[cell]
    return Propensity(
        probability=probability,
        cell=cell,
        design=design,
        score=np.where(is_fitted, y - probability, 0.0),
        bread=bread,
    )


def merge_rare(
    column: pd.Series, y: FloatArray, is_fitted: NDArray[np.bool_], least: int = MIN_OF_EACH
) -> pd.Categorical:
    """A level with fewer than ``least`` rows with ``y``, or without, joins the commonest level."""
    level = pd.Categorical(column).remove_unused_categories()
    n = len(level.categories)
    n_rows = np.bincount(level.codes[is_fitted], minlength=n)
    n_taken = np.bincount(level.codes[is_fitted], weights=y[is_fitted], minlength=n)
    is_rare = np.minimum(n_taken, n_rows - n_taken) < least
    kept = np.where(is_rare, n_rows.argmax(), np.arange(n))
    return pd.Categorical.from_codes(kept[level.codes], level.categories)

"""The columns of a regression on cells: one per number, one per level of a categorical."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
NO_COLUMN = -1  # of a categorical at its first level
MIN_PIVOT = 1e-9  # share of a column's sum of squares that the columns before it leave over


def build_design(covariates: pd.DataFrame) -> tuple[sparse.csr_array, pd.DataFrame]:
    """The columns of ``covariates``, and a table of their ``term``, ``source`` and ``is_level``.

    A number gives one column, a categorical one for each level in use after the first.
    """
    ones = np.ones(len(covariates))
    names, columns, values = [("intercept", "", False)], [np.zeros(len(covariates), int)], [ones]
    for source in map(str, covariates):
        column, n_before = covariates[source], len(names)
        if isinstance(column.dtype, pd.CategoricalDtype):
            number, used = renumber(column.cat.codes.to_numpy())
            categories = column.cat.categories[used]
            is_yes_no = pd.api.types.is_bool_dtype(categories)
            terms = [source if is_yes_no else f"{source}[{level}]" for level in categories[1:]]
            names += [(term, source, True) for term in terms]
            columns.append(np.where(number > 0, n_before + number - 1, NO_COLUMN))
            values.append(ones)
        else:
            names.append((source, source, False))
            columns.append(np.full(len(covariates), n_before))
            values.append(column.to_numpy(dtype=float))
    design = _lay_out(np.column_stack(columns), np.column_stack(values), len(names))
    return design, pd.DataFrame(names, columns=["term", "source", "is_level"])


def _lay_out(column: NDArray[np.intp], value: FloatArray, n_columns: int) -> sparse.csr_array:
    """Sparse rows, from the column and the value of each entry; shapes (n_rows, n_sources)."""
    is_kept = (column != NO_COLUMN) & (value != 0)
    ends = np.cumsum(is_kept.sum(axis=1))
    shape = (len(column), n_columns)
    return sparse.csr_array((value[is_kept], column[is_kept], np.r_[0, ends]), shape=shape)


def scale_rows(design: sparse.csr_array, factor: FloatArray) -> sparse.csr_array:
    """``design`` with each row times its ``factor``, shape (n_rows,)."""
    data = design.data * np.repeat(factor, np.diff(design.indptr))
    return sparse.csr_array((data, design.indices, design.indptr), shape=design.shape)


def sum_rows_by(group: NDArray[np.intp], design: sparse.csr_array) -> FloatArray:
    """Sums of each column by group number, shape (n_groups, n_columns)."""
    n_columns = design.shape[1]
    at = np.repeat(group * n_columns, np.diff(design.indptr)) + design.indices
    n_groups = int(group.max()) + 1
    sums = np.bincount(at, design.data, minlength=n_groups * n_columns)
    return np.asarray(sums.reshape(n_groups, n_columns))


def renumber(codes: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers from 0 without a gap, in the order of the codes, and the codes that are in use."""
    is_used = np.bincount(codes) > 0
    return (np.cumsum(is_used) - 1)[codes], np.flatnonzero(is_used)


def find_free_columns(design: sparse.csr_array, trials: FloatArray) -> NDArray[np.bool_]:
    """Mark the columns that those before them do not determine (elimination on the Gram matrix)."""
    gram = (design.T @ scale_rows(design, trials)).toarray()
    scale = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1.0))
    gram = gram / np.outer(scale, scale)
    free = np.zeros(len(gram), dtype=bool)
    for j in range(len(gram)):
        if gram[j, j] > MIN_PIVOT:
            free[j] = True
            gram = gram - np.outer(gram[:, j], gram[j]) / gram[j, j]
    return free

"""Which combinations of values occur in a table, and which of its rows have each."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LARGEST = 2**62  # of a combination of values, as one number


@dataclass(frozen=True, slots=True)
class Combinations:
    """Combinations in the order of their values, the first column first.

    Attributes
    ----------
    first, count : shape (n_combinations,): the first row with it, and how many rows there are.
    number : shape (n_rows,): the combination of each row.
    """

    first: NDArray[np.intp] = field(repr=False)
    count: NDArray[np.intp] = field(repr=False)
    number: NDArray[np.intp] = field(repr=False)


def find_combinations(rows: pd.DataFrame) -> Combinations:
    """The combinations of the values in ``rows``, none of which is missing.

    Values become one number a row, renumbered wherever it would grow too large.
    """
    key, size = np.zeros(len(rows), dtype=np.int64), 1
    for _, column in rows.items():
        code, n_values = _number_values(column)
        if size * n_values > LARGEST:
            values, key = np.unique(key, return_inverse=True)
            size = len(values)
        key, size = key * n_values + code, size * n_values
    _, first, number, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    return Combinations(first, count, number)


def _number_values(column: pd.Series) -> tuple[NDArray[np.int64], int]:
    """A number from 0 for each value, in the order of the values, and how many there are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64), len(column.cat.categories)
    values, code = np.unique(column.to_numpy(), return_inverse=True)
    return code, len(values)

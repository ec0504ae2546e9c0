"""A table of any number of keys as matrices: rounded, and hidden in, along at most two margins.

Along ``margins``, axes of the table, the last entry is the sum of the others; every combination of
the other axes is a matrix of its own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.rounding import round_additively, round_wanted
from watwerkt.disclosure.suppression import hide_more

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
MAX_MARGINS = 2


def hide_in_tables(
    values: Array,
    hidden: Mask,
    fixed: Mask,
    margins: Sequence[int],
    policy: Policy,
    width: float = 0.0,
    loose: Mask | None = None,
) -> Mask:
    """``hidden`` and what must go with it in each table along ``margins``."""
    if not margins:
        return hidden
    has_margin = (True, len(margins) == MAX_MARGINS)
    loose = np.zeros_like(hidden) if loose is None else loose
    tables = (in_tables(array, margins) for array in (values, hidden, fixed, loose))
    masks = [
        hide_more(table, mask, has_margin, width or policy.threshold, *others)
        for table, mask, *others in zip(*tables, strict=True)
    ]
    return from_tables(np.array(masks), values.shape, margins)


def round_tables(values: Array, wanted: Array, margins: Sequence[int], policy: Policy) -> Array:
    """Each table along ``margins`` rounded and still additive, as ``wanted`` where that can be."""
    base, has_margin = policy.round_base, (True, len(margins) == MAX_MARGINS)
    if not margins:
        return round_wanted(values, base, wanted)
    tables = zip(in_tables(values, margins), in_tables(wanted, margins), strict=True)
    rounded = [round_additively(table, has_margin, base, want) for table, want in tables]
    return from_tables(np.array(rounded), values.shape, margins)


def nothing(values: Array) -> Array:
    """As large as ``values``, and NaN throughout: no figure is wanted."""
    return np.full_like(values, np.nan)


def in_tables(array: NDArray, margins: Sequence[int]) -> NDArray:
    """Shape (n_tables, n_rows, n_columns): one matrix per combination of the other axes."""
    ends = range(-len(margins), 0)
    moved = np.moveaxis(array, margins, ends)
    inner = (*moved.shape[moved.ndim - len(margins) :], 1)[:2]
    return moved.reshape(-1, *inner)


def from_tables(tables: NDArray, shape: tuple[int, ...], margins: Sequence[int]) -> NDArray:
    """What ``in_tables`` made of an array of ``shape``, put back."""
    ends = range(-len(margins), 0)
    moved_shape = np.moveaxis(np.empty(shape, dtype=bool), margins, ends).shape
    return np.moveaxis(tables.reshape(moved_shape), ends, margins)

"""Figures on a grid: rounded so that they stay additive, with enough hidden to keep them hidden."""

import numpy as np
from numpy.typing import NDArray

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.rounding import EXACT, round_additively, round_nearest
from watwerkt.disclosure.suppression import hide_more
from watwerkt.errors import DataError, DisclosureError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
MAX_MARGINS = 2


def protect_cells(values: Array, hidden: Mask, margins: list[int], policy: Policy) -> Array:
    """``values`` rounded to the policy's base, NaN where hidden itself or to keep a cell hidden.

    ``margins`` are the axes along which the last entry is the sum of the others.
    """
    _require_additive(values, margins)
    if not margins:
        return np.where(hidden, np.nan, round_nearest(values, policy.round_base))
    has_margin = (True, len(margins) == MAX_MARGINS)
    tables, masks = _in_tables(values, margins), _in_tables(hidden, margins)
    shown = np.empty_like(tables)
    for i, (table, mask) in enumerate(zip(tables, masks, strict=True)):
        rounded = round_additively(table, has_margin, policy.round_base)
        mask = hide_more(rounded, mask, has_margin, policy.threshold)
        shown[i] = np.where(mask, np.nan, rounded)
    return _from_tables(shown, values.shape, margins)


def require_protected_cells(
    values: Array, is_zero_shown: bool, margins: list[int], policy: Policy
) -> None:
    """Refuse suppressed cells (NaN) in a table that was not protected as this policy asks.

    So that protecting twice equals protecting once, and suppressing by hand is no way in.
    """
    shown = values[~np.isnan(values)]
    allowed = (shown >= policy.threshold) | (is_zero_shown & (shown == 0))
    ok = bool(allowed.all()) and not (shown % policy.round_base).any()
    for axis in margins:
        *parts, total = np.moveaxis(values, axis, 0)
        rest = total - np.nansum(parts, axis=0)
        n_hidden = np.isnan(parts).sum(axis=0)
        is_safe = (n_hidden >= 2) & (rest >= policy.threshold)
        ok &= bool((np.isnan(rest) | np.where(n_hidden > 0, is_safe, np.abs(rest) < EXACT)).all())
    if not ok:
        raise DisclosureError(
            f"{np.isnan(values).sum()} counts are missing: pass the counts as they are, and leave "
            "suppression to the policy; 0 where nothing was counted"
        )


def _require_additive(values: Array, margins: list[int]) -> None:
    if len(margins) > MAX_MARGINS:
        raise DisclosureError(
            f"totals over {len(margins)} keys or columns at once, at most {MAX_MARGINS} can be "
            "kept safe from subtraction: leave a total out, or make two tables"
        )
    for axis in margins:
        *parts, total = np.moveaxis(values, axis, 0)
        wrong = np.abs(np.sum(parts, axis=0) - total) > 1e-6
        if wrong.any():
            raise DataError(f"{wrong.sum()} totals are not the sum of their parts")


def _in_tables(array: NDArray, margins: list[int]) -> NDArray:
    """Shape (n_tables, n_rows, n_columns): one matrix per combination of the other axes."""
    ends = range(-len(margins), 0)
    moved = np.moveaxis(array, margins, ends)
    inner = (*moved.shape[moved.ndim - len(margins) :], 1)[:2]
    return moved.reshape(-1, *inner)


def _from_tables(tables: Array, shape: tuple[int, ...], margins: list[int]) -> Array:
    ends = range(-len(margins), 0)
    moved_shape = np.moveaxis(np.empty(shape, dtype=bool), margins, ends).shape
    return np.moveaxis(tables.reshape(moved_shape), ends, margins)

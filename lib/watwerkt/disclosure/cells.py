"""Figures on a grid: rounded so that they stay additive, with enough hidden to keep them hidden.

What a reader already has counts. A margin over any key may stand in another table, so the hidden
cells are protected against it although it is not shown here. And an earlier release of the same
table is known: of that follows, cell by cell,

- a figure shown before stays what it was while it lies within a rounding base of the count;
- one that would differ from it by less than the threshold is hidden: who subtracts the two reports
  would find a group too small to be shown;
- one hidden before stays hidden, or else it could be filled in there: unless it was small then, and
  is now so large that it cannot be the same count;
- one shown before with the same figure protects no other by being hidden now.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.rounding import EXACT, round_additively, round_wanted
from watwerkt.disclosure.suppression import hide_more
from watwerkt.errors import DataError, DisclosureError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
MAX_MARGINS = 2


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier release showed of a table, on the grid of the new one.

    Attributes
    ----------
    shown : the figures; NaN where hidden, or where there was no such cell.
    was_hidden : where there was a cell and it was hidden; ``was_small``: for being small itself.
    is_same : whether both have the same cells.
    """

    shown: Array
    was_hidden: Mask
    was_small: Mask
    is_same: bool


def protect_cells(
    values: Array,
    hidden: Mask,
    margins: Sequence[int],
    policy: Policy,
    known_margin: int | None = None,
    before: Sequence[Before] = (),
    parts: Sequence[Array] = (),
) -> Array:
    """``values`` rounded to the policy's base, NaN where hidden itself or to keep a cell hidden.

    ``margins`` are the axes along which the last entry is the sum of the others, ``known_margin`` a
    further axis whose sums are not shown here but may be known; two in all. ``before``: the same
    table in earlier releases, oldest first; ``parts``: what was shown of some of the same people.
    """
    _require_additive(values, margins)
    if before and not parts and _still_holds(values, hidden, before[-1], policy):
        return before[-1].shown
    rounded = _round(values, before[-1].shown if before else _nothing(values), margins, policy)
    hidden = (
        hidden | _hidden_before(rounded, before, policy) | _hidden_beside(rounded, parts, policy)
    )
    fixed = _is_shown_before(rounded, before)
    hidden = _hide_more(rounded, hidden, fixed, margins, policy)
    if known_margin is not None:
        hidden = _hide_from_margin(values, rounded, hidden, fixed, margins, known_margin, policy)
    return np.where(hidden, np.nan, rounded)


def _hide_more(
    values: Array, hidden: Mask, fixed: Mask, margins: Sequence[int], policy: Policy
) -> Mask:
    """``hidden`` and what must go with it in each table along ``margins``."""
    if not margins:
        return hidden
    has_margin = (True, len(margins) == MAX_MARGINS)
    tables = (_in_tables(array, margins) for array in (values, hidden, fixed))
    masks = [
        hide_more(table, mask, has_margin, policy.threshold, kept)
        for table, mask, kept in zip(*tables, strict=True)
    ]
    return _from_tables(np.array(masks), values.shape, margins)


def _hide_from_margin(
    values: Array,
    rounded: Array,
    hidden: Mask,
    fixed: Mask,
    margins: Sequence[int],
    axis: int,
    policy: Policy,
) -> Mask:
    """``hidden`` and what must go with it where the sums over ``axis`` are known as well.

    Known are the sums that a table of them would show, protected by the same rules.
    """
    sums = values.sum(axis=axis, keepdims=True)
    none = np.zeros(sums.shape, dtype=bool)
    shown = _round(sums, _nothing(sums), margins, policy)
    small = (sums < policy.threshold) & hidden.any(axis=axis, keepdims=True)
    unknown = _hide_more(shown, small, none, margins, policy)
    whole = np.concatenate([values, sums], axis=axis)
    wanted = np.concatenate([rounded, shown], axis=axis)
    ends = [*margins, axis]
    found = _hide_more(
        _round(whole, wanted, ends, policy),
        np.concatenate([hidden, unknown], axis=axis),
        np.concatenate([fixed, ~unknown], axis=axis),
        *(ends, policy),
    )
    return np.delete(found, -1, axis=axis)


def _nothing(values: Array) -> Array:
    return np.full_like(values, np.nan)


def _round(values: Array, wanted: Array, margins: Sequence[int], policy: Policy) -> Array:
    """Each table along ``margins`` rounded and still additive, as ``wanted`` where that can be."""
    base, has_margin = policy.round_base, (True, len(margins) == MAX_MARGINS)
    if not margins:
        return round_wanted(values, base, wanted)
    tables = zip(_in_tables(values, margins), _in_tables(wanted, margins), strict=True)
    rounded = [round_additively(table, has_margin, base, want) for table, want in tables]
    return _from_tables(np.array(rounded), values.shape, margins)


def _still_holds(values: Array, hidden: Mask, before: Before, policy: Policy) -> bool:
    """Whether what was shown before is a protected table of the new values as well.

    Then it is released again as it was, and there is nothing to subtract.
    """
    is_shown = ~np.isnan(before.shown)
    is_near = np.abs(before.shown - values) < policy.round_base - EXACT
    has_grown = before.was_small & (values >= _grown(policy))
    return (
        before.is_same
        and bool((is_near | ~is_shown).all())
        and not (hidden & is_shown).any()
        and not has_grown.any()
    )


def _hidden_before(rounded: Array, before: Sequence[Before], policy: Policy) -> Mask:
    """The cells that must be hidden for what was shown of them, or hidden, before."""
    hidden = np.zeros(rounded.shape, dtype=bool)
    for earlier in before:
        has_grown = earlier.was_small & (rounded >= _grown(policy))
        hidden |= _is_little(rounded - earlier.shown, policy)
        hidden |= earlier.was_hidden & ~has_grown
    return hidden


def _hidden_beside(rounded: Array, parts: Sequence[Array], policy: Policy) -> Mask:
    """The cells that, less what was shown of one part or of all, leave too few to be shown."""
    hidden = np.zeros(rounded.shape, dtype=bool)
    for part in [*parts, *([np.nansum(parts, axis=0)] if len(parts) > 1 else [])]:
        hidden |= _is_little(rounded - part, policy)
    return hidden


def _is_little(difference: Array, policy: Policy) -> Mask:
    return (difference != 0) & (np.abs(difference) < policy.threshold)


def _is_shown_before(rounded: Array, before: Sequence[Before]) -> Mask:
    """The cells that an earlier release showed with the same figure."""
    same = [rounded == earlier.shown for earlier in before]
    return np.any(same, axis=0) if same else np.zeros(rounded.shape, dtype=bool)


def _grown(policy: Policy) -> int:
    """A count from here on differs by the threshold or more from one below the threshold."""
    return 2 * policy.threshold + policy.round_base


def require_protected_cells(
    values: Array, is_zero_shown: bool, margins: Sequence[int], policy: Policy
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


def _require_additive(values: Array, margins: Sequence[int]) -> None:
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


def _in_tables(array: NDArray, margins: Sequence[int]) -> NDArray:
    """Shape (n_tables, n_rows, n_columns): one matrix per combination of the other axes."""
    ends = range(-len(margins), 0)
    moved = np.moveaxis(array, margins, ends)
    inner = (*moved.shape[moved.ndim - len(margins) :], 1)[:2]
    return moved.reshape(-1, *inner)


def _from_tables(tables: NDArray, shape: tuple[int, ...], margins: Sequence[int]) -> NDArray:
    ends = range(-len(margins), 0)
    moved_shape = np.moveaxis(np.empty(shape, dtype=bool), margins, ends).shape
    return np.moveaxis(tables.reshape(moved_shape), ends, margins)

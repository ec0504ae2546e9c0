"""Figures on a grid: rounded so that they stay additive, with enough hidden to keep them hidden.

What a reader already has counts: a margin over any key may stand in another table, so the hidden
cells are protected against it although it is not shown here; and so does what was released earlier.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watwerkt.disclosure.earlier import (
    Before,
    hidden_before,
    hidden_beside,
    is_shown_before,
    still_holds,
)
from watwerkt.disclosure.matrices import (
    MAX_MARGINS,
    Array,
    Mask,
    hide_in_tables,
    nothing,
    round_tables,
)
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.rounding import EXACT
from watwerkt.disclosure.suppression import hide_more
from watwerkt.errors import DataError, DisclosureError


def protect_cells(
    values: Array,
    hidden: Mask,
    margins: Sequence[int],
    policy: Policy,
    open_axes: Sequence[int] = (),
    before: Sequence[Before] = (),
    parts: Sequence[Array] = (),
) -> Array:
    """``values`` rounded to the policy's base, NaN where hidden itself or to keep a cell hidden.

    ``margins`` are the axes along which the last entry is the sum of the others, at most two. Where
    there is room the sums over the last of ``open_axes`` are taken to be known from another table,
    which is protected like this one. ``before``: the same table in earlier releases, oldest first.
    ``parts``: what was shown of some of the same people.
    """
    _require_additive(values, margins)
    if before and not parts and still_holds(values, hidden, before[-1], policy):
        return before[-1].shown
    rounded = round_tables(values, before[-1].shown if before else nothing(values), margins, policy)
    hidden = hidden | hidden_before(rounded, before, policy) | hidden_beside(rounded, parts, policy)
    fixed = is_shown_before(rounded, before)
    if _is_line(values) and (margins or open_axes):
        hidden = _hide_in_line(values, hidden, fixed, margins, policy)
    hidden = hide_in_tables(rounded, hidden, fixed, margins, policy)
    if not _is_line(values) and open_axes and len(margins) < MAX_MARGINS:
        hidden = _hide_from_margin(values, rounded, hidden, fixed, margins, open_axes, policy)
    return np.where(hidden, np.nan, rounded)


def _is_line(values: Array) -> bool:
    """Whether it is a table of one key and one count."""
    return sum(n > 1 for n in values.shape) <= 1


def _hide_in_line(
    values: Array, hidden: Mask, fixed: Mask, margins: Sequence[int], policy: Policy
) -> Mask:
    """``hidden`` and what must go with it in a table of one key, whether or not it shows a total.

    By the counts alone, so that a table of two keys knows which of its margins are hidden in it.
    """
    parts = (line.ravel() for line in (values, hidden, fixed))
    line, mask, kept = (part[:-1] if margins else part for part in parts)
    total = line.sum()
    is_known = total >= policy.threshold
    found = hide_more(
        np.append(line, total)[:, None],
        np.append(mask, not is_known)[:, None],
        (True, False),
        policy.threshold + policy.round_base,
        np.append(kept, is_known)[:, None],
    ).ravel()
    if margins:
        return found.reshape(values.shape) | hidden
    return found[:-1].reshape(values.shape)


def _hide_from_margin(
    values: Array,
    rounded: Array,
    hidden: Mask,
    fixed: Mask,
    margins: Sequence[int],
    open_axes: Sequence[int],
    policy: Policy,
) -> Mask:
    """``hidden`` and what must go with it where the sums over the last open axis are known as well.

    Known are the sums that a table of them would show. It may have rounded them the other way, so
    the range asked for is one base wider.
    """
    *others, axis = open_axes
    sums = values.sum(axis=axis, keepdims=True)
    small = (sums < policy.threshold) & hidden.any(axis=axis, keepdims=True)
    shown = protect_cells(sums, small, margins, policy, others)
    unknown = np.isnan(shown)
    tables = [
        np.concatenate(pair, axis=axis)
        for pair in ((values, sums), (rounded, shown), (hidden, unknown), (fixed, ~unknown))
    ]
    ends, loose = [*margins, axis], np.zeros_like(tables[-1])
    if others and not margins:
        ends, (*tables, loose) = [others[-1], axis], _add_sums(tables, others[-1], axis, policy)
    whole, wanted, mask, kept = tables
    width = policy.threshold + policy.round_base
    found = hide_in_tables(
        round_tables(whole, wanted, ends, policy), mask, kept, ends, policy, width, loose
    )
    return found[tuple(slice(0, n) for n in values.shape)]


def _add_sums(tables: Sequence[NDArray], axis: int, last: int, policy: Policy) -> list[NDArray]:
    """The tables with sums over ``axis`` too, and where these are not known; the sums' sum is."""
    values, rounded, hidden, fixed = tables
    sums = values.sum(axis=axis, keepdims=True)
    is_known = np.zeros(sums.shape, dtype=bool)
    corner = np.moveaxis(is_known, last, -1)
    corner[..., -1] = np.moveaxis(sums, last, -1)[..., -1] >= policy.threshold
    none = np.zeros_like(hidden)
    pairs = (
        (values, sums), (rounded, nothing(sums)), (hidden, np.zeros_like(is_known)),
        (fixed, is_known), (none, ~is_known),
    )  # fmt: skip
    return [np.concatenate(pair, axis=axis) for pair in pairs]


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

"""What earlier releases showed of a table, or of a part of its people, and what that hides now.

A reader lays the two beside each other. Cell by cell,

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

from watwerkt.disclosure.matrices import Array, Mask
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.rounding import EXACT


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


def still_holds(values: Array, hidden: Mask, before: Before, policy: Policy) -> bool:
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


def hidden_before(rounded: Array, before: Sequence[Before], policy: Policy) -> Mask:
    """The cells that must be hidden for what was shown of them, or hidden, before."""
    hidden = np.zeros(rounded.shape, dtype=bool)
    for earlier in before:
        has_grown = earlier.was_small & (rounded >= _grown(policy))
        hidden |= _is_little(rounded - earlier.shown, policy)
        hidden |= earlier.was_hidden & ~has_grown
    return hidden


def hidden_beside(rounded: Array, parts: Sequence[Array], policy: Policy) -> Mask:
    """The cells that, less what was shown of one part or of all, leave too few to be shown."""
    hidden = np.zeros(rounded.shape, dtype=bool)
    for part in [*parts, *([np.nansum(parts, axis=0)] if len(parts) > 1 else [])]:
        hidden |= _is_little(rounded - part, policy)
    return hidden


def _is_little(difference: Array, policy: Policy) -> Mask:
    return (difference != 0) & (np.abs(difference) < policy.threshold)


def is_shown_before(rounded: Array, before: Sequence[Before]) -> Mask:
    """The cells that an earlier release showed with the same figure."""
    same = [rounded == earlier.shown for earlier in before]
    return np.any(same, axis=0) if same else np.zeros(rounded.shape, dtype=bool)


def _grown(policy: Policy) -> int:
    """A count from here on differs by the threshold or more from one below the threshold."""
    return 2 * policy.threshold + policy.round_base

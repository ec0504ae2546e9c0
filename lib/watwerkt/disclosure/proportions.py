"""Proportions of exact counts: no finer than the rounded counts beside them.

An exact share beside a rounded count gives the exact count back (a reason for which OpenSAFELY
turns outputs down). So a share of n persons is given in steps of at least the rounding base of
them, and hidden where fewer than the threshold are in it or outside it.
"""

import numpy as np
from numpy.typing import NDArray

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.rounding import EXACT

Array = NDArray[np.float64]


def protect_proportion(share: Array, n: Array, fewest: Array, policy: Policy) -> Array:
    """``share`` in steps that fit ``n`` (the shown count), NaN where too few are on a side.

    ``fewest`` is the lower of the exact and the shown count.
    """
    rounded = round_to_step(share, share_step(np.nan_to_num(n), policy.round_base))
    enough = fills_both_sides(share, fewest, policy) & fills_both_sides(rounded, n, policy)
    return np.where(enough, rounded, np.nan)


def fills_both_sides(share: Array, n: Array, policy: Policy) -> NDArray[np.bool_]:
    """Whether at least the threshold of ``n`` persons lie below ``share`` of them, and above it."""
    return n * np.minimum(share, 1 - share) >= policy.threshold - EXACT


def round_to_step(values: Array, step: Array | float) -> Array:
    """Each value to the nearest multiple of ``step``, a power of ten times 1, 2 or 5."""
    return np.round(np.floor(values / step + 0.5) * step, 12)


def share_step(n: Array, base: int) -> Array:
    """The finest step in which a share of ``n`` may be given: no finer than ``base`` of them.

    The smallest of 1, 2 or 5 times a power of ten that is at least ``base / n``.
    """
    finest = base / np.maximum(n, base)
    power = 10.0 ** np.floor(np.log10(finest) + EXACT)
    steps = np.array([1.0, 2.0, 5.0, 10.0])
    times = steps[np.searchsorted(steps, finest / power - EXACT)]
    return np.round(power * times, 12)

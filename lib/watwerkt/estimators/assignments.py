"""Which units might have changed instead: the same months, given to other units of a stratum."""

from collections.abc import Iterator
from itertools import product
from math import factorial, prod

import numpy as np

from watwerkt.estimators.group_time import FloatArray, Windows

DRAWS = 999
MIN_ASSIGNMENTS = 40  # fewer cannot reject at 5 % on either side
COUNTLESS = 10**9


def count_assignments(windows: Windows) -> int:
    """In how many ways the changes can be given to the units of each stratum; at most COUNTLESS."""
    ways = 1
    for stratum in np.unique(windows.stratum):
        sizes = np.unique(windows.group[windows.stratum == stratum], return_counts=True)[1]
        ways *= factorial(int(sizes.sum())) // prod(factorial(int(n)) for n in sizes)
    return min(ways, COUNTLESS)


def draw_others(windows: Windows, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Assignments other than the actual one, without end where there are more than ``DRAWS``.

    Each once where they are few, else by lot; shape (n_units,) each.
    """
    places = [np.flatnonzero(windows.stratum == s) for s in np.unique(windows.stratum)]
    if count_assignments(windows) <= DRAWS:
        orders = [sorted(_orders(sorted(windows.group[at].tolist()))) for at in places]
        for chosen in product(*orders):
            group = windows.group.copy()
            for at, order in zip(places, chosen, strict=True):
                group[at] = order
            if not np.array_equal(group, windows.group):
                yield group
        return
    while True:
        group = windows.group.copy()
        for at in places:
            group[at] = rng.permutation(group[at])
        yield group


def _orders(values: list[float]) -> Iterator[tuple[float, ...]]:
    """Every order of ``values``, equal ones not told apart."""
    if not values:
        yield ()
    for first in sorted(set(values)):
        rest = values.copy()
        rest.remove(first)
        yield from ((first, *order) for order in _orders(rest))

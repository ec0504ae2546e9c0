"""A lottery within strata: everybody of a stratum has the same chance, and arms come out even."""

import numpy as np
from numpy.typing import NDArray

from watwerkt.errors import ParameterError


def draw_arms(
    stratum: NDArray[np.int64], probability: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Whether each person is drawn for the arm; shape as ``stratum``.

    Of a stratum of n, n times ``probability`` are drawn; where that is no whole number, one more
    or one less by lot, so that everybody's chance is exactly ``probability``.
    """
    if not 0 < probability < 1:
        raise ParameterError("the chance of a place lies between 0 and 1, ends excluded")
    drawn = np.zeros(len(stratum), dtype=bool)
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        places = len(members) * probability
        more = rng.random() < places - np.floor(places)
        drawn[rng.permutation(members)[: int(places) + int(more)]] = True
    return drawn

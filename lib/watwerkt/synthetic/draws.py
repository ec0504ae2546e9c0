"""Common random numbers: the same person, month and purpose draw the same number in every world."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from watwerkt.synthetic.clock import Floats


@dataclass(frozen=True, slots=True)
class Draws:
    """A source of uniform and normal numbers, one per person, addressed by purpose and month.

    Two runs over the same ``n`` people share every draw, whatever happens to the people in
    between; so the difference between two worlds is the intervention's and not chance.
    """

    seed: tuple[int, ...]
    n: int

    def generator(self, purpose: str, month: int = 0) -> np.random.Generator:
        """A generator of its own for this purpose and month."""
        return np.random.default_rng([*self.seed, crc32(purpose.encode()), month + 2**20])

    def uniform(self, purpose: str, month: int = 0) -> Floats:
        """One number in [0, 1) per person."""
        return self.generator(purpose, month).random(self.n)


def seed_of(municipality_id: str, seed: int) -> tuple[int, ...]:
    """Two municipalities with the same seed differ."""
    return (seed, crc32(municipality_id.encode()))

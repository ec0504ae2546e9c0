"""What a simulation knows from the start and never changes, and the regimes it can run under."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from watwerkt.synthetic.clock import Clock, Flags, Floats, Ints
from watwerkt.synthetic.draws import Draws
from watwerkt.synthetic.population import People
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.staffing import Staff


@dataclass(frozen=True, slots=True)
class World:
    """Scenario, people, staff and chance: the same in every regime.

    Attributes
    ----------
    partner : row of each person's partner, or -1.
    lead : row of the first person of each household, whose draws decide for both.
    aow_month : month of state pension age.
    staff : absent during the warm-up, in which caseload and contact stand at their means.
    """

    scenario: Scenario
    clock: Clock
    people: People
    draws: Draws
    partner: Ints
    lead: Ints
    aow_month: Ints
    staff: Staff | None

    def shared_uniform(self, purpose: str, t: int) -> Floats:
        """One draw per household."""
        return self.draws.uniform(purpose, t)[self.lead]


@dataclass(frozen=True, slots=True)
class Regime:
    """An intervention; the default leaves everything as it comes.

    Attributes
    ----------
    caseload_factor : every caseload is this times what it is, as far as hazards know.
    contact : ``often`` holds a reached contact where three months passed without one; ``never``
        holds none.
    arm, search_arm : everybody in the trial, every application in the lottery, gets this arm.
    """

    caseload_factor: float = 1.0
    contact: Literal["natural", "often", "never"] = "natural"
    arm: int | None = None
    search_arm: int | None = None


NATURAL = Regime()


def lead_of(partner: Ints) -> Ints:
    """Row of the first person of each household."""
    row = np.arange(len(partner))
    return np.where(partner >= 0, np.minimum(row, partner), row)


def with_partner_on(is_on: Flags, is_sharing: Flags, partner: Ints) -> Flags:
    """People who share a running benefit with their partner."""
    return is_on & is_sharing & (partner >= 0) & is_on[partner] & is_sharing[partner]

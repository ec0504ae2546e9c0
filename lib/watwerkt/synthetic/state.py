"""Where everybody stands at one moment of the simulation."""

from dataclasses import dataclass, fields

import numpy as np

from watwerkt.synthetic.clock import NEVER, Flags, Ints
from watwerkt.synthetic.population import People

EXIT_KINDS = [
    "work",
    "other_income",
    "education",
    "household",
    "ineligible",
    "administrative",
    "other",
    "moved",
    "death",
    "pension",
    "partner",
]
KIND = {name: position for position, name in enumerate(EXIT_KINDS)}
GONE_FOR_GOOD = np.array([KIND["moved"], KIND["death"], KIND["pension"]])
MASK_MONTHS = 12
Rows = dict[str, np.ndarray]  # the columns of some rows of a log


@dataclass(frozen=True, slots=True)
class State:
    """One value per person; shape (n,). Every step makes a new state.

    Attributes
    ----------
    is_on : on benefit.
    start_month : month in which the running (or last) spell started.
    exit_month, exit_kind : of the last spell; NEVER and -1 before the first exit.
    is_sharing : gets the benefit together with the partner.
    contact_mask : bit k is a reached personal contact on benefit, k + 1 months ago.
    service, service_until : running provision (-1: none) and its first month after.
    after, after_until : provision that ended less than a year ago.
    seat, income_seat : caseworkers.
    arm, took_up : of the trial among people on benefit; -1 where not in it.
    """

    is_on: Flags
    start_month: Ints
    start_day: Ints
    n_spells: Ints
    exit_month: Ints
    exit_kind: Ints
    is_sharing: Flags
    step: Ints
    is_exempt: Flags
    is_part_time: Flags
    contact_mask: Ints
    service: Ints
    service_until: Ints
    after: Ints
    after_until: Ints
    seat: Ints
    income_seat: Ints
    arm: Ints
    took_up: Flags

    def take(self, rows: Ints | Flags) -> "State":
        """The state of these people only."""
        return State(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def extend(self, other: "State") -> "State":
        """These people and then the others."""
        return State(
            **{
                f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
                for f in fields(self)
            }
        )

    def had_contact(self, first_lag: int, last_lag: int) -> Flags:
        """A reached personal contact in month t-last_lag … t-first_lag."""
        bits = ((1 << last_lag) - 1) ^ ((1 << (first_lag - 1)) - 1)
        return (self.contact_mask & bits) != 0


def state_before_arrival(people: People) -> State:
    """Nobody has come yet."""
    n = len(people)
    none, zero, no = np.full(n, -1), np.zeros(n, np.int64), np.zeros(n, bool)
    return State(
        is_on=no,
        start_month=np.full(n, NEVER),
        start_day=zero,
        n_spells=zero,
        exit_month=np.full(n, NEVER),
        exit_kind=none,
        is_sharing=people.partner() >= 0,
        step=people.step,
        is_exempt=people.is_exempt,
        is_part_time=no,
        contact_mask=zero,
        service=none,
        service_until=zero,
        after=none,
        after_until=zero,
        seat=none,
        income_seat=none,
        arm=none,
        took_up=no,
    )

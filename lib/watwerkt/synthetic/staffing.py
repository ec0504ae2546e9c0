"""Caseworkers: teams, contracts, hiring, leave, rotation, departure.

Staffing is exogenous: it does not look at clients. A *seat* is one caseworker in one team over one
period, which is one row of the delivered table.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from watwerkt.synthetic.clock import BURN_IN_MONTHS, NEVER, Flags, Floats, Ints
from watwerkt.synthetic.scenario import Scenario

ROLES = ["work", "participation", "income"]
LEAVE_REASONS = ["left", "leave", "rotation"]
FTES = [0.6, 0.7, 0.8, 0.9, 1.0]
MEAN_FTE = 0.82
FEWEST_AFTER_A_DEPARTURE = 2


@dataclass(frozen=True, slots=True)
class Seat:
    """One caseworker in one team, from month ``start`` up to month ``end``."""

    caseworker: int
    team: int
    fte: float
    start: int
    end: int = NEVER
    leave_reason: int = -1


@dataclass(frozen=True, slots=True)
class Staff:
    """Every seat; arrays of shape (n_seats,), except ``team_role`` of shape (n_teams,).

    Attributes
    ----------
    style : caseworker's own shift of the log contact rate.
    specialism : positive where the portfolio holds more people near to work.
    policy_month : month in which the team's target falls; NEVER where it does not. (n_teams,)
    """

    caseworker: Ints
    team: Ints
    fte: Floats
    start: Ints
    end: Ints
    leave_reason: Ints
    style: Floats
    specialism: Floats
    team_role: Ints
    policy_month: Ints

    def active(self, t: int) -> Flags:
        """Seats that are filled in month ``t``."""
        return (self.start <= t) & (t < self.end)

    @property
    def role(self) -> Ints:
        """Role of each seat."""
        return self.team_role[self.team]

    def team_of(self, place: Floats, role: Ints | int) -> Ints:
        """The team that serves each ``place`` in each ``role``."""
        n_teams = np.bincount(self.team_role, minlength=len(ROLES))
        first = np.cumsum(n_teams) - n_teams
        return first[role] + np.floor(place * n_teams[role]).astype(np.int64)


@dataclass
class _Roster:
    """The seats so far, and who is to come; used while the plan is drawn."""

    seats: list[Seat] = field(default_factory=list)
    coming: list[tuple[int, int, float, int]] = field(default_factory=list)
    n_caseworkers: int = 0

    def hire(self, t: int, team: int, fte: float, caseworker: int = -1) -> None:
        if caseworker < 0:
            caseworker, self.n_caseworkers = self.n_caseworkers, self.n_caseworkers + 1
        self.seats.append(Seat(caseworker, team, fte, t))


def plan_staff(
    clients_per_role: Ints, scenario: Scenario, n_months: int, rng: np.random.Generator
) -> Staff:
    """Draw the whole staffing history for a municipality of this size."""
    load = scenario.caseload
    targets = np.array([load.target_work, load.target_participation, load.target_income])
    sizes = np.maximum(1, np.rint(clients_per_role / targets / MEAN_FTE)).astype(int)
    n_teams = np.maximum(1, np.rint(sizes / load.team_size)).astype(int)
    team_role = np.repeat(np.arange(len(ROLES)), n_teams)
    policy_month = _policy_months(team_role, scenario)
    roster = _open_teams(sizes, n_teams, rng)
    for t in range(1 - BURN_IN_MONTHS, n_months):
        _hire_for_policy(roster, t, policy_month, scenario)
        for arrival in [c for c in roster.coming if c[0] == t]:
            roster.hire(*arrival)
        roster.coming = [c for c in roster.coming if c[0] > t]
        _draw_departures(roster, t, team_role, scenario, rng)
    return _staff(roster, team_role, policy_month, scenario, rng)


def _open_teams(sizes: Ints, n_teams: Ints, rng: np.random.Generator) -> _Roster:
    """Staff at the start of the burn-in; team after team gets its next caseworker."""
    roster, first_team = _Roster(), 0
    for size, count in zip(sizes, n_teams, strict=True):
        for position in range(size):
            fte = float(rng.choice(FTES))
            start = -BURN_IN_MONTHS - int(rng.integers(1, 140))
            roster.hire(start, first_team + position % count, fte)
        first_team += count
    return roster


def _policy_months(team_role: Ints, scenario: Scenario) -> Ints:
    """When each team's target caseload falls: work teams, one after the other."""
    months = np.full(len(team_role), NEVER)
    policy = scenario.policy
    work = np.flatnonzero(team_role == 0)
    if policy and len(work) > 1:
        chosen = work[: round(policy.team_share * len(work))]
        months[chosen] = policy.first_month + policy.months_between * np.arange(len(chosen))
    return months


def _hire_for_policy(roster: _Roster, t: int, policy_month: Ints, scenario: Scenario) -> None:
    """Hire as many as a team needs for its new target."""
    for team in np.flatnonzero(policy_month == t):
        fte = sum(seat.fte for seat in roster.seats if seat.team == team and seat.end == NEVER)
        extra = fte * (1 / scenario.policy.target_factor - 1) if scenario.policy else 0.0
        for _ in range(round(extra / MEAN_FTE)):
            roster.hire(t, int(team), FTES[2])


def _draw_departures(
    roster: _Roster, t: int, team_role: Ints, scenario: Scenario, rng: np.random.Generator
) -> None:
    """End seats: for good, for a leave of three to six months, or to change places."""
    load = scenario.caseload
    edges = np.cumsum([load.departure_rate, load.leave_rate, load.rotation_rate])
    filled = [i for i, seat in enumerate(roster.seats) if seat.end == NEVER and seat.start < t]
    draws = rng.random(len(filled))
    staffed = np.bincount([roster.seats[i].team for i in filled], minlength=len(team_role))
    for i, draw in zip(filled, draws, strict=True):
        seat, reason = roster.seats[i], int(np.searchsorted(edges, draw, side="right"))
        if reason == len(LEAVE_REASONS) or seat.end == t:
            continue
        if LEAVE_REASONS[reason] == "rotation":
            _change_places(roster, t, i, filled, team_role, rng)
        elif staffed[seat.team] > FEWEST_AFTER_A_DEPARTURE:
            staffed[seat.team] -= 1
            roster.seats[i] = replace(seat, end=t, leave_reason=reason)
            _plan_successor(roster, t, seat, reason, scenario, rng)


def _plan_successor(
    roster: _Roster, t: int, seat: Seat, reason: int, scenario: Scenario, rng: np.random.Generator
) -> None:
    """Who is on leave comes back; who left is replaced after some months."""
    first, last = scenario.caseload.refill_months
    back, hired = t + int(rng.integers(3, 7)), t + int(rng.integers(first, last + 1))
    if LEAVE_REASONS[reason] == "leave":
        roster.coming.append((back, seat.team, seat.fte, seat.caseworker))
    else:
        roster.coming.append((hired, seat.team, seat.fte, -1))


def _change_places(
    roster: _Roster, t: int, i: int, filled: list[int], team_role: Ints, rng: np.random.Generator
) -> None:
    """Two caseworkers of one role change teams, so that nobody is short of staff."""
    seat, rotation = roster.seats[i], LEAVE_REASONS.index("rotation")
    others = [
        j
        for j in filled
        if roster.seats[j].end == NEVER
        and roster.seats[j].team != seat.team
        and team_role[roster.seats[j].team] == team_role[seat.team]
    ]
    if not others:
        return
    j = int(rng.choice(others))
    other = roster.seats[j]
    for row, mover, team in ((i, seat, other.team), (j, other, seat.team)):
        roster.seats[row] = replace(mover, end=t, leave_reason=rotation)
        roster.hire(t, team, mover.fte, mover.caseworker)


def _staff(
    roster: _Roster, team_role: Ints, policy_month: Ints, scenario: Scenario,
    rng: np.random.Generator,
) -> Staff:  # fmt: skip
    seats = roster.seats
    caseworker = np.array([s.caseworker for s in seats])
    style = rng.normal(0, scenario.contact.style_sd, roster.n_caseworkers)
    specialism = rng.choice([-1.0, 0.0, 1.0], roster.n_caseworkers)
    return Staff(
        caseworker=caseworker,
        team=np.array([s.team for s in seats]),
        fte=np.array([s.fte for s in seats]),
        start=np.array([s.start for s in seats]),
        end=np.array([s.end for s in seats]),
        leave_reason=np.array([s.leave_reason for s in seats]),
        style=style[caseworker],
        specialism=np.where(team_role[[s.team for s in seats]] == 2, 0.0, specialism[caseworker]),
        team_role=team_role,
        policy_month=policy_month,
    )

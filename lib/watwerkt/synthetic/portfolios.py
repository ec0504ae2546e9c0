"""Whose client is who: first assignment, redistribution after a departure, filling a new seat."""

from dataclasses import replace

import numpy as np

from watwerkt.synthetic.clock import Flags, Floats, Ints
from watwerkt.synthetic.staffing import ROLES, Staff
from watwerkt.synthetic.state import Rows, State
from watwerkt.synthetic.world import World

REASONS = ["intake", "transfer", "caseworker_left"]
INCOME = ROLES.index("income")
LOWEST_WORK_STEP = 3
MIDDLE_STEP = np.array([4.1, 1.6, 3.2])  # of who arrives, per role


def main_team(world: World, staff: Staff, rows: Ints, step: Ints) -> Ints:
    """Work team from step 3 on, participation team below."""
    role = np.where(step >= LOWEST_WORK_STEP, 0, 1)
    return staff.team_of(world.people.place[rows], role)


def suitability(staff: Staff, step: int, sorting: float) -> Floats:
    """Weight of every seat for a client on this step, shape (n_seats,).

    ``fte * exp(sorting * specialism * (step - middle))``, ``middle`` being the role's.
    """
    return staff.fte * np.exp(sorting * staff.specialism * (step - MIDDLE_STEP[staff.role]))


def choose_seats(
    staff: Staff, open_seats: Flags, team: Ints, step: Ints, sorting: float, uniform: Floats
) -> Ints:
    """An open seat in each person's team, in proportion to its suitability.

    Whatever the caseloads: inflow is about equal, so caseloads differ with exits.
    """
    seats = np.flatnonzero(open_seats)
    seats = seats[np.argsort(staff.team[seats], kind="stable")]
    chosen = np.empty(len(team), np.int64)
    for value in np.unique(step):
        weight = suitability(staff, value, sorting)[seats]
        cumulative = np.cumsum(weight)
        total = np.bincount(staff.team[seats], weight, len(staff.team_role))
        here = step == value
        point = (np.cumsum(total) - total)[team[here]] + uniform[here] * total[team[here]]
        position = np.searchsorted(cumulative, point, "right")
        chosen[here] = seats[np.minimum(position, len(seats) - 1)]
    return chosen


def assign_arrivals(world: World, state: State, rows: Ints, t: int) -> tuple[State, Rows]:
    """Give the people who arrived a caseworker for work or participation, and one for income."""
    staff = world.staff
    if staff is None or not len(rows):
        return state, {}
    uniform = world.shared_uniform("seat", t)[rows]
    step = state.step[rows][_lead_positions(world, rows)]
    team = main_team(world, staff, rows, step)
    sorting = world.scenario.caseload.sorting
    seat = choose_seats(staff, staff.active(t), team, step, sorting, uniform)
    income_team = staff.team_of(world.people.place[rows], INCOME)
    income = choose_seats(staff, staff.active(t), income_team, step, sorting, uniform)
    days = state.start_day[rows]
    log = _log([rows, rows], t, [days, days], [seat, income], 0)
    return _with_seats(state, rows, seat, income), log


def move_clients(world: World, state: State, t: int) -> tuple[State, Rows]:
    """Follow the staff: clients of leavers go to colleagues, new colleagues get their part."""
    staff = world.staff
    if staff is None:
        return state, {}
    state, left = _redistribute(world, staff, state, t)
    state, filled = _fill_seats(world, staff, state, t)
    return state, join_rows([left, filled])


def _redistribute(world: World, staff: Staff, state: State, t: int) -> tuple[State, Rows]:
    leaving = staff.end == t
    if not leaving.any():
        return state, {}
    stays = staff.active(t) & (staff.start < t)
    new, logs = {}, []
    for name in ("seat", "income_seat"):
        seat = getattr(state, name)
        rows = np.flatnonzero(state.is_on & (seat >= 0) & leaving[seat])
        chosen = _choose_colleagues(world, staff, state, rows, stays, name, t)
        new[name] = _put(seat, rows, chosen)
        logs.append(_log([rows], t, [np.ones_like(rows)], [chosen], 2))
    return replace(state, **new), join_rows(logs)


def _fill_seats(world: World, staff: Staff, state: State, t: int) -> tuple[State, Rows]:
    """A new seat takes its share of its team's clients, by suitability."""
    opening = (staff.start == t) & staff.active(t)
    if not opening.any():
        return state, {}
    new, logs = {}, []
    for name in ("seat", "income_seat"):
        seat = getattr(state, name)
        rows = np.flatnonzero(state.is_on & (seat >= 0))
        share = _share_of_openings(world, staff, opening, t, seat[rows], state.step[rows])
        rows = rows[world.shared_uniform(f"fill {name}", t)[rows] < share]
        chosen = _choose_colleagues(world, staff, state, rows, opening, name, t)
        new[name] = _put(seat, rows, chosen)
        logs.append(_log([rows], t, [np.ones_like(rows)], [chosen], 1))
    return replace(state, **new), join_rows(logs)


def _share_of_openings(
    world: World, staff: Staff, opening: Flags, t: int, seat: Ints, step: Ints
) -> Floats:
    """Per client, the part of the team's suitability that the opening seats hold."""
    n_teams, sorting, share = (
        len(staff.team_role),
        world.scenario.caseload.sorting,
        np.zeros(len(seat)),
    )
    active = staff.active(t)
    for value in np.unique(step):
        weight = suitability(staff, value, sorting)
        total = np.bincount(staff.team[active], weight[active], n_teams)
        new = np.bincount(staff.team[opening], weight[opening], n_teams)
        here = step == value
        share[here] = (new / np.maximum(total, 1e-9))[staff.team[seat[here]]]
    return share


def _choose_colleagues(
    world: World, staff: Staff, state: State, rows: Ints, open_seats: Flags, name: str, t: int
) -> Ints:
    """A seat among ``open_seats`` of the team that each of these clients is with."""
    uniform = world.shared_uniform(f"which {name}", t)[rows]
    team, sorting = staff.team[getattr(state, name)[rows]], world.scenario.caseload.sorting
    return choose_seats(staff, open_seats, team, state.step[rows], sorting, uniform)


def caseloads(staff: Staff, state: State, t: int) -> Floats:
    """Clients per FTE at the start of month ``t``, shape (n_seats,)."""
    counted = state.is_on & (state.start_month < t) & (state.seat >= 0)
    return np.bincount(state.seat[counted], minlength=len(staff.fte)) / staff.fte


def _lead_positions(world: World, rows: Ints) -> Ints:
    """Position in ``rows`` of each row's household lead, or its own where the lead is not there."""
    lead = world.lead[rows]
    position = np.minimum(np.searchsorted(rows, lead), len(rows) - 1)
    return np.where(rows[position] == lead, position, np.arange(len(rows)))


def _with_seats(state: State, rows: Ints, seat: Ints, income: Ints) -> State:
    return replace(
        state, seat=_put(state.seat, rows, seat), income_seat=_put(state.income_seat, rows, income)
    )


def _put(values: np.ndarray, rows: Ints, new: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed[rows] = new
    return changed


def _log(rows: list[Ints], t: int, days: list[Ints], seats: list[Ints], reason: int) -> Rows:
    person = np.concatenate(rows)
    return {
        "person": person,
        "month": np.full(len(person), t),
        "day": np.concatenate(days),
        "seat": np.concatenate(seats),
        "reason": np.full(len(person), reason),
    }


def join_rows(logs: list[Rows]) -> Rows:
    """The rows of several logs of one kind."""
    filled = [log for log in logs if log]
    return {c: np.concatenate([log[c] for log in filled]) for c in filled[0]} if filled else {}

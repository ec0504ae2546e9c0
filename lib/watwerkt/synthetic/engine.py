"""One month after the other: the order in which things happen."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from watwerkt.synthetic.changes import (
    change_part_time,
    change_services,
    change_traits,
    draw_errors,
    draw_interruptions,
)
from watwerkt.synthetic.clock import Floats, Ints
from watwerkt.synthetic.contacts import draw_aftercare, draw_contacts, draw_intakes
from watwerkt.synthetic.exits import draw_arrivals, draw_exits, separate_survivors
from watwerkt.synthetic.hazards import log_caseload
from watwerkt.synthetic.lottery import draw_withdrawals, enrol
from watwerkt.synthetic.portfolios import assign_arrivals, caseloads, join_rows, move_clients
from watwerkt.synthetic.state import Rows, State
from watwerkt.synthetic.world import NATURAL, Regime, World

Log = dict[str, Rows]


@dataclass(frozen=True, slots=True)
class History:
    """What happened: a log per kind of event, the state at the end and at some months' start."""

    log: Log
    state: State
    kept: dict[int, State]


def run_months(
    world: World,
    state: State,
    months: range,
    entry_month: Ints,
    regime: Regime = NATURAL,
    keep: Collection[int] = (),
) -> History:
    """Simulate ``months`` in full; ``keep`` names those of which the opening state is kept."""
    logs: dict[str, list[Rows]] = defaultdict(list)
    kept = {}
    for t in months:
        if t in keep:
            kept[t] = state
        state, events = run_month(world, state, t, entry_month, regime)
        for name, rows in events.items():
            logs[name].append(rows)
    return History({name: join_rows(rows) for name, rows in logs.items()}, state, kept)


def run_month(
    world: World, state: State, t: int, entry_month: Ints, regime: Regime = NATURAL
) -> tuple[State, Log]:
    """One month: it opens, some leave, the others are spoken to, and change.

    Errors come before the talks: what they depend on is months ago as of this month.
    """
    before, load, log = open_month(world, state, t, entry_month, regime)
    state, log["exits"] = draw_exits(world, before, t, load, regime)
    state = separate_survivors(world, state)
    log["intakes"] = draw_intakes(world, before, log["arrivals"], t)
    log["errors"] = draw_errors(world, state, t)
    state, log["contacts"] = draw_contacts(world, before, state, log["exits"], t, load, regime)
    log["aftercare"] = draw_aftercare(world, state, t)
    log["interruptions"] = draw_interruptions(world, state, t)
    log["withdrawals"] = draw_withdrawals(world, state, t)
    state, log["part_time"] = change_part_time(world, state, t)
    state, log["services"] = change_services(world, state, t)
    state, log["traits"] = change_traits(world, state, t)
    return state, log


def open_month(
    world: World, state: State, t: int, entry_month: Ints, regime: Regime = NATURAL
) -> tuple[State, Floats, Log]:
    """Staff moves, people arrive, the trial is drawn; then caseloads stand for the month.

    Returns the state, the log of each person's relative caseload, and what happened.
    """
    log: Log = {}
    state, log["moves"] = move_clients(world, state, t)
    state, log["arrivals"] = draw_arrivals(world, state, t, entry_month)
    state, log["assignments"] = assign_arrivals(world, state, log["arrivals"]["person"], t)
    state, log["trial"] = enrol(world, state, t, regime)
    return state, _log_load(world, state, t), log


def run_warm_up(world: World, state: State, first: int, last: int, entry_month: Ints) -> State:
    """Simulate who is on benefit only, with caseload and contact at their means."""
    no_load = np.zeros(len(world.people))
    for t in range(first, last):
        state, _ = draw_arrivals(world, state, t, entry_month)
        state, _ = draw_exits(world, state, t, no_load, NATURAL)
        state = separate_survivors(world, state)
        state, _ = change_part_time(world, state, t)
        state, _ = change_traits(world, state, t)
    return replace(state, contact_mask=np.zeros(len(no_load), np.int64))


def _log_load(world: World, state: State, t: int) -> Floats:
    if world.staff is None:
        return np.zeros(len(world.people))
    return log_caseload(world, state, caseloads(world.staff, state, t))

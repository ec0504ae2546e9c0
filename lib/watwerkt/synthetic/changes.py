"""What changes while on benefit: step, exemption, part-time work, provisions, errors."""

from dataclasses import replace

import numpy as np

from watwerkt.synthetic.clock import Flags, day_between
from watwerkt.synthetic.state import Rows, State
from watwerkt.synthetic.world import World, with_partner_on

STEP_RATE = 0.006  # up, and as often down
EXEMPTION_STARTS, EXEMPTION_ENDS = 0.0015, 0.02
TRAITS = ["labour_market_distance", "exemption"]
AFTER_MONTHS = 12
STAYS_SHARE = 0.8  # of provisions, which run to their planned end


def change_traits(world: World, state: State, t: int) -> tuple[State, Rows]:
    """Move some people a step up or down, start and end exemptions; in force from month t + 1."""
    draw = world.draws.uniform("step", t)
    move = np.where(draw < STEP_RATE, 1, np.where(draw > 1 - STEP_RATE, -1, 0)) * state.is_on
    step = np.clip(state.step + move, 1, 6)
    draw = world.draws.uniform("exemption", t)
    starts = state.is_on & ~state.is_exempt & (draw < EXEMPTION_STARTS)
    ends = state.is_on & state.is_exempt & (draw < EXEMPTION_ENDS)
    is_exempt = (state.is_exempt | starts) & ~ends
    moved, changed = np.flatnonzero(step != state.step), np.flatnonzero(starts | ends)
    log = {
        "person": np.concatenate([moved, changed]),
        "month": np.full(len(moved) + len(changed), t + 1),
        "trait": np.repeat([0, 1], [len(moved), len(changed)]),
        "value": np.concatenate([step[moved], is_exempt[changed].astype(np.int64)]),
    }
    return replace(state, step=step, is_exempt=is_exempt), log


def change_part_time(world: World, state: State, t: int) -> tuple[State, Rows]:
    """Start and stop part-time work, more of it near to work; log who works in month ``t``."""
    work = world.scenario.work
    share = np.minimum(work.part_time_share * np.exp(0.4 * (state.step - 2.6)), 0.6)
    start_rate = work.part_time_stop_rate * share / (1 - share)
    draw = world.draws.uniform("part time", t)
    stays = state.is_part_time & (draw >= work.part_time_stop_rate)
    works = state.is_on & (stays | (~state.is_part_time & (draw < start_rate)))
    rows = np.flatnonzero(works)
    log = {"person": rows, "month": np.full(len(rows), t), "spell": state.n_spells[rows]}
    return replace(state, is_part_time=works), log


def change_services(world: World, state: State, t: int) -> tuple[State, Rows]:
    """End provisions whose time is over and start new ones; log the new with their planned end."""
    state = _end_services(state, t)
    services = list(world.scenario.services.values())
    edges = np.cumsum([s.start_rate for s in services])
    kind = np.searchsorted(edges, world.draws.uniform("service", t), side="right")
    may = (state.step >= 2) & (state.step <= 5) & ~state.is_exempt
    starts = may & _all_month(state, t) & (state.service < 0) & (kind < len(services))
    months = np.array([s.months for s in services] + [0])[kind]
    stays = world.draws.uniform("service stays", t) < STAYS_SHARE
    until = t + 1 + np.where(stays, months, np.maximum(months // 2, 1))
    rows = np.flatnonzero(starts)
    log = {
        "person": rows,
        "month": np.full(len(rows), t),
        "day": day_between(world.draws.uniform("service day", t), 20, 28)[rows],
        "type": kind[rows],
        "until": until[rows],
        "is_completed": stays[rows],
        "spell": state.n_spells[rows],
    }
    service = np.where(starts, kind, state.service)
    until = np.where(starts, until, state.service_until)
    return replace(state, service=service, service_until=until), log


def _end_services(state: State, t: int) -> State:
    """Provisions that are over work on for a year."""
    ending = (state.service >= 0) & (t >= state.service_until)
    return replace(
        state,
        service=np.where(ending, -1, state.service),
        after=np.where(ending, state.service, state.after),
        after_until=np.where(ending, state.service_until + AFTER_MONTHS, state.after_until),
    )


def draw_errors(world: World, state: State, t: int) -> Rows:
    """Administrative errors of people on benefit all month; fewer 2-4 months after a contact."""
    scenario = world.scenario
    spoken_to = state.had_contact(2, 4)
    rate = scenario.error_rate * np.exp(scenario.contact.log_error_rate_ratio * spoken_to)
    has_error = _all_month(state, t) & (world.draws.uniform("error", t) < rate)
    rows = np.flatnonzero(has_error)
    return {
        "person": rows,
        "month": np.full(len(rows), t),
        "day": day_between(world.draws.uniform("error day", t), 1, 28)[rows],
        "kind": np.floor(world.draws.uniform("error kind", t) * 4).astype(np.int64)[rows],
    }


def draw_interruptions(world: World, state: State, t: int) -> Rows:
    """Benefits stopped, and resumed some days later; couples' together."""
    booking = world.scenario.booking
    together = with_partner_on(state.is_on, state.is_sharing, world.partner)
    key = np.where(together, world.lead, np.arange(len(world.lead)))
    draw = world.draws.uniform("interruption", t)[key]
    rows = np.flatnonzero(_all_month(state, t) & (draw < booking.interruption_rate))
    stop = day_between(world.draws.uniform("stop day", t)[key], 3, 10)[rows]
    length = day_between(world.draws.uniform("resume", t)[key], *booking.interruption_days)
    is_work = world.draws.uniform("stop reason", t)[key] < booking.interruption_work_share
    return {
        "person": rows,
        "spell": state.n_spells[rows],
        "month": np.full(len(rows), t),
        "day": stop,
        "resume_day": stop + length[rows],
        "is_work": is_work[rows],
    }


def _all_month(state: State, t: int) -> Flags:
    return state.is_on & (state.start_month < t)

"""Who is spoken to in a month: progress talks, no-shows, letters, exit talks, aftercare, intake."""

from dataclasses import replace

import numpy as np

from watwerkt.synthetic.clock import Flags, Floats, Ints, day_between
from watwerkt.synthetic.portfolios import join_rows
from watwerkt.synthetic.state import KIND, MASK_MONTHS, Rows, State
from watwerkt.synthetic.world import NATURAL, Regime, World

SELECTION = {"none": 0.0, "near": 1.0, "far": -1.0}
CONTACT_KINDS = ["progress", "no_show", "impersonal", "exit", "aftercare", "intake"]
FIRST_MONTHS, FIRST_MONTHS_FACTOR = 3, 1.8
INTAKE_SHARE = 0.7
AFTERCARE_MONTHS = 6


def contact_rate(world: World, state: State, t: int, load: Floats) -> Floats:
    """Probability of a reached progress talk in month ``t``, per person on benefit."""
    contact, trial = world.scenario.contact, world.scenario.trial
    log_rate = (
        SELECTION[contact.selection] * contact.selection_per_step * (state.step - 3)
        + contact.caseload_elasticity * load
        - 0.8 * state.is_exempt
    )
    if world.staff is not None:
        log_rate = log_rate + np.where(state.seat >= 0, world.staff.style[state.seat], 0.0)
    factor = np.where(t - state.start_month < FIRST_MONTHS, FIRST_MONTHS_FACTOR, 1.0)
    if trial:
        treated = state.took_up & (trial.month <= t < trial.month + trial.months)
        factor = np.where(treated, factor * trial.contact_factor, factor)
    return np.minimum(contact.rate * factor * np.exp(log_rate), 0.95)


def draw_contacts(
    world: World, before: State, state: State, exits: Rows, t: int, load: Floats,
    regime: Regime = NATURAL,
) -> tuple[State, Rows]:  # fmt: skip
    """Draw the contacts of month ``t``; ``before`` is the state before its exits.

    Contacts fall on benefit: from the day of entry up to the day before the exit. The log holds
    person, month, day, kind, seat.
    """
    first, last = _days_on(world, before, exits, t)
    day = day_between(world.draws.uniform("contact day", t), 1, 28)
    on_benefit = before.is_on & (first <= day) & (day < last)
    reached = on_benefit & _is_reached(world, before, t, load, regime)
    contact = world.scenario.contact
    odds = contact.unreached_share / (1 - contact.unreached_share)
    missed = on_benefit & (
        world.draws.uniform("no show", t) < odds * contact_rate(world, before, t, load)
    )
    written = on_benefit & (world.draws.uniform("letter", t) < contact.impersonal_rate)
    talks, early, late = _exit_talks(world, before, exits, t)
    logs = [
        _log(reached, t, day, "progress", before),
        _log(missed & ~reached, t, day, "no_show", before),
        _log(written & ~reached & ~missed, t, day, "impersonal", before),
        talks,
    ]
    mask = (before.contact_mask << 1 | (reached | late)) | (early << 1)
    return replace(state, contact_mask=mask & ((1 << MASK_MONTHS) - 1)), join_rows(logs)


def _is_reached(world: World, state: State, t: int, load: Floats, regime: Regime) -> Flags:
    if regime.contact == "never":
        return np.zeros(len(world.people), bool)
    reached = world.draws.uniform("contact", t) < contact_rate(world, state, t, load)
    if regime.contact == "often":
        return reached | ~state.had_contact(1, 2)
    return reached


def _days_on(world: World, before: State, exits: Rows, t: int) -> tuple[Ints, Ints]:
    """First day on benefit in month ``t`` and the first day off it."""
    first = np.where(before.start_month == t, before.start_day, 1)
    last = np.full(len(world.people), 99)
    last[exits["person"]] = exits["day"]
    return first, last


def _exit_talks(world: World, before: State, exits: Rows, t: int) -> tuple[Rows, Flags, Flags]:
    """Talks at the exit to work, in its month or the month before; who had which."""
    contact, rows = world.scenario.contact, exits["person"]
    n = len(world.people)
    to_work = exits["kind"] == KIND["work"]
    held = to_work & (world.draws.uniform("exit talk", t)[rows] < contact.exit_talk_share)
    is_early = world.draws.uniform("early talk", t)[rows] < contact.exit_talk_early_share
    is_early &= before.start_month[rows] < t - 1
    last = np.where(is_early, 28, np.minimum(exits["day"] - 1, 28))
    day = day_between(world.draws.uniform("exit talk day", t)[rows], 1, last)
    log = {
        "person": rows[held],
        "month": np.where(is_early, t - 1, t)[held],
        "day": day[held],
        "kind": np.full(held.sum(), CONTACT_KINDS.index("exit")),
        "seat": before.seat[rows[held]],
    }
    early, late = np.zeros(n, bool), np.zeros(n, bool)
    early[rows[held & is_early]] = True
    late[rows[held & ~is_early]] = True
    return log, early, late


def draw_aftercare(world: World, state: State, t: int) -> Rows:
    """Talks in the half year after an exit to work, with nobody's own caseworker."""
    out = ~state.is_on & (state.exit_kind == KIND["work"])
    out &= (state.exit_month < t) & (t <= state.exit_month + AFTERCARE_MONTHS)
    held = out & (world.draws.uniform("aftercare", t) < world.scenario.contact.aftercare_rate)
    day = day_between(world.draws.uniform("aftercare day", t), 2, 28)
    return _log(held, t, day, "aftercare", state)


def draw_intakes(world: World, state: State, arrivals: Rows, t: int) -> Rows:
    """Intake talks, up to two weeks before the benefit starts, with the caseworker to be."""
    rows = arrivals["person"]
    held = world.draws.uniform("intake", t)[rows] < INTAKE_SHARE
    days_before = day_between(world.draws.uniform("intake day", t)[rows], 1, 14)
    return {
        "person": rows[held],
        "month": np.full(held.sum(), t),
        "day": (arrivals["day"] - days_before)[held],
        "kind": np.full(held.sum(), CONTACT_KINDS.index("intake")),
        "seat": state.seat[rows[held]],
    }


def _log(who: Flags, t: int, day: Ints, kind: str, state: State) -> Rows:
    rows = np.flatnonzero(who)
    return {
        "person": rows,
        "month": np.full(len(rows), t),
        "day": day[rows],
        "kind": np.full(len(rows), CONTACT_KINDS.index(kind)),
        "seat": state.seat[rows],
    }

"""Simulate a municipality: people, staff, and what happened to them, month by month."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from watwerkt.synthetic.clock import BURN_IN_MONTHS, Clock
from watwerkt.synthetic.draws import Draws, seed_of
from watwerkt.synthetic.engine import History, run_months
from watwerkt.synthetic.lottery import SearchLottery, draw_search_lottery
from watwerkt.synthetic.population import join_people
from watwerkt.synthetic.portfolios import LOWEST_WORK_STEP, assign_arrivals, join_rows
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.staffing import plan_staff
from watwerkt.synthetic.state import State, state_before_arrival
from watwerkt.synthetic.stock import build_arrivals, build_world, warm_up
from watwerkt.synthetic.world import World


@dataclass(frozen=True, slots=True)
class Start:
    """A world at the moment its burn-in begins.

    Attributes
    ----------
    state : with everybody on benefit assigned to a caseworker.
    first_seats : those assignments, as a log.
    """

    world: World
    state: State
    first_seats: dict[str, np.ndarray]
    lottery: SearchLottery


def build_start(
    scenario: Scenario, municipality_id: str, n_clients: int, n_months: int, seed: int
) -> Start:
    """Draw people and staff; ``n_clients`` is the stock, about, when the window opens."""
    seeds = seed_of(municipality_id, seed)
    clock = Clock(scenario.first_month, n_months)
    people, state, rate = warm_up(scenario, clock, n_clients, seeds)
    new = build_arrivals(scenario, clock, rate, np.random.default_rng([*seeds, 4]))
    people, state = join_people(people, new), state.extend(state_before_arrival(new))
    near = state.is_on & (state.step >= LOWEST_WORK_STEP)
    sizes = np.array([near.sum(), (state.is_on & ~near).sum(), state.is_on.sum()])
    staff = plan_staff(sizes, scenario, n_months, np.random.default_rng([*seeds, 5]))
    world = replace(build_world(scenario, clock, people, (*seeds, 6)), staff=staff)
    state, seats = assign_arrivals(world, state, np.flatnonzero(state.is_on), -BURN_IN_MONTHS)
    lottery = draw_search_lottery(people, scenario, Draws((*seeds, 7), len(people)))
    return Start(world, state, seats, lottery)


def run_window(start: Start, keep: Collection[int] = ()) -> History:
    """The burn-in and the window, as they come."""
    months = range(-BURN_IN_MONTHS, start.world.clock.n_months)
    history = run_months(start.world, start.state, months, start.lottery.entry_month, keep=keep)
    seats = join_rows([start.first_seats, history.log["assignments"], history.log["moves"]])
    return replace(history, log={**history.log, "seats": seats})

"""The stock when the burn-in begins: what three decades of arrivals and exits leave behind.

A stock holds the long spells that an inflow does not show: the warm-up draws it, it is not
assumed.
"""

import numpy as np

from watwerkt.synthetic.clock import BURN_IN_MONTHS, Clock, Flags, Ints
from watwerkt.synthetic.draws import Draws
from watwerkt.synthetic.engine import run_warm_up
from watwerkt.synthetic.population import People, aow_months, build_people, join_people
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.state import GONE_FOR_GOOD, State, state_before_arrival
from watwerkt.synthetic.world import World, lead_of

WARM_UP_MONTHS = 360
CHUNK_MONTHS = 24
ARRIVALS_PER_CLIENT = 0.016  # households a month; scaled to the size asked for afterwards
CORONA_INFLOW = {(2020, month) for month in range(3, 13)}


def warm_up(
    scenario: Scenario, clock: Clock, n_clients: int, seed: tuple[int, ...]
) -> tuple[People, State, float]:
    """People on benefit or lately off it when the burn-in begins, and households a month since.

    About ``n_clients`` of them are on benefit.
    """
    rate = ARRIVALS_PER_CLIENT * n_clients
    people, state = _nobody(scenario, clock)
    for chunk in range(WARM_UP_MONTHS // CHUNK_MONTHS):
        first = -BURN_IN_MONTHS - WARM_UP_MONTHS + chunk * CHUNK_MONTHS
        rng = np.random.default_rng([*seed, 1, chunk])
        months = np.repeat(np.arange(CHUNK_MONTHS), rng.poisson(rate, CHUNK_MONTHS)) + first
        new = build_people(months, scenario, clock, rng)
        people, state = join_people(people, new), state.extend(state_before_arrival(new))
        world = build_world(scenario, clock, people, (*seed, 2, chunk))
        state = run_warm_up(world, state, first, first + CHUNK_MONTHS, people.entry_month)
        stays = _household_stays(state, world.partner, first + CHUNK_MONTHS)
        people, state = people.take(stays), state.take(stays)
    share = n_clients / max(int(state.is_on.sum()), 1)
    kept = np.random.default_rng([*seed, 3]).random(len(people))[lead_of(people.partner())] < share
    return people.take(kept), state.take(kept), rate * min(share, 1.0)


def build_arrivals(
    scenario: Scenario, clock: Clock, rate: float, rng: np.random.Generator
) -> People:
    """The people who first apply from the burn-in to the end of the window."""
    months = np.arange(-BURN_IN_MONTHS, clock.n_months)
    corona = np.array([clock.calendar(int(t)) in CORONA_INFLOW for t in months])
    level = rate * scenario.inflow_of_balance
    expected = level * (1 + scenario.monthly_inflow_growth) ** np.maximum(months, 0)
    expected = expected * np.where(corona, scenario.baseline.entry_corona_factor, 1.0)
    return build_people(np.repeat(months, rng.poisson(expected)), scenario, clock, rng)


def build_world(scenario: Scenario, clock: Clock, people: People, seed: tuple[int, ...]) -> World:
    """A world without staff: the warm-up's."""
    partner = people.partner()
    return World(
        scenario=scenario,
        clock=clock,
        people=people,
        draws=Draws(seed, len(people)),
        partner=partner,
        lead=lead_of(partner),
        aow_month=aow_months(people.birth_month, clock),
        staff=None,
    )


def _nobody(scenario: Scenario, clock: Clock) -> tuple[People, State]:
    people = build_people(np.empty(0, np.int64), scenario, clock, np.random.default_rng(0))
    return people, state_before_arrival(people)


def _household_stays(state: State, partner: Ints, t: int) -> Flags:
    """Households of which somebody is on benefit or may come back."""
    may_return = ~np.isin(state.exit_kind, GONE_FOR_GOOD) & (t - state.exit_month < 60)
    stays = state.is_on | (may_return & (state.n_spells > 0))
    return stays | ((partner >= 0) & stays[partner])

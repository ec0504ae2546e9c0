"""Simulate a municipality: people, staff, and what happened to them, month by month.

The data-generating process, for person i with caseworker w in month t (parameters: ``scenario``):

Leaving (``hazards``, ``exits``). A multinomial logit against staying, nobody leaves in the month of
entry: ``P(cause k) = o_k / (1 + sum_j o_j)`` with

    log o_work  = a_w + b_w (step - 3) + c log(0.25 + years on benefit) + age + education + health
                  + exemption + status holder + frailty_i + part-time work + season_t
                  + e_w log(C_wt / C*) + sum_windows g_w 1{reached contact in window before t}
                  + provision (during, and in the year after) + trial (taken up, while it runs)
    log o_other = a_o + b_o (step - 3) + c / 2 log(0.25 + years) + young + season_t
                  + e_o log(C_wt / C*) + sum_windows g_o 1{reached contact} + trial
    o_moved     by age;  log o_death linear in age;  pension on the first day of the AOW month

``C_wt`` is clients per FTE of the own caseworker at the start of month t, ``C*`` the role's target,
``frailty ~ N(0, s)``. "Other" is split into other income, education, household, no longer eligible,
administrative and other by fixed shares. A couple's benefit ends for both when either leaves, but
for death and pension; the other one's reason is then code 97 (or a move).

Contact (``contacts``). A reached talk in month t, on a day on benefit, with probability

    r exp(s (step - 3) + h log(C_wt / C*) + style_w + exempt) x 1.8 in the first three months
      x factor of the trial;   s > 0 selects the near, s < 0 the far.

Exit talks are held at a share of exits to work, some of them in the month before: the exit causes
these, not they the exit. Missed and written contacts, intakes before and aftercare after the
benefit have no effect.

Staff (``staffing``, ``portfolios``). Departure, leave and rotation are exogenous; clients of who
goes fall to colleagues by FTE, a newcomer takes a share of the team's. New clients go to a
caseworker in proportion to ``FTE exp(q specialism_w (step - middle of the role))``, whatever the
caseloads: so caseload tends to inflow / hazard, and the naive slope of exits on caseload lies far
below 0 at truth 0.

Return (``exits``): ``r_k exp(-(months out - 2) / f)`` per month, from the second month on, for who
left to work, by enforcement or otherwise; nobody returns from a move, pension or death.

Trial and search period (``lottery``): take-up under either arm is fixed beforehand. In the lottery
over applications a share of the treated is deterred, a part of them enters later after all.

Stock (``stock``): thirty years of arrivals, without caseload and contact, then a year in full
before the window opens. Arrivals are Poisson and exogenous, fewer than would keep the stock as it
is. What is booked by the extract date, and how late, is in ``register``. Draws are addressed by
person, month and purpose (``draws``), so two regimes over one population differ by the intervention
alone.
"""

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

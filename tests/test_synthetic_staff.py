"""Caseworkers and whose client is who: equal inflow, portfolios, hand-over, and the naive slope."""

from pathlib import Path

import numpy as np
import pytest

from watwerkt import synthetic
from watwerkt.synthetic import Scenario, read_scenario
from watwerkt.synthetic.counterfactual import fork_months
from watwerkt.synthetic.engine import open_month
from watwerkt.synthetic.exits import exit_chances
from watwerkt.synthetic.hazards import at_risk
from watwerkt.synthetic.portfolios import MIDDLE_STEP, choose_seats
from watwerkt.synthetic.simulate import build_start, run_window
from watwerkt.synthetic.staffing import Staff, plan_staff

NO_EFFECT = Path(synthetic.__file__).parent / "no_effect.yaml"
SHARE = 0.02  # of 20,000 draws


def staff_of(rows: str) -> Staff:
    """Seats drawn in a test: caseworker, team, fte, start, end, specialism."""
    cells = np.array([line.split() for line in rows.strip().splitlines()[1:]], dtype=float).T
    caseworker, team, fte, start, end, specialism = cells
    whole = [column.astype(int) for column in (caseworker, team, start, end)]
    n_teams = int(team.max()) + 1
    return Staff(
        caseworker=whole[0], team=whole[1], fte=fte, start=whole[2], end=whole[3],
        leave_reason=np.full(len(fte), -1), style=np.zeros(len(fte)), specialism=specialism,
        team_role=np.zeros(n_teams, int), policy_month=np.full(n_teams, 999),
    )  # fmt: skip


STAFF = """
    caseworker team fte start end specialism
    0          0    1.0 0     99  1
    1          0    0.5 0     99  -1
    2          1    1.0 0     99  0
    3          0    1.0 0     3   0
"""


def test_clients_fall_to_open_seats_of_their_own_team_by_fte():
    staff, n = staff_of(STAFF), 20_000
    team, step = np.arange(n) % 2, np.full(n, 4)
    uniform = np.random.default_rng(1).random(n)
    seat = choose_seats(staff, staff.active(5), team, step, 0.0, uniform)
    assert (staff.team[seat] == team).all()
    assert set(seat) == {0, 1, 2}
    assert (seat[team == 0] == 0).mean() == pytest.approx(2 / 3, abs=SHARE)


@pytest.mark.parametrize("step", [3, 4, 6])
def test_portfolios_are_sorted(step):
    """Two to one by FTE, times the suitability of the two specialists."""
    staff, n, sorting = staff_of(STAFF), 20_000, 0.5
    uniform = np.random.default_rng(2).random(n)
    team = np.zeros(n, int)
    seats = choose_seats(staff, staff.active(5), team, np.full(n, step), sorting, uniform)
    odds = 2 * np.exp(2 * sorting * (step - MIDDLE_STEP[0]))
    assert (seats == 0).mean() == pytest.approx(odds / (1 + odds), abs=SHARE)


def test_staff_neither_grows_nor_shrinks_without_a_policy():
    scenario = Scenario(policy=None)
    sizes = np.array([9000, 9000, 18000])
    staff = plan_staff(sizes, scenario, 72, np.random.default_rng(3))
    fte = [staff.fte[staff.active(t)].sum() for t in (-11, 36, 71)]
    assert fte[1:] == pytest.approx([fte[0]] * 2, rel=0.1)
    assert (staff.leave_reason >= 0).sum() > 20
    n_seats = [np.bincount(staff.team[staff.active(t)]).min() for t in range(72)]
    assert min(n_seats) >= 2


@pytest.mark.parametrize("seed", [1, 2])
def test_the_naive_slope_is_planted_where_caseload_does_nothing(seed):
    """Stock = inflow / hazard: portfolios near to work are small and have many exits."""
    start = build_start(read_scenario(NO_EFFECT), "GM9904", 3000, 48, seed)
    history = run_window(start, fork_months(48, 3000))
    world, entry, points = start.world, start.lottery.entry_month, []
    for t, kept in history.kept.items():
        state, load, _ = open_month(world, kept, t, entry)
        who, seat = at_risk(state, t) & (state.seat >= 0), state.seat
        n = np.bincount(seat[who], minlength=len(world.staff.fte))
        chance = exit_chances(world, state, t, load)["all"]
        exits = np.bincount(seat[who], chance[who], minlength=len(world.staff.fte))
        busy = (n >= 20) & (world.staff.role == 0)
        rate, caseload = exits[busy] / n[busy], n[busy] / world.staff.fte[busy]
        points.append(np.column_stack([np.log(caseload), np.log(rate)]))
    slope = np.polyfit(*np.vstack(points).T, 1)[0]
    assert -1.5 < slope < -0.2

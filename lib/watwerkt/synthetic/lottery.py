"""The two lotteries: guidance among people on benefit, a search period among applications."""

from dataclasses import dataclass, replace

import numpy as np

from watwerkt.synthetic.clock import NEVER, Flags, Ints, day_between
from watwerkt.synthetic.draws import Draws
from watwerkt.synthetic.population import People
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.state import Rows, State
from watwerkt.synthetic.world import Regime, World, lead_of

LOWEST_TRIAL_STEP = 2
EXCLUDED_SHARE = 0.06
NEAR_STEP = 4  # strata of the trial: steps below, and from here on


def enrol(world: World, state: State, t: int, regime: Regime) -> tuple[State, Rows]:
    """In the trial's month: invite, ask, draw. Log who was asked, and the answer.

    Partners are drawn one by one; take-up under either arm is fixed beforehand, so that both worlds
    hold the same people.
    """
    trial = world.scenario.trial
    if not trial or t != trial.month:
        return state, {}
    uniform = world.draws.uniform
    may = state.is_on & (state.start_month < t - 1) & ~state.is_exempt
    invited = may & (state.step >= LOWEST_TRIAL_STEP) & (uniform("invited") < trial.invited_share)
    excluded = invited & (uniform("excluded") < EXCLUDED_SHARE)
    willing = np.minimum(trial.consent_share * np.exp(0.08 * (state.step - 3.5)), 1.0)
    joins = invited & ~excluded & (uniform("consent") < willing)
    drawn = uniform("arm") < trial.probability
    arm = drawn if regime.arm is None else np.full(len(drawn), bool(regime.arm))
    shows_up = uniform("no show at start") >= trial.no_show_share
    crosses = uniform("crossover") < trial.crossover_share
    rows = np.flatnonzero(invited)
    log = {
        "person": rows,
        "is_excluded": excluded[rows],
        "joins": joins[rows],
        "arm": arm[rows].astype(np.int64),
        "took_up": np.where(arm, shows_up, crosses)[rows],
        "is_near": state.step[rows] >= NEAR_STEP,
    }
    took_up = joins & np.where(arm, shows_up, crosses)
    return replace(state, arm=np.where(joins, arm, -1).astype(np.int64), took_up=took_up), log


def draw_withdrawals(world: World, state: State, t: int) -> Rows:
    """People who leave the trial; they are followed all the same."""
    trial = world.scenario.trial
    if not trial or not trial.month < t < trial.month + trial.months:
        return {}
    leaves = (state.arm >= 0) & (world.draws.uniform("withdraws", t) < trial.withdrawal_rate)
    rows = np.flatnonzero(leaves)
    day = day_between(world.draws.uniform("withdrawal day", t), 1, 28)[rows]
    return {"person": rows, "month": np.full(len(rows), t), "day": day}


@dataclass(frozen=True, slots=True)
class SearchLottery:
    """The lottery over first applications; shape (n_people,).

    Attributes
    ----------
    draws : what it was drawn with.
    is_in : applied in the months of the lottery.
    arm : 1 is the search period; -1 where not in it.
    is_deterred : does not enter when first applying.
    entry_month : when the first spell starts after all; NEVER where it does not.
    """

    draws: Draws
    is_in: Flags
    arm: Ints
    is_deterred: Flags
    entry_month: Ints


def draw_search_lottery(
    people: People, scenario: Scenario, draws: Draws, arm: int | None = None
) -> SearchLottery:
    """Draw arms, and who is deterred for good or for some months; households as one."""
    rule, n = scenario.prevention, len(people)
    lead = lead_of(people.partner())
    if not rule:
        none = np.zeros(n, bool)
        return SearchLottery(draws, none, np.full(n, -1), none, people.entry_month)
    is_in = (rule.first_month <= people.entry_month) & (people.entry_month <= rule.last_month)
    drawn = draws.uniform("search arm")[lead] < rule.probability
    given = drawn if arm is None else np.full(n, bool(arm))
    would_be = draws.uniform("deterred")[lead] < rule.deterred_share
    is_deterred = is_in & given & would_be
    later = draws.uniform("enters later")[lead]
    delay = 2 + np.floor(later / max(rule.later_share, 1e-9) * 4).astype(np.int64)
    second = np.where(later < rule.later_share, people.entry_month + delay, NEVER)
    entry = np.where(is_deterred, second, people.entry_month)
    return SearchLottery(
        draws, is_in, np.where(is_in, given, -1).astype(np.int64), is_deterred, entry
    )

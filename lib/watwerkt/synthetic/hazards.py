"""The odds of leaving in a month, given everything that happened before it."""

import numpy as np

from watwerkt.synthetic.clock import Flags, Floats, Ints
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.state import State
from watwerkt.synthetic.world import NATURAL, Regime, World

CORONA = {(2020, 4), (2020, 5), (2020, 6)}
EDUCATION = np.array([-0.1, 0.05, 0.2])
HEALTH = np.array([0.1, -0.25, -0.8])
EXEMPT = -1.2


def log_odds_work(world: World, state: State, t: int, load: Floats, regime: Regime) -> Floats:
    """Log odds of leaving to work in month ``t`` against staying, per person."""
    base, people = world.scenario.baseline, world.people
    age = _age_years(world, t)
    return (
        np.log(base.work_odds)
        + base.log_odds_per_step * (state.step - 3)
        + base.log_odds_per_log_year * np.log(_years(state, t))
        + np.where(age < 28, 0.2, np.where(age > 50, -0.6, 0.0))
        + EDUCATION[people.education]
        + HEALTH[people.health]
        + EXEMPT * state.is_exempt
        - 0.2 * people.is_status_holder
        + people.frailty
        + world.scenario.work.part_time_log_or_work * state.is_part_time
        + _season(world, t)
        + _effects(world, state, t, load, regime, "work")
    )


def log_odds_other(world: World, state: State, t: int, load: Floats, regime: Regime) -> Floats:
    """Log odds of leaving for another reason that policy may touch, against staying."""
    base = world.scenario.baseline
    return (
        np.log(base.other_odds)
        + base.log_odds_per_step_other * (state.step - 3)
        + 0.5 * base.log_odds_per_log_year * np.log(_years(state, t))
        + np.where(_age_years(world, t) < 28, 0.4, 0.0)
        + _season(world, t)
        + _effects(world, state, t, load, regime, "other")
    )


def exit_odds(world: World, state: State, t: int, load: Floats, regime: Regime = NATURAL) -> Floats:
    """Odds against staying of work, another reason, a move and death; shape (4, n)."""
    base, age = world.scenario.baseline, _age_years(world, t)
    return np.stack(
        [
            np.exp(log_odds_work(world, state, t, load, regime)),
            np.exp(log_odds_other(world, state, t, load, regime)),
            base.moved_odds * np.where(age < 35, 1.5, 0.8),
            base.death_odds_at_40 * np.exp(0.09 * (age - 40)),
        ]
    )


def _effects(
    world: World, state: State, t: int, load: Floats, regime: Regime, cause: str
) -> Floats:
    """Everything that policy does: caseload, contact, provisions, the trial."""
    scenario = world.scenario
    elasticity = getattr(scenario.caseload, f"elasticity_{cause}")
    shift = elasticity * (load + np.log(regime.caseload_factor))
    shift = shift + contact_effect(world, state, cause)
    trial = scenario.trial
    if trial:
        treated = state.took_up & (trial.month <= t < trial.month + trial.months)
        shift = shift + getattr(trial, f"log_or_{cause}") * treated
    return shift + _service_effect(scenario, state, t) if cause == "work" else shift


def contact_effect(world: World, state: State, cause: str) -> Floats:
    """Shift of the log odds by contacts in the months before; its mean during the warm-up."""
    shift = np.zeros(len(world.people))
    for window in world.scenario.contact.effects:
        log_or = getattr(window, f"log_or_{cause}")
        if world.staff is None:
            months = window.last_lag - window.first_lag + 1
            shift += log_or * (1 - (1 - world.scenario.contact.rate) ** months)
        else:
            shift += log_or * state.had_contact(window.first_lag, window.last_lag)
    return shift


def _service_effect(scenario: Scenario, state: State, t: int) -> Floats:
    services = list(scenario.services.values())
    during = np.array([s.log_or_during for s in services] + [0.0])
    after = np.array([s.log_or_after for s in services] + [0.0])
    running = np.where(t < state.service_until, state.service, -1)
    recent = np.where(t < state.after_until, state.after, -1)
    return during[running] + after[recent]


def log_caseload(world: World, state: State, caseload: Floats) -> Floats:
    """Log of own caseworker's clients per FTE over the target of the role; 0 without caseworker."""
    if world.staff is None:
        return np.zeros(len(world.people))
    load = world.scenario.caseload
    target = np.array([load.target_work, load.target_participation, load.target_income])
    relative = np.log(np.maximum(caseload, 1.0) / target[world.staff.role])
    return np.where(state.seat >= 0, relative[state.seat], 0.0)


def _season(world: World, t: int) -> float:
    base = world.scenario.baseline
    year, month = world.clock.calendar(t)
    corona = base.corona_log_odds if (year, month) in CORONA else 0.0
    summer = base.third_quarter_log_odds if month in (7, 8, 9) else -base.third_quarter_log_odds / 3
    return corona + summer + base.trend_log_odds_year * max(t, 0) / 12


def _years(state: State, t: int) -> Floats:
    return 0.25 + np.maximum(t - state.start_month, 0) / 12


def _age_years(world: World, t: int) -> Floats:
    return (t - world.people.birth_month) / 12


def at_risk(state: State, t: int) -> Flags:
    """On benefit since before month ``t``: nobody leaves in the month of entry."""
    return state.is_on & (state.start_month < t)


def choose_cause(odds: Floats, uniform: Floats) -> Ints:
    """Position of the cause that the multinomial logit draws; -1 stays."""
    point = uniform * (1 + odds.sum(axis=0))
    cause = np.full(odds.shape[1], -1)
    below = np.zeros(odds.shape[1])
    for position, one in enumerate(odds):
        cause[(below <= point) & (point < below + one)] = position
        below = below + one
    return cause

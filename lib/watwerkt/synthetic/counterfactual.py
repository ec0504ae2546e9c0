"""The same people under two regimes: what the planted effects amount to.

Every contrast forks the natural course at some month and runs it on twice, with the same draws.
Hazards are compared as the probabilities behind the draws, risks and days as they are drawn.
"""

from dataclasses import replace

import numpy as np

from watwerkt.synthetic.clock import NEVER, Flags, Floats
from watwerkt.synthetic.engine import History, open_month, run_month, run_months
from watwerkt.synthetic.exits import exit_chances
from watwerkt.synthetic.hazards import at_risk
from watwerkt.synthetic.lottery import draw_search_lottery
from watwerkt.synthetic.simulate import Start
from watwerkt.synthetic.state import KIND, State
from watwerkt.synthetic.world import NATURAL, Regime

MONTHS_BETWEEN_FORKS = 12
RISK_MONTHS, SILENT_MONTHS = 12, 6
SHOCK_FACTOR, SHOCK_MONTHS = 1.25, 10
ENOUGH_CLIENTS = 60_000  # people times forks
EXPOSURE_BITS, ONE_CONTACT = 0b1110, 0b0100  # contacts two to four months ago, one three months ago
FIRST_EXPOSED_MONTH = 4  # of a spell, from which the whole window of exposure lies in it
NOT_POLICY = np.array([KIND[kind] for kind in ("moved", "death", "pension")])
Figures = dict[str, float]


def fork_months(n_months: int, n_clients: int) -> list[int]:
    """Months at which the natural course is forked: a year apart, a year before the end.

    Fewer where there are many clients: what is compared are people times forks.
    """
    months = range(0, n_months - RISK_MONTHS + 1, MONTHS_BETWEEN_FORKS)
    n_forks = max(1, min(len(months), ENOUGH_CLIENTS // max(n_clients, 1)))
    return list(months[len(months) % n_forks :: len(months) // n_forks]) if months else []


def caseload_elasticity(start: Start, history: History, spans: list[range]) -> list[Figures]:
    """P1: elasticity of incumbents' exit hazard, per span of months after caseloads rose.

    Every caseload rises by a quarter at the fork.
    """
    hazards = []
    for regime in (Regime(caseload_factor=SHOCK_FACTOR), NATURAL):
        forks = [_hazard_sums(start, history.kept[t], t, regime) for t in _forks(start, history)]
        hazards.append(np.sum(forks, axis=0))
    figures = []
    for span in spans:
        shocked, natural = (by_month[span].sum(axis=0) for by_month in hazards)
        ratio = (shocked[:2] / shocked[2]) / (natural[:2] / natural[2])
        elasticity = np.log(ratio) / np.log(SHOCK_FACTOR)
        figures.append(dict(zip(("all", "work"), elasticity, strict=True)))
    return figures


def _hazard_sums(start: Start, state: State, fork: int, regime: Regime) -> Floats:
    """Per month since the fork: chances of any exit and of work, and people; (SHOCK_MONTHS, 3)."""
    world, entry, sums = start.world, start.lottery.entry_month, []
    for t in range(fork, fork + SHOCK_MONTHS):
        opened, load, _ = open_month(world, state, t, entry, regime)
        chances = exit_chances(world, opened, t, load, regime)
        who = at_risk(opened, t) & (opened.start_month < fork)
        sums.append([chances["all"][who].sum(), chances["work"][who].sum(), who.sum()])
        state, _ = run_month(world, state, t, entry, regime)
    return np.array(sums)


def contact_odds_ratios(start: Start, history: History) -> Figures:
    """P4: marginal log odds ratio of an exit this month; own contact 2-4 months ago or none."""
    outcomes, sums = ("all", "work", "other"), np.zeros((2, 3))
    n_people = 0
    for t in _forks(start, history):
        state, load, _ = open_month(start.world, history.kept[t], t, start.lottery.entry_month)
        who = at_risk(state, t) & (t - state.start_month >= FIRST_EXPOSED_MONTH)
        n_people += who.sum()
        for i, bits in enumerate((0, ONE_CONTACT)):
            mask = (state.contact_mask & ~EXPOSURE_BITS) | bits
            exposed = replace(state, contact_mask=mask)
            chances = exit_chances(start.world, exposed, t, load, partner_state=state)
            sums[i] += [chances[outcome][who].sum() for outcome in outcomes]
    never, spoken_to = sums / n_people
    log_odds = np.log(spoken_to / (1 - spoken_to)) - np.log(never / (1 - never))
    return dict(zip(outcomes, log_odds, strict=True))


def contact_risk_differences(start: Start, history: History) -> Figures:
    """P5: exit within a year, in percentage points, of people on benefit at the fork.

    A reached contact in every three months of the year, against none in the first six.
    """
    left = np.zeros((2, 2))
    n_people = 0
    for t in _forks(start, history):
        state = history.kept[t]
        n_people += state.is_on.sum()
        often = _run(start, state, range(t, t + RISK_MONTHS), Regime(contact="often"))
        silent = _run(start, state, range(t, t + SILENT_MONTHS), Regime(contact="never"))
        later = _run(start, silent.state, range(t + SILENT_MONTHS, t + RISK_MONTHS), NATURAL)
        left += [
            _count_exits(state.is_on, [often]),
            _count_exits(state.is_on, [silent, later]),
        ]
    difference = 100 * (left[0] - left[1]) / max(n_people, 1)
    return {"all": float(difference[0]), "work": float(difference[1])}


def trial_effects(start: Start, history: History, horizons: tuple[int, ...]) -> dict[int, Figures]:
    """P7: intention to treat of who joined, per horizon in months: exits and work in pp, days."""
    trial, clock = start.world.scenario.trial, start.world.clock
    seen = [m for m in horizons if trial and trial.month + m <= clock.n_months]
    if not trial or not seen:
        return {}
    state, arms = history.kept[trial.month], []
    for arm in (1, 0):
        last = trial.month + max(seen)
        run = _run(start, state, range(trial.month, last), Regime(arm=arm))
        arms.append([_trial_means(start, run, state, trial.month + m) for m in seen])
    names = ("all", "work", "benefit_days")
    differences = np.subtract(arms[0], arms[1])
    return {m: dict(zip(names, d, strict=True)) for m, d in zip(seen, differences, strict=True)}


def _trial_means(start: Start, run: History, state: State, until: int) -> list[float]:
    """Exits and exits to work per 100 who joined, and their mean benefit days, before ``until``."""
    joined = run.state.arm >= 0
    trial = start.world.scenario.trial
    days = _benefit_days(start, run, state, range(trial.month if trial else 0, until))
    left = 100 * _count_exits(joined, [run], until) / joined.sum()
    return [left[0], left[1], days[joined].mean()]


def prevention_effects(start: Start, n_refused: int, months: int = 6) -> Figures:
    """P8: entry within ``months`` of a first application, in pp; ``n_refused`` never enter."""
    world = start.world
    applied = world.people.entry_month[start.lottery.is_in]
    entered = []
    for arm in (1, 0):
        lottery = draw_search_lottery(world.people, world.scenario, start.lottery.draws, arm)
        entered.append((lottery.entry_month[lottery.is_in] <= applied + months).sum())
    return {"entry": float(100 * (entered[0] - entered[1]) / max(len(applied) + n_refused, 1))}


def _forks(start: Start, history: History) -> list[int]:
    """The forks of this window, as far as it has been run."""
    n_clients = int(start.state.is_on.sum())
    return [t for t in fork_months(start.world.clock.n_months, n_clients) if t in history.kept]


def _run(start: Start, state: State, months: range, regime: Regime) -> History:
    return run_months(start.world, state, months, start.lottery.entry_month, regime)


def _count_exits(who: Flags, runs: list[History], until: int = NEVER) -> Floats:
    """People among ``who`` whose first exit since the fork policy may touch, and to work."""
    kind = np.full(len(who), -1)
    for run in reversed(runs):
        exits = run.log["exits"]
        order = np.argsort(-exits["month"], kind="stable")
        order = order[exits["month"][order] < until]
        kind[exits["person"][order]] = exits["kind"][order]
    left = who & (kind >= 0) & ~np.isin(kind, NOT_POLICY)
    return np.array([left.sum(), (left & (kind == KIND["work"])).sum()], dtype=float)


def _benefit_days(start: Start, run: History, state: State, months: range) -> Floats:
    """Days on benefit in ``months``, returns included."""
    clock = start.world.clock
    first, last = (int(clock.date(t).astype(int)) for t in (months.start, months.stop))
    days = np.where(state.is_on, float(last - first), 0.0)
    for name, sign in (("exits", -1.0), ("arrivals", 1.0)):
        log = run.log[name]
        date = clock.date(log["month"], log["day"]).astype(int)
        np.add.at(days, log["person"], sign * np.maximum(last - date, 0))
    return days

"""A planned lottery, held: a synthetic town plans with its own years, then lives the next one.

The town is simulated up to the month of the draw and delivered as it is known then; `watwerkt
design` plans from that and nothing else. From there the town is run on, with the guidance that the
list gives, as often as is wanted: every run has its own lottery and its own luck. Guidance raises
the odds of every exit within policy by the same factor. The analysis is chapter 07's.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.trial_effect import ITT, compare, describe_trial
from watwerkt.analysis.trial_outcomes import add_outcomes
from watwerkt.analysis.trial_plan import LotteryPlan, draw_list
from watwerkt.analysis.trial_rows import find_trials
from watwerkt.estimators.trial_power import OUTCOMES
from watwerkt.panel.prepared import Prepared
from watwerkt.synthetic import Scenario
from watwerkt.synthetic.applications import build_applications
from watwerkt.synthetic.clock import BURN_IN_MONTHS, Clock
from watwerkt.synthetic.deliver import Simulated, build_tables
from watwerkt.synthetic.draws import Draws
from watwerkt.synthetic.engine import History, run_months
from watwerkt.synthetic.portfolios import join_rows
from watwerkt.synthetic.register import Register, _true_spells, build_register
from watwerkt.synthetic.scenario import Trial
from watwerkt.synthetic.simulate import Start, build_start
from watwerkt.synthetic.state import EXIT_KINDS, State
from watwerkt.synthetic.write import write_delivery

DRAWN_IN, AFTER = 48, 18  # months before the draw, and after it: a year, and booking it
TABLES = ("clients", "benefits", "traits", "caseworkers", "assignments")
CODE = "GM9955"
DESTINATIONS = {"partner": "partner_work"}


@dataclass(frozen=True, slots=True)
class Town:
    """A town on the eve of the draw."""

    start: Start
    past: History = field(repr=False)
    eve: State = field(repr=False)
    person_ids: pl.Series = field(repr=False)
    seed: int

    @property
    def register(self) -> Register:
        """As it is known on the eve."""
        return read_register(self.start, self.past, DRAWN_IN, self.seed)

    @property
    def draw_day(self) -> date:
        """The first day of the month of the draw."""
        return self.start.world.clock.date(DRAWN_IN).item()


def build_town(n_clients: int, log_or: float, seed: int = 1) -> Town:
    """A town of so many clients, in which guidance from the draw on adds ``log_or``."""
    trial = Trial(
        month=DRAWN_IN - 1, months=AFTER, invited_share=0.0, contact_factor=1.0,
        log_or_work=log_or, log_or_other=log_or, withdrawal_rate=0.0,
    )  # fmt: skip
    scenario = Scenario(first_month="2021-01", trial=trial, prevention=None, policy=None)
    start = build_start(scenario, CODE, n_clients, DRAWN_IN + AFTER, seed)
    months = range(-BURN_IN_MONTHS, DRAWN_IN)
    history = run_months(start.world, start.state, months, start.lottery.entry_month)
    log = _with_seats(start, history.log)
    past = replace(history, log=log)
    ids = read_register(start, past, DRAWN_IN, seed).person_ids
    return Town(start, past, history.state, ids, seed)


def read_register(start: Start, history: History, n_months: int, seed: int) -> Register:
    """What is known at the end of so many months; the ids are the same at any time."""
    clock = Clock(start.world.clock.first_month, n_months)
    known = replace(start, world=replace(start.world, clock=clock))
    return build_register(known, history, (seed, 8))


def deliver(register: Register, folder: Path, trials: pl.DataFrame | None = None) -> None:
    """Write what is known as a delivery, with the list of a lottery where one was held."""
    tables = build_tables(register, build_applications(register))
    chosen = {name: tables[name] for name in TABLES}
    if trials is not None:
        chosen["trials"] = trials
    clock = register.world.clock
    town = Simulated(
        municipality_id=CODE,
        first_month=str(clock.month(0)),
        last_month=str(clock.month(clock.n_months - 1)),
        extract_date=str(register.extract_date),
        tables=chosen,
        truth={},
        in_nature=[],
    )
    write_delivery(town, folder)


def live_on(town: Town, drawn: pd.DataFrame, luck: int, n_months: int = AFTER) -> History:
    """The months after the draw, with guidance for whom the list gives it; ``luck`` seeds them."""
    ids = town.person_ids.to_list()
    place = {person: i for i, person in enumerate(ids)}
    people = drawn["unit_id"].map(place).to_numpy()
    arm = np.full(len(ids), -1)
    arm[people] = (drawn["arm"] == "intensief").to_numpy()
    world = replace(town.start.world, draws=Draws((town.seed, 99, luck), len(ids)))
    state = replace(town.eve, arm=arm, took_up=arm == 1)
    months = range(DRAWN_IN, DRAWN_IN + n_months)
    run = run_months(world, state, months, town.start.lottery.entry_month)
    return replace(run, log=_joined(town.past.log, _with_seats(None, run.log)))


def hold(town: Town, prepared: Prepared, plan: LotteryPlan, luck: int) -> pd.DataFrame:
    """Draw the lottery anew, live the year, analyse it as chapter 07 does; its rows at 12 months.

    The register is read as it happened, without delay or unknown reasons.
    """
    drawn = draw_list(replace(plan, wanted=replace(plan.wanted, seed=luck)))
    history = live_on(town, drawn, luck, 13)
    spells = _spells(town, history)
    last = town.start.world.clock.date(DRAWN_IN + 13).item()
    after = replace(
        prepared,
        about=prepared.about | {"observed_until": last.isoformat()},
        spells=spells.lazy(),
        tables={"trials": as_table(drawn).lazy()},
    )
    (trial,) = find_trials(after, "gebruikelijk")
    followed = replace(trial, rows=add_outcomes(trial, after, [12]))
    estimate = compare(followed, "intensief", 0.95)
    found = [
        describe_trial(followed, ITT, outcome, "intensief", 0.95, estimate) for outcome in OUTCOMES
    ]
    return pd.concat(found).set_index("outcome")


def as_table(drawn: pd.DataFrame) -> pl.DataFrame:
    """The list as a table of a delivery."""
    return pl.from_pandas(drawn).with_columns(pl.col("assigned_date").cast(pl.Date))


def share_found(rows: list[pd.DataFrame], outcome: str) -> tuple[float, float]:
    """Mean estimate, and the share of runs whose interval excludes zero."""
    estimate = [row.loc[outcome, "estimate"] for row in rows]
    found = [row.loc[outcome, "conf_low"] > 0 or row.loc[outcome, "conf_high"] < 0 for row in rows]
    return float(np.mean(estimate)), float(np.mean(found))


def _spells(town: Town, history: History) -> pl.DataFrame:
    true = _true_spells(town.start, history)
    names = [DESTINATIONS.get(kind, kind) for kind in EXIT_KINDS]
    kind = true["kind"].fill_null(-1).to_numpy()
    destination = [names[k] if k >= 0 else "stay" for k in kind]
    persons = town.person_ids.gather(true["person"].to_numpy())
    return true.select(start_date="start", end_date="end").with_columns(
        person_id=persons, exit_destination=pl.Series(destination)
    )


def _with_seats(start: Start | None, log: dict) -> dict:
    first = [start.first_seats] if start else []
    return {**log, "seats": join_rows([*first, log["assignments"], log["moves"]])}


def _joined(before: dict, after: dict) -> dict:
    return {name: join_rows([before[name], after[name]]) for name in before}

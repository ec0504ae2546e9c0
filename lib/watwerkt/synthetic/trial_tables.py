"""Tables ``trials`` and ``trial_flow``."""

import numpy as np
import polars as pl

from watwerkt.synthetic.applications import Applications
from watwerkt.synthetic.clock import Days, Flags, Ints
from watwerkt.synthetic.register import Register, canonical
from watwerkt.synthetic.scenario import Trial
from watwerkt.synthetic.state import Rows

GUIDANCE, SEARCH = "begeleiding", "zoekperiode"
ARMS = {GUIDANCE: ["gebruikelijk", "intensief"], SEARCH: ["gebruikelijk", "zoekperiode"]}
STRATA = ["ver", "dichtbij"]
INVITED_DAY, EXCLUDED_DAY, ANSWERED_DAY = 5, 12, 19  # of the month before the draw


def trials_table(register: Register, applications: Applications) -> pl.DataFrame:
    """Units that were drawn: people for guidance, applications for the search period."""
    parts = [_guidance_units(register), _search_units(register, applications)]
    return canonical("trials", pl.concat([p for p in parts if not p.is_empty()] or parts[:1]))


def _guidance_units(register: Register) -> pl.DataFrame:
    log, trial = _asked(register)
    if trial is None:
        return pl.DataFrame()
    arm, n = log["arm"][log["joins"]], int(log["joins"].sum())
    return pl.DataFrame(
        {
            "trial_id": GUIDANCE,
            "unit_id": register.persons(log["person"][log["joins"]]),
            "unit": "person",
            "arm": np.array(ARMS[GUIDANCE])[arm],
            "stratum": np.array(STRATA)[log["is_near"][log["joins"]].astype(int)],
            "assigned_date": np.full(n, register.world.clock.date(trial.month)),
            "took_up": log["took_up"][log["joins"]],
            "probability": np.where(arm == 1, trial.probability, 1 - trial.probability),
        }
    )


def _search_units(register: Register, applications: Applications) -> pl.DataFrame:
    rule = register.world.scenario.prevention
    drawn = applications.frame.filter(pl.col("lottery") >= 0)
    if not rule or drawn.is_empty():
        return pl.DataFrame()
    arm = drawn["lottery"].to_numpy()
    return pl.DataFrame(
        {
            "trial_id": SEARCH,
            "unit_id": drawn["application_id"],
            "unit": "application",
            "arm": np.array(ARMS[SEARCH])[arm],
            "stratum": "alle",
            "assigned_date": drawn["date"],
            "took_up": arm == 1,
            "probability": np.where(arm == 1, rule.probability, 1 - rule.probability),
        }
    )


def trial_flow_table(register: Register) -> pl.DataFrame:
    """Who was invited to the guidance trial, and what became of it."""
    log, trial = _asked(register)
    if trial is None:
        return canonical("trial_flow", pl.DataFrame())
    asked, draw = register.world.clock.date(trial.month - 1), trial.month
    declined = ~log["joins"] & ~log["is_excluded"]
    steps = [
        _step(register, log, np.ones(len(declined), bool), "invited", asked, INVITED_DAY),
        _step(register, log, log["is_excluded"], "excluded", asked, EXCLUDED_DAY),
        _step(register, log, declined, "declined", asked, ANSWERED_DAY),
        _step(register, log, log["joins"], "consented", asked, ANSWERED_DAY),
        _step(register, log, log["joins"], "assigned", register.world.clock.date(draw), 1),
        _withdrawals(register, log),
    ]
    return canonical("trial_flow", pl.concat(steps))


def _asked(register: Register) -> tuple[Rows, Trial | None]:
    """The people who were asked and are in the file; no trial where nobody was."""
    log = register.history.log["trial"]
    if not log:
        return {}, None
    booked = register.spells.filter("is_booked")["person"].unique().to_numpy()
    known = np.isin(log["person"], booked)
    return {name: values[known] for name, values in log.items()}, register.world.scenario.trial


def _withdrawals(register: Register, log: Rows) -> pl.DataFrame:
    """The first withdrawal of each person who joined."""
    left = register.history.log["withdrawals"]
    if not left:
        return _steps(register, np.empty(0, np.int64), "withdrew", np.empty(0, "datetime64[D]"))
    person, first = np.unique(left["person"], return_index=True)
    dates = register.world.clock.date(left["month"], left["day"])[first]
    known = np.isin(person, log["person"])
    return _steps(register, person[known], "withdrew", dates[known])


def _step(
    register: Register, log: Rows, who: Flags, step: str, month: Days, day: int
) -> pl.DataFrame:
    date = month + np.timedelta64(day - 1, "D")
    return _steps(register, log["person"][who], step, np.full(int(who.sum()), date))


def _steps(register: Register, person: Ints, step: str, dates: Days) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "trial_id": pl.Series([GUIDANCE] * len(person), dtype=pl.String),
            "unit_id": register.persons(person),
            "step": pl.Series([step] * len(person), dtype=pl.String),
            "step_date": dates,
        }
    )

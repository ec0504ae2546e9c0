"""Table ``applications``: granted, deterred and refused ones."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watwerkt.synthetic.clock import Days
from watwerkt.synthetic.register import Register, canonical, random_ids


@dataclass(frozen=True, slots=True)
class Applications:
    """Every application, also of people who never became clients.

    Attributes
    ----------
    frame : ``person_id, date, decision, decided, lottery`` (arm or -1), ``application_id``.
    """

    frame: pl.DataFrame


def build_applications(register: Register) -> Applications:
    """Granted ones from the spells, deterred ones from the lottery, refused ones at random."""
    parts = [_granted(register), _deterred(register)]
    parts.append(_refused(register, sum(len(part) for part in parts)))
    frame = pl.concat(parts).sort("date", "person_id")
    ids = [f"a{i + 1:07d}" for i in range(len(frame))]
    return Applications(frame.with_columns(application_id=pl.Series(ids, dtype=pl.String)))


def _granted(register: Register) -> pl.DataFrame:
    """The application behind each spell that started in the window: some days before the start."""
    first = pl.lit(register.world.clock.date(0).item())
    spells = register.spells.filter(pl.col("start") >= first)
    person, lottery = spells["person"].to_numpy(), register.lottery
    entered_first = (spells["spell"] == 1).to_numpy() & ~lottery.is_deterred[person]
    days = pl.lit(pl.Series(register.rng(40).integers(0, 6, len(spells))))
    return spells.select(
        person_id=register.persons(person),
        date=pl.col("start") - pl.duration(days=days),
        decision=pl.when("is_booked").then(pl.lit("granted")),
        decided=pl.when("is_booked").then("registered"),
        lottery=pl.Series(np.where(entered_first, lottery.arm[person], -1)),
    )


def _deterred(register: Register) -> pl.DataFrame:
    """First applications that the search period made people withdraw."""
    lottery, people, clock = register.lottery, register.world.people, register.world.clock
    rows = np.flatnonzero(lottery.is_deterred)
    dates = clock.date(people.entry_month[rows], people.entry_day[rows])
    return _closed(register, register.persons(rows), dates, "withdrawn", lottery.arm[rows], 41)


def _refused(register: Register, n_others: int) -> pl.DataFrame:
    """Applications of people who never become clients, spread over the window."""
    share, clock = register.world.scenario.applications_refused, register.world.clock
    rng = register.rng(42)
    n = int(n_others * share / (1 - share))
    t = rng.integers(0, clock.n_months, n)
    dates = clock.date(t, rng.integers(1, 29, n))
    arm = np.full(n, -1)
    rule = register.world.scenario.prevention
    if rule:
        is_in = (rule.first_month <= t) & (t <= rule.last_month)
        arm = np.where(is_in, rng.random(n) < rule.probability, -1)
    names = rng.choice(["rejected", "withdrawn"], n, p=[0.62, 0.38])
    return _closed(register, random_ids(n, rng), dates, names, arm, 43)


def _closed(
    register: Register, ids: pl.Series, dates: Days, decision: str | np.ndarray, arm: np.ndarray,
    purpose: int,
) -> pl.DataFrame:  # fmt: skip
    """Applications that ended without a benefit."""
    days = register.rng(purpose).integers(3, 57, len(ids)).astype("timedelta64[D]")
    decided = dates + days
    known = decided <= register.extract_date
    frame = pl.DataFrame(
        {
            "person_id": ids,
            "date": dates,
            "decision": np.full(len(ids), decision) if isinstance(decision, str) else decision,
            "decided": decided,
            "lottery": arm.astype(np.int64),
        }
    )
    frame = frame.filter(pl.Series(dates <= register.extract_date))
    known = pl.Series(known[dates <= register.extract_date])
    return frame.with_columns(
        decision=pl.when(known).then("decision"), decided=pl.when(known).then("decided")
    )


def applications_table(applications: Applications) -> pl.DataFrame:
    """One row per application."""
    frame = applications.frame
    return canonical(
        "applications",
        frame.with_columns(application_date="date", decision_date="decided"),
    )

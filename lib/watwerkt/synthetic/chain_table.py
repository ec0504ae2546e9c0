"""Table ``chain_events``: the steps from application to aftercare, with drop-out on the way."""

import numpy as np
import polars as pl

from watwerkt.synthetic.applications import Applications
from watwerkt.synthetic.population import labelled
from watwerkt.synthetic.register import Register, canonical
from watwerkt.synthetic.staff_tables import team_ids
from watwerkt.synthetic.state import KIND

STEP_SHARES = {"intake": 0.95, "diagnosis": 0.82, "plan": 0.85}  # of those who took the step before
STEP_DAYS = {"intake": (5, 30), "diagnosis": (10, 60), "plan": (7, 45)}


def chain_events_table(
    register: Register, applications: Applications, services: pl.DataFrame, contacts: pl.DataFrame
) -> pl.DataFrame:
    """Every step that is known on the extract date, with the team that took it."""
    steps = [
        applications.frame.select("person_id", step=pl.lit("application"), event_date="date"),
        *_opening_steps(register),
        services.select("person_id", step=pl.lit("service"), event_date="start_date"),
        *_closing_steps(register),
        contacts.filter(pl.col("purpose") == "aftercare").select(
            "person_id", step=pl.lit("aftercare"), event_date="contact_date"
        ),
    ]
    known = pl.concat(steps).filter(
        pl.col("event_date") >= pl.lit(register.world.clock.date(0).item()),
        pl.col("event_date") <= pl.lit(register.extract_date.item()),
    )
    known = known.unique(["person_id", "step", "event_date"], maintain_order=True)
    return canonical("chain_events", known.join(_teams(register), on="person_id", how="left"))


def _opening_steps(register: Register) -> list[pl.DataFrame]:
    """Intake, diagnosis and plan: each some weeks after the one before, and not for everybody."""
    rng = register.rng(50)
    first = pl.lit(register.world.clock.date(0).item())
    spells = register.spells.filter("is_booked", pl.col("start") >= first)
    rows = spells.select(
        "end", person_id=register.persons(spells["person"].to_numpy()), event_date="start"
    )
    steps = []
    for step, share in STEP_SHARES.items():
        wait = pl.Series(rng.integers(*STEP_DAYS[step], len(rows)))
        rows = rows.with_columns(event_date=pl.col("event_date") + pl.duration(days=pl.lit(wait)))
        rows = rows.filter(
            pl.Series(rng.random(len(rows)) < share),
            pl.col("end").is_null() | (pl.col("event_date") < pl.col("end")),
        )
        steps.append(rows.select("person_id", step=pl.lit(step), event_date="event_date"))
    return steps


def _closing_steps(register: Register) -> list[pl.DataFrame]:
    """Exits that are booked, and the placements among them."""
    ended = register.spells.filter("is_booked", "is_end_booked")
    ended = ended.with_columns(person_id=register.persons(ended["person"].to_numpy()))
    placed = ended.filter(pl.col("kind") == KIND["work"])
    return [
        frame.select("person_id", step=pl.lit(step), event_date="end")
        for step, frame in (("placement", placed), ("exit", ended))
    ]


def _teams(register: Register) -> pl.DataFrame:
    """The first main team each person had."""
    staff, seats = register.world.staff, register.history.log["seats"]
    if staff is None:
        raise ValueError("a register needs a staffed world")
    is_main = staff.role[seats["seat"]] < 2
    person, first = np.unique(seats["person"][is_main], return_index=True)
    team = labelled(team_ids(staff), staff.team[seats["seat"][is_main][first]])
    return pl.DataFrame({"person_id": register.persons(person), "team_id": team})

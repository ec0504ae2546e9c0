"""Tables ``caseworkers``, ``assignments`` and ``policies``."""

import numpy as np
import polars as pl

from watwerkt.synthetic.clock import BURN_IN_MONTHS, NEVER
from watwerkt.synthetic.population import labelled
from watwerkt.synthetic.portfolios import REASONS
from watwerkt.synthetic.register import Register, canonical
from watwerkt.synthetic.staffing import LEAVE_REASONS, ROLES, Staff


def team_ids(staff: Staff) -> list[str]:
    """A name per team: its role and a number."""
    first = np.searchsorted(staff.team_role, staff.team_role)
    return [f"{ROLES[role]}-{i - first[i] + 1}" for i, role in enumerate(staff.team_role)]


def caseworkers_table(register: Register) -> pl.DataFrame:
    """One row per seat that is filled in the window."""
    staff, clock = _staff(register), register.world.clock
    seen = (staff.end > 0) & (staff.start < clock.n_months)
    ended = staff.end < clock.n_months
    end = np.where(ended, clock.date(np.minimum(staff.end, NEVER)), np.datetime64("NaT"))
    reason = np.where(ended, staff.leave_reason, len(LEAVE_REASONS))
    frame = pl.DataFrame(
        {
            "caseworker_id": register.caseworkers(np.arange(len(staff.fte))),
            "team_id": labelled(team_ids(staff), staff.team),
            "role": labelled(ROLES, staff.role),
            "fte": staff.fte,
            "start_date": clock.date(staff.start),
            "end_date": end,
            "leave_reason": labelled([*LEAVE_REASONS, None], reason),
        }
    )
    return canonical("caseworkers", frame.filter(pl.Series(seen)))


def assignments_table(register: Register) -> pl.DataFrame:
    """Who was whose client: from each move to the next one or to the end of the spell."""
    staff = _staff(register)
    moves = _moves(register, staff).join_asof(
        register.spells.select("person", "spell", "start", "end", "is_booked", "is_end_booked"),
        left_on="date", right_on="start", by="person", check_sortedness=False,
    )  # fmt: skip
    moves = moves.filter(pl.col("is_booked")).unique(
        ["person", "is_income", "date"], keep="last", maintain_order=True
    )
    following = pl.col("date").shift(-1).over("person", "spell", "is_income")
    end = pl.coalesce(following, pl.when("is_end_booked").then("end"))
    moves = moves.with_columns(end_date=end).filter(
        pl.col("end_date").is_null() | (pl.col("end_date") > pl.lit(register.world.clock.date(0)))
    )
    if not register.world.scenario.assignment_history:
        moves = moves.unique(["person", "is_income"], keep="last", maintain_order=True)
    seat = moves["seat"].to_numpy()
    return canonical(
        "assignments",
        moves.with_columns(
            person_id=register.persons(moves["person"].to_numpy()),
            caseworker_id=register.caseworkers(seat),
            start_date="date",
            reason=labelled(REASONS, moves["reason"].to_numpy()),
        ),
    )


def _moves(register: Register, staff: Staff) -> pl.DataFrame:
    """Every first assignment and move, with its day; the oldest start with spell or caseworker."""
    seats, clock = register.history.log["seats"], register.world.clock
    date = clock.date(seats["month"], seats["day"])
    is_oldest = seats["month"] == -BURN_IN_MONTHS
    person = seats["person"]
    spell_start = clock.date(
        register.initial.start_month[person], register.initial.start_day[person]
    )
    hired = clock.date(staff.start[seats["seat"]])
    since = np.where(
        is_oldest & register.initial.is_on[person], np.maximum(spell_start, hired), date
    )
    return pl.DataFrame(
        {
            "person": person,
            "date": since,
            "seat": seats["seat"],
            "reason": seats["reason"],
            "is_income": ROLES.index("income") == staff.role[seats["seat"]],
            "order": np.arange(len(person)),
        }
    ).sort("date", "order")  # fmt: skip


def policies_table(register: Register) -> pl.DataFrame:
    """The municipality's targets, and the lower ones of some teams."""
    staff, scenario, clock = _staff(register), register.world.scenario, register.world.clock
    load, policy = scenario.caseload, scenario.policy
    lower = np.flatnonzero(staff.policy_month < clock.n_months)
    factor = policy.target_factor if policy else 1.0
    months = np.concatenate([[0], staff.policy_month[lower]])
    n = len(lower)
    return canonical(
        "policies",
        pl.DataFrame(
            {
                "team_id": labelled([*team_ids(staff), None], np.append(-1, lower)),
                "start_date": clock.date(months),
                "name": ["koers"] + ["kleinere caseload"] * n,
                "target_caseload": [load.target_work] + [load.target_work * factor] * n,
                "target_contacts_month": [round(scenario.contact.rate, 2)] + [None] * n,
            },
            schema_overrides={"target_contacts_month": pl.Float64},
        ),
    )


def _staff(register: Register) -> Staff:
    if register.world.staff is None:
        raise ValueError("a register needs a staffed world")
    return register.world.staff

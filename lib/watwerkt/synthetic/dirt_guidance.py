"""Errors in assignments, caseworkers, contacts, services and jobs."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from watwerkt.synthetic.dirt import AFTER, Patch, Supply, patch
from watwerkt.synthetic.dirt_any import N_KINDS, new_ids, plant_strangers
from watwerkt.synthetic.dirt_persons import is_single
from watwerkt.synthetic.findings import keys_of

LONG_DAYS = 60
LATE_DAYS = 120
COLLAPSED_MONTHS = 2
FEWEST_CONTACTS = 30  # of a team in a month, for a collapse to be seen
LEFT_OF_A_COLLAPSE = 0.03  # of the contacts of a team whose registration collapsed


def plant_in_assignments(supply: Supply, extract: date) -> list[Patch]:
    """A01, A02, A03, and planned ends."""
    kinds = N_KINDS["assignments"]
    empty = supply.take("assignments", kinds)
    runs = supply.take("assignments", kinds, pl.col("end_date").is_null())
    after = pl.lit(extract + timedelta(days=25))
    return [
        plant_strangers(supply, "assignments", "A01"),
        patch("A02", "assignments", "quarantine", empty, AFTER,
              start_date=pl.col("start_date").dt.offset_by("3d"), end_date=pl.col("start_date")),
        patch("X01", "assignments", "flag", runs, 0.0, end_date=after),
        *_plant_displaced(supply, extract),
    ]  # fmt: skip


def _plant_displaced(supply: Supply, extract: date) -> list[Patch]:
    """A03: a second caseworker of the same role, from within an assignment to its end."""
    last = pl.col("end_date").fill_null(extract)
    long = (last - pl.col("start_date")).dt.total_days() > LONG_DAYS
    rows = supply.take("assignments", N_KINDS["assignments"], long)
    roles = supply.tables["caseworkers"].select("caseworker_id", "role").unique(maintain_order=True)
    by_role = roles.group_by("role", maintain_order=True).agg("caseworker_id")
    held = rows.join(roles, on="caseworker_id", how="left", maintain_order="left")
    held = held.join(by_role, on="role", how="left", maintain_order="left", suffix="s")
    others = [
        next(c for c in candidates if c != own)
        for candidates, own in zip(held["caseworker_ids"], held["caseworker_id"], strict=True)
    ]
    other = patch("A03", "assignments", "repair", rows, AFTER,
                  caseworker_id=pl.Series(others, dtype=pl.String), reason="transfer",
                  start_date=pl.col("start_date").dt.offset_by("20d"))  # fmt: skip
    cut = keys_of("assignments", rows)
    return [Patch(other.rule, other.table, other.action, other.rows, other.place, cut)]


def plant_in_caseworkers(supply: Supply) -> list[Patch]:
    """W01: no FTE."""
    rows = supply.take("caseworkers", N_KINDS["caseworkers"])
    return [patch("W01", "caseworkers", "flag", rows, 0.0, fte=None)]


def plant_in_contacts(supply: Supply, extract: date) -> list[Patch]:
    """C01, C02, C03, C04, and planned contacts."""
    kinds = N_KINDS["contacts"]
    twice = supply.take("contacts", kinds, pl.col("caseworker_id").is_not_null())
    lag = pl.col("registered_date") - pl.col("contact_date")
    in_time = (lag.dt.total_days() < LATE_DAYS // 2) & (
        pl.col("contact_date") < extract - timedelta(days=LATE_DAYS)
    )
    late = supply.take("contacts", kinds, in_time)
    stranger_id = pl.concat_str(pl.lit("s"), "contact_id")
    return [
        plant_strangers(supply, "contacts", "C01", contact_id=stranger_id),
        patch("C02", "contacts", "merge", twice, AFTER,
              contact_id=new_ids(supply, "z", len(twice))),
        patch("C04", "contacts", "flag", late, 0.0,
              registered_date=pl.col("contact_date").dt.offset_by(f"{LATE_DAYS}d")),
        *_plant_beside_the_benefit(supply, extract),
    ]  # fmt: skip


def _plant_beside_the_benefit(supply: Supply, extract: date) -> list[Patch]:
    """C03 after the exit of people who do not return; X01 planned, with people on benefit."""
    benefits, kinds = supply.tables["benefits"].filter(is_single()), N_KINDS["contacts"]
    ended = benefits.filter(pl.col("end_date") < extract - timedelta(days=30))
    running = benefits.filter(pl.col("end_date").is_null())
    patches = []
    for rule, people in (("C03", ended), ("X01", running)):
        theirs = pl.col("person_id").is_in(people["person_id"].implode())
        rows = supply.take("contacts", kinds, theirs & pl.col("caseworker_id").is_not_null())
        rows = rows.unique("person_id", keep="first", maintain_order=True)
        ends = people.select("person_id", last="end_date")
        rows = rows.join(ends, on="person_id", how="left", maintain_order="left")
        when = pl.coalesce("last", pl.lit(extract)).dt.offset_by("11d")
        booked = when.dt.offset_by("2d") if rule == "C03" else pl.lit(extract)
        ids = new_ids(supply, "x", len(rows))
        patches.append(patch(rule, "contacts", "flag", rows, AFTER, contact_id=ids,
                             contact_date=when, registered_date=booked))  # fmt: skip
    return patches


def plant_in_services(supply: Supply, extract: date) -> list[Patch]:
    """S01, S02, and planned ends."""
    kinds = N_KINDS["services"]
    backward = supply.take("services", kinds)
    runs = supply.take("services", kinds, pl.col("end_date").is_null())
    stranger_id = pl.concat_str(pl.lit("s"), "service_id")
    return [
        plant_strangers(supply, "services", "S01", service_id=stranger_id),
        patch("S02", "services", "quarantine", backward, AFTER,
              service_id=new_ids(supply, "b", len(backward)),
              end_date=pl.col("start_date").dt.offset_by("-8d")),
        patch("X01", "services", "flag", runs, 0.0, end_date=pl.lit(extract + timedelta(days=40))),
    ]  # fmt: skip


def plant_in_jobs(supply: Supply, first: date) -> list[Patch]:
    """J01: months of strangers, and months before the window."""
    rows = supply.take("jobs", N_KINDS["jobs"])
    long_ago = [first - timedelta(days=400 + 31 * (i % 40)) for i in range(len(rows))]
    month = pl.Series(long_ago, dtype=pl.Date).dt.month_start()
    outside = patch("J01", "jobs", "quarantine", rows, AFTER, month=month)
    outside = _without_repeats(outside)
    return [plant_strangers(supply, "jobs", "J01"), outside]


def _without_repeats(planted: Patch) -> Patch:
    """One row per key, so that none is also a duplicate."""
    keys = list(planted.keys.columns)
    rows = planted.rows.unique(keys, keep="first", maintain_order=True)
    table, rule = planted.table, planted.rule
    return Patch(rule, table, planted.action, rows, planted.place, keys_of(table, rows))


def collapse_registration(
    contacts: pl.DataFrame, caseworkers: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """C05: the contacts without nearly all of one team's in two months; which team-months.

    Of the team with most contacts, in its ordinary months; none where even it has few.
    """
    dated = _with_teams(contacts, caseworkers)
    counted = dated.group_by("team_id", "month").agg(n=pl.len()).sort("team_id", "month")
    usual = pl.col("n").median().over("team_id")
    ordinary = counted.filter(pl.col("n") >= usual, usual >= FEWEST_CONTACTS, usual == usual.max())
    first = int(rng.integers(0, max(len(ordinary) - COLLAPSED_MONTHS, 1)))
    chosen = ordinary[first : first + COLLAPSED_MONTHS].select("team_id", "month")
    hit = dated.join(chosen, on=["team_id", "month"], how="semi")["row"].sort()
    lost = hit.filter(pl.Series(rng.random(len(hit)) >= LEFT_OF_A_COLLAPSE))
    kept = contacts.with_row_index("row").filter(~pl.col("row").is_in(lost.implode())).drop("row")
    return kept, chosen


def _with_teams(contacts: pl.DataFrame, caseworkers: pl.DataFrame) -> pl.DataFrame:
    """Row and month of each contact with a caseworker, and her team at the start of the month."""
    teams = caseworkers.select("caseworker_id", "team_id", "start_date").sort("start_date")
    dated = contacts.with_row_index("row").select(
        "row", "caseworker_id", month=pl.col("contact_date").dt.month_start()
    )
    return (
        dated.sort("month")
        .join_asof(
            teams,
            left_on="month",
            right_on="start_date",
            by="caseworker_id",
            check_sortedness=False,
        )
        .drop_nulls("team_id")
    )

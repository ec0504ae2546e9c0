"""A dirty delivery: which errors go where, and what finding them all would give."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from watwerkt.synthetic.dirt import Patch, Supply, apply_patches
from watwerkt.synthetic.dirt_any import plant_in_any_table, plant_strangers
from watwerkt.synthetic.dirt_guidance import (
    collapse_registration,
    plant_in_assignments,
    plant_in_caseworkers,
    plant_in_contacts,
    plant_in_jobs,
    plant_in_services,
)
from watwerkt.synthetic.dirt_persons import (
    plant_impossible_births,
    plant_in_benefits,
    plant_in_clients,
    plant_sentinels,
    plant_wrong_ages,
)
from watwerkt.synthetic.findings import Finding, keys_of

ORPHANED_BY = {  # the rule that takes a row of a person who is no longer a client
    "benefits": "B04",
    "traits": "B04",
    "admin_errors": "B04",
    "assignments": "A01",
    "contacts": "C01",
    "services": "S01",
    "jobs": "J01",
}


@dataclass(frozen=True, slots=True)
class Dirty:
    """Tables with planted errors, and everything that is to be found in them.

    In ``benefits`` the end date is text, since a running one may be a date that means none.
    """

    tables: dict[str, pl.DataFrame]
    findings: list[Finding]


def plant_dirt(
    sound: dict[str, pl.DataFrame], in_nature: list[Finding], rate: float, first: date,
    extract: date, rng: np.random.Generator,
) -> Dirty:  # fmt: skip
    """Plant errors in about ``rate`` of the rows, of every kind that these tables can have.

    Parameters
    ----------
    in_nature : what the rules find in the sound tables already.
    first, extract : first day of the window, and the day the register was read.
    """
    tables, collapsed = _collapse_registration(sound, rng)
    supply = Supply(tables, rate, rng)
    births = plant_impossible_births(supply)
    strangers = births[0].rows["person_id"]
    follows = _orphans(supply, strangers)
    patches = births + _plant_rest(supply, first, extract)
    sentinels, as_text = plant_sentinels(supply)
    dirty = {n: apply_patches(t, [p for p in patches if p.table == n]) for n, t in tables.items()}
    dirty["benefits"] = as_text(dirty["benefits"])
    planted = [Finding(p.rule, p.table, p.action, p.keys, "planted") for p in patches if p.rule]
    left = [_still_there(f, tables, strangers) for f in in_nature if f.table in tables]
    return Dirty(dirty, [*left, *collapsed, *planted, sentinels, *follows])


def _plant_rest(supply: Supply, first: date, extract: date) -> list[Patch]:
    """Every kind of error but impossible births, in the tables that are there."""
    planters: dict[str, Callable[[], list[Patch]]] = {
        "clients": lambda: plant_in_clients(supply) + plant_wrong_ages(supply),
        "benefits": lambda: plant_in_benefits(supply, extract),
        "assignments": lambda: plant_in_assignments(supply, extract),
        "caseworkers": lambda: plant_in_caseworkers(supply),
        "contacts": lambda: plant_in_contacts(supply, extract),
        "services": lambda: plant_in_services(supply, extract),
        "jobs": lambda: plant_in_jobs(supply, first),
        "traits": lambda: [plant_strangers(supply, "traits", "B04")],
        "admin_errors": lambda: [plant_strangers(supply, "admin_errors", "B04")],
    }
    patches = [p for name, plant in planters.items() if name in supply.tables for p in plant()]
    return patches + plant_in_any_table(supply)


def _orphans(supply: Supply, strangers: pl.Series) -> list[Finding]:
    """The rows of people whose only row in clients is taken out; nothing else is planted there."""
    is_theirs = pl.col("person_id").is_in(strangers.implode())
    findings = []
    for table, rows in supply.tables.items():
        if "person_id" in rows.columns:
            supply.reserve(table, is_theirs)
        if table in ORPHANED_BY:
            keys = keys_of(table, rows.filter(is_theirs))
            findings.append(Finding(ORPHANED_BY[table], table, "quarantine", keys, "follows"))
    return findings


def _still_there(
    finding: Finding, tables: dict[str, pl.DataFrame], strangers: pl.Series
) -> Finding:
    """What is found by nature after the contacts of a collapse and the orphans have gone."""
    rows = tables[finding.table].filter(~pl.col("person_id").is_in(strangers.implode()))
    keys = finding.keys.join(rows, on=finding.keys.columns, how="semi")
    return Finding(finding.rule, finding.table, finding.action, keys)


def _collapse_registration(
    sound: dict[str, pl.DataFrame], rng: np.random.Generator
) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Lose the contacts of one team in two months, where teams and contacts are delivered."""
    if not {"contacts", "caseworkers"} <= sound.keys():
        return dict(sound), []
    kept, months = collapse_registration(sound["contacts"], sound["caseworkers"], rng)
    found = [Finding("C05", "contacts", "flag", months, "planted")]
    return sound | {"contacts": kept}, found if len(months) else []

"""Errors in clients and benefits: P01, P02, B01-B06, B11, and planned ends (X01)."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from watwerkt.codebook import codes
from watwerkt.synthetic.dirt import AFTER, BEFORE, Patch, Supply, patch
from watwerkt.synthetic.dirt_any import N_KINDS, NO_CODE, new_ids, plant_strangers, strangers
from watwerkt.synthetic.findings import Finding, keys_of

KINDS = N_KINDS["benefits"]
MIGRATION_DAY = date(2014, 1, 1)
FEWEST_SHARING_A_START = 30
LONG_DAYS = 120
SENTINELS = ["00000000", "99999999"]


def is_single() -> pl.Expr:
    """Benefits of people with one row, who share it with nobody, within the schemes in scope."""
    in_scope = [code for code, entry in codes("scheme").items() if entry.get("in_scope")]
    return (
        (pl.len().over("person_id") == 1)
        & (pl.len().over("benefit_id") == 1)
        & pl.col("scheme").is_in(in_scope)
    )


def plant_impossible_births(supply: Supply) -> list[Patch]:
    """P01: people born too long ago, or not yet; the rest about them is orphaned."""
    singles = supply.tables["benefits"].filter(is_single())["person_id"]
    rows = supply.take("clients", N_KINDS["clients"], pl.col("person_id").is_in(singles.implode()))
    year = pl.when(pl.int_range(pl.len()) % 2 == 0).then(1880).otherwise(2090)
    return [patch("P01", "clients", "quarantine", rows, 0.0, birth_year=year)]


def plant_in_clients(supply: Supply) -> list[Patch]:
    """P02: a second, older row with another birth year; one goes, one is flagged."""
    rows = supply.take("clients", N_KINDS["clients"], pl.col("birth_year") < 1995)
    other = patch("P02", "clients", "merge", rows, BEFORE, birth_year=pl.col("birth_year") - 1)
    flagged = Patch("P02", "clients", "flag", other.rows[:0], 0.0, keys_of("clients", rows))
    return [other, flagged]


def plant_in_benefits(supply: Supply, extract: date) -> list[Patch]:
    """B01, B02, B04, B06, B11, D02, D03 and X01, each in rows of people who have but one."""
    has_ended, runs = pl.col("end_date").is_not_null(), pl.col("end_date").is_null()
    started = supply.take("benefits", KINDS, is_single())
    later = supply.take("benefits", KINDS, is_single())
    older = supply.take("benefits", KINDS, is_single() & has_ended)
    coded = supply.take("benefits", KINDS, is_single() & pl.col("exit_reason").is_not_null())
    planned = supply.take("benefits", KINDS, is_single() & runs)
    after = pl.lit(extract + timedelta(days=20))
    return [
        patch("B01", "benefits", "quarantine", started, AFTER,
              benefit_id=new_ids(supply, "u", len(started)),
              end_date=pl.col("start_date") - pl.duration(days=pl.int_range(pl.len()) % 9)),
        patch("B02", "benefits", "quarantine", later, AFTER, start_date=after, end_date=None,
              benefit_id=new_ids(supply, "u", len(later)), exit_reason=None,
              registered_date=pl.lit(extract), end_registered_date=None),
        plant_strangers(supply, "benefits", "B04"),
        patch("D02", "benefits", "quarantine", older, BEFORE, end_date=None, exit_reason=None,
              end_registered_date=None),
        patch("D03", "benefits", "repair", coded, 0.0, exit_reason=NO_CODE),
        patch("X01", "benefits", "flag", planned, 0.0, end_date=after),
        *_plant_overlaps(supply),
        *_plant_migration(supply),
    ]  # fmt: skip


def _plant_overlaps(supply: Supply) -> list[Patch]:
    """B06: a shorter period inside a long one."""
    long = (pl.col("end_date") - pl.col("start_date")).dt.total_days() > LONG_DAYS
    rows = supply.take("benefits", KINDS, is_single() & long)
    start = pl.col("start_date").dt.offset_by("30d")
    return [
        patch("B06", "benefits", "merge", rows, AFTER, start_date=start, registered_date=start,
              end_date=pl.col("start_date").dt.offset_by("75d"), exit_reason=None,
              end_registered_date=pl.col("start_date").dt.offset_by("80d"),
              benefit_id=new_ids(supply, "u", len(rows)))
    ]  # fmt: skip


def _plant_migration(supply: Supply) -> list[Patch]:
    """B11: starts before a migration day are booked on that day."""
    before = is_single() & (pl.col("start_date") < MIGRATION_DAY)
    rows = supply.take("benefits", KINDS, before, FEWEST_SHARING_A_START)
    if len(rows) < FEWEST_SHARING_A_START:
        return []
    day = pl.lit(MIGRATION_DAY)
    return [patch("B11", "benefits", "flag", rows, 0.0, start_date=day, registered_date=day)]


def plant_wrong_ages(supply: Supply) -> list[Patch]:
    """B05: new people, on benefit as a child or past state pension age."""
    like = supply.take("benefits", KINDS, is_single() & (pl.col("start_date").dt.year() >= 2000))
    who = strangers(supply, len(like))
    is_child = pl.int_range(pl.len()) % 2 == 0
    start_year = pl.col("start_date").dt.year()
    benefits = patch("B05", "benefits", "flag", like, AFTER, person_id=who,
                     benefit_id=new_ids(supply, "u", len(like)))  # fmt: skip
    born = pl.when(is_child).then(start_year - 14).otherwise(start_year - 71)
    pension = pl.when(~is_child).then(pl.date(start_year - 4, 1, 1))
    people = like.select(
        person_id=who, birth_year=born.cast(pl.Int64), aow_month=pension, sex=pl.lit("female")
    )
    rows = supply.tables["clients"].clear(len(like)).drop(people.columns, "row")
    rows = pl.concat([people.with_row_index("row"), rows], how="horizontal")
    return [benefits, Patch("", "clients", "", rows, AFTER, keys_of("clients", rows))]


def plant_sentinels(supply: Supply) -> tuple[Finding, Callable[[pl.DataFrame], pl.DataFrame]]:
    """B03: running rows written with a date that means none; what writes the ends so."""
    rows = supply.take("benefits", KINDS, is_single() & pl.col("end_date").is_null())
    keys = keys_of("benefits", rows)
    text = pl.Series(SENTINELS).gather([i % len(SENTINELS) for i in range(len(rows))])
    written = keys.with_columns(sentinel=text)

    def as_text(benefits: pl.DataFrame) -> pl.DataFrame:
        joined = benefits.join(written, on=keys.columns, how="left", maintain_order="left")
        end = pl.coalesce("sentinel", pl.col("end_date").cast(pl.String))
        return joined.with_columns(end_date=end).drop("sentinel")

    return Finding("B03", "benefits", "repair", keys, "planted"), as_text

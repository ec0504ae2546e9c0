"""A simulated register as it stood on an earlier day: what was booked later is not in it."""

from dataclasses import replace
from datetime import date

import polars as pl

from watwerkt.synthetic.deliver import Simulated

BEGINS = {
    "contacts": "contact_date", "services": "start_date", "caseworkers": "start_date",
    "assignments": "start_date", "traits": "valid_from", "jobs": "month",
    "applications": "application_date", "trial_flow": "step_date", "trials": "assigned_date",
    "admin_errors": "error_date", "surveys": "wave_date", "policies": "start_date",
    "chain_events": "event_date", "benefits": "start_date",
}  # fmt: skip
BOOKED = ("registered_date",)
LATER = {  # of what ends or is decided later, this is not yet known
    "end_registered_date": ("end_date", "exit_reason", "end_registered_date"),
    "end_date": ("end_date", "end_reason", "leave_reason"),
    "decision_date": ("decision", "decision_date"),
}


def read_on(town: Simulated, day: date) -> Simulated:
    """The register of ``town`` as read on ``day``, the last of a month."""
    tables = {name: _as_of(name, table, day) for name, table in town.tables.items()}
    known = tables["benefits"]["person_id"].implode()
    tables["clients"] = tables["clients"].filter(pl.col("person_id").is_in(known))
    kept = {name: t for name, t in tables.items() if t.height or name in ("clients", "benefits")}
    return replace(
        town, tables=kept, in_nature=[], extract_date=f"{day}", last_month=f"{day:%Y-%m}"
    )


def _as_of(name: str, table: pl.DataFrame, day: date) -> pl.DataFrame:
    for column in (BEGINS.get(name), *BOOKED):
        if column in table.columns:
            table = table.filter(pl.col(column).fill_null(day) <= day)
    for column, unknown in LATER.items():
        if column in table.columns:
            is_later = pl.col(column) > day
            there = [c for c in unknown if c in table.columns]
            table = table.with_columns(
                pl.when(~is_later.fill_null(False)).then(c).alias(c) for c in there
            )
    return table

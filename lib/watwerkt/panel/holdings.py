"""Holdings: which caseworker holds which client at risk, from day to day.

An assignment counts only while the client is at risk on a benefit in scope: what remains open after
exit, on an out-of-scope scheme (rule B09) or past state pension age is nobody's caseload. Without
dated assignments, the caseworker of the last contact in the twelve months before stands in.
"""

from collections.abc import Mapping

import polars as pl

from watwerkt.cleaning.assignments import look_up_caseworker
from watwerkt.codebook import UNKNOWN
from watwerkt.panel.months import first_day

ROLE_ORDER = ["work", "mixed", "participation", UNKNOWN, "income"]  # the first found is the panel's
CONTACT_HOLDS = "12mo"


def caseload_source(tables: Mapping[str, pl.DataFrame]) -> str:
    """What caseload is made from: ``assignments``, ``contacts`` or ``none``."""
    if "assignments" in tables:
        return "assignments"
    contacts = tables.get("contacts")
    if contacts is None or "caseworker_id" not in contacts.columns:
        return "none"
    return "contacts" if contacts["caseworker_id"].count() else "none"


def build_holdings(
    assignments: pl.DataFrame, spells: pl.DataFrame, caseworkers: pl.DataFrame | None
) -> pl.DataFrame:
    """Intersect assignments with the spells at risk.

    One row per person, caseworker and period held: ``person, caseworker_id, role_order, start_date,
    end_date`` (half-open; null where both still run), a person's first choice first.
    ``role_order`` is the place of the caseworker's role, at the start of the assignment, in
    ``ROLE_ORDER``.
    """
    order = {role: place for place, role in enumerate(ROLE_ORDER)}
    role = (
        pl.Series("role", [None] * assignments.height, pl.String)
        if caseworkers is None
        else look_up_caseworker(assignments, "start_date", caseworkers, "role")
    )
    at_risk = spells.lazy().select(
        "person", risk_start="start_date", risk_end=pl.min_horizontal("end_date", "risk_end_date")
    )
    best_first = ["person", "role_order", "start_date", "caseworker_id"]
    return (
        assignments.lazy()
        .with_columns(role_order=role.fill_null(UNKNOWN).replace_strict(order).cast(pl.Int8))
        .join(at_risk, on="person")
        .select(
            *("person", "caseworker_id", "role_order"),
            start_date=pl.max_horizontal("start_date", "risk_start"),
            end_date=pl.min_horizontal("end_date", "risk_end"),
        )
        .filter((pl.col("start_date") < pl.col("end_date")).fill_null(True))
        .sort(best_first, descending=[False, False, True, False])
        .collect()
    )


def assign_last_contact(contacts: pl.DataFrame) -> pl.DataFrame:
    """Read assignments out of contacts: from the day after a contact until the next one's.

    ``person, caseworker_id, start_date, end_date``; twelve months at most.
    """
    after = pl.col("contact_date").dt.offset_by("1d")
    return (
        contacts.filter(pl.col("caseworker_id").is_not_null())
        .sort("person", "contact_date", "contact_id")
        .select(
            "person",
            "caseworker_id",
            start_date=after,
            end_date=pl.min_horizontal(
                after.shift(-1).over("person"), after.dt.offset_by(CONTACT_HOLDS)
            ),
        )
        .filter(pl.col("start_date") < pl.col("end_date"))
    )


def find_caseworker(rows: pl.LazyFrame, holdings: pl.LazyFrame) -> pl.LazyFrame:
    """Find who holds the client on the first day at risk of each month, if anyone.

    ``person, month, day, caseworker_id, is_held_at_start``: she held the client on the first day of
    the month already, so that her caseload counts the client. Of an income and a work caseworker
    at once the one for work (``ROLE_ORDER``) is the panel's: her caseload and her contacts are the
    ones meant to bring work.
    """
    person, month, day = pl.col("person"), pl.col("month"), pl.col("day")
    is_first = (person.diff() != 0) | (month.diff() != 0)
    return (
        rows.select("person", "month", "day")
        .join(holdings, on="person", maintain_order="left_right")
        .filter((pl.col("start_date") <= day) & (day < pl.col("end_date")).fill_null(True))
        .filter(is_first.fill_null(True))
        .select(
            *("person", "month", "day", "caseworker_id"),
            is_held_at_start=pl.col("start_date") <= first_day(month),
        )
    )

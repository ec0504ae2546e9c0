"""Errors that any table may have: D01 exact duplicates, D02 duplicate keys, D03 unknown codes."""

import polars as pl

from watwerkt.synthetic.dirt import AFTER, BEFORE, Patch, Supply, patch

N_KINDS = {  # kinds of error that share a table's rate
    "clients": 5, "traits": 4, "benefits": 11, "caseworkers": 3, "assignments": 7, "contacts": 8,
    "services": 6, "chain_events": 2, "jobs": 4, "applications": 3, "trial_flow": 2, "trials": 1,
    "admin_errors": 3, "surveys": 2,
}  # fmt: skip
SUPERSEDED: dict[str, dict[str, pl.Expr]] = {  # what another version of the same row says
    "clients": {"education": pl.lit("high"), "district_id": pl.lit("D99")},
    "traits": {"value": pl.lit("unknown")},
    "assignments": {"reason": pl.lit("reorganisation")},
    "contacts": {
        "duration_minutes": pl.lit(5.0),
        "registered_date": pl.col("registered_date").dt.offset_by("-1d"),
    },
    "services": {"cost_eur": pl.col("cost_eur") + 1},
    "chain_events": {"team_id": pl.lit("work-99")},
    "jobs": {"hours_month": pl.col("hours_month") + 1},
    "applications": {"decision_date": pl.col("application_date").dt.offset_by("1d")},
    "trial_flow": {"step_date": pl.col("step_date").dt.offset_by("-1d")},
    "surveys": {"score": pl.col("score") + 1},
}
NO_CODE = "x9"
CODED = {
    "clients": "education",
    "assignments": "reason",
    "contacts": "purpose",
    "services": "type",
    "jobs": "contract",
    "applications": "decision",
    "admin_errors": "kind",
}


def plant_in_any_table(supply: Supply) -> list[Patch]:
    """D01, D02 and D03 wherever a table can have them."""
    patches = []
    for table in (name for name in supply.tables if name in N_KINDS):
        repeated = supply.take(table, N_KINDS[table])
        patches.append(patch("D01", table, "merge", repeated, AFTER))
        if table in SUPERSEDED:
            other = supply.take(table, N_KINDS[table])
            patches.append(patch("D02", table, "quarantine", other, BEFORE, **SUPERSEDED[table]))
        if table in CODED:
            column = CODED[table]
            coded = supply.take(table, N_KINDS[table], pl.col(column).is_not_null())
            patches.append(patch("D03", table, "repair", coded, 0.0, **{column: NO_CODE}))
    return [*patches, *_plant_unlisted_traits(supply)]


def _plant_unlisted_traits(supply: Supply) -> list[Patch]:
    """D03 in the value of a trait, whose list is the trait's own."""
    if "traits" not in supply.tables:
        return []
    steps = supply.take("traits", N_KINDS["traits"], pl.col("trait") == "labour_market_distance")
    return [patch("D03", "traits", "repair", steps, 0.0, value=NO_CODE)]


def strangers(supply: Supply, n: int) -> pl.Series:
    """Ids of people who are in no table."""
    digits = supply.rng.bytes(12 * n).hex()
    ids = [f"f{digits[24 * i : 24 * i + 23]}" for i in range(n)]
    return pl.Series("person_id", ids, dtype=pl.String)


def plant_strangers(
    supply: Supply, table: str, rule: str, **changes: pl.Expr | pl.Series | str
) -> Patch:
    """A row like a sound one, about a person who is not among the clients."""
    rows = supply.take(table, N_KINDS[table])
    who = strangers(supply, len(rows))
    return patch(rule, table, "quarantine", rows, AFTER, person_id=who, **changes)


def new_ids(supply: Supply, letter: str, n: int) -> pl.Series:
    """Ids that no sound row has."""
    return pl.Series([f"{letter}{supply.rng.bytes(6).hex()}" for _ in range(n)], dtype=pl.String)

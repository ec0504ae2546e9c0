"""Small panels for the tests of the chapters' analyses: drawn as text, or a town made by lot."""

from datetime import date

import numpy as np
import polars as pl

from disclosure_tables import policy
from panel_tables import table
from watwerkt.analysis.incidence import Window
from watwerkt.panel.columns import PANEL_COLUMNS, complete_columns

EXACT = policy(zeros_are_disclosive=False)  # with whole tens of people its counts are exact
DATED = {"months_since_entry": 0, "exit_destination": "stay", "is_entry_observed": True}
WINDOW = Window(date(2021, 1, 1), date(2024, 1, 1))
FIRST_YEAR, N_MONTHS = 2021, 36
DESTINATIONS = ["work", "partner_work", "education", "ineligible", "household", "moved", "other"]
KNOWN_CONTACTS = [name for name in PANEL_COLUMNS if name.startswith("n_contacts")]


def panel(text: str, times: int = 10, **constant: object) -> pl.LazyFrame:
    """A drawn panel; each person stands for ``times`` persons, what is not drawn is constant."""
    rows = table(text)
    fixed = {"spell_id": pl.col("person_id")} | {
        k: pl.lit(v) for k, v in (DATED | constant).items()
    }
    rows = rows.with_columns(**{k: v for k, v in fixed.items() if k not in rows.columns})
    return multiply(complete_columns(rows.lazy()), times)


def multiply(rows: pl.LazyFrame, times: int) -> pl.LazyFrame:
    """Every person ``times`` over, each with spells of its own."""
    copies = pl.LazyFrame({"copy": range(times)})
    names = [n for n in ("person_id", "spell_id") if n in rows.collect_schema().names()]
    return rows.join(copies, how="cross").with_columns(pl.format("{}.{}", n, "copy") for n in names)


def town(n_persons: int = 180, n_caseworkers: int = 6, seed: int = 1) -> pl.DataFrame:
    """A complete panel in which nothing works: who leaves, and who is spoken to, is by lot."""
    rng = np.random.default_rng(seed)
    rows = [r for i in range(n_persons) for r in _client(i, i % n_caseworkers, rng)]
    load = pl.len().over("caseworker_id", "month").cast(pl.Float64)
    contacts = pl.col("n_contacts_month")
    past = {
        f"n_contacts_{m}m": contacts.shift(1, fill_value=0).rolling_sum(m, min_samples=1)
        for m in (1, 3, 6, 12)
    }
    past["n_contacts_lag_2_4"] = contacts.shift(2, fill_value=0).rolling_sum(3, min_samples=1)
    frame = pl.DataFrame(rows, infer_schema_length=None).sort("person_id", "month")
    frame = frame.with_columns(
        caseload_fte=load * 5 / 4,
        caseload_head=load,
        **{name: made.over("person_id", order_by="month") for name, made in past.items()},
    )
    return complete_columns(frame.lazy()).collect()


def _client(i: int, caseworker: int, rng: np.random.Generator) -> list[dict]:
    start = int(rng.integers(-24, 24))
    traits = {
        "person_id": f"p{i:03}",
        "spell_id": f"p{i:03}-0",
        "benefit_id": f"p{i:03}",
        "municipality_id": "GM9901",
        "is_entry_observed": start >= 0,
        "age_years": int(rng.integers(20, 64)),
        "sex": ["female", "male"][i % 2],
        "household_type": ["single", "couple"][i // 2 % 2],
        "origin": "nl",
        "district_id": f"d{i % 3}",
        "labour_market_distance": ["short", "long"][i // 3 % 2],
        "is_trait_dated": True,
        "n_benefits_earlier": i % 3,
        "caseworker_id": f"w{caseworker}",
        "team_id": f"t{caseworker % 2}",
        "role": "caseworker",
        "is_contact_known": True,
        "is_exempt": i % 5 == 0,
    }
    months = []
    for month in range(max(start, 0), N_MONTHS):
        leaves = rng.random() < 0.04
        months.append(
            traits
            | {
                "month": date(FIRST_YEAR + month // 12, month % 12 + 1, 1),
                "months_since_entry": month - start,
                "exit_destination": str(rng.choice(DESTINATIONS)) if leaves else "stay",
                "n_contacts_month": int(rng.random() < 0.3),
            }
        )
        if leaves:
            break
    return months


def spells_of(rows: pl.DataFrame) -> pl.LazyFrame:
    """The spells behind a panel: each exit falls on the fifteenth."""
    last = rows.sort("person_id", "month").group_by("spell_id", maintain_order=True).last()
    entry = pl.col("month").dt.offset_by(pl.format("-{}mo", "months_since_entry"))
    has_left = pl.col("exit_destination") != "stay"
    return last.lazy().select(
        "person_id",
        "spell_id",
        "benefit_id",
        start_date=entry,
        end_date=pl.when(has_left).then(pl.col("month").dt.offset_by("14d")),
        exit_destination=pl.when(has_left).then("exit_destination"),
        entry_reason=pl.lit("job_loss"),
        is_left_censored=pl.lit(False),
        risk_end_date=pl.lit(None, pl.Date),
    )


def contacts_of(rows: pl.DataFrame) -> pl.LazyFrame:
    """The talks behind a panel, on the tenth, by turns by phone and in person."""
    return (
        rows.lazy()
        .filter(pl.col("n_contacts_month") > 0)
        .select(
            "person_id",
            "caseworker_id",
            contact_date=pl.col("month").dt.offset_by("9d"),
            channel=pl.when(pl.col("month").dt.month() % 2 == 0)
            .then(pl.lit("phone"))
            .otherwise(pl.lit("in_person")),
            initiative=pl.when(pl.col("month").dt.month() % 3 == 0)
            .then(pl.lit("client"))
            .otherwise(pl.lit("municipality")),
            phase=pl.lit("during"),
            is_personal=pl.lit(True),
            is_reached=pl.lit(True),
        )
    )

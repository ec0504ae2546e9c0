"""Deliveries drawn as text, cleaned and made into a panel, for the analyses that read all of it."""

import polars as pl

import watwerkt.panel.prepared as module
from cleaning_tables import delivery, table
from watwerkt.cleaning.clean import clean_delivery
from watwerkt.panel.build import build_panel
from watwerkt.panel.prepared import Prepared

OF_ONE_PERSON = ("person_id", "benefit_id", "contact_id", "service_id", "application_id")
PARAMS = {"max_gap_days": 30, "booking_lag_months": 0}


def prepare(times: int = 10, about: dict | None = None, **drawn: str | pl.DataFrame) -> Prepared:
    """The drawn tables as a chapter reads them; each person stands for ``times`` persons."""
    frames = {n: table(n, t) if isinstance(t, str) else t for n, t in drawn.items()}
    many = {name: _multiply(name, frame, times) for name, frame in frames.items()}
    cleaned = clean_delivery(delivery(**many), **PARAMS)
    panel = pl.concat(build_panel(cleaned))
    given = [
        {"table": n, "file": f"{n}.csv", "mapping": "canonical"} for n in cleaned.accounts["table"]
    ]
    made = module._about(cleaned) | {"n_person_months": panel.height, "params": PARAMS}
    made["received"] |= {"files": given}
    return Prepared(
        about=made | (about or {}),
        spells=cleaned.spells.lazy(),
        panel=panel.lazy(),
        tables={name: frame.lazy() for name, frame in cleaned.tables.items()},
        ledger=cleaned.ledger,
        accounts=cleaned.accounts,
    )


def _multiply(name: str, frame: pl.DataFrame, times: int) -> pl.DataFrame:
    if name == "contacts" and "contact_id" not in frame.columns:
        frame = frame.with_columns(contact_id=pl.int_range(pl.len()).cast(pl.String))
    ids = [column for column in OF_ONE_PERSON if column in frame.columns]
    if not ids:
        return frame
    many = frame.join(pl.DataFrame({"copy": range(times)}), how="cross")
    return many.with_columns(pl.format("{}.{}", name, "copy") for name in ids).drop("copy")

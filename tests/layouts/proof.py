"""One town delivered twice: canonically, and with one system's own export in the place of a table.

What a layout cannot hold is taken out of the canonical delivery beforehand (``held_by_…``); then
both must give the same panel and the same clean tables.
"""

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import yaml
from polars.testing import assert_frame_equal

from watwerkt.cleaning.clean import Cleaned, clean_delivery
from watwerkt.intake.delivery import Delivery, read_delivery
from watwerkt.panel.build import build_panel
from watwerkt.synthetic import Scenario, simulate
from watwerkt.synthetic.deliver import Simulated

GROUNDS = ["origin", "is_status_holder", "health_limitation", "exemption", "detention"]
Tables = dict[str, pl.DataFrame]
Export = tuple[str, pl.DataFrame]  # mapping, and the file as its system writes it


@cache
def town(n_months: int = 36) -> Simulated:
    """Some hundreds of people from 2019 on, with caseworkers, contacts and services."""
    return simulate(Scenario(), "GM9904", 350, n_months, 7, counterfactuals=False)


def chosen(*names: str, n_months: int = 36) -> Tables:
    """These canonical tables of the town, beside the two required ones."""
    return {name: town(n_months).tables[name] for name in ("clients", "benefits", *names)}


def write_folder(
    folder: Path, tables: Tables, n_months: int = 36, **exports: Export | list[Export]
) -> Path:
    """Canonical tables as CSV, and exports: table → (mapping, its file), one or several."""
    folder.mkdir(parents=True)
    sources: dict[str, object] = {}
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv")
        sources[name] = f"{name}.csv"
    for name, given in exports.items():
        several = given if isinstance(given, list) else [given]
        sources[name] = [
            {"file": _written(export, folder, name, mapping), "mapping": mapping}
            for mapping, export in several
        ]
    return _say(folder, sources, town(n_months))


def _written(export: pl.DataFrame, folder: Path, name: str, mapping: str) -> str:
    file = f"{mapping}_{name}.csv"
    export.write_csv(folder / file, separator=";")
    return file


def _say(folder: Path, sources: dict[str, object], town: Simulated) -> Path:
    """``delivery.yaml`` of the town with these files."""
    about = {
        "schema_version": 1,
        "executor_id": "GM9904",
        "municipality_id": "GM9904",
        "extract_date": date.fromisoformat(town.extract_date),
        "first_month": town.first_month,
        "last_month": town.last_month,
        "mapping": "canonical",
        "pseudonym": "random",
        "synthetic": True,
        "legal_ground": dict.fromkeys(GROUNDS, "made-up people"),
        "tables": sources,
    }
    (folder / "delivery.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    return folder


def cleaned(folder: Path) -> tuple[Delivery, Cleaned]:
    """The delivery read and cleaned: every row accounted for, or DataError."""
    delivery = read_delivery(folder)
    done = clean_delivery(delivery)
    out = pl.col("rows_kept") + pl.col("rows_merged") + pl.col("rows_quarantined")
    assert done.accounts.filter(pl.col("rows_read") != out).is_empty()
    return delivery, done


def panel(done: Cleaned) -> pl.DataFrame:
    """The whole panel."""
    return pl.concat(build_panel(done))


def account(done: Cleaned, table: str) -> tuple[int, int, int, int]:
    """Rows of a table read, kept, merged and quarantined."""
    return done.accounts.filter(pl.col("table") == table).row(0)[1:]


def count(done: Cleaned, table: str, rule: str) -> int:
    """How many rows of a table a rule touched."""
    mine = (pl.col("table") == table) & (pl.col("rule") == rule)
    return done.ledger.filter(mine)["n_rows"].sum()


def assert_same(exported: Cleaned, canonical: Cleaned, *tables: str, but: tuple[str, ...]) -> None:
    """The same panel and the same clean ``tables``, but for columns named otherwise (ids)."""
    assert_frame_equal(panel(exported), panel(canonical))
    for name in tables:
        wanted = canonical.tables[name].drop(but, strict=False)
        found = exported.tables[name].drop(but, strict=False)
        assert set(wanted.columns) <= set(found.columns), name
        wanted, found = wanted.sort(pl.all()), found.select(wanted.columns).sort(wanted.columns)
        assert_frame_equal(found, wanted)

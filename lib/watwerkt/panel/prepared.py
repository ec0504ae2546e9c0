"""The prepared data of one municipality on disk: the only module that reads or writes it.

``spells/ panel/ tables/ quarantine/ ledger.parquet accounts.parquet``, and ``prepared.json`` last:
without it there is no prepared data. Restricted: rows about people, never published.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from watwerkt import schemas
from watwerkt.cleaning.clean import Cleaned
from watwerkt.durable import replaced_folder
from watwerkt.errors import DataError
from watwerkt.intake.delivery import mapping_of
from watwerkt.panel.build import build_panel
from watwerkt.panel.holdings import caseload_source
from watwerkt.panel.traits import dated_traits
from watwerkt.versions import KNOWN, require_version

SPELLS_A_FILE = 20_000
ROWS_A_GROUP = 250_000
RULES = ("codebook", "schemas.py", "schemas.yaml", "intake", "cleaning", "panel")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a chapter reads of one municipality; frames are scanned when they are used.

    Attributes
    ----------
    about : ``prepared.json``.
    spells, panel : one row per spell; per person × month at risk (``PANEL_COLUMNS``).
    tables : the clean tables that were delivered, and those that cleaning makes.
    ledger, accounts : what cleaning did, per table and rule; per table.
    """

    about: dict[str, Any]
    spells: pl.LazyFrame
    panel: pl.LazyFrame
    tables: dict[str, pl.LazyFrame]
    ledger: pl.DataFrame
    accounts: pl.DataFrame

    @property
    def observed_until(self) -> date:
        """The day up to which the end of a benefit is known."""
        return date.fromisoformat(self.about["observed_until"])

    def has(self, name: str) -> bool:
        """Whether the table was delivered."""
        return name in self.about["tables"]

    def table(self, name: str) -> pl.LazyFrame | None:
        """A clean table, or None where it was not delivered."""
        return self.tables.get(name)

    def __repr__(self) -> str:
        return f"Prepared({self.about['municipality_id']})"


def write_prepared(
    cleaned: Cleaned, folder: Path, params: dict[str, Any], fingerprint: str
) -> None:
    """Build the panel and put everything in the place of ``folder``, as a whole or not at all.

    ``fingerprint`` is that of the delivery, ``params`` what cleaning was told. A caller who keeps
    no ``cleaned`` of his own has its memory back before the panel is built.
    """
    with replaced_folder(folder) as fresh:
        _write_tables(cleaned, fresh)
        about = _about(cleaned) | {
            "fingerprint": fingerprint,
            "rules": hash_rules(),
            "params": params,
        }
        panel = build_panel(cleaned, 1 + cleaned.spells.height // SPELLS_A_FILE)
        del cleaned
        about["n_person_months"] = _write_panel(panel, fresh)
        text = json.dumps(about, indent=2, sort_keys=True, ensure_ascii=False)
        (fresh / "prepared.json").write_text(text + "\n", encoding="utf-8")


def read_prepared(folder: Path) -> Prepared:
    """Open the prepared data in ``folder``.

    Raises
    ------
    DataError
        Nothing has been prepared there.
    VersionError
        It was written by a newer version of this package, or an older one.
    """
    about = _read_about(folder)
    if about is None:
        raise DataError(f"no prepared data for {folder.name}: run `watwerkt prepare` first")
    require_version("prepared", about["schema_version"], f"{folder.name}/prepared.json")
    return Prepared(
        about=about,
        spells=pl.scan_parquet(folder / "spells" / "*.parquet"),
        panel=pl.scan_parquet(folder / "panel" / "*.parquet"),
        tables={p.stem: pl.scan_parquet(p) for p in sorted((folder / "tables").glob("*.parquet"))},
        ledger=pl.read_parquet(folder / "ledger.parquet"),
        accounts=pl.read_parquet(folder / "accounts.parquet"),
    )


def is_current(folder: Path, fingerprint: str, params: dict[str, Any]) -> bool:
    """Whether ``folder`` holds what this delivery, these parameters and these rules give."""
    about = _read_about(folder)
    wanted = {
        "schema_version": KNOWN["prepared"],
        "fingerprint": fingerprint,
        "rules": hash_rules(),
        "params": json.loads(json.dumps(params)),
    }
    return about is not None and wanted.items() <= about.items()


def hash_rules() -> str:
    """Hash the source that decides what is prepared, so that changing a rule makes it stale.

    Names inside the package and text only: the same in every place and on every system.
    """
    digest = sha256()
    for room in RULES:
        for name, source in _sources(files("watwerkt") / room, room):
            digest.update(f"{name}\n{len(source)}\n{source}".encode())
    return digest.hexdigest()


def _sources(entry: Traversable, name: str) -> Iterator[tuple[str, str]]:
    if entry.is_file() and name.endswith((".py", ".yaml")):
        yield name, "\n".join(entry.read_text(encoding="utf-8").splitlines())
    elif entry.is_dir():
        for child in sorted(entry.iterdir(), key=lambda child: child.name):
            yield from _sources(child, f"{name}/{child.name}")


def _read_about(folder: Path) -> dict[str, Any] | None:
    path = folder / "prepared.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _write_tables(cleaned: Cleaned, folder: Path) -> None:
    whole = {"ledger": cleaned.ledger, "accounts": cleaned.accounts}
    whole |= {"spells/part-0000": cleaned.spells}
    whole |= {f"tables/{name}": table for name, table in cleaned.tables.items()}
    whole |= {f"quarantine/{name}": table for name, table in cleaned.quarantine.items()}
    for room in ("spells", "panel", "tables", "quarantine"):
        (folder / room).mkdir(parents=True)
    for name, table in whole.items():
        _write_frame(table, folder / f"{name}.parquet")


def _write_panel(panel: Iterator[pl.DataFrame], folder: Path) -> int:
    """Write a file for each block of persons; return the number of person-months."""
    n_rows = 0
    for part, rows in enumerate(panel):
        _write_frame(rows, folder / "panel" / f"part-{part:04}.parquet")
        n_rows += rows.height
    return n_rows


def _write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write row groups of one size: Polars would follow its chunks, which follow the threads.

    Without statistics, which take a sixth of the time: who reads a panel reads all its rows.
    """
    frame.write_parquet(path, row_group_size=ROWS_A_GROUP, compression_level=1, statistics=False)


def _about(cleaned: Cleaned) -> dict[str, Any]:
    about = cleaned.about
    return {
        "schema_version": KNOWN["prepared"],
        "municipality_id": about.municipality_id,
        "executor_id": about.executor_id,
        "synthetic": about.synthetic,
        "extract_date": about.extract_date.isoformat(),
        "observed_until": cleaned.observed_until.isoformat(),
        "first_month": about.first_month,
        "last_month": about.last_month,
        "received": _received(cleaned),
        "tables": [name for name in schemas.tables() if name in cleaned.tables],
        "caseload_source": caseload_source(cleaned.tables),
        "dated_traits": dated_traits(cleaned.tables),
        "booking_lag_days": cleaned.booking_lag_days,
        "n_persons": cleaned.spells["person_id"].n_unique(),
        "n_spells": cleaned.spells.height,
    }


def _received(cleaned: Cleaned) -> dict[str, Any]:
    """What came in and by which mapping, and what was delivered and not read."""
    about = cleaned.about
    return {
        "files": [
            {"table": table, "file": source.file, "mapping": mapping_of(source, about)}
            for table, sources in about.tables.items()
            for source in sources
        ],
        "dropped_columns": cleaned.dropped_columns,
        "withheld": cleaned.withheld,
        "left_out": cleaned.left_out,
        "approximate": cleaned.approximate,
    }

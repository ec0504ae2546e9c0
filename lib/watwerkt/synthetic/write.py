"""Write a synthetic delivery to disk: ``delivery.yaml``, its tables, ``truth.yaml``."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import yaml
from xlsxwriter import Workbook

from watwerkt.errors import ParameterError
from watwerkt.synthetic.deliver import Simulated
from watwerkt.synthetic.dirty import plant_dirt
from watwerkt.synthetic.findings import Finding, expected_ledger, listed
from watwerkt.synthetic.gws4all import GWS4ALL_FILE, find_in_gws4all, gws4all_export

Format = Literal["csv", "parquet", "mixed", "gws4all_xlsx", "gws4all_csv"]
LARGE_TABLES = {"contacts", "assignments", "traits", "jobs", "chain_events"}
LEGAL_GROUND = "synthetic people: no law applies"
SPECIAL_COLUMNS = {
    "clients": ["origin", "is_status_holder", "health_limitation"],
    "benefits": ["exemption"],
}


def write_delivery(
    simulated: Simulated, folder: Path, format: Format = "csv", dirt: float = 0.0, seed: int = 0
) -> None:
    """Write one delivery folder; what lay there under the same names is overwritten.

    ``dirt`` is the share of rows to plant an error in, drawn by ``seed``; ``truth.yaml`` then lists
    each, and always the ledger that finding everything gives.

    Raises
    ------
    ParameterError
        Dirt was asked for in the layout of a suite, whose rows feed two tables at once.
    """
    is_export = format.startswith("gws4all")
    if dirt and is_export:
        raise ParameterError("dirt is planted in canonical layouts only; leave out --dirt")
    folder.mkdir(parents=True, exist_ok=True)
    if is_export:
        sources, findings = _write_gws4all(simulated, folder, format)
    else:
        tables, findings = _soiled(simulated, dirt, seed)
        sources = _write_tables(tables, folder, format)
    _write_yaml(_about(simulated, format, sources), folder / "delivery.yaml")
    truth = simulated.truth | {"expected_ledger": expected_ledger(findings)}
    if dirt:
        errors = listed(f for f in findings if f.origin != "nature")
        truth |= {"dirt": {"rate": dirt, "errors": errors}}
    _write_yaml(truth, folder / "truth.yaml")


def _soiled(
    simulated: Simulated, dirt: float, seed: int
) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """The tables as they are to be written, and what is to be found in them."""
    if not dirt:
        there = [f for f in simulated.in_nature if f.table in simulated.tables]
        return simulated.tables, there
    first = date.fromisoformat(f"{simulated.first_month}-01")
    extract = date.fromisoformat(simulated.extract_date)
    rng = np.random.default_rng([seed, int(simulated.municipality_id[2:])])
    dirty = plant_dirt(simulated.tables, simulated.in_nature, dirt, first, extract, rng)
    return dirty.tables, dirty.findings


def _write_tables(tables: dict[str, pl.DataFrame], folder: Path, format: Format) -> dict[str, str]:
    sources = {}
    for name, table in tables.items():
        is_parquet = format == "parquet" or (format == "mixed" and name in LARGE_TABLES)
        sources[name] = f"{name}.parquet" if is_parquet else f"{name}.csv"
        if is_parquet:
            table.write_parquet(folder / sources[name], compression="zstd", compression_level=15)
        else:
            table.write_csv(folder / sources[name])
    return sources


def _write_gws4all(
    simulated: Simulated, folder: Path, format: Format
) -> tuple[dict[str, str], list[Finding]]:
    export = gws4all_export(simulated.tables)
    name = GWS4ALL_FILE[format]
    if format == "gws4all_xlsx":
        properties = {"created": datetime.fromisoformat(simulated.extract_date)}
        with Workbook(folder / name) as workbook:
            workbook.set_properties(properties)
            export.write_excel(workbook, "Export", dtype_formats={pl.Date: "dd-mm-yyyy"})
    else:
        text = export.write_csv(separator=";", date_format="%d-%m-%Y")
        (folder / name).write_text(text, encoding="cp1252", newline="")
    extract = date.fromisoformat(simulated.extract_date)
    findings = find_in_gws4all(simulated.tables, simulated.in_nature, extract)
    return {"clients": name, "benefits": name}, findings


def _about(simulated: Simulated, format: Format, sources: dict[str, str]) -> dict[str, Any]:
    columns = {c for t, cs in SPECIAL_COLUMNS.items() if t in sources for c in cs}
    is_export = format.startswith("gws4all")
    return {
        "schema_version": 1,
        "executor_id": simulated.municipality_id,
        "municipality_id": simulated.municipality_id,
        "extract_date": date.fromisoformat(simulated.extract_date),
        "first_month": simulated.first_month,
        "last_month": simulated.last_month,
        "mapping": "gws4all" if is_export else "canonical",
        "pseudonym": "random",
        "synthetic": True,
        "legal_ground": {} if is_export else dict.fromkeys(sorted(columns), LEGAL_GROUND),
        "tables": sources,
    }


def _write_yaml(values: dict[str, Any], path: Path) -> None:
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    path.write_text(text, encoding="utf-8")

"""Check a delivery: everything up to the ledger, and nothing written."""

import json
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Column, Table

from watwerkt.cleaning.clean import clean_delivery
from watwerkt.errors import Refused
from watwerkt.intake.about import read_about
from watwerkt.intake.delivery import Delivery, read_delivery
from watwerkt.params import ReportParams, read_params
from watwerkt.runtime.prepare import SETTINGS

SCHEMA_VERSION = 1
ACCOUNT = ("rows_read", "rows_kept", "rows_merged", "rows_quarantined")


def run_check(delivery: Path, params: ReportParams) -> tuple[dict[str, Any], list[str]]:
    """The verdict as ``check --json`` prints it, and in words what was delivered but not read.

    Raises
    ------
    Refused
        The delivery cannot be used; ``refusal_report`` makes the verdict of it.
    """
    read = read_delivery(delivery)
    cleaned = clean_delivery(read, **params.model_dump(include=SETTINGS))
    accounts = {row["table"]: row for row in cleaned.accounts.iter_rows(named=True)}
    tables = {
        table: {name: row[name] for name in ACCOUNT} | {"rules": _rules(cleaned.ledger, table)}
        for table, row in accounts.items()
    }
    return _verdict(params.municipality_id, "accepted", [], tables), _not_read(read)


def tell_check(delivery: Path, params: Path, console: Console, *, as_json: bool) -> None:
    """Print the verdict, in words or as JSON; a refusal is printed as JSON too, and raised."""
    municipality_id = None
    try:
        municipality_id = read_about(delivery).municipality_id
        verdict, remarks = run_check(delivery, read_params(params, municipality_id))
    except Refused as refused:
        if as_json:
            console.print_json(json.dumps(refusal_report(refused, municipality_id)))
        raise
    if as_json:
        console.print_json(json.dumps(verdict))
    else:
        show_check(verdict, remarks, console)


def refusal_report(refused: Refused, municipality_id: str | None) -> dict[str, Any]:
    """The verdict on a delivery that was refused, with every reason."""
    return _verdict(municipality_id, "refused", list(refused.reasons), {})


def _not_read(read: Delivery) -> list[str]:
    """Columns that no mapping knows, rows that are no records, codes without a legal ground.

    And columns for which another stands in.
    """
    return (
        [
            f"{file}: not read, no mapping knows them: {', '.join(names)}"
            for file, names in sorted(read.dropped_columns.items())
        ]
        + [
            f"{column}: {count:,} codes not read, taken as unknown: special category without a "
            "legal_ground in delivery.yaml"
            for column, count in sorted(read.withheld.items())
        ]
        + [
            f"{where}: {count:,} rows not read, the mapping says that they are no records of it"
            for where, count in sorted(read.left_out.items())
        ]
        + [
            f"{column}: approximate, {source} stands in for it (see the mapping)"
            for column, source in sorted(read.approximate.items())
        ]
    )


def _verdict(
    municipality_id: str | None, verdict: str, refusals: list[Any], tables: dict[str, Any]
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "municipality_id": municipality_id,
        "verdict": verdict,
        "refusals": refusals,
        "tables": tables,
    }


def _rules(ledger: pl.DataFrame, table: str) -> dict[str, int]:
    """Rows per rule; a rule that did two things to a table counts both."""
    counts = ledger.filter(pl.col("table") == table).group_by("rule").agg(pl.col("n_rows").sum())
    return dict(counts.sort("rule").iter_rows())


def show_check(verdict: dict[str, Any], remarks: list[str], console: Console) -> None:
    """Print the verdict of ``run_check`` in words."""
    figures = (Column(c, justify="right") for c in ("read", "kept", "merged", "quarantined"))
    table = Table("table", *figures, Column("rows by rule", no_wrap=True), box=None)
    for name, account in verdict["tables"].items():
        *counts, by_rule = account.values()
        rules = ", ".join(f"{rule} {n:,}" for rule, n in by_rule.items() if n)
        table.add_row(name, *(f"{n:,}" for n in counts), rules)
    console.print(table, crop=False)
    for remark in remarks:
        console.print(remark)
    console.print(f"{verdict['municipality_id']}: {verdict['verdict']}")

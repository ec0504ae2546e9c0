"""The ledger: what each rule did, and where every row went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from watwerkt.cleaning.rule import Rule, RuleResult
from watwerkt.errors import DataError

LEDGER_SCHEMA = {"table": pl.String, "rule": pl.String, "action": pl.String, "n_rows": pl.Int64}
ACCOUNT_COLUMNS = ["table", "rows_read", "rows_kept", "rows_merged", "rows_quarantined"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule applied to one table."""

    table: str
    rule: Rule
    n_rows: int
    quarantined: pl.DataFrame | None


def enter(table: str, rule: Rule, result: RuleResult) -> Entry:
    """What the ledger keeps of a result."""
    return Entry(table, rule, result.n_rows, result.quarantined)


def build_ledger(entries: Sequence[Entry]) -> pl.DataFrame:
    """One row per table × rule × action, in rule order: ``table, rule, action, n_rows``."""
    rows = [(e.table, e.rule.code, e.rule.action, e.n_rows) for e in entries]
    return pl.DataFrame(rows, schema=LEDGER_SCHEMA, orient="row")


def build_accounts(
    read: Mapping[str, pl.DataFrame], kept: Mapping[str, pl.DataFrame], ledger: pl.DataFrame
) -> pl.DataFrame:
    """One row per delivered table; ``DataError`` unless every row read is accounted for."""
    taken = {
        action: dict(
            ledger.filter(pl.col("action") == action)
            .group_by("table")
            .agg(pl.col("n_rows").sum())
            .iter_rows()
        )
        for action in ("merge", "quarantine")
    }
    rows = [
        (
            name,
            frame.height,
            kept[name].height,
            taken["merge"].get(name, 0),
            taken["quarantine"].get(name, 0),
        )
        for name, frame in read.items()
    ]
    accounts = pl.DataFrame(rows, schema=ACCOUNT_COLUMNS, orient="row")
    out = pl.col("rows_kept") + pl.col("rows_merged") + pl.col("rows_quarantined")
    wrong = accounts.filter(pl.col("rows_read") != out)["table"].to_list()
    if wrong:
        raise DataError(f"the ledger does not account for every row of {', '.join(wrong)}")
    return accounts


def gather_quarantine(entries: Sequence[Entry]) -> dict[str, pl.DataFrame]:
    """Per table the rows that were taken out, each with the ``rule`` that took it."""
    gathered: dict[str, list[pl.DataFrame]] = {}
    for entry in entries:
        if entry.quarantined is not None:
            rows = entry.quarantined.with_columns(rule=pl.lit(entry.rule.code))
            gathered.setdefault(entry.table, []).append(rows)
    return {table: pl.concat(rows, how="diagonal") for table, rows in gathered.items()}

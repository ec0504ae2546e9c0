"""Whether canonical tables keep what their schemas promise; every failure, in words and counts."""

from collections import Counter

import polars as pl

from watwerkt import schemas
from watwerkt.intake.findings import Finding


def find_broken_promises(frame: pl.DataFrame, table: str, file: str) -> list[Finding]:
    """Required columns that are absent or have empty cells, and columns of the wrong type.

    pandera's own message and failure cases hold values: only which column and how many is kept.
    """
    from pandera.errors import SchemaErrors  # slow to import: while other files are read

    promised = frame.drop("is_end_repaired", strict=False)  # intake's own, for rule B03
    counts: Counter[tuple[str, str]] = Counter()
    try:
        schemas.tables()[table].pandera().validate(promised, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            counts[_named(error)] += _size(error.failure_cases)
    return [
        Finding(file, column, rule, n, _words(table, rule, n, len(frame)))
        for (column, rule), n in counts.items()
    ]


def find_missing_tables(delivered: dict[str, int]) -> list[Finding]:
    """Required tables that are not delivered, or have no row; ``delivered``: table → rows."""
    return [
        Finding("delivery.yaml", name, "no_table", 1, f"table {name} is required; it has no rows")
        for name, table in schemas.tables().items()
        if table.required and not delivered.get(name)
    ]


def _named(error: object) -> tuple[str, str]:
    check = str(getattr(error, "check", ""))
    if check == "column_in_dataframe":
        return str(getattr(error, "failure_cases", "")), "no_column"
    column = str(getattr(error, "column_name", None) or getattr(error.schema, "name", ""))  # type: ignore[attr-defined]
    return column, "empty" if check == "not_nullable" else "wrong_type"


def _size(failure_cases: object) -> int:
    return len(failure_cases) if isinstance(failure_cases, pl.DataFrame) else 1


def _words(table: str, rule: str, n: int, n_rows: int) -> str:
    if rule == "empty":
        return f"{n} of {n_rows} rows of {table} lack this required value"
    return f"{table} must have this column" if rule == "no_column" else f"{table}: of another type"

"""Rules for every table: D01 and D02 duplicates, D03 unknown codes, X01 planned dates."""

import polars as pl

from watwerkt.cleaning.repeats import find_repeated, without_rows
from watwerkt.cleaning.rule import Context, RuleResult, flag_rows, quarantine_rows
from watwerkt.codebook import UNKNOWN, codes, read_codebook
from watwerkt.schemas import tables

IDENTITY = ("birth_year", "sex")  # of a person; a conflict between them is P02's, not D02's
KNOWN_WITH = {  # what a planned date says is not known before that date
    "end_date": (
        "exit_reason",
        "exit_destination",
        "end_registered_date",
        "end_reason",
        "leave_reason",
    ),
    "decision_date": ("decision",),
}


def merge_exact_duplicates(frame: pl.DataFrame, context: Context) -> RuleResult:
    """An exact duplicate of an earlier row is merged into it."""
    is_repeated = find_repeated(frame, _key(frame, context.table))
    if not is_repeated.any():
        return RuleResult(frame, 0)
    rows = frame.with_row_index("row").filter(is_repeated)
    first = rows.unique(frame.columns, keep="first")["row"]
    repeats = rows.filter(~pl.col("row").is_in(first.implode()))["row"]
    return RuleResult(without_rows(frame, repeats), len(repeats))


def drop_superseded_duplicates(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Of rows with one key and other content, all but the latest registered are quarantined.

    The latest by registration date where the table has one, else the last in the file. Keys are
    compared after unknown codes became ``unknown``, so that D03 makes no new duplicates. A person
    with two birth years or sexes is left to P02; a monthly snapshot to B10.
    """
    coded = _code_lists(context.table)
    key = _key(frame, context.table)
    registered = [c for c in ("registered_date", "end_registered_date") if c in frame.columns]
    keys = frame.select(
        *(_repaired(c, coded[c]).alias(c) if c in coded else pl.col(c) for c in key),
        registered=pl.max_horizontal(*registered, pl.lit(None, pl.Date)),
    )
    is_repeated = find_repeated(keys, key)
    if not is_repeated.any():
        return RuleResult(frame, 0)
    rows = keys.with_row_index("row").filter(is_repeated)
    rows = rows.sort("registered", "row", nulls_last=False)
    latest = rows.unique(key, keep="last", maintain_order=True)["row"]
    superseded = rows.filter(~pl.col("row").is_in(latest.implode()))["row"]
    return quarantine_rows(frame, pl.int_range(pl.len()).is_in(superseded.cast(pl.Int64).implode()))


def repair_unknown_codes(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A code that its list does not know becomes ``unknown``."""
    coded = _code_lists(context.table)
    wrong = {c: _is_unlisted(pl.col(c), known) for c, known in coded.items()}
    if context.table == "traits":
        wrong["value"] = _is_unlisted_trait()
    result = flag_rows(frame, "is_code_repaired", pl.any_horizontal(False, *wrong.values()))
    if not result.n_rows:
        return result
    repaired = [
        pl.when(is_wrong).then(pl.lit(UNKNOWN)).otherwise(pl.col(c)).alias(c)
        for c, is_wrong in wrong.items()
    ]
    return RuleResult(result.frame.with_columns(repaired), result.n_rows)


def flag_planned_dates(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A date after the extract date is planned: an optional one is treated as not yet known.

    A row whose own (required) date is planned keeps it, under the flag ``is_planned``.
    """
    columns = tables()[context.table].columns.values()
    dates = [c for c in columns if c.kind == "date"]
    planned = {c.name: (pl.col(c.name) > context.extract_date).fill_null(False) for c in dates}
    result = flag_rows(frame, "is_planned", pl.any_horizontal(False, *planned.values()))
    if not result.n_rows:
        return result
    unknown: dict[str, pl.Expr] = {}
    for name in (c.name for c in dates if not c.required):
        for column in (name, *KNOWN_WITH.get(name, ())):
            unknown[column] = unknown.get(column, pl.lit(False)) | planned[name]
    cleared = [
        pl.when(~is_unknown).then(pl.col(column)).alias(column)
        for column, is_unknown in unknown.items()
        if column in frame.columns
    ]
    return RuleResult(result.frame.with_columns(cleared), result.n_rows)


def _key(frame: pl.DataFrame, table: str) -> list[str]:
    """The columns that name a row of ``table``, as far as a duplicate is concerned."""
    more = IDENTITY if table == "clients" else ()
    return [c for c in (*tables()[table].key, *more, "report_month") if c in frame.columns]


def _code_lists(table: str) -> dict[str, list[str]]:
    coded = {c.name: c.codes for c in tables()[table].columns.values() if c.codes}
    return {name: list(codes(listed)) for name, listed in coded.items()}


def _is_unlisted(code: pl.Expr, known: list[str]) -> pl.Expr:
    return code.is_not_null() & ~code.is_in(known)


def _repaired(column: str, known: list[str]) -> pl.Expr:
    code = pl.col(column)
    return pl.when(_is_unlisted(code, known)).then(pl.lit(UNKNOWN)).otherwise(code)


def _is_unlisted_trait() -> pl.Expr:
    """A trait's value follows the code list of that trait, where there is one."""
    coded = [trait for trait in codes("trait") if trait in read_codebook("codes")]
    return pl.any_horizontal(
        (pl.col("trait") == trait) & _is_unlisted(pl.col("value"), list(codes(trait)))
        for trait in coded
    )

"""What came in, by which mapping, what each rule did with it, and what was not read."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd
import polars as pl

from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.intake.mapping import is_own_mapping
from watwerkt.panel.prepared import Prepared
from watwerkt.schemas import tables

KEYS = ["table", "rule", "treatment"]
ROOMS = ["rows_kept", "rows_merged", "rows_quarantined"]
IN_ORDER = pd.CategoricalDtype(list(tables()), ordered=True)
NOTHING_FOUND = Gap("No rule found anything to clean.")
ALL_READ = Gap("Everything that was delivered has been read.")
SHOWN_COLUMN = re.compile(r"(?=(?:\D*\d){0,4}\D*$)[^\W\d_][\w ./()-]{0,39}")
WITHHELD_COLUMN, EVERY_COLUMN = "(…)", "–"


def accounts_table(accounts: pl.DataFrame, policy: Policy) -> Protected:
    """Rows of the register per table: read = kept + merged + quarantined."""
    return protect_counts(
        _in_order(accounts.to_pandas()),
        ["rows_read", *ROOMS],
        policy,
        by=["table"],
        sums={"rows_read": ROOMS},
        of="records",
    )


def ledger_table(ledger: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Rows of the register that each cleaning rule touched, rules that found nothing left out.

    ``treatment`` is the rule and its action together, since a rule can do two things.
    """
    found = ledger.filter(pl.col("n_rows") > 0).with_columns(
        treatment=pl.format("{}-{}", "rule", "action")
    )
    if found.is_empty():
        return NOTHING_FOUND
    in_order = {
        c: pd.CategoricalDtype(found[c].unique(maintain_order=True).to_list(), ordered=True)
        for c in KEYS[1:]
    }
    frame = found.select(*KEYS, "n_rows").to_pandas().astype(in_order)
    return _words(frame, KEYS, "n_rows", policy)


def sources_table(prepared: Prepared, policy: Policy) -> Protected:
    """Every table there can be: what it is for, and how it came, or that it did not.

    ``file_format`` and ``mapping`` per kind of file, no file is named; ``rows_read`` are all rows
    of the table, also where several kinds make it.
    """
    keys = ["table", "use", "file_format", "mapping"]
    read = dict(prepared.accounts.select("table", "rows_read").iter_rows())
    came = {
        (s["table"], s["table"], _format(s["file"]), _mapping(s["mapping"]))
        for s in prepared.about["received"]["files"]
    }
    absent = {(name, name, "none", "none") for name in tables() if not prepared.has(name)}
    rows = [(*key, read.get(key[0], 0)) for key in came | absent]
    return _words(pd.DataFrame(rows, columns=[*keys, "rows_read"]), keys, "rows_read", policy)


def unread_table(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """What was delivered and not read, and what was read from another column than it says.

    ``why_unread``: no mapping names the column; codes of special categories without a legal ground;
    rows that are no records of the table; another column stands in. ``n_rows`` are the rows of the
    table, or for codes and records those that were not read.
    """
    received = prepared.about["received"]
    read = dict(prepared.accounts.select("table", "rows_read").iter_rows())
    rows = {
        (source["table"], _shown(column), "no_mapping"): read.get(source["table"], 0)
        for source in received["files"]
        for column in received["dropped_columns"].get(source["file"], [])
    }
    for name, n in received["withheld"].items():
        table, _, column = name.partition(".")
        rows[table, column, "no_legal_ground"] = n
    for name in received["approximate"]:
        table, _, column = name.partition(".")
        rows[table, column, "stands_in"] = read.get(table, 0)
    for name, n in received["left_out"].items():
        key = (name.rpartition(": ")[2], EVERY_COLUMN, "no_record")
        rows[key] = rows.get(key, 0) + n
    if not rows:
        return ALL_READ
    keys = ["table", "column", "why_unread"]
    frame = pd.DataFrame([(*key, n) for key, n in rows.items()], columns=[*keys, "n_rows"])
    return _words(frame, keys, "n_rows", policy)


def _words(frame: pd.DataFrame, keys: Sequence[str], count: str, policy: Policy) -> Protected:
    """Rows of words, each with a count of register rows, in the order of the tables."""
    return protect_counts(_in_order(frame), [count], policy, by=[tuple(keys)], of="records")


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({"table": IN_ORDER})


def _format(file: str) -> str:
    return PurePosixPath(file).suffix.lower().removeprefix(".") or "csv"


def _mapping(name: str) -> str:
    """A shipped mapping by its name; an own file is just that."""
    return "own" if is_own_mapping(name) else name


def _shown(column: str) -> str:
    """A source column's name in quotes, where it is surely a name and not a value."""
    return f"“{column}”" if SHOWN_COLUMN.fullmatch(column) else WITHHELD_COLUMN

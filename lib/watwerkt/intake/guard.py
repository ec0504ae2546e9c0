"""The privacy guard: refuse a delivery that identifies people, before anything is read further.

It looks at every column of every file, mapped or not, by its name and by its values. A finding
says file, column, rule and count; never a value, nor a column name that may be one.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from watwerkt.intake.bsn import count_hashed_bsns
from watwerkt.intake.detectors import DATE_NOTATIONS, DETECTORS, POSTCODE, DistinctValues
from watwerkt.intake.findings import Finding
from watwerkt.intake.formats import as_text
from watwerkt.intake.headers import header_words, read_identifying, shown_names
from watwerkt.intake.parsing import parse_dates

WORDS = {
    "bsn": "holds citizen service numbers (BSN)",
    "email": "holds e-mail addresses",
    "iban": "holds bank account numbers",
    "phone": "holds telephone numbers",
    "postcode": "holds full postcodes",
    "address": "holds addresses",
    "name": "holds names of persons",
    "free_text": "holds free text",
    "birth_date": "holds full birth dates",
    "plain_hash": "holds plain hashes of citizen service numbers, which anyone can undo",
}
COLUMNS_AT_ONCE = 2
A_WORD = r"\p{L}{2,}"
A_PROPER_NAME = r"^(?:(?:\p{Ll}+ )*\p{Lu}[\p{L}.'-]+[, ]*)+$"
A_NUMBER = r"\d{7,}"
# What a column must hold, apart from its telling name, to be refused at any size.
NAMED: dict[str, Callable[[pl.Series], pl.Series]] = {
    "bsn": lambda t: t.str.contains(r"(?:^|\D)\d{8,10}(?:\D|$)"),
    "name": lambda t: t.str.contains(r"\p{L}"),
    "maybe_name": lambda t: t.str.contains(A_PROPER_NAME),
    "address": lambda t: t.str.contains(r"\p{L}{2,}|^\d{1,5}$"),
    "postcode": lambda t: t.str.contains(POSTCODE),
    "phone": lambda t: t.str.replace_all(r"[^\d]", "").str.contains(A_NUMBER),
    "iban": lambda t: t.str.replace_all(r"[^\d]", "").str.contains(A_NUMBER),
    "birth_date": lambda t: _are_whole_dates(t),
    "free_text": lambda t: t.str.count_matches(A_WORD) >= 4,
}
SAYS_NOTHING = ["ja", "nee", "onbekend", "unknown", "true", "false", "nvt", "n.v.t.", "x", "xxx"]


def find_personal_data(table: pl.DataFrame, file: str) -> list[Finding]:
    """Every column of ``table`` (as ``read_raw`` gives it) that identifies people, by rule."""
    shown = shown_names(table)
    with ThreadPoolExecutor(COLUMNS_AT_ONCE) as pool:
        found = list(pool.map(find_rules, table.columns, table.get_columns()))
    return [
        Finding(file, shown[name], rule, count, WORDS[rule])
        for name, rules in zip(table.columns, found, strict=True)
        for rule, count in rules.items()
    ]


def find_rules(header: str, column: pl.Series) -> dict[str, int]:
    """The rules that one column breaks, with how many distinct values do."""
    filled = column.drop_nulls()
    texts = as_text(filled.unique(maintain_order=True)).str.strip_chars()
    values = DistinctValues(texts, len(filled))
    found = {rule: detect(values) for rule, detect in DETECTORS.items()}
    found["plain_hash"] = count_hashed_bsns(texts)
    for called in rules_of_header(header):
        rule = called.removeprefix("maybe_")
        told = values.readable.filter(~values.readable.str.to_lowercase().is_in(SAYS_NOTHING))
        found[rule] = max(found[rule], int(NAMED[called](told).fill_null(value=False).sum()))
    return {rule: count for rule, count in found.items() if count}


def rules_of_header(header: str) -> list[str]:
    """The rules that a column's name alone brings up (``identifying.yaml``)."""
    words = header_words(header)
    joined = "".join(words)
    return [
        rule
        for rule, spec in read_identifying()["headers"].items()
        if set(words) & set(spec.get("words", []))
        or any(part in joined for part in spec.get("joined", []))
        or joined in spec.get("exact", [])
    ]


def _are_whole_dates(texts: pl.Series) -> pl.Series:
    """Days, unless every one is the first of a month: then only year or month was kept."""
    days = parse_dates(texts, DATE_NOTATIONS)
    is_kept_back = bool((days.drop_nulls().dt.day() == 1).all())
    return days.is_not_null() & (not is_kept_back)

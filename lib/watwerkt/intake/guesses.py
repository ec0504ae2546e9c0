"""Guess which canonical column a source column is: by its name, then by its values."""

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml

from watwerkt import codebook, schemas
from watwerkt.intake.formats import as_text
from watwerkt.intake.headers import header_words, normalise_header
from watwerkt.intake.parsing import parse_dates, parse_flags, parse_months, parse_numbers

EXACT, CONTAINED, ALIKE, VALUES_ONLY = 1.0, 0.7, 0.5, 0.35
MIN_SCORE = 0.35
SURE = 0.9
BIRTH_YEARS = (1900, 2015)
MANY = 2_000  # distinct values looked at
ALL_NOTATIONS = ("dd-mm-jjjj", "jjjjmmdd", "dd-mm-jj")


@dataclass(frozen=True, slots=True)
class Guess:
    """``source`` may be canonical ``column``; ``score`` 0-1, sure from 0.9; ``reason`` in words."""

    column: str
    source: str
    score: float
    reason: str

    @property
    def is_sure(self) -> bool:
        """Whether the analyst may pass it by."""
        return self.score >= SURE


@cache
def read_synonyms() -> dict[str, Any]:
    """Table → canonical column → other names (``synonyms.yaml``), and values that are codes."""
    path = files("watwerkt.intake") / "synonyms.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def guess_columns(raw: pl.DataFrame, table: str) -> dict[str, Guess]:
    """The best source for each column of ``table``; a source is used once, the best fit first."""
    guesses = [
        guess
        for source in raw.columns
        for column in schemas.tables()[table].columns.values()
        if (guess := guess_one(source, raw[source], table, column)).score >= MIN_SCORE
    ]
    chosen: dict[str, Guess] = {}
    for guess in sorted(guesses, key=lambda g: (-g.score, g.column, g.source)):
        taken = guess.source in {other.source for other in chosen.values()}
        if guess.column not in chosen and not taken:
            chosen[guess.column] = guess
    return chosen


def guess_one(source: str, values: pl.Series, table: str, column: schemas.Column) -> Guess:
    """How well one source column fits one canonical column."""
    name_score, reason = _by_name(source, table, column.name)
    if not name_score and column.kind != "code" and column.name != "birth_year":
        return Guess(column.name, source, 0.0, "nothing says so")
    fit, looks = _by_values(values, column)
    if not name_score:
        told = VALUES_ONLY if fit > 0 and _are_telling(values, column) else 0.0
        return Guess(column.name, source, told, f"only the values: {looks}")
    score = name_score * (0.3 if fit < 0 else 1.0) + (0.15 if fit > 0 and name_score < EXACT else 0)
    return Guess(column.name, source, score, f"{reason}; {looks}")


def code_of(value: str, list_name: str) -> str | None:
    """The canonical code that a source value stands for, by code, label or common other word."""
    plain, known = " ".join(value.lower().split()), _known_words(list_name)
    return known.get(plain) or known.get(plain.zfill(2))


@cache
def _known_words(list_name: str) -> dict[str, str]:
    """Lower-case word → code: the codes, their labels in both languages, and common others."""
    labels = {
        label: code
        for language in ("nl", "en")
        for code, label in codebook.labels(list_name, language).items()
    }
    codes = {code: code for code in codebook.codes(list_name)}
    others = read_synonyms()["codes"].get(list_name, {})
    return {word.lower(): code for word, code in (codes | labels | others).items()}


def _by_name(source: str, table: str, column: str) -> tuple[float, str]:
    joined, words = normalise_header(source), set(header_words(source))
    names = _names_of(table, column)
    if joined in names:
        return EXACT, "the name is known"
    inside = [name for name, parts in names.items() if len(name) > 3 and parts <= words]
    inside += [name for name in names if len(name) > 5 and name in joined]
    if inside:
        return CONTAINED, f"the name holds '{max(inside, key=len)}'"
    alike = difflib.get_close_matches(joined, names, n=1, cutoff=0.84)
    return (ALIKE, f"the name resembles '{alike[0]}'") if alike else (0.0, "")


@cache
def _names_of(table: str, column: str) -> dict[str, set[str]]:
    """What a canonical column may be called: the words joined, and the words."""
    synonyms = read_synonyms()
    own = synonyms.get(table, {}).get(column, [])
    names = [column, *own, *synonyms["any"].get(column, [])]
    return {normalise_header(name): set(header_words(name)) for name in names}


def _by_values(values: pl.Series, column: schemas.Column) -> tuple[int, str]:
    """1 the values fit, 0 they say nothing, -1 they do not fit; and what they look like."""
    texts = as_text(values).drop_nulls().unique(maintain_order=True).head(MANY)
    if texts.is_empty():
        return 0, "no values"
    if column.kind in ("id", "text"):
        is_date = _share_read(texts, schemas.Column(column.name, "date")) >= 0.9
        return (
            (-1, "dates")
            if is_date
            else (0, f"{len(texts)}{'+' * (len(texts) == MANY)} different values")
        )
    if column.kind == "code":
        known = sum(code_of(text, column.codes or "") is not None for text in texts.head(200))
        share = known / min(len(texts), 200)
        fit = 1 if share >= 0.5 else -1 if len(texts) > 200 else 0
        return fit, f"{known} of {min(len(texts), 200)} values are known codes"
    share = _share_read(texts, column)
    words = {"date": "dates", "month": "months", "flag": "yes or no"}.get(column.kind, "numbers")
    return (1 if share >= 0.9 else -1), f"{share:.0%} of the values are {words}"


def _share_read(texts: pl.Series, column: schemas.Column) -> float:
    if column.name == "birth_year":
        return int(parse_numbers(texts, ".").is_between(*BIRTH_YEARS).sum()) / len(texts)
    if column.kind == "date":
        days = texts.filter(~texts.str.contains(r"^\d{5}$|^0{8}$|^9{8}$"))
        return parse_dates(days, ALL_NOTATIONS).count() / max(len(days), 1) if len(days) else 0.0
    if column.kind == "month":
        return parse_months(texts, ALL_NOTATIONS).count() / len(texts)
    read = parse_flags(texts) if column.kind == "flag" else parse_numbers(texts, "any")
    return read.count() / len(texts)


def _are_telling(values: pl.Series, column: schemas.Column) -> bool:
    """Whether values alone may name a column: words of a code list, birth years; not any date."""
    has_words = bool(as_text(values).drop_nulls().str.contains(r"\p{L}{2}").any())
    return column.name == "birth_year" or (column.kind == "code" and has_words)

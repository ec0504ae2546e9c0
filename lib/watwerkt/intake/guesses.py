"""Guess which canonical column a source column is: by the words of its name, then by its values."""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml

from watwerkt import codebook, schemas
from watwerkt.intake.formats import as_text
from watwerkt.intake.parsing import parse_dates, parse_flags, parse_months, parse_numbers
from watwerkt.intake.words import UNKNOWN, is_beside, read_concepts

VALUES_ONLY = 0.4
MIN_SCORE = 0.35
SURE = 0.95
LACKING, BESIDE, STRANGE, OTHER, FITTING = 0.45, 0.6, 0.12, 0.2, 0.02  # what a word costs
FIT = 0.05  # what fitting values add
WEAK = 0.85  # a name that often means something else
LOCAL_CODES = 0.85  # a code list that is not known here: the name may be right, nothing shows it
FEW, MANY_ROWS = 5, 20  # no id has so few values in so many rows
KEYS = {"person_id", "benefit_id", "contact_id", "service_id", "application_id", "unit_id"}
OWN_RANGE = {"birth_year": "birth year", "fte": "fte"}  # numbers that lie within bounds
RANGES = {"birth year": (1900, 2015), "fte": (0, 1.5)}
MANY = 1_000  # distinct values looked at
ALL_NOTATIONS = ("dd-mm-jjjj", "jjjjmmdd", "dd-mm-jj", "dd-mmm-jjjj")
# Words that every table has columns of: alone, they do not make a guess sure.
GENERIC = frozenset(
    {"datum", "code", "soort", "reden", "status", "start", "eind", "id", "tekst", "rol", "duur"}
    | {"doel", "team", "stap", "kenmerk", "waarde", "arm", "registratie", "unit", "besluit"}
    | {"contract", "uren", "loon", "kosten", "bedrag", "vraag", "antwoord", "niveau", "inkomen"}
    | {"experiment"}
)
TOGETHER = ({"datum", "start"}, {"datum", "eind"}, {"reden", "eind"})  # but these together do


@dataclass(frozen=True, slots=True)
class Guess:
    """``source`` may be canonical ``column``; ``score`` 0-1; ``reason`` in words.

    ``is_sure``: the analyst may pass it by.
    """

    column: str
    source: str
    score: float
    reason: str
    is_sure: bool = False


@cache
def read_synonyms() -> dict[str, Any]:
    """Table → canonical column → other names (``synonyms.yaml``), and values that are codes."""
    path = files("watwerkt.intake") / "synonyms.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def guess_one(source: str, values: pl.Series, table: str, column: schemas.Column) -> Guess:
    """How well one source column fits one canonical column."""
    score, reason = _by_name(source, values, table, column)
    is_told_by_values = column.kind == "code" or column.name == "birth_year"
    if score < MIN_SCORE and not is_told_by_values:
        return Guess(column.name, source, 0.0, "nothing says so")
    fit, looks = _by_values(values, column)
    if score < MIN_SCORE:
        told = VALUES_ONLY if fit > 0 and _are_telling(values, column) else 0.0
        return Guess(column.name, source, told, f"only the values: {looks}")
    doubt = LOCAL_CODES if fit == 0 and column.kind == "code" else 1.0
    worth = score * (0.3 if fit < 0 else doubt) + (FIT if fit > 0 else 0.0)
    return Guess(column.name, source, min(worth, 1.0), f"{reason}; {looks}")


def is_telling_name(source: str) -> bool:
    """Whether a name says more than words that every table has columns of."""
    said = read_concepts(source)
    return not said <= GENERIC or any(words <= said for words in TOGETHER)


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


def _by_name(
    source: str, values: pl.Series, table: str, column: schemas.Column
) -> tuple[float, str]:
    """The best agreement between the words of a name and those of one that is known."""
    said = read_concepts(source)
    implied = said | {"datum"} if column.kind == "date" and _are_dates(values) else said
    names = _names_of(table, column)
    scores = {n: _agreement(said, implied, n, table) * worth for n, worth in names.items()}
    best = max(scores, key=lambda name: (scores[name], sorted(name)))
    about = "" if scores[best] == 1.0 else "about "
    return scores[best], f"the name says {about}{', '.join(sorted(best))}"


def _agreement(
    said: frozenset[str], implied: frozenset[str], name: frozenset[str], table: str
) -> float:
    shared = implied & name
    if not shared - GENERIC and shared != name:
        return 0.0
    cost = LACKING * len(name - implied)
    for word in said - name:
        if is_beside(word):
            cost += BESIDE
        elif word in _context(table):
            cost += FITTING
        else:
            cost += STRANGE if word.startswith(UNKNOWN) else OTHER
    return max(0.0, 1.0 - cost)


@cache
def _context(table: str) -> frozenset[str]:
    """Words that may stand in any column name of the table: what the table is about."""
    about = read_synonyms()["about"]
    return frozenset(about["any"]) | frozenset(about.get(table, []))


def words_about(table: str) -> frozenset[str]:
    """What files and columns of the table tend to be called after."""
    return frozenset(read_synonyms()["about"].get(table, []))


@cache
def _names_of(table: str, column: schemas.Column) -> dict[frozenset[str], float]:
    """What a canonical column may be called, as words, and what that tells; ``~`` tells less."""
    synonyms = read_synonyms()
    own = synonyms.get(table, {}).get(column.name, [])
    names = [*synonyms["any"].get(column.name, []), *own, column.name]
    weak = [name for name in names if name.startswith("~")]
    return {read_concepts(n): WEAK for n in weak} | {
        read_concepts(n): 1.0 for n in names if n not in weak
    }


def _are_dates(values: pl.Series) -> bool:
    texts = _sample(values)
    return len(texts) > 0 and _share_read(tuple(texts), "date") >= 0.9


def _sample(values: pl.Series) -> pl.Series:
    return as_text(values).drop_nulls().unique(maintain_order=True).head(MANY)


def _by_values(values: pl.Series, column: schemas.Column) -> tuple[int, str]:
    """1 the values fit, 0 they say nothing, -1 they do not fit; and what they look like."""
    texts = _sample(values)
    if texts.is_empty():
        return 0, "no values"
    if column.kind in ("id", "text"):
        many = f"{len(texts)}{'+' * (len(texts) == MANY)} different values"
        is_too_few = column.name in KEYS and len(texts) <= FEW and values.count() >= MANY_ROWS
        return (-1, "dates") if _are_dates(values) else (-1 if is_too_few else 0, many)
    if column.kind == "code":
        known = sum(code_of(text, column.codes or "") is not None for text in texts.head(200))
        share = known / min(len(texts), 200)
        is_no_code = len(texts) > 200 or _are_dates(values)
        fit = 1 if share >= 0.5 else -1 if is_no_code else 0
        return fit, f"{known} of {min(len(texts), 200)} values are known codes"
    share = _share_read(tuple(texts), OWN_RANGE.get(column.name, column.kind))
    words = {"date": "dates", "month": "months", "flag": "yes or no"}.get(column.kind, "numbers")
    return (1 if share >= 0.9 else -1), f"{share:.0%} of the values are {words}"


@lru_cache(maxsize=4096)
def _share_read(values: tuple[str, ...], kind: str) -> float:
    """The share of the values that can be read as this kind; each column is read once a kind."""
    texts = pl.Series(values, dtype=pl.String)
    if kind in RANGES:
        return int(parse_numbers(texts, "any").is_between(*RANGES[kind]).sum()) / len(texts)
    if kind == "date":
        days = texts.filter(~texts.str.contains(r"^\d{5}$|^0{8}$|^9{8}$"))
        return parse_dates(days, ALL_NOTATIONS).count() / max(len(days), 1) if len(days) else 0.0
    if kind == "month":
        return parse_months(texts, ALL_NOTATIONS).count() / len(texts)
    read = parse_flags(texts) if kind == "flag" else parse_numbers(texts, "any")
    return read.count() / len(texts)


def _are_telling(values: pl.Series, column: schemas.Column) -> bool:
    """Whether values alone may name a column: words of a code list, birth years; not any date."""
    has_words = bool(as_text(values).drop_nulls().str.contains(r"\p{L}{2}").any())
    return column.name == "birth_year" or (column.kind == "code" and has_words)

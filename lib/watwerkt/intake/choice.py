"""Choose the tables that a file may feed, and give each of its columns one place at most."""

from functools import cache
from pathlib import Path

import polars as pl

from watwerkt import schemas
from watwerkt.intake.entries import TableMapping
from watwerkt.intake.guesses import (
    MIN_SCORE,
    SURE,
    Guess,
    guess_one,
    is_telling_name,
    words_about,
)
from watwerkt.intake.headers import find_header
from watwerkt.intake.mapping import Mapping, read_mapping, shipped_mappings
from watwerkt.intake.words import read_concepts

DERIVABLE = {"scheme", "benefit_id"}  # of benefits: a constant, a key
SHARED = {"person_id", "caseworker_id", "team_id", "start_date", "end_date", "registered_date"}
SHARED_WORTH = 0.35  # what a column that many tables have tells of the table
CALLED_SO = 1.0  # what the name of the file tells
NAMED_SO = 0.3  # what the names of its columns tell
LACK = 0.8  # what a required column that is not there tells
FEWEST, NEARLY_ALL = 4, 0.75  # columns of a shipped mapping that a header must have
MARGIN = 0.3  # another column that fits almost as well makes a guess unsure
BESIDE_IT = {"clients": "any", "benefits": {"clients"}}  # tables that share a file with another


def choose_tables(raw: pl.DataFrame, file: str = "") -> dict[str, dict[str, Guess]]:
    """The tables that ``raw`` feeds, best first: canonical column → guess.

    The best table by its columns, its words and the name of ``file``; beside it clients and
    benefits, which often come in one file, where their required columns are there.
    """
    fits = {name: _fits(raw, name) for name in schemas.tables()}
    found = {name: _place_columns(all_of) for name, all_of in fits.items()}
    worth = {name: _worth(name, guesses, raw, file) for name, guesses in found.items()}
    best, *others = sorted(worth, key=lambda name: -worth[name])
    is_clear = worth[best] - worth[others[0]] >= 2 * MARGIN
    chosen = {best: found[best]}
    for name in others:
        beside = BESIDE_IT.get(name)
        if beside is not None and (beside == "any" or best in beside):
            chosen |= _companion(name, found[name], chosen[best])
    return {
        name: {c: _weighed(g, fits[name], is_clear or name != best) for c, g in guesses.items()}
        for name, guesses in chosen.items()
    }


def fitting_mappings(raw: pl.DataFrame) -> list[tuple[str, int, int]]:
    """Shipped mappings one of whose tables finds its columns in ``raw``, the best fit first.

    Name, source columns found, source columns that it has for that table, or one of its records.
    """
    fits = []
    for name in sorted(set(shipped_mappings()) - {"canonical"}):
        tables = _read_shipped(name).tables.values()
        for wanted in (sources for table in tables for sources in _layouts(table, raw)):
            found = sum(find_header(raw.columns, source) is not None for source in wanted)
            if found >= max(FEWEST, NEARLY_ALL * len(wanted)):
                fits.append((name, found, len(wanted)))
    return sorted(fits, key=lambda fit: (-fit[1], -fit[1] / fit[2], fit[0]))


@cache
def _read_shipped(name: str) -> Mapping:
    return read_mapping(name, Path())


def _layouts(table: TableMapping, raw: pl.DataFrame) -> list[set[str]]:
    """The source columns of each record that a row of ``raw`` may make, and of all together."""
    records = [
        {source for entry in entries.values() for source in entry.sources}
        for entries in table.entries_in(raw.columns)
    ]
    return [*records, set().union(*records)]


def _fits(raw: pl.DataFrame, table: str) -> list[Guess]:
    return [
        guess
        for source in raw.columns
        for column in schemas.tables()[table].columns.values()
        if (guess := guess_one(source, raw[source], table, column)).score >= MIN_SCORE
    ]


def _place_columns(guesses: list[Guess]) -> dict[str, Guess]:
    """A source column once, a canonical column once, the best fit first."""
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in sorted(guesses, key=lambda g: (-g.score, g.column, g.source)):
        if guess.column not in chosen and guess.source not in taken:
            chosen[guess.column] = guess
            taken.add(guess.source)
    return chosen


def _worth(table: str, guesses: dict[str, Guess], raw: pl.DataFrame, file: str) -> float:
    """How much tells for this table."""
    told = sum(g.score * (SHARED_WORTH if c in SHARED else 1.0) for c, g in guesses.items())
    called = read_concepts(file.rsplit(".", 1)[0]) & words_about(table)
    named = set().union(*(read_concepts(name) for name in raw.columns)) & words_about(table)
    return (
        told
        + CALLED_SO * len(called)
        + NAMED_SO * bool(named)
        - LACK * len(_lacking(table, guesses))
    )


def _lacking(table: str, guesses: dict[str, Guess]) -> list[str]:
    required = schemas.tables()[table].required_columns
    return [column for column in required if column not in guesses and column not in DERIVABLE]


def _companion(
    table: str, guesses: dict[str, Guess], beside: dict[str, Guess]
) -> dict[str, dict[str, Guess]]:
    """The table beside the best one, where it is complete without what that one has taken."""
    taken = {g.source for c, g in beside.items() if c not in SHARED}
    own = {c: g for c, g in guesses.items() if g.source not in taken}
    return {} if _lacking(table, own) else {table: own}


def _weighed(guess: Guess, fits: list[Guess], is_table_clear: bool) -> Guess:
    """The guess, sure where nothing speaks against it."""
    rivals = [g for g in fits if (g.column == guess.column) != (g.source == guess.source)]
    is_alone = all(g.score < guess.score - MARGIN for g in rivals)
    is_sure = guess.score >= SURE and is_alone and is_table_clear and is_telling_name(guess.source)
    return Guess(guess.column, guess.source, guess.score, guess.reason, is_sure)

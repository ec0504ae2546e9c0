"""Which columns of a raw export say who somebody is: by its mapping, its names and its values."""

from dataclasses import dataclass
from itertools import zip_longest

import polars as pl

from watwerkt import schemas
from watwerkt.errors import DeliveryError
from watwerkt.intake.bsn import bsn_candidates, passes_bsn_test
from watwerkt.intake.delivery import Feeds
from watwerkt.intake.formats import as_text
from watwerkt.intake.guard import find_rules, rules_of_header
from watwerkt.intake.headers import find_header, header_words, read_identifying, shown_names

FEW_BSNS = 5  # sterner than the guard: a raw export of a dozen people holds BSNs too
UNITS = [("trials", "unit_id"), ("trial_flow", "unit_id"), ("surveys", "respondent_id")]
BESIDE_CASEWORKER = {"naam", "id", "nr", "nummer", "code", "name", "personeelsnummer"}


@dataclass(frozen=True)
class Roles:
    """The columns of one raw file by what they say; ``…_target`` is the name the mapping expects.

    Attributes
    ----------
    person : the column of BSNs, else of client numbers, of the person whom the row is about.
    client : the column of client numbers beside a column of BSNs.
    partners : the columns of further persons whom a row is about, by the mapping's records.
    others : further columns that hold BSNs (of a child, within another number).
    births : column of birth dates → the names for its birth year and AOW month.
    units : columns that name a person, a caseworker or neither (trials, surveys).
    """

    person: str | None
    has_bsn: bool
    client: str | None
    partners: list[str]
    others: list[str]
    units: list[str]
    caseworkers: list[str]
    births: dict[str, tuple[str | None, str | None]]
    person_target: str | None


def find_roles(raw: pl.DataFrame, feeds: Feeds, file: str) -> Roles:
    """The roles in ``raw``, which feeds these tables by these mappings."""
    bsns = [name for name in raw.columns if _holds_bsns(name, raw[name])]
    target = next(iter(_expected(raw, feeds, "person_id")), None)
    mapped = find_header(raw.columns, target) if target else None
    own = mapped if mapped in bsns else _own_bsn(raw, bsns, file)
    partners = [name for name in _mapped(raw, feeds, "person_id") if name not in (own, mapped)]
    units = [name for table, column in UNITS for name in _mapped(raw, feeds, column, table)]
    return Roles(
        person=own or mapped,
        has_bsn=own is not None,
        client=mapped if own != mapped else None,
        partners=partners,
        others=[name for name in bsns if name not in (own, mapped, *partners, *units)],
        units=units,
        caseworkers=_caseworkers(raw, feeds),
        births=_births(raw, feeds),
        person_target=target,
    )


def _holds_bsns(name: str, column: pl.Series) -> bool:
    """By its name and one number that could be one, or by its numbers."""
    if "bsn" in find_rules(name, column):
        return True
    numbers = bsn_candidates(as_text(column).drop_nulls().unique(), at_most=100_000)
    if len(numbers) < FEW_BSNS:
        return False
    return 5 * int(passes_bsn_test(numbers).sum()) >= 4 * len(numbers)


def _own_bsn(raw: pl.DataFrame, bsns: list[str], file: str) -> str | None:
    """The column of the person's own BSN: not a partner's, and rather one that says so."""
    others = set(read_identifying()["other_person"])
    own = [name for name in bsns if not others & set(header_words(name))]
    named = [name for name in own if "bsn" in rules_of_header(name)] or own
    if len(named) > 1:
        shown = shown_names(raw)
        raise DeliveryError(
            f"{file}: {len(named)} columns hold BSNs ({', '.join(shown[n] for n in named)}); name "
            "the person's own column as the mapping calls the person, or take the others out"
        )
    return named[0] if named else None


def _births(raw: pl.DataFrame, feeds: Feeds) -> dict[str, tuple[str | None, str | None]]:
    """Columns of birth dates; what a mapping takes for another date is none."""
    promised = {column for _, table in feeds for column in schemas.tables()[table].columns}
    others = {n for c in promised - {"birth_year"} for n in _mapped(raw, feeds, c)}
    found = [name for name in raw.columns if "birth_date" in find_rules(name, raw[name])]
    years, months = _expected(raw, feeds, "birth_year"), _expected(raw, feeds, "aow_month")
    first, *further = [*zip_longest(years, months)] or [(None, None)]
    named = {find_header(raw.columns, pair[0]): pair for pair in (first, *further) if pair[0]}
    return {name: named.get(name, first) for name in found if name not in others}


def _caseworkers(raw: pl.DataFrame, feeds: Feeds) -> list[str]:
    """Columns mapped to a caseworker, or called after nothing else."""
    words = set(read_identifying()["caseworker"])
    called = [
        name
        for name in raw.columns
        if words & set(header_words(name)) and set(header_words(name)) <= words | BESIDE_CASEWORKER
    ]
    return list(dict.fromkeys([*_mapped(raw, feeds, "caseworker_id"), *called]))


def _mapped(raw: pl.DataFrame, feeds: Feeds, column: str, only: str | None = None) -> list[str]:
    """The columns of ``raw`` that some table, or ``only`` this one, takes ``column`` from."""
    entries = [
        entry
        for mapping, table in feeds
        if only in (None, table)
        for entry in mapping.tables[table].of_column(column, raw.columns)
    ]
    found = [find_header(raw.columns, entry.name) for entry in entries if entry.name]
    return list(dict.fromkeys(name for name in found if name is not None))


def _expected(raw: pl.DataFrame, feeds: Feeds, column: str) -> list[str]:
    """The source names that the mappings give to ``column``, one for each person in a row."""
    entries = [e for m, table in feeds for e in m.tables[table].of_column(column, raw.columns)]
    return list(dict.fromkeys(entry.name for entry in entries if entry.name))

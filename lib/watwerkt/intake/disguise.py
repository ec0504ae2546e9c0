"""Replace or take out the columns of one raw file that say who somebody is.

Every step takes a file and returns it changed, with a sentence about what was done: names of files
and columns and counts, never a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

from watwerkt.intake.birth import NOTATIONS, aow_months
from watwerkt.intake.formats import as_text
from watwerkt.intake.guard import WORDS, find_rules
from watwerkt.intake.headers import find_header, shown_names
from watwerkt.intake.keyed_ids import KeyedIds, plain_numbers
from watwerkt.intake.parsing import parse_dates
from watwerkt.intake.roles import Roles

CASEWORKER = "caseworker"


@dataclass(frozen=True)
class RawFile:
    """One raw file, the roles of its columns, and what was done to it so far."""

    name: str
    table: pl.DataFrame = field(repr=False)
    roles: Roles
    told: tuple[str, ...] = ()

    def changed(self, table: pl.DataFrame, what: str) -> "RawFile":
        """The same file with another table, and one more thing told."""
        return replace(self, table=table, told=(*self.told, f"{self.name}: {what}"))

    def texts(self, column: str) -> pl.Series:
        """A column as text."""
        return as_text(self.table[column])

    def shown(self, column: str) -> str:
        """What a column may be called in a sentence."""
        return shown_names(self.table)[column]


def known_numbers(files: list[RawFile], ids: KeyedIds) -> pl.DataFrame:
    """``column, number, id`` of everyone in the delivery who has a number beside or without a BSN.

    Two systems may give one number to two people: a number counts under its column's name only.
    """
    parts = [pl.DataFrame(schema=dict.fromkeys(["column", "number", "id"], pl.String))]
    for file in sorted(files, key=lambda file: file.roles.client is None):  # linked ones first
        roles = file.roles
        if roles.person and roles.client:
            person = ids.persons(file.texts(roles.person))
            parts.append(_pairs(roles.person_target, file.texts(roles.client), person))
        elif roles.person and not roles.has_bsn:
            numbers = file.texts(roles.person)
            parts.append(_pairs(roles.person_target, numbers, ids.clients(numbers)))
        for column in roles.caseworkers:
            numbers = file.texts(column)
            parts.append(_pairs(CASEWORKER, numbers, ids.caseworkers(numbers)))
    pairs = pl.concat(parts).drop_nulls()
    return pairs.unique(["column", "number"], keep="first", maintain_order=True)


def disguise_file(file: RawFile, ids: KeyedIds, known: pl.DataFrame) -> RawFile:
    """All steps, in the order in which they need each other."""
    roles, changed = file.roles, _disguise_person(file, ids, known)
    for column in roles.partners:
        changed = _in_place(
            changed, column, lambda t: _partners(t, ids, known, roles), "of partners"
        )
    for column in roles.others:
        changed = _in_place(changed, column, ids.persons, "of persons")
    for column in roles.units:
        changed = _in_place(changed, column, lambda t: _anyone(t, known), "where it names someone")
    for column in roles.caseworkers:
        changed = _in_place(changed, column, ids.caseworkers, "of caseworkers")
    for column, targets in roles.births.items():
        changed = _shorten_birth_date(changed, column, *targets)
    return _drop_identifying(changed)


def _disguise_person(file: RawFile, ids: KeyedIds, known: pl.DataFrame) -> RawFile:
    """BSN, else client number, becomes the id, under the name that the mapping expects."""
    roles = file.roles
    if roles.person is None:
        return file
    target = roles.client or roles.person_target or roles.person
    numbers = file.texts(roles.client or roles.person)
    from_number = _looked_up(numbers, known, roles.person_target).fill_null(ids.clients(numbers))
    person = from_number
    if roles.has_bsn:
        from_bsn = ids.persons(file.texts(roles.person))
        person = from_bsn.fill_null(from_number) if roles.client else from_bsn
    rest = file.table.drop(roles.person, roles.client or roles.person)
    table = pl.DataFrame([person.alias(target), *rest]).sort(target, maintain_order=True)
    made_of = "BSN" if roles.has_bsn else "client number"
    told = f"{file.shown(roles.person)} ({made_of}) became {target}, HMAC-SHA-256"
    return file.changed(table, f"{told}; {person.drop_nulls().n_unique()} persons")


def _partners(numbers: pl.Series, ids: KeyedIds, known: pl.DataFrame, roles: Roles) -> pl.Series:
    """Ids of the same kind as those of the persons in the first column."""
    if roles.has_bsn:
        return ids.persons(numbers)
    return _looked_up(numbers, known, roles.person_target).fill_null(ids.clients(numbers))


def _in_place(
    file: RawFile, column: str, disguise: Callable[[pl.Series], pl.Series], whose: str
) -> RawFile:
    """Ids in a column that keeps its name."""
    if column not in file.table.columns:
        return file
    table = file.table.with_columns(disguise(file.texts(column)).alias(column))
    return file.changed(table, f"{file.shown(column)} became ids {whose}, HMAC-SHA-256")


def _shorten_birth_date(
    file: RawFile, column: str, year_target: str | None, aow_target: str | None
) -> RawFile:
    """A birth date becomes the birth year and the month of AOW age, where the mapping has them."""
    births = parse_dates(file.texts(column), NOTATIONS)
    rest, made = file.table.drop(column), []
    if year_target and find_header(rest.columns, year_target) is None:
        made.append(births.dt.year().alias(year_target))
    if aow_target and find_header(rest.columns, aow_target) is None:
        made.append(aow_months(births).alias(aow_target))
    into = " and ".join(series.name for series in made) or "nothing: taken out"
    return file.changed(rest.with_columns(made), f"{file.shown(column)} (birth date) became {into}")


def _drop_identifying(file: RawFile) -> RawFile:
    """Take out every column that the guard would still refuse."""
    changed = file
    for column in file.table.columns:
        rules = find_rules(column, file.table[column])
        if rules:
            why = ", ".join(WORDS[rule] for rule in rules)
            what = f"{file.shown(column)} was taken out: {why}"
            changed = changed.changed(changed.table.drop(column), what)
    return changed


def _pairs(column: str | None, numbers: pl.Series, ids: pl.Series) -> pl.DataFrame:
    names = pl.Series([column or ""] * len(ids), dtype=pl.String)
    return pl.DataFrame({"column": names, "number": _comparable(numbers), "id": ids})


def _looked_up(numbers: pl.Series, known: pl.DataFrame, column: str | None) -> pl.Series:
    pairs = known.filter(pl.col("column") == (column or ""))
    return _comparable(numbers).replace_strict(
        pairs["number"], pairs["id"], default=None, return_dtype=pl.String
    )


def _anyone(numbers: pl.Series, known: pl.DataFrame) -> pl.Series:
    """Ids of persons or caseworkers where the number is one's, and one person's only."""
    by_number = known.group_by("number").agg(pl.col("id").unique())
    sole = by_number.filter(pl.col("id").list.len() == 1).explode("id")
    return (
        _comparable(numbers)
        .replace_strict(sole["number"], sole["id"], default=None, return_dtype=pl.String)
        .fill_null(numbers)
    )


def _comparable(numbers: pl.Series) -> pl.Series:
    return plain_numbers(numbers).str.to_lowercase().str.strip_chars_start("0")

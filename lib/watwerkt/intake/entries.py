"""What a mapping says of one canonical column: where it comes from, and what its codes mean."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from watwerkt.intake.headers import find_header
from watwerkt.params import Month

EndDateIs = Literal["last_day", "first_day_after"]
Condition = Literal["filled"] | list[str]
PLACES = ("from", "constant", "key", "row_number", "minutes")
STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class DatePart(BaseModel):
    """A part of a derived key that is a date, so that every notation gives the same key."""

    model_config = STRICT

    date: str

    @property
    def column(self) -> str:
        """The source column."""
        return self.date


class DigitsPart(BaseModel):
    """A part of a derived key that is a number of so many ``digits``: spreadsheets eat noughts."""

    model_config = STRICT

    column: str
    digits: Annotated[int, Field(ge=1, le=18)]


class Entry(BaseModel):
    """Where one canonical column comes from: a source column, or made of others, or of none.

    ``from``: a source column, or the names that it may have, of which the first that is there.
    ``constant``: the same text on every row. ``key``: source columns joined. ``row_number``: this
    prefix and the number of the row. ``minutes``: the minutes from the time in one source column to
    the time in another. ``codes``: source code to canonical code, whatever the case, and to ""
    where it says nothing. ``codes_until``: what codes meant up to and including a month, where that
    was something else; ``dated_by`` is the canonical column that tells the month of a row.
    ``optional``: the file may lack the source column. ``when``: the cell counts only where other
    columns of the file say so. ``is_end_date``: a date by another name, to which ``end_date_is``
    applies; said here, it overrides the table's. ``is_approximate``: the source says something
    else, which stands in.
    """

    model_config = STRICT

    source: Annotated[str | list[str] | None, Field(alias="from")] = None
    constant: str | None = None
    key: list[str | DatePart | DigitsPart] | None = None
    row_number: str | None = None
    minutes: Annotated[list[str] | None, Field(min_length=2, max_length=2)] = None
    codes: dict[str, str] = {}
    codes_until: dict[Month, dict[str, str]] = {}
    dated_by: str | None = None
    optional: bool = False
    when: dict[str, Condition] = {}
    is_end_date: bool = False
    end_date_is: EndDateIs | None = None
    is_approximate: bool = False

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        places = (self.source, self.constant, self.key, self.row_number, self.minutes)
        if sum(place is not None for place in places) != 1:
            raise ValueError(f"say one of {', '.join(PLACES)}")
        if bool(self.codes_until) != (self.dated_by is not None):
            raise ValueError("codes_until and dated_by belong together")
        return self

    @property
    def sources(self) -> list[str]:
        """The source columns that this one is made of."""
        if self.key is not None:
            return [part if isinstance(part, str) else part.column for part in self.key]
        return self.minutes or ([] if self.name is None else [self.name])

    @property
    def name(self) -> str | None:
        """The source column, by the first of its names."""
        return self.source[0] if isinstance(self.source, list) else self.source

    def found_in(self, columns: list[str]) -> "Entry":
        """The entry with that one of its names that is among ``columns``, else the first."""
        names = self.source if isinstance(self.source, list) else []
        found = next((name for name in names if find_header(columns, name) is not None), None)
        return self if found is None else self.model_copy(update={"source": found})


class TableMapping(BaseModel):
    """One canonical table; ``end_date_is`` overrides the mapping's.

    ``only``: which rows of the file are records of the table, by source column; the others are left
    out and counted. A column that the file lacks leaves none out.
    ``records``: where one row of the file is about several persons (both partners of a couple),
    what differs between their records; a person who is not named makes no record. Also where a
    file may be laid out in one way or another: a record is not made where the file has none of the
    columns that only this record names.
    """

    model_config = STRICT

    columns: dict[str, Entry]
    records: list[dict[str, Entry]] = []
    only: dict[str, Condition] = {}
    end_date_is: EndDateIs | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        if not isinstance(columns, dict):
            return columns
        return {n: {"from": c} if isinstance(c, str) else c for n, c in columns.items()}

    @field_validator("records", mode="before")
    @classmethod
    def _short_forms(cls, records: Any) -> Any:
        return [cls._short_form(r) for r in records] if isinstance(records, list) else records

    @property
    def entries(self) -> list[dict[str, Entry]]:
        """Canonical column → entry, once for each record that a row of a file may make."""
        return [{**self.columns, **own} for own in self.records] or [self.columns]

    def entries_in(self, columns: list[str]) -> list[dict[str, Entry]]:
        """The same for a file with these ``columns``: at least one record, under its names."""
        named = [
            {s for e in own.values() for s in e.found_in(columns).sources} for own in self.records
        ]
        made = []
        for i, own in enumerate(self.records):
            telling = named[i].difference(*named[:i], *named[i + 1 :])
            if not telling or any(find_header(columns, source) is not None for source in telling):
                made.append({**self.columns, **own})
        return [
            {name: entry.found_in(columns) for name, entry in entries.items()}
            for entries in made or self.entries[:1]
        ]

    def sources_in(self, columns: list[str]) -> list[str]:
        """Every source column that the mapping of this table looks at in such a file."""
        used = [e for entries in self.entries_in(columns) for e in entries.values()]
        return [*self.only, *(name for e in used for name in (*e.sources, *e.when))]

    def of_column(self, name: str, columns: list[str]) -> list[Entry]:
        """The entries of one canonical column over the records of such a file."""
        found = [entries[name] for entries in self.entries_in(columns) if name in entries]
        return [e for i, e in enumerate(found) if e not in found[:i]]

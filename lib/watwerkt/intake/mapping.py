"""Mappings: data files that say where each canonical column comes from."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from watwerkt import schemas
from watwerkt.errors import DeliveryError
from watwerkt.intake.about import read_yaml, require_version

SCHEMA_VERSION = 1
SHIPPED = files("watwerkt.intake") / "mappings"
Notation = Literal["jjjj-mm-dd", "dd-mm-jjjj", "mm-dd-jjjj", "dd-mm-jj", "jjjjmmdd"]
EndDateIs = Literal["last_day", "first_day_after"]
STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class DatePart(BaseModel):
    """A part of a derived key that is a date, so that every notation gives the same key."""

    model_config = STRICT

    date: str


class Entry(BaseModel):
    """Where one canonical column comes from: a source column, or one of three that need none.

    ``from``: a source column. ``constant``: the same text on every row. ``key``: source columns
    joined. ``row_number``: this prefix and the number of the row. ``codes``: source code to
    canonical code, whatever the case. ``optional``: the file may lack the source column.
    """

    model_config = STRICT

    source: Annotated[str | None, Field(alias="from")] = None
    constant: str | None = None
    key: list[str | DatePart] | None = None
    row_number: str | None = None
    codes: dict[str, str] = {}
    optional: bool = False

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        places = (self.source, self.constant, self.key, self.row_number)
        if sum(place is not None for place in places) != 1:
            raise ValueError("say one of from, constant, key, row_number")
        return self

    @property
    def sources(self) -> list[str]:
        """The source columns that this one is made of."""
        if self.key is not None:
            return [part.date if isinstance(part, DatePart) else part for part in self.key]
        return [] if self.source is None else [self.source]


class TableMapping(BaseModel):
    """One canonical table; ``end_date_is`` overrides the mapping's."""

    model_config = STRICT

    columns: dict[str, Entry]
    end_date_is: EndDateIs | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, columns: Any) -> Any:
        if not isinstance(columns, dict):
            return columns
        return {n: {"from": c} if isinstance(c, str) else c for n, c in columns.items()}


class Mapping(BaseModel):
    """A whole mapping file. ``dates``: notations beside ISO. ``decimal`` "any": no thousands."""

    model_config = STRICT

    schema_version: Literal[1]
    name: str
    description: str = ""
    dates: list[Notation]
    decimal: Literal[",", ".", "any"]
    end_date_is: EndDateIs | None = None
    tables: dict[str, TableMapping]

    @field_validator("tables", mode="before")
    @classmethod
    def _own_names(cls, tables: Any) -> Any:
        return _every_column_by_its_own_name() if tables == "canonical" else tables

    @model_validator(mode="after")
    def _fits_the_canonical_tables(self) -> Self:
        problems = [p for name, table in self.tables.items() for p in self._misfits(name, table)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _misfits(self, name: str, table: TableMapping) -> list[str]:
        promised = schemas.tables().get(name)
        if promised is None:
            return [f"no such table: {name}"]
        strange = sorted(table.columns.keys() - promised.columns.keys())
        lacking = [c for c in promised.required_columns if c not in table.columns]
        problems = [f"{name} has no column {column}" for column in strange]
        problems += [f"{name}.{column} is required and not mapped" for column in lacking]
        if "end_date" in table.columns and self.end_date_is_of(name) is None:
            problems.append(f"{name}: end_date_is must be last_day or first_day_after")
        return problems

    def end_date_is_of(self, table: str) -> EndDateIs | None:
        """Whether an end date in ``table`` is still a day of the period, or the first after it."""
        return self.tables[table].end_date_is or self.end_date_is


def read_mapping(name: str, near: Path) -> Mapping:
    """A shipped mapping by its name, or an own one by its path in the delivery folder ``near``.

    Raises DeliveryError for a mapping that is absent or does not fit, VersionError for a newer one.
    """
    values = read_yaml(_mapping_path(name, near), name)
    require_version(values, SCHEMA_VERSION, name)
    problems = ""
    try:
        return Mapping.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'mapping'}: {e['msg']}" for e in error.errors()
        )
    raise DeliveryError(f"mapping {name}: {problems}")


def is_own_mapping(name: str) -> bool:
    """Whether ``name`` is the path of a file, and not the name of a shipped mapping."""
    return name.endswith((".yaml", ".yml"))


def shipped_mappings() -> list[str]:
    """The names that ``mapping:`` may give without a file."""
    names = [path.name for path in SHIPPED.iterdir()]
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def _mapping_path(name: str, near: Path) -> Path:
    if is_own_mapping(name):
        return near / name
    if name not in shipped_mappings():
        raise DeliveryError(
            f"no mapping {name}; there are {', '.join(shipped_mappings())}, or the path of your "
            "own (`watwerkt mapping init FILE` drafts one)"
        )
    return Path(str(SHIPPED / f"{name}.yaml"))


def _every_column_by_its_own_name() -> dict[str, Any]:
    return {
        table.name: {
            "columns": {
                c.name: {"from": c.name, "optional": not c.required} for c in table.columns.values()
            }
        }
        for table in schemas.tables().values()
    }

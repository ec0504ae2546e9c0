"""Mappings: data files that say where each canonical column comes from."""

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ValidationError, field_validator, model_validator

from watwerkt import schemas
from watwerkt.errors import DeliveryError
from watwerkt.intake.about import delivered_file, read_yaml
from watwerkt.intake.entries import PLACES, STRICT, EndDateIs, Entry, TableMapping
from watwerkt.versions import require_version

SHIPPED = files("watwerkt.intake") / "mappings"
Notation = Literal["jjjj-mm-dd", "dd-mm-jjjj", "mm-dd-jjjj", "dd-mm-jj", "dd-mmm-jjjj", "jjjjmmdd"]


class Mapping(BaseModel):
    """A whole mapping file. ``dates``: notations beside ISO. ``decimal`` "any": no thousands."""

    model_config = STRICT

    schema_version: Literal[1, 2]
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
        mapped = {column for entries in table.entries for column in entries}
        strange = sorted(mapped - promised.columns.keys())
        lacking = [c for c in promised.required_columns if any(c not in e for e in table.entries)]
        problems = [f"{name} has no column {column}" for column in strange]
        problems += [f"{name}.{column} is required and not mapped" for column in lacking]
        problems += _undated(name, table)
        ends = any(e.is_end_date for entries in table.entries for e in entries.values())
        if ("end_date" in mapped or ends) and self.end_date_is_of(name) is None:
            problems.append(f"{name}: end_date_is must be last_day or first_day_after")
        return problems

    def dated(self, table: str, report_month: str | None) -> Self:
        """The mapping for a file that tells up to this month, where no column of it says so."""
        if report_month is None:
            return self
        own = self.tables[table]
        columns = {"report_month": Entry(constant=report_month), **own.columns}
        tables = {**self.tables, table: own.model_copy(update={"columns": columns})}
        return self.model_copy(update={"tables": tables})

    def end_date_is_of(self, table: str) -> EndDateIs | None:
        """Whether an end date in ``table`` is still a day of the period, or the first after it."""
        return self.tables[table].end_date_is or self.end_date_is


def read_mapping(name: str, near: Path) -> Mapping:
    """A shipped mapping by its name, or an own one by its path in the delivery folder ``near``.

    Raises DeliveryError for a mapping that is absent or does not fit, VersionError for a newer one.
    """
    values = _overlaid(_read_values(name, near))
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
        return delivered_file(near, name)
    if name not in shipped_mappings():
        raise DeliveryError(
            f"no mapping {name}; there are {', '.join(shipped_mappings())}, or the path of your "
            "own (`watwerkt mapping init FILE` drafts one)"
        )
    return Path(str(SHIPPED / f"{name}.yaml"))


def _read_values(name: str, near: Path) -> dict[str, Any]:
    values = read_yaml(_mapping_path(name, near), name)
    require_version("mapping", values.get("schema_version"), name)
    return values


def _overlaid(values: dict[str, Any]) -> dict[str, Any]:
    """An own mapping laid over the shipped one that it is ``based_on``."""
    base = values.get("based_on")
    if base is None:
        return values
    if not isinstance(base, str) or is_own_mapping(base):
        raise DeliveryError(f"based_on: name a shipped mapping ({', '.join(shipped_mappings())})")
    own = {key: value for key, value in values.items() if key != "based_on"}
    return _lay_over(_overlaid(_read_values(base, Path())), own)


def _lay_over(base: Any, own: Any) -> Any:
    """``own`` wins, key by key; an entry that says where it comes from replaces the whole entry.

    ``null`` takes out what the base has.
    """
    if isinstance(base, str):
        base = {"from": base}
    if not isinstance(base, dict) or not isinstance(own, dict) or own.keys() & {*PLACES}:
        return own
    merged = base | {key: _lay_over(base.get(key), value) for key, value in own.items()}
    return {key: value for key, value in merged.items() if value is not None}


def _undated(name: str, table: TableMapping) -> list[str]:
    """Entries whose code list depends on a column that is no date of the table."""
    dated = {c.name for c in schemas.tables()[name].columns.values() if c.kind in ("date", "month")}
    return [
        f"{name}.{column}: dated_by must be a mapped date of {name}"
        for entries in table.entries
        for column, entry in entries.items()
        if entry.dated_by is not None and entry.dated_by not in dated & entries.keys()
    ]


def _every_column_by_its_own_name() -> dict[str, Any]:
    return {
        table.name: {
            "columns": {
                c.name: {"from": c.name, "optional": not c.required} for c in table.columns.values()
            }
        }
        for table in schemas.tables().values()
    }

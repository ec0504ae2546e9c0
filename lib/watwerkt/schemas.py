"""What each canonical table promises: columns, kinds, keys (declared in ``schemas.yaml``)."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import polars as pl
import yaml

if TYPE_CHECKING:
    import pandera.polars as pa

Kind = Literal["id", "text", "code", "date", "month", "integer", "number", "flag"]

DTYPES: dict[str, pl.DataType] = {
    "id": pl.String(),
    "text": pl.String(),
    "code": pl.String(),
    "date": pl.Date(),
    "month": pl.Date(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "flag": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what kind of value it holds, and the code list of a ``code`` column."""

    name: str
    kind: Kind
    required: bool = False
    codes: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table; ``key`` are the columns that no two rows share."""

    name: str
    grain: str
    required: bool
    key: tuple[str, ...]
    columns: dict[str, Column]

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which the table cannot be used; they are never empty."""
        return tuple(c.name for c in self.columns.values() if c.required)

    def dtypes(self) -> dict[str, pl.DataType]:
        """Polars type of every column, in the table's own order."""
        return {c.name: DTYPES[c.kind] for c in self.columns.values()}

    def pandera(self) -> "pa.DataFrameSchema":
        """The same promise as a pandera schema; optional columns may be absent or empty."""
        import pandera.polars as pa  # takes a second, which who reads prepared data need not wait

        return pa.DataFrameSchema(
            {
                c.name: pa.Column(DTYPES[c.kind], nullable=not c.required, required=c.required)
                for c in self.columns.values()
            },
            name=self.name,
            strict=True,
        )


@cache
def tables() -> dict[str, Table]:
    """Every canonical table by name, in the order a delivery is read."""
    declared = yaml.safe_load((files("watwerkt") / "schemas.yaml").read_text(encoding="utf-8"))
    return {
        name: Table(
            name=name,
            grain=spec["grain"],
            required=spec.get("required", False),
            key=tuple(spec["key"]),
            columns={c: Column(name=c, **promise) for c, promise in spec["columns"].items()},
        )
        for name, spec in declared.items()
    }

"""Planted errors: every kind that the cleaning rules are for, at most one in a row.

An error is a row put in beside a sound one, or a sound row changed. Rows come from a supply that
never gives the same row twice, so no row has two errors.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watwerkt.schemas import tables
from watwerkt.synthetic.findings import keys_of

ROW = "row"  # position of a sound row in its clean table
BEFORE, AFTER = -0.5, 0.5  # where a row that is put in stands, beside the sound one


@dataclass(frozen=True, slots=True)
class Patch:
    """One kind of error in one table.

    Attributes
    ----------
    rule, table, action : what is to find it, and what it does to each row.
    rows : the rows put in, or as changed; canonical columns and ``row``, the sound row each is by.
    place : ``BEFORE`` or ``AFTER`` the sound row, or 0.0 in its stead.
    keys : keys of the rows that the rule is to count; those of ``rows`` unless it counts others.
    """

    rule: str
    table: str
    action: str
    rows: pl.DataFrame
    place: float
    keys: pl.DataFrame


class Supply:
    """Sound rows to plant errors in; each is given out once."""

    def __init__(
        self, sound: dict[str, pl.DataFrame], rate: float, rng: np.random.Generator
    ) -> None:
        self.tables = {name: table.with_row_index(ROW) for name, table in sound.items()}
        self.rate = rate
        self.rng = rng
        self._free = {name: np.ones(len(table), bool) for name, table in sound.items()}

    def reserve(self, table: str, is_reserved: pl.Expr) -> None:
        """Give none of these rows out."""
        self._free[table] &= (
            ~self.tables[table].select(is_reserved.fill_null(False)).to_series().to_numpy()
        )

    def take(
        self, table: str, n_rules: int, eligible: pl.Expr | None = None, at_least: int = 1
    ) -> pl.DataFrame:
        """Rows for one of the ``n_rules`` kinds of error that share the table's rate."""
        rows = self.tables[table]
        may = self._free[table]
        if eligible is not None:
            may = may & rows.select(eligible.fill_null(False)).to_series().to_numpy()
        free = np.flatnonzero(may)
        wanted = max(at_least, round(self.rate * len(rows) / n_rules))
        chosen = np.sort(self.rng.choice(free, min(wanted, len(free)), replace=False))
        self._free[table][chosen] = False
        return rows[chosen]


def patch(
    rule: str,
    table: str,
    action: str,
    taken: pl.DataFrame,
    place: float,
    **changes: pl.Expr | pl.Series | str | int | float | None,
) -> Patch:
    """The rows of ``taken`` with ``changes``; where nothing is left to take, no rows."""
    changed = {
        name: pl.lit(value) if not isinstance(value, pl.Expr | pl.Series) else value
        for name, value in changes.items()
    }
    dtypes = {c: t for c, t in tables()[table].dtypes().items() if c in taken.columns}
    rows = taken.with_columns(**changed).select(
        ROW, *(pl.col(c).cast(t) for c, t in dtypes.items())
    )
    return Patch(rule, table, action, rows, place, keys_of(table, rows))


def apply_patches(sound: pl.DataFrame, patches: list[Patch]) -> pl.DataFrame:
    """The table with every patch in its place; the other rows keep theirs."""
    changed = [p.rows[ROW] for p in patches if p.place == 0.0]
    gone = pl.concat(changed) if changed else pl.Series([], dtype=pl.UInt32)
    kept = sound.with_row_index(ROW).filter(~pl.col(ROW).is_in(gone.implode()))
    placed = [kept.with_columns(place=pl.lit(0.0))]
    placed += [p.rows.select(kept.columns).with_columns(place=pl.lit(p.place)) for p in patches]
    order = pl.col(ROW).cast(pl.Float64) + pl.col("place")
    return pl.concat(placed).sort(order, maintain_order=True).drop(ROW, "place")

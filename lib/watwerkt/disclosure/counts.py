"""Counts: a threshold, rounding with additive totals, and enough hidden to keep the rest hidden.

>>> exits = protect_counts(                                       # doctest: +SKIP
...     table, ["n_exits"], policy, by=["year", "destination"], totals=["destination"],
... )

gives one row per year and destination, and per year the row ``destination == "total"``; ``<NA>``
is "fewer than the threshold, or hidden so that such a count cannot be found by subtraction".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from watwerkt.disclosure.cells import protect_cells, require_protected_cells
from watwerkt.disclosure.declared import (
    require_caseworkers,
    require_groups,
    require_table,
    shown_name,
)
from watwerkt.disclosure.earlier import Before
from watwerkt.disclosure.grid import Grid, Keys, build_grid, key_columns
from watwerkt.disclosure.matrices import Array, Mask
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.protected import Protected, _seal
from watwerkt.disclosure.register import Cell, Table
from watwerkt.errors import DataError, DisclosureError

Unit = Literal["persons", "records"]
# Keys over which people are counted again and again, so that no table shows their sum.
_AGAIN = {"chain_step", "horizon", "horizon_months", "past_months", "step", "time"}
_PERIODS = {"month", "quarter", "year"}
_MANY_PER_PERSON = re.compile(
    r"contact|month|week|day|hour|service|job|error|eur|visit|row|record|letter"
)


def protect_counts(
    table: pd.DataFrame,
    counts: Sequence[str],
    policy: Policy,
    *,
    by: Keys,
    totals: Sequence[str] = (),
    sums: Mapping[str, Sequence[str]] | None = None,
    n_persons: str | None = None,
    n_caseworkers: str | None = None,
    of: Unit = "persons",
) -> Protected:
    """A table of counts that may be shown.

    Parameters
    ----------
    table : one row per combination of keys, not yet rounded; a combination it lacks counts as 0.
    counts : the columns with counts of persons or spells.
    by : the keys; columns that go together (a table and its rules) stand in one tuple.
    totals : the keys over which a row ``total`` is added, at most two in all with ``sums``.
    sums : total column → the columns that it is the sum of, all of them in ``counts``.
    n_persons : column with the persons behind a row, needed where ``counts`` counts something that
        one person can have several of (contacts, months); not shown unless it is in ``counts``.
    n_caseworkers : column with the caseworkers behind a row, needed in anything by team; not shown.
    of : ``records`` where rows of the register are counted, of which 0 may be shown.
    """
    require_unit(counts, n_persons, of)
    grid, shown = protected_counts(
        table, counts, policy, by=by, totals=totals, sums=sums, n_persons=n_persons,
        n_caseworkers=n_caseworkers, of=of,
    )  # fmt: skip
    frame = grid.frame({name: as_counts(values) for name, values in shown.items()})
    n_suppressed = int(frame[list(counts)].isna().sum().sum())
    return _seal(frame, "counts", policy, n_suppressed)


def protected_counts(
    table: pd.DataFrame,
    counts: Sequence[str],
    policy: Policy,
    *,
    by: Keys,
    totals: Sequence[str] = (),
    sums: Mapping[str, Sequence[str]] | None = None,
    n_persons: str | None = None,
    n_caseworkers: str | None = None,
    of: Unit = "persons",
    are_present: bool = False,
) -> tuple[Grid, dict[str, Array]]:
    """The grid of ``table`` and per count its shown figures on it, NaN where hidden.

    ``are_present``: those counted in one period are there in the next one too.
    """
    keys, behind = key_columns(by), {name for name in (n_persons, n_caseworkers) if name}
    require_table(table, keys, [*counts, *sorted(behind - set(counts))], policy)
    require_caseworkers(keys, n_caseworkers)
    require_groups(table, keys, n_persons or counts[0], policy)
    grid = build_grid(table, by, totals)
    values = {name: _on_grid(table, name, grid) for name in counts}
    few = ~_is_enough(
        table, grid, {n_persons: policy.threshold, n_caseworkers: policy.min_caseworkers}
    )
    shown: dict[str, Array] = {}
    for group in _groups(counts, sums or {}):
        stacked = np.stack([values[name] for name in group], axis=-1)
        cells = _Cells(keys, group, grid, stacked, few[..., None], are_present)
        found = _protect_group(cells, policy, of)
        shown |= dict(zip(group, np.moveaxis(found, -1, 0), strict=True))
    return grid, {name: shown[name] for name in counts}


def as_counts(values: Array) -> pd.Series:
    """Figures on the grid as a column of whole numbers, ``<NA>`` where hidden."""
    return pd.Series(values.ravel()).astype("Int64")


@dataclass(frozen=True, slots=True)
class _Cells:
    """Counts that are protected together, on a grid: its axes, and one of counts.

    Attributes
    ----------
    figures : float array, shape (*grid.shape, n_counts).
    few : where too few persons or caseworkers are behind a cell, whatever its count.
    """

    keys: Sequence[str]
    counts: Sequence[str]
    grid: Grid
    figures: Array
    few: Mask
    are_present: bool = False

    @property
    def margins(self) -> list[int]:
        """The axes whose last entry is the sum of the others."""
        over_counts = [self.figures.ndim - 1] if len(self.counts) > 1 else []
        return [*np.flatnonzero(self.grid.margins), *over_counts]

    @property
    def open_axes(self) -> list[int]:
        """The axes whose sums are not shown here, and may stand in another table."""
        again = _AGAIN | (_PERIODS if self.are_present else set())
        firsts = [categories.columns[0] for categories in self.grid.categories]
        return [
            axis for axis, (key, n) in enumerate(zip(firsts, self.grid.shape, strict=True))
            if axis not in self.margins and n > 1 and key not in again
        ]  # fmt: skip

    @property
    def names(self) -> list[Cell]:
        """What each cell is known by, in the order of ``figures``."""
        rows = self.grid.frame({})[list(self.keys)].astype(str)
        return [(*row, name) for row in rows.itertuples(index=False) for name in self.counts]


def _protect_group(cells: _Cells, policy: Policy, of: Unit) -> Array:
    hides_zero = {
        "persons": policy.zeros_are_disclosive, "records": policy.zero_records_are_disclosive
    }[of]  # fmt: skip
    values = cells.figures
    if np.isnan(values).any():
        require_protected_cells(values, not hides_zero, cells.margins, policy)
        return values
    hidden = ((values < policy.threshold) | cells.few) & (hides_zero | (values > 0))
    register = policy.released
    if register is None:
        return protect_cells(values, hidden, cells.margins, policy, cells.open_axes)
    name = register.next_name(of, cells.keys, cells.counts)
    before = [_before(table, cells) for table in register.earlier.get(name, ())]
    parts = [_before(table, cells).shown for table in register.parts.get(name, ())]
    shown = protect_cells(values, hidden, cells.margins, policy, cells.open_axes, before, parts)
    register.add(_released(name, cells.names, shown, hidden))
    return shown


def _before(table: Table, cells: _Cells) -> Before:
    """``table`` on the grid of ``cells``."""
    names, shape = cells.names, cells.figures.shape
    was = np.array([name in table.figures for name in names], dtype=bool).reshape(shape)
    figures = [table.figures.get(name) for name in names]
    shown = np.array(figures, dtype=float).reshape(shape)
    small = np.array([name in table.small for name in names], dtype=bool).reshape(shape)
    is_same = bool(was.all()) and len(names) == len(table.figures)
    return Before(shown, was & np.isnan(shown), small, is_same)


def _released(name: str, names: Sequence[Cell], shown: Array, hidden: Mask) -> Table:
    figures = [None if np.isnan(figure) else float(figure) for figure in shown.ravel()]
    small = (cell for cell, is_small in zip(names, hidden.ravel(), strict=True) if is_small)
    return Table(name, dict(zip(names, figures, strict=True)), frozenset(small))


def _on_grid(table: pd.DataFrame, name: str, grid: Grid) -> Array:
    """A count on the grid with its margins; a margin that the table brings must be their sum."""
    values, given = grid.spread(table[name])
    if (values < 0).any():
        raise DataError(f"{shown_name(name)}: {(values < 0).sum()} counts are below zero")
    if np.isnan(values).any():
        return values
    if (values % 1 != 0).any() and not name.endswith("_expected"):
        raise DataError(f"{shown_name(name)} is no count: protect_means() is for means")
    filled = grid.add_margins(values)
    wrong = given & (np.abs(filled - values) > 1e-6)
    if wrong.any():
        raise DataError(f"{shown_name(name)}: {wrong.sum()} totals are not the sum of their parts")
    return filled


def _is_enough(table: pd.DataFrame, grid: Grid, behind: Mapping[str | None, int]) -> Mask:
    """Whether enough persons and caseworkers are behind each cell.

    They are not additive, so of a total that the table does not bring the largest part is taken.
    """
    enough = np.ones(grid.shape, dtype=bool)
    for name in filter(None, behind):
        values, given = grid.spread(table[name])
        known = np.where(given, values, grid.add_margins(values, np.max))
        enough &= np.nan_to_num(known) >= behind[name]
    return enough


def _groups(counts: Sequence[str], sums: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Columns that are protected together: parts and their total last, or a column by itself."""
    together = [[*parts, total] for total, parts in sums.items()]
    named = [name for group in together for name in group]
    if len(set(named)) < len(named) or not set(named) <= set(counts):
        raise DisclosureError("sums: every total and part is a column of counts, in one sum only")
    return together + [[name] for name in counts if name not in named]


def require_unit(counts: Sequence[str], n_persons: str | None, of: Unit) -> None:
    """Refuse a count of what one person can have several of, without the persons behind it."""
    several = [name for name in counts if _MANY_PER_PERSON.search(name)]
    if several and n_persons is None and of == "persons":
        raise DisclosureError(
            f"{shown_name(several[0])}: one person can have several, so n_persons= must name the "
            "column with the persons behind each row (or of='records' for rows of the register)"
        )

"""A grouped table as a full grid: every combination of its keys, with margins where asked.

A combination that the table lacks is a count of 0: left out, its absence would say so. A margin's
key reads ``total``; one that the table brings along must equal the sum of its parts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.disclosure.declared import TOTAL, shown_name
from watwerkt.errors import DataError, DisclosureError

Array = NDArray[np.float64]
Keys = Sequence[str | tuple[str, ...]]
MAX_CELLS = 10_000
_TOTAL_WORDS = {TOTAL, "totaal", "all", "alle", "alles", "sum", "som"}


@dataclass(frozen=True, slots=True)
class Grid:
    """The dimensions of a table and the place of each of its rows.

    Attributes
    ----------
    categories : per dimension its categories, one row each; the margin, if any, is the last.
    margins : per dimension whether it has a margin.
    places : int array, shape (n_rows, n_dimensions), where each row of the table belongs.
    """

    categories: tuple[pd.DataFrame, ...]
    margins: tuple[bool, ...]
    places: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Categories per dimension, margins included."""
        return tuple(len(c) for c in self.categories)

    def spread(self, column: pd.Series) -> tuple[Array, NDArray[np.bool_]]:
        """``column`` on the grid, and where the table had a row; 0 and False elsewhere."""
        values, given = np.zeros(self.shape), np.zeros(self.shape, dtype=bool)
        places = tuple(self.places.T)
        figures = column.to_numpy(dtype=float, na_value=np.nan)
        values[places] = figures if places else figures.squeeze()
        given[places] = True
        return values, given

    def add_margins(self, values: Array, reduce: Callable[..., Any] = np.sum) -> Array:
        """``values`` with every margin replaced by ``reduce`` over its parts."""
        filled = values.copy()
        for axis in np.flatnonzero(self.margins):
            parts = np.moveaxis(filled, axis, 0)
            parts[-1] = reduce(parts[:-1], axis=0)
        return filled

    def frame(self, columns: dict[str, pd.Series]) -> pd.DataFrame:
        """One row per cell of the grid, sorted by key with margins last, and these columns."""
        at = np.indices(self.shape).reshape(len(self.shape), int(np.prod(self.shape)))
        keys = [c.iloc[i].reset_index(drop=True) for c, i in zip(self.categories, at, strict=True)]
        return pd.concat([*keys, pd.DataFrame(columns)], axis=1)


def key_columns(by: Keys) -> list[str]:
    """The columns of ``by``, those of a tuple one by one."""
    return [name for key in by for name in (key if isinstance(key, tuple) else (key,))]


def build_grid(table: pd.DataFrame, by: Keys, totals: Sequence[str]) -> Grid:
    """The grid of ``table`` over its keys, with a margin over each key in ``totals``.

    A tuple in ``by`` is one dimension: columns that go together, such as a table and its rules.
    """
    dims = [key if isinstance(key, tuple) else (key,) for key in by]
    unknown = sorted(set(totals) - {dim[0] for dim in dims if len(dim) == 1})
    if unknown:
        raise DisclosureError(f"totals over {', '.join(unknown)}: not a key of its own in by=")
    built = [_dimension(table, dim, dim[0] in totals and len(dim) == 1) for dim in dims]
    categories = tuple(frame for frame, _ in built)
    n_cells = int(np.prod([len(frame) for frame in categories], dtype=float))
    if n_cells > max(MAX_CELLS, 20 * len(table)):
        raise DisclosureError(
            f"{len(table)} rows, but {n_cells} combinations of keys, and an absent one counts as "
            "0: drop a key, or put keys that go together in one tuple of by="
        )
    places = np.array([codes for _, codes in built], dtype=np.int64).reshape(len(dims), len(table))
    return Grid(categories, tuple(d[0] in totals and len(d) == 1 for d in dims), places.T)


def _dimension(
    table: pd.DataFrame, dim: tuple[str, ...], has_margin: bool
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    keys = table[list(dim)]
    is_margin = keys.map(_is_total).any(axis=1)
    if is_margin.any() and not has_margin:
        raise DisclosureError(
            f"key {shown_name(dim[0])} holds rows with a total: name it in totals=, or drop them"
        )
    inner = keys[~is_margin].infer_objects()
    categories = inner.drop_duplicates().sort_values(list(dim)).reset_index(drop=True)
    if categories.empty:
        raise DataError(f"no row has a {shown_name(dim[0])}: nothing to protect")
    codes = np.full(len(table), len(categories), dtype=np.int64)
    codes[~is_margin] = inner.groupby(list(dim), observed=True).ngroup()
    if has_margin:
        margin = pd.DataFrame({dim[0]: [TOTAL]}, dtype=object)
        categories = pd.concat([categories.astype(object), margin], ignore_index=True)
    return categories, codes


def _is_total(value: object) -> bool:
    return isinstance(value, str) and value.lower() in _TOTAL_WORDS

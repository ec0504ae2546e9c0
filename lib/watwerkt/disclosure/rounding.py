"""Controlled rounding: every figure to a neighbouring multiple of the base, and still additive.

Each cell and each margin goes to the multiple just below or just above it, the grand total to the
nearest, so that the shown parts add up to the shown totals. For one or two margins this always
exists, since the constraints are those of a network (Bacharach 1966; Cox and Ernst 1982).

Of the two multiples the one that was ``wanted`` is taken where that can be: what an earlier report
showed stays as it was while it still lies within a base of the figure.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, eye_array, hstack, vstack

Array = NDArray[np.float64]
EXACT = 1e-9
MARGINS_FIRST = 10  # a margin's distance counts this often: other tables show it too
WANTED_FIRST = 1_000  # and staying as shown before counts more than any distance


def round_wanted(values: Array, base: int, wanted: Array) -> Array:
    """Each value to what was ``wanted`` (NaN: nothing) where within a base, else the nearest."""
    near = round_nearest(values, base)
    return np.where(_is_near(values, base, wanted), wanted, near)


def _is_near(values: Array, base: int, wanted: Array) -> NDArray[np.bool_]:
    return np.abs(wanted - values) < base - EXACT


def round_nearest(values: Array, base: int) -> Array:
    """Each value to the nearest multiple of ``base``, halves up."""
    return np.floor(values / base + 0.5) * base


def round_significant(values: Array, digits: int) -> Array:
    """Each value to ``digits`` significant digits; missing stays missing."""
    return np.array([float(f"{value:.{digits - 1}e}") for value in values])


def round_additively(
    table: Array, has_margin: tuple[bool, bool], base: int, wanted: Array | None = None
) -> Array:
    """A matrix whose last row and column are margins where ``has_margin`` says so.

    Every entry comes back at one of the two multiples of ``base`` next to it (a multiple stays),
    margins equal to the sum of their parts.
    """
    wanted = np.full_like(table, np.nan) if wanted is None else wanted
    if not any(has_margin):
        return round_wanted(table, base, wanted)
    if not all(has_margin):
        along = (table, wanted) if has_margin[0] else (table.T, wanted.T)
        lines = zip(along[0].T, along[1].T, strict=True)
        rounded = np.column_stack([_round_line(line, base, before) for line, before in lines])
        return rounded if has_margin[0] else rounded.T
    return _round_matrix(table, base, wanted)


def _round_line(line: Array, base: int, wanted: Array) -> Array:
    """Parts and their total: the total to the nearest, the largest remainders up."""
    floor = np.floor(line[:-1] / base + EXACT) * base
    total = round_wanted(line[-1:], base, wanted[-1:])[0]
    n_up = round((total - floor.sum()) / base)
    remainder = np.round(line[:-1] - floor, 9)
    pull = WANTED_FIRST * _pull(line[:-1], base, wanted[:-1])
    up = np.argsort(-remainder - np.where(remainder > 0, pull, -np.inf), kind="stable")[:n_up]
    floor[up] += base
    return np.append(floor, total)


def _pull(values: Array, base: int, wanted: Array) -> Array:
    """1 where the multiple above was wanted, -1 where the one below was, 0 where neither."""
    up = np.where(wanted > values, 1.0, -1.0)
    return np.where(_is_near(values, base, wanted), up, 0.0)


def _round_matrix(table: Array, base: int, wanted: Array) -> Array:
    """Cells with both margins: the rounding nearest to the cells, as a network program."""
    cells = table[:-1, :-1]
    floor = np.floor(cells / base + EXACT) * base
    remainder = np.where(cells - floor < EXACT, 0, cells - floor)
    row, column = np.nonzero(remainder)
    up = np.zeros_like(cells)
    if row.size:
        up[row, column] = _choose_up(table, remainder, row, column, base, wanted)
    rounded = floor + base * up
    with_row_totals = np.column_stack([rounded, rounded.sum(axis=1)])
    return np.vstack([with_row_totals, with_row_totals.sum(axis=0)])


def _choose_up(
    table: Array,
    remainder: Array,
    row: NDArray[np.intp],
    column: NDArray[np.intp],
    base: int,
    wanted: Array,
) -> Array:
    """Which cells go up: first the margins as near as they can be to their values, then the cells.

    Unknowns: per cell, row and column whether it goes up; what a margin's cells carry together is
    what lies below the margin plus whether it goes up. The number that goes up in all is given.
    """
    n, (n_rows, n_columns) = row.size, remainder.shape
    carried = np.concatenate([remainder.sum(axis=1), remainder.sum(axis=0)]) / base
    below = np.floor(carried + EXACT)
    over = np.where(carried - below < EXACT, 0, carried - below)
    places = np.concatenate([row, n_rows + column]), np.tile(np.arange(n), 2)
    cells = coo_array((np.ones(2 * n), places), shape=(n_rows + n_columns, n))
    all_cells = coo_array(np.repeat([1.0, 0.0], [n, n_rows + n_columns])[None, :])
    pull = _pull(table, base, wanted)
    of_margins = np.concatenate([pull[:-1, -1], pull[-1, :-1]])
    grand = round_wanted(table[-1:, -1], base, wanted[-1:, -1])[0]
    n_up = round((grand - table[-1, -1] + remainder.sum()) / base)
    solution = linprog(
        c=np.concatenate([
            1 - 2 * remainder[row, column] / base - WANTED_FIRST * pull[row, column],
            MARGINS_FIRST * (1 - 2 * over) - WANTED_FIRST * of_margins,
        ]),
        A_eq=vstack([hstack([cells, -eye_array(n_rows + n_columns)]), all_cells]).tocsr(),
        b_eq=np.append(below, n_up),
        bounds=np.column_stack([np.zeros(n + over.size), np.append(np.ones(n), over > 0)]),
        method="highs-ds",
    )  # fmt: skip
    return np.rint(solution.x[:n])

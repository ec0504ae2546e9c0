"""Attackers: what is known of a hidden cell to one who reads everything that was released.

They know the policy, that parts add up to totals, that no count is below zero, and how counts are
rounded: a figure shown is less than one base from the count.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from watwerkt.disclosure.declared import TOTAL
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.register import Cell

EXACT = 1e-6  # of linear programming
Figures = Mapping[Cell, float | None]
Equation = tuple[Sequence[Cell], Cell]  # parts and their total


def equations_of(figures: Figures, counts: Sequence[str] = ()) -> list[Equation]:
    """The sums in a table: a key ``total`` over the others, the last count over the others."""
    found = []
    for cell in figures:
        for place, key in enumerate(cell):
            if key == TOTAL:
                parts = [c for c in figures if _is_beside(c, cell, place)]
                found.append((parts, cell))
        if len(counts) > 1 and cell[-1] == counts[-1]:
            found.append(([(*cell[:-1], name) for name in counts[:-1]], cell))
    return found


def _is_beside(cell: Cell, total: Cell, place: int) -> bool:
    return (
        cell[place] != TOTAL
        and cell[:place] == total[:place]
        and cell[place + 1 :] == total[place + 1 :]
    )


def known_ranges(
    figures: Figures,
    equations: Iterable[Equation],
    wanted: Iterable[Cell],
    slack: Mapping[Cell, float] | float = 0.0,
) -> dict[Cell, tuple[float, float]] | None:
    """Between what each of the ``wanted`` cells must lie; None where what is known cannot be.

    ``slack``: how far a shown figure may be from the count, of all cells or of each.
    """
    cells = list(figures)
    place = {cell: i for i, cell in enumerate(cells)}
    rows, columns, values, n = [], [], [], 0
    for parts, total in equations:
        members = [(place[c], 1.0) for c in parts] + [(place[total], -1.0)]
        rows += [n] * len(members)
        columns += [i for i, _ in members]
        values += [v for _, v in members]
        n += 1
    matrix = coo_array((values, (rows, columns)), shape=(n, len(cells))).tocsr() if n else None
    bounds = [_bound(figures[c], slack if isinstance(slack, float) else slack.get(c, 0.0))
              for c in cells]  # fmt: skip
    found = {}
    for cell in wanted:
        ends = []
        for sign in (1.0, -1.0):
            goal = np.zeros(len(cells))
            goal[place[cell]] = sign
            zero = np.zeros(n) if n else None
            solution = linprog(goal, A_eq=matrix, b_eq=zero, bounds=bounds)
            if solution.status == 2:
                return None
            ends.append(sign * solution.fun if solution.status == 0 else np.inf)
        found[cell] = (ends[0], ends[1])
    return found


def _bound(figure: float | None, slack: float) -> tuple[float, float | None]:
    return (0.0, None) if figure is None else (max(figure - slack, 0.0), figure + slack)


def recovered(
    figures: Figures,
    equations: Iterable[Equation],
    wanted: Iterable[Cell],
    policy: Policy,
    slack: Mapping[Cell, float] | float = 0.0,
) -> list[Cell]:
    """The wanted cells that are known to within less than the threshold."""
    ranges = known_ranges(figures, list(equations), list(wanted), slack) or {}
    return [c for c, (low, high) in ranges.items() if high - low < policy.threshold - EXACT]


def table_cells(values: np.ndarray, shown: np.ndarray) -> tuple[Figures, list[Cell]]:
    """An array with totals last on each axis as figures, and its hidden cells."""
    figures: dict[Cell, float | None] = {}
    for index in product(*map(range, shown.shape)):
        name = tuple(
            TOTAL if i == n - 1 else f"{i}" for i, n in zip(index, shown.shape, strict=True)
        )
        figures[name] = None if np.isnan(shown[index]) else float(shown[index])
    return figures, [cell for cell, figure in figures.items() if figure is None]

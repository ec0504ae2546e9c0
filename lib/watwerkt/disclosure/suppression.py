"""Secondary suppression: no hidden figure may be found back by subtraction.

A reader knows every shown figure and that parts add up to totals. Moving figures around between
hidden cells, so that every shown sum stays, gives tables that look just as likely. A hidden cell is
safe when such moves carry it over a range at least as wide as the protection asked for. The moves
are flows in the network of rows and columns (Cox 1995; Fischetti and Salazar 1999). Two families
of flows are counted first, which may understate a range and never overstates it; where they do not
reach, and there are not too many hidden cells, linear programming decides.

The figures here are the rounded ones. Since the rounded table could itself be the exact one, a
reader who knows how it was rounded has no narrower range than one who takes it as exact.

Some figures a reader has from elsewhere: a margin that another table gives, or what an earlier
report showed of a year that is over. Such a figure is *fixed*: hiding it here protects nothing.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
FREE = 1e12  # more than any figure: how far a hidden total may grow
MAX_ROWS = 128  # of a tall table, so many rows are looked at for each cell
MAX_FREE = 600  # hidden cells among which linear programming is asked before more are hidden


def hide_more(
    values: Array,
    hidden: Mask,
    has_margin: tuple[bool, bool],
    width: float,
    fixed: Mask | None = None,
    loose: Mask | None = None,
) -> Mask:
    """``hidden`` and the cells that must go with it, so that each ranges over ``width`` or more.

    ``values`` is additive, with margins in the last row and column where ``has_margin`` says so.
    Of the patterns that protect a cell, the one that hides the least is taken. What nothing here
    can protect, because too much in its lines is ``fixed``, has its lines hidden as far as can be.
    ``loose`` cells, of a matrix, are shown nowhere and need no protection themselves.
    """
    if not any(has_margin) or not hidden.any():
        return hidden
    fixed = np.zeros_like(hidden) if fixed is None else fixed
    if not all(has_margin):
        tables = (values, hidden, fixed) if has_margin[0] else (values.T, hidden.T, fixed.T)
        lines = zip(*(table.T for table in tables), strict=True)
        found = np.column_stack([_hide_in_line(v, h, f, width) for v, h, f in lines])
        return found if has_margin[0] else found.T
    loose = np.zeros_like(hidden) if loose is None else loose
    return _hide_in_matrix(values, hidden | loose, fixed, loose, width)


def _hide_in_line(line: Array, hidden: Mask, fixed: Mask, width: float) -> Mask:
    """Hidden parts can trade places when they are two and together ``width``; else more go too."""
    hidden, parts = hidden.copy(), line[:-1]
    while (hidden & ~fixed).any():
        free = hidden & ~fixed
        n_parts, together = free[:-1].sum(), parts[free[:-1]].sum()
        if (n_parts >= 2 and together >= width) or (free[-1] and n_parts):
            break
        value = np.where((hidden | fixed)[:-1], -1, parts)
        enough = value >= max(width - together, 1)
        if enough.any():
            hidden[np.where(enough, value, FREE).argmin()] = True
        elif value.max() > 0:
            hidden[value.argmax()] = True
        elif not (hidden | fixed)[-1]:
            hidden[-1] = True
        else:
            return hidden | ~fixed
    return hidden


def _hide_in_matrix(values: Array, hidden: Mask, fixed: Mask, loose: Mask, width: float) -> Mask:
    if values.shape[0] < values.shape[1]:
        turned = _hide_in_matrix(values.T, hidden.T, fixed.T, loose.T, width)
        return turned.T  # fewer columns, so fewer hubs
    hidden, done = hidden.copy(), loose.copy()
    down, up = _slack(values, ~fixed)
    exposed = _exposed(values, hidden & ~fixed, done, width)
    while len(exposed):
        for row, column in exposed:
            free = hidden & ~fixed
            if free.sum() <= MAX_FREE and exact_range(values, free, row, column, width) >= width:
                done[row, column] = True
                continue
            cost = np.where(hidden, 0, values + 1)
            cost[fixed] = np.inf
            near = _rows_near(cost, row)
            at, slack = int(np.searchsorted(near, row)), (down[near], up[near])
            rectangle = _cheapest_rectangle(cost[near], *slack, at, column, width)
            hub = _cheapest_hub(cost[near], free[near], *slack, at, column, width)
            price, pattern = min(rectangle, hub, key=lambda candidate: candidate[0])
            if np.isfinite(price):
                hidden[near] |= pattern
            else:
                done[row, column] = not _hide_beside(hidden, fixed, values, row, column)
        exposed = _exposed(values, hidden & ~fixed, done, width)
    return hidden


def _exposed(values: Array, free: Mask, done: Mask, width: float) -> NDArray[np.intp]:
    """The cells, but for those ``done``, that the quick bound does not show to be safe."""
    return np.argwhere(free & ~done & (ranges(values, free, width) < width))


def _hide_beside(hidden: Mask, fixed: Mask, values: Array, row: int, column: int) -> bool:
    """Hide the smallest cell that is left in the row or the column; False where none is."""
    is_beside = np.zeros_like(hidden)
    is_beside[row], is_beside[:, column] = True, True
    left = is_beside & ~hidden & ~fixed
    if left.any():
        hidden.flat[np.where(left, values, np.inf).argmin()] = True
    return bool(left.any())


def _rows_near(cost: Array, row: int) -> NDArray[np.intp]:
    """The rows among which to look for a pattern: the cheapest to hide, ``row`` and the totals."""
    if len(cost) <= MAX_ROWS:
        return np.arange(len(cost))
    cheapest = np.argpartition(cost.sum(axis=1), MAX_ROWS)[:MAX_ROWS]
    return np.unique([*cheapest, row, len(cost) - 1])


def _cheapest_rectangle(
    cost: Array, down: Array, up: Array, row: int, column: int, width: float
) -> tuple[float, Mask]:
    """The opposite corner for which the three other corners protect (row, column) at least cost.

    The corner of the grand total always does: hidden totals are bounded by nothing.
    """
    more = np.minimum(np.minimum(down[[row]], up), down[:, [column]])
    less = np.minimum(np.minimum(up[[row]], down), up[:, [column]])
    spread = np.minimum(more, up[row, column]) + np.minimum(less, down[row, column])
    total = np.where(spread >= width, cost[[row]] + cost + cost[:, [column]], np.inf)
    total[row], total[:, column] = np.inf, np.inf
    r, c = divmod(int(total.argmin()), total.shape[1])
    pattern = np.zeros(cost.shape, dtype=bool)
    pattern[row, c] = pattern[r, column] = pattern[r, c] = True
    return float(total[r, c]), pattern


def _cheapest_hub(
    cost: Array, hidden: Mask, down: Array, up: Array, row: int, column: int, width: float
) -> tuple[float, Mask]:
    """The column to hide in this row and in every other row that hides its cell of ``column``."""
    rows = hidden[:, column] & (np.arange(len(cost)) != row)
    more = np.minimum(up[rows], down[rows][:, [column]]).sum(axis=0)
    less = np.minimum(down[rows], up[rows][:, [column]]).sum(axis=0)
    more = np.minimum(np.minimum(down[row], more), up[row, column])
    less = np.minimum(np.minimum(up[row], less), down[row, column])
    total = np.where(more + less >= width, cost[row] + cost[rows].sum(axis=0), np.inf)
    total[column] = np.inf
    hub = int(total.argmin())
    pattern = np.zeros(cost.shape, dtype=bool)
    pattern[rows, hub] = pattern[row, hub] = True
    return float(total[hub]), pattern


def exact_range(values: Array, free: Mask, row: int, column: int, width: float) -> float:
    """How far a hidden cell can be moved by moves within ``free``; of more than ``width``, that.

    The two linear programs of the attacker, in which each equation is a row or a column.
    """
    place = np.full(free.shape, -1)
    place[free] = np.arange(free.sum())
    lines = [*place, *place.T]
    equations = np.zeros((len(lines), int(free.sum())))
    for equation, line in zip(equations, lines, strict=True):
        equation[line[:-1][line[:-1] >= 0]] = 1
        equation[line[-1:][line[-1:] >= 0]] = -1
    bounds = np.column_stack([-values[free], np.full(free.sum(), FREE)])
    target = place[row, column]
    bounds[target] = max(-values[row, column], -width), width
    goal = np.zeros(free.sum())
    goal[target] = 1
    ends = [
        linprog(sign * goal, A_eq=equations, b_eq=np.zeros(len(lines)), bounds=bounds).fun
        for sign in (1, -1)
    ]
    return float(min(-(ends[0] + ends[1]), width))


def ranges(values: Array, hidden: Mask, width: float) -> Array:
    """How far each hidden cell can be moved, at least, by moves within ``hidden``; 0 elsewhere."""
    down, up = _slack(values, hidden)
    more = np.maximum(_reach_over_hub(down, up), _reach_over_all(down, up, width))
    less = np.maximum(_reach_over_hub(up, down), _reach_over_all(up, down, width))
    return np.where(hidden, np.minimum(up, more) + np.minimum(down, less), 0)


def _slack(values: Array, hidden: Mask) -> tuple[Array, Array]:
    """How far each cell can go down, and up, as a term of equations that sum to zero.

    A margin counts with a minus sign: it can go down without end, and up by its own value.
    """
    is_margin = np.zeros(values.shape, dtype=bool)
    is_margin[-1, :-1] = is_margin[:-1, -1] = True
    down = np.where(is_margin, FREE, values)
    up = np.where(is_margin, values, FREE)
    return np.where(hidden, down, 0), np.where(hidden, up, 0)


def _reach_over_hub(down: Array, up: Array) -> Array:
    """How far each cell can go up while the best one column makes up for it in every row.

    Its row goes down at the hub by what the other rows go up there and down in its own column.
    """
    best = np.zeros_like(down)
    for hub in range(down.shape[1]):
        through = np.minimum(up[:, [hub]], down)
        carried = np.minimum(down[:, [hub]], through.sum(axis=0) - through)
        carried[:, hub] = 0
        np.maximum(best, carried, out=best)
    return best


def _reach_over_all(down: Array, up: Array, width: float) -> Array:
    """How far each cell can go up when all hubs share the load, each in proportion to its slack.

    The flow from hub s of the row to row r of the column is down[row, s] down[r, column] / scale,
    where cell (r, s) is free to go up; ``scale`` keeps every hub and every row within its slack.
    """
    down, free = np.minimum(down, width), (up >= FREE).astype(float)
    flow = down @ free.T @ down
    flow -= (down * free).sum(axis=1, keepdims=True) * down  # its own row cannot make up for it
    flow -= down * (free * down).sum(axis=0, keepdims=True)  # nor its own column
    flow += down**2 * free
    in_row = down.sum(axis=1, keepdims=True) - down
    in_column = down.sum(axis=0, keepdims=True) - down
    return flow / np.maximum(np.maximum(in_row, in_column), 1)

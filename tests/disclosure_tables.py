"""Tables drawn as text, and the attacker who knows every shown figure."""

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from watwerkt.disclosure import Policy, read_policy

POLICY = read_policy()


def policy(**changed) -> Policy:
    """The shipped policy with some thresholds changed."""
    return Policy.model_validate(POLICY.model_dump() | changed)


def table(text: str) -> pd.DataFrame:
    """Read a table drawn in a test: a header line, then one row per line; ``-`` is missing."""
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = {}
    for name, *cells in zip(header, *rows, strict=True):
        numbers = pd.to_numeric(pd.Series(cells).replace("-", None), errors="coerce")
        is_text = any(cell != "-" and pd.isna(x) for cell, x in zip(cells, numbers, strict=True))
        columns[name] = cells if is_text else numbers.convert_dtypes()
    return pd.DataFrame(columns)


def drawn(frame: pd.DataFrame) -> list[list[str]]:
    """A frame as cells of text, the way it is drawn in a test."""
    cells = frame.astype(object).where(frame.notna(), "-")
    return [list(frame.columns), *cells.astype(str).to_numpy().tolist()]


def cells_of(text: str) -> list[list[str]]:
    """The cells of a drawn table."""
    return [line.split() for line in text.strip().splitlines()]


def possible_range(shown: np.ndarray, cell: tuple[int, ...]) -> tuple[float, float]:
    """Between what a hidden cell must lie, for one who subtracts: totals are last on each axis.

    ``shown`` has NaN where suppressed. The attacker takes shown figures as exact, knows that parts
    add up to totals and that no count is negative: linear programming does the rest.
    """
    inner = tuple(slice(0, n - 1) for n in shown.shape)
    parts = np.arange(shown[inner].size).reshape(shown[inner].shape)
    rows = np.zeros((shown.size, parts.size))
    for place, index in enumerate(np.ndindex(shown.shape)):
        own = tuple(
            slice(None) if i == n - 1 else slice(i, i + 1)
            for i, n in zip(index, shown.shape, strict=True)
        )
        rows[place, parts[own].ravel()] = 1
    known = ~np.isnan(shown.ravel())
    wanted = rows[np.ravel_multi_index(cell, shown.shape)]
    ends = []
    for sign in (1, -1):
        found = linprog(sign * wanted, A_eq=rows[known], b_eq=shown.ravel()[known])
        assert found.status in (0, 3), "the shown table cannot be: it is not additive"
        ends.append(sign * found.fun if found.status == 0 else np.inf)
    return ends[0], ends[1]


def as_matrix(frame: pd.DataFrame, keys: list[str], count: str) -> np.ndarray:
    """A shown frame as an array, one axis per key, totals last."""
    shape = [frame[key].nunique() for key in keys]
    return frame[count].to_numpy(float, na_value=np.nan).reshape(shape)

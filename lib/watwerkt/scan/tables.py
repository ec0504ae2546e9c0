"""Rules for tables: counts too small or unrounded, shares too fine, cells found by subtraction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from scipy.optimize import linprog

from watwerkt.disclosure.policy import Policy
from watwerkt.publish.language import NOTHING, Translator
from watwerkt.publish.vocabulary import vocabulary
from watwerkt.scan.finding import Finding

Value = str | float | None
OF_NOBODY = {"n_municipalities", "n_needed", "n_questions"}  # counts of no persons or records
COUNTS = ("n_", "rows_", "at_risk", "events")
SHARES = ("share",)
FINEST = 4  # decimals of a share
EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a reader has it.

    Attributes
    ----------
    place : where it stands.
    title : above it; in a page the mark of synthetic data may follow.
    heads : the words above its columns.
    rows : texts and numbers; NOTHING (a dash) or None where there is no figure.
    """

    place: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]]

    def numbers(self, column: int) -> list[float]:
        """The numbers of a column."""
        return [row[column] for row in self.rows if isinstance(row[column], float)]  # type: ignore


@cache
def count_heads(language: str) -> Mapping[str, str]:
    """What columns of counts are called in a language → the column."""
    return _heads(language, COUNTS)


@cache
def share_heads(language: str) -> Mapping[str, str]:
    """The same of columns with a share of counted people or records."""
    return _heads(language, SHARES)


def _heads(language: str, begins: tuple[str, ...]) -> Mapping[str, str]:
    """The words that mean a column with such a name, and no other column."""
    translator, words = Translator(language), vocabulary()
    wanted = {n: w for n, w in words.items() if n.startswith(begins) and n not in OF_NOBODY}
    named = {translator.text(word.label): name for name, word in wanted.items()}
    others = {translator.text(w.label) for n, w in words.items() if n not in wanted and w.label}
    return {head: name for head, name in named.items() if head not in others}


def scan_table(file: str, table: Table, language: str, policy: Policy) -> Iterator[Finding]:
    """Every rule on one table."""
    heads = count_heads(language)
    counts = [i for i, head in enumerate(table.heads) if head in heads]
    for column in counts:
        place = f"{table.place}, column {column + 1}"
        least = (
            policy.round_base if heads[table.heads[column]] == "n_clusters" else policy.threshold
        )
        shown = table.numbers(column)
        if n := sum(0 < value < least for value in shown):
            yield Finding(file, place, "small_count", n)
        if n := sum(value % policy.round_base != 0 for value in shown):
            yield Finding(file, place, "unrounded_count", n)
        if n := _recovered(table, column, counts, language, policy):
            yield Finding(file, place, "subtraction", n)
    decimals = _decimals(table, policy)
    shares = [i for i, head in enumerate(table.heads) if head in share_heads(language)]
    for column in shares if counts else ():
        if n := sum(abs(n - round(n, decimals)) > EXACT for n in table.numbers(column)):
            yield Finding(file, f"{table.place}, column {column + 1}", "exact_share", n)


def _decimals(table: Table, policy: Policy) -> int:
    """Decimals that a share may have: what the rounding of the largest possible whole carries.

    The whole is no more than all numbers of a column together; it need not be shown itself.
    """
    whole = max((sum(table.numbers(i)) for i in range(len(table.heads))), default=0.0)
    carried = np.ceil(np.log10(max(whole, 1.0) / policy.round_base))
    return int(np.clip(carried, 1, FINEST))


def _recovered(
    table: Table, column: int, counts: Sequence[int], language: str, policy: Policy
) -> int:
    """Hidden cells of a column that its totals leave less room than the threshold."""
    total = Translator(language).text("total")
    keys = [i for i in range(len(table.heads)) if i not in counts]
    named = {tuple(row[i] for i in keys if isinstance(row[i], str)): row for row in table.rows}
    is_hidden = [row[column] in (NOTHING, None, "") for row in table.rows]
    cells = list(named)
    if not any(is_hidden) or len(cells) != len(table.rows) or len({map(len, cells)}) > 1:
        return 0
    equations = [
        ([c for c in cells if _is_part(c, cell, place, total)], cell)
        for cell, place in product(cells, range(len(cells[0])))
        if place < len(cell) and cell[place] == total
    ]
    equations = [(parts, whole) for parts, whole in equations if parts]
    if not equations:
        return 0
    figures = {cell: named[cell][column] for cell in cells}
    return _n_pinned(figures, equations, policy.threshold)


def _is_part(cell: tuple, whole: tuple, place: int, total: str) -> bool:
    same = (
        len(cell) == len(whole)
        and cell[:place] + cell[place + 1 :] == whole[:place] + whole[place + 1 :]
    )
    return same and cell[place] != total


def _n_pinned(
    figures: Mapping[tuple, Value], equations: Sequence[tuple[list[tuple], tuple]], width: float
) -> int:
    """The attacker's two linear programs for each hidden cell."""
    place = {cell: i for i, cell in enumerate(figures)}
    matrix = np.zeros((len(equations), len(place)))
    for row, (parts, whole) in zip(matrix, equations, strict=True):
        row[[place[part] for part in parts]], row[place[whole]] = 1, -1
    known = [v if isinstance(v, float) else None for v in figures.values()]
    bounds = [(0, None) if v is None else (v, v) for v in known]
    n = 0
    for target in (i for i, v in enumerate(known) if v is None):
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(place))
            goal[target] = sign
            found = linprog(goal, A_eq=matrix, b_eq=np.zeros(len(equations)), bounds=bounds)
            ends.append(sign * found.fun if found.status == 0 else np.inf)
        n += ends[1] - ends[0] < width - EXACT
    return n

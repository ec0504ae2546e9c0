"""The register of a chapter: the tables it releases, beside those that earlier reports released.

A reader lays this year's report beside last year's, or beside one with a filter more. So a door
that protects a table is told what was shown, and what was hidden, when the same table of the same
municipality was released before: ``cells`` says what follows from that. The policy carries the
register to the doors; without one (an analyst's own run) nothing is compared and nothing kept.

A table is known by its chapter, keys, counts and how many of that shape came before it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = tuple[str, ...]
Figures = dict[Cell, float | None]


@dataclass(frozen=True, slots=True)
class Table:
    """A released table.

    Attributes
    ----------
    name : what it is known by within its municipality.
    figures : per cell, named by its keys and its count, the figure shown; None where hidden.
    small : the hidden cells that were below the threshold themselves, and not hidden for another.
    """

    name: str
    figures: Figures
    small: frozenset[Cell] = frozenset()


@dataclass(slots=True)
class Register:
    """What one chapter released before, oldest first, and releases now.

    Attributes
    ----------
    earlier : name → that table in every earlier release that had it.
    parts : name → that table of municipalities whose clients are among these, or the reverse.
    path : file to which each table is added at once; None keeps nothing.
    """

    chapter: str
    earlier: Mapping[str, Sequence[Table]] = field(default_factory=dict)
    parts: Mapping[str, Sequence[Table]] = field(default_factory=dict)
    path: Path | None = None
    _seen: Counter[str] = field(default_factory=Counter)

    def next_name(self, kind: str, keys: Sequence[str], counts: Sequence[str]) -> str:
        """The name of the table that is protected next."""
        shape = f"{self.chapter}: {kind} of {', '.join(counts)} by {', '.join(keys) or 'nothing'}"
        self._seen[shape] += 1
        return f"{shape} ({self._seen[shape]})"

    def add(self, table: Table) -> None:
        """Keep what is released now; a line is written whole or, by its missing end, not read."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as lines:
                lines.write(table_line(table))


def table_line(table: Table) -> str:
    """``table`` as one line of JSON."""
    cells = [[*cell, figure, cell in table.small] for cell, figure in table.figures.items()]
    return json.dumps([table.name, cells], ensure_ascii=False, separators=(",", ":")) + "\n"


def read_tables(path: Path) -> list[Table]:
    """The tables in a file of such lines, in their order; none where there is no such file."""
    if not path.is_file():
        return []
    return list(parse_tables(path.read_text(encoding="utf-8").splitlines(keepends=True)))


def parse_tables(lines: Iterable[str]) -> Iterator[Table]:
    """The tables in such lines; one without its end was never written whole."""
    for line in lines:
        if line.endswith("\n"):
            name, cells = json.loads(line)
            figures = {tuple(cell): figure for *cell, figure, _ in cells}
            small = frozenset(tuple(cell) for *cell, _, is_small in cells if is_small)
            yield Table(name, figures, small)

"""The same table in two files: what one hides, the other must not show."""

from collections.abc import Iterator, Sequence

from watwerkt.publish.language import NOTHING
from watwerkt.scan.finding import Finding
from watwerkt.scan.tables import Table, Value


def scan_pairs(
    page: tuple[str, Sequence[Table]], book: tuple[str, Sequence[Table]]
) -> Iterator[Finding]:
    """Cells hidden in the page's table and shown in the sheet of its title, or the other way round.

    ``page`` and ``book``: a file and its tables. A table without its like is passed over.
    """
    for one, other in pair_tables(page[1], book[1]):
        n_in_book, n_in_page = _n_shown_elsewhere(one, other), _n_shown_elsewhere(other, one)
        if n_in_book:
            yield Finding(book[0], other.place, "hidden_elsewhere", n_in_book)
        if n_in_page:
            yield Finding(page[0], one.place, "hidden_elsewhere", n_in_page)


def pair_tables(page: Sequence[Table], book: Sequence[Table]) -> list[tuple[Table, Table]]:
    """Tables of a page with the sheets of the same title, in order where titles are alike."""
    left = list(book)
    pairs = []
    for table in page:
        alike = (s for s in left if s.title and table.title.startswith(s.title) and _fits(table, s))
        if (sheet := next(alike, None)) is not None:
            left.remove(sheet)
            pairs.append((table, sheet))
    return pairs


def _fits(one: Table, other: Table) -> bool:
    return len(one.rows) == len(other.rows) and len(_columns(one, other)) > 1


def _columns(one: Table, other: Table) -> list[tuple[int, int]]:
    """The places of the columns that both have, by their heads."""
    return [(i, other.heads.index(head)) for i, head in enumerate(one.heads) if head in other.heads]


def _n_shown_elsewhere(hiding: Table, showing: Table) -> int:
    columns = _columns(hiding, showing)
    rows = zip(_in_groups(hiding, showing), _in_groups(showing, hiding), strict=True)
    return sum(
        row[i] in (NOTHING, None) and isinstance(shown[j], float)
        for row, shown in rows
        for i, j in columns
    )


def _in_groups(table: Table, other: Table) -> Sequence[Sequence[Value]]:
    """The rows in the order of ``other``, which may have made headings of one column's values."""
    own = [i for i, head in enumerate(table.heads) if head not in other.heads]
    if len(own) != 1:
        return table.rows
    groups = list(dict.fromkeys(row[own[0]] for row in table.rows))
    return sorted(table.rows, key=lambda row: groups.index(row[own[0]]))

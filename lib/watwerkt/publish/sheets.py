"""Sheets: what a page shows as a table, with numbers as numbers and dates as dates.

A sheet is made of a protected frame only, at the moment that a page writes it. It goes along with
the cell's output, as metadata of its HTML, so that what the report shows and what its workbook
holds are the same.
"""

import datetime as dt
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from watwerkt.disclosure.protected import Protected, require_protected
from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.style import order_codes
from watwerkt.publish.tables import Series
from watwerkt.publish.vocabulary import word

Cell = str | bool | int | float | dt.date | None  # None: not shown, or there is no such figure
RATIO_DIGITS = 6  # significant digits of a ratio, as many as its logarithm was released in
SHEET = "watwerkt_sheet"  # the key of a sheet in the metadata
RAW = "raw"  # the spec of a column that is written as in its file


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table.

    Attributes
    ----------
    note : what a sign in it means, or nothing.
    heads : per column what it is called, different from each other.
    specs : per column a placeholder spec, as in ``language``: how its numbers are written.
    rows : per row a cell for each head.
    """

    title: str
    note: str
    heads: tuple[str, ...]
    specs: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def build_sheet(
    protected: Protected,
    labels: Labels,
    title: str,
    note: str,
    group: str = "",
    series: Series | None = None,
) -> Sheet:
    """The columns that ``labels`` names, the one that the page groups by in front.

    Where a page gives each line of ``series`` a column, so does the sheet, and the ends of its
    interval one each.
    """
    frame = require_protected(protected).frame
    if series and labels.columns.keys() <= set(series):
        columns = _spread(frame, labels, series)
    else:
        first = series.code if series else group
        names = sorted(labels.columns, key=lambda name: name != first)
        columns = [(labels.column(name), name, list(frame[name])) for name in names]
    cells = [[_cell(labels, name, value) for value in values] for _, name, values in columns]
    return Sheet(
        title=title,
        note=note,
        heads=_distinct(head for head, _, _ in columns),
        specs=tuple(labels.spec(name).replace("exp", "") for _, name, _ in columns),
        rows=tuple(zip(*cells, strict=True)),
    )


def released_sheet(protected: Protected, title: str, note: str) -> Sheet:
    """A released file, row by row and in its own words: ``estimates`` or ``aggregates``."""
    frame = require_protected(protected).frame
    cells = [[_plain(value) for value in frame[name]] for name in frame]
    heads = tuple(map(str, frame.columns))
    rows = tuple(zip(*cells, strict=True))
    return Sheet(title, note, heads, (RAW,) * len(heads), rows)


def sheet_text(sheet: Sheet) -> str:
    """The sheet as JSON; a date is an object of its own."""
    return json.dumps(
        asdict(sheet), ensure_ascii=False, default=lambda day: {"date": day.isoformat()}
    )


def read_sheet(text: str) -> Sheet:
    """What ``sheet_text`` wrote."""
    content = json.loads(text, object_hook=_read_date)
    rows = tuple(map(tuple, content.pop("rows")))
    heads, specs = tuple(content.pop("heads")), tuple(content.pop("specs"))
    return Sheet(heads=heads, specs=specs, rows=rows, **content)


def _read_date(content: dict[str, Any]) -> Any:
    return dt.date.fromisoformat(content["date"]) if content.keys() == {"date"} else content


def _spread(frame: pd.DataFrame, labels: Labels, series: Series) -> list[tuple[str, str, list]]:
    """Head, column name and values: the keys, then per line its figure and its interval."""
    keys = list(dict.fromkeys(frame[series.key]))
    columns = [(labels.column(series.key), series.key, keys)]
    for code in order_codes(frame[series.code]):
        line = frame[frame[series.code] == code].set_index(series.key).reindex(keys)
        name = labels.value(series.code, code)
        columns.append((name, series.figure, list(line[series.figure])))
        for end in filter(None, (series.low, series.high)):
            label = labels.columns.get(end) or labels.translator.text(word(end).label)
            columns.append((f"{name}, {label}", end, list(line[end])))
    return columns


def _cell(labels: Labels, column: str, value: Any) -> Cell:
    """A number or a date as it is; everything else in the words of the page."""
    plain = _plain(value)
    if plain is None or plain == TOTAL or column in labels.names or isinstance(plain, str | bool):
        return None if plain is None else labels.value(column, value)
    if isinstance(plain, float) and labels.spec(column).startswith("exp"):
        plain = float(f"{math.exp(plain):.{RATIO_DIGITS}g}")
    if isinstance(plain, float) and not math.isfinite(plain):
        return labels.value(column, value)
    return plain


def _plain(value: Any) -> Cell:
    """A cell of a frame without its library: a timestamp is a day, what is missing is None."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def _distinct(heads: Iterable[str]) -> tuple[str, ...]:
    """Heads in one line each; what is called the same, capitals apart, gets a number."""
    found: dict[str, str] = {}
    for head in (" ".join(head.split()) for head in heads):
        name, n = head, 1
        while name.casefold() in found:
            n += 1
            name = f"{head} ({n})"
        found[name.casefold()] = name
    return tuple(found.values())

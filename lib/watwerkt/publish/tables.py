"""Tables: a protected frame in, accessible HTML out, the same bytes every time."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import signature
from typing import Any, NamedTuple

import pandas as pd
from great_tables import GT

from watwerkt.errors import DisclosureError
from watwerkt.publish.labels import Labels
from watwerkt.publish.language import NOTHING
from watwerkt.publish.style import order_codes

INTERVAL = {"conf_low", "conf_high"}
STYLE = re.compile(r'<style>.*?</style>|\s(?:id|headers|rowspan)="[^"]*"|\scolspan="1"', re.DOTALL)
AMOUNT = re.compile(r"(\d+) (\S+)")  # a number and its unit, which stay on one line
CLASS = re.compile(r'\sclass="([^"]*)"')


def table_html(
    frame: pd.DataFrame, labels: Labels, caption: str, table_id: str, group: str = ""
) -> str:
    """The columns that ``labels`` names, in that order, the first as row heads.

    ``caption`` is HTML. ``group`` names a column whose values become headings between the rows.
    Raises DisclosureError where p-values stand without their intervals.
    """
    if "p_value" in labels.columns and not labels.columns.keys() >= INTERVAL:
        raise DisclosureError(
            "a p-value never stands alone: show conf_low and conf_high in the same table"
        )
    written = pd.DataFrame(
        {c: [_keep_unit(labels.value(c, v)) for v in frame[c]] for c in labels.columns}, dtype="str"
    )
    head, *others = (c for c in labels.columns if c != group)
    is_number = {c: pd.api.types.is_numeric_dtype(frame[c]) for c in others}
    table = (
        GT(written, id=table_id, rowname_col=head, groupname_col=group or None)
        .tab_stubhead(labels.column(head))
        .cols_label({c: labels.column(c) for c in others})
        .cols_align("left")
        .cols_align("right", columns=[c for c in others if is_number[c] and c not in labels.names])
    )
    raw = table.as_raw_html()
    body = STYLE.sub("", raw[raw.index("<thead>") : raw.index("</table>")])
    return (
        f'<div class="table" id="{table_id}" role="region" tabindex="0" '
        f'aria-labelledby="{table_id}-caption"><table>'
        f'<caption id="{table_id}-caption"><span>{caption}</span></caption>'
        + re.sub(r"\s*\n\s*", "", CLASS.sub(_rename_class, body))
        + "</table></div>"
    )


class Series(NamedTuple):
    """The columns of a drawing with several lines.

    Attributes
    ----------
    key, figure : what runs along, and what is drawn for it.
    code : what tells the lines apart.
    low, high : the interval around the figure, or nothing.
    """

    key: str
    figure: str
    code: str
    low: str = ""
    high: str = ""


def find_series(plot: Callable[..., Any], options: Mapping[str, Any]) -> Series | None:
    """The lines that ``plot`` draws with ``options``; None where it has one only.

    Of ``x`` and ``y`` a plot names its key first and its figure second.
    """
    known = {name: p.default for name, p in signature(plot).parameters.items()} | dict(options)
    if not known.get("series"):
        return None
    key, figure = (known[name] for name in known if name in {"x", "y"})
    return Series(key, figure, known["series"], known.get("low", ""), known.get("high", ""))


def spread_series(
    frame: pd.DataFrame, labels: Labels, series: Series
) -> tuple[pd.DataFrame, Labels]:
    """One row per key, one column per line: its figure as written, with its interval.

    Where the frame is to show more than these columns it comes back as it is.
    """
    if not labels.columns.keys() <= set(series):
        return frame, labels
    key, figure, code, low, high = series
    cells = [labels.value(figure, value) for value in frame[figure]]
    if low and high:
        ends = zip(cells, frame[low], frame[high], strict=True)
        cells = [
            f"{cell} ({labels.value(low, a)} – {labels.value(high, b)})" for cell, a, b in ends
        ]
    found = dict(zip(zip(frame[key], frame[code], strict=True), cells, strict=True))
    codes = order_codes(frame[code])
    heads = list(dict.fromkeys(frame[key]))
    wide = {
        f"{code}_{place}": [found.get((head, line), NOTHING) for head in heads]
        for place, line in enumerate(codes)
    }
    columns = dict(zip(wide, (labels.value(code, line) for line in codes), strict=True))
    return pd.DataFrame({key: heads, **wide}), replace(
        labels, columns={key: labels.column(key), **columns}
    )


def _keep_unit(cell: str) -> str:
    return cell.replace(" ", "\u00a0") if AMOUNT.fullmatch(cell) else cell


def _rename_class(found: re.Match[str]) -> str:
    """Great Tables' classes as the report's: numbers and group headings are all that differ."""
    if "gt_group_heading_row" in found[1]:
        return ' class="group"'
    return ' class="n"' if "gt_right" in found[1] else ""

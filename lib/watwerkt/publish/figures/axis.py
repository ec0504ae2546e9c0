"""Axes in words: ticks as the language writes numbers and months, names at the end of lines."""

import datetime as dt
import textwrap
from collections.abc import Mapping

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis, YAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, MultipleLocator, NullLocator

from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.style import FAINT

LINE_HEIGHT = 13.0  # points
NAME_WIDTH, NAME_WIDTH_NARROW = 20, 13  # characters of a name beside its line
LABEL_WIDTH, LABEL_WIDTH_NARROW = 75, 38  # characters above the axes
SPAN_WIDTH, SHADE = 14, "#eceef1"
LEADER = {"arrowstyle": "-", "linewidth": 0.8, "linestyle": ":", "relpos": (0, 0.5), "shrinkA": 1}
Span = tuple[dt.date, dt.date, str]  # first and last day, and the name as a message id
RATIOS = {  # how many times the lowest ratio fits in the highest → the ticks
    1.4: (0.8, 0.9, 1, 1.1, 1.25),
    3: (0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3),
    10: (0.2, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 5),
    100: (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50),
    np.inf: (0.001, 0.01, 0.1, 1, 10, 100, 1000),
}


def format_axis(axis: Axis, labels: Labels, column: str, values: pd.Series) -> None:
    """Label ``axis`` and write its ticks as the column's values are written in a table.

    The vertical axis has its label above it, where it can be read without turning one's head.
    """
    if isinstance(axis, YAxis):
        width = LABEL_WIDTH_NARROW if labels.is_narrow else LABEL_WIDTH
        name = textwrap.fill(labels.column(column), width)
        axis.axes.set_title(name, loc="left", fontsize=10, color=FAINT, pad=8)
    else:
        axis.set_label_text(labels.column(column))
    if pd.api.types.is_datetime64_any_dtype(values):
        _format_months(axis, labels, values)
    else:
        _place_ticks(axis, labels, column, values)
        axis.set_major_formatter(FuncFormatter(lambda tick, _: _write_tick(tick, labels, column)))


def label_ends(
    figure: Figure, axes: Axes, labels: Labels, ends: Mapping[str, tuple[float, float, str]]
) -> None:
    """Write each line's name right of its last point; names never overlap.

    Parameters
    ----------
    ends : name → (x, y, colour) of the line's last point, in data coordinates.
    """
    figure.draw_without_rendering()
    height = axes.get_window_extent().height * 72 / figure.dpi
    low, high = axes.get_ylim()
    names = sorted(ends, key=lambda name: (ends[name][1], name))
    width = NAME_WIDTH_NARROW if labels.is_narrow else NAME_WIDTH
    written = [textwrap.fill(name, width) for name in names]
    tall = np.array([LINE_HEIGHT * (1 + text.count("\n")) for text in written])
    wanted = np.array([(ends[name][1] - low) / (high - low) * height for name in names])
    for name, text, y, place in zip(names, written, wanted, spread(wanted, tall), strict=True):
        axes.annotate(
            text,
            ends[name][:2],
            xytext=(1.02, place - y),
            textcoords=("axes fraction", "offset points"),
            color=ends[name][2],
            fontweight="bold",
            va="center",
            arrowprops=LEADER | {"color": ends[name][2]},
            annotation_clip=False,
        )


def mark_span(axes: Axes, labels: Labels, span: Span) -> None:
    """Shade a stretch of days and name it beside its foot; a date axis must be drawn already."""
    first, last = (mdates.date2num(day) for day in span[:2])
    axes.axvspan(first, last, color=SHADE, zorder=0)
    is_late = (first + last) / 2 > sum(axes.get_xlim()) / 2
    axes.annotate(
        textwrap.fill(labels.translator.text(span[2]), SPAN_WIDTH),
        (first if is_late else last, 0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-3 if is_late else 3, 3),
        textcoords="offset points",
        ha="right" if is_late else "left",
        va="bottom",
        color=FAINT,
        fontsize=8,
        zorder=5,
    )


def drop_margins(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """``frame`` without the rows that are the total over one of ``keys``: no part of a drawing."""
    is_margin = (frame[[key for key in keys if key]] == TOTAL).any(axis=1)
    return frame[~is_margin].infer_objects()


def align_series(frame: pd.DataFrame, key: str, figure: str, series: str) -> pd.DataFrame:
    """``figure`` with a row per ``key`` and a column per ``series``, both as they first come."""
    frame = drop_margins(frame, key, series)
    heads = list(dict.fromkeys(frame[key]))
    found = frame.set_index([key, series])[figure].astype("float64")
    columns = {
        code: found.reindex([(head, code) for head in heads]).to_numpy()
        for code in dict.fromkeys(frame[series])
    }
    return pd.DataFrame(columns, index=heads)


def spread(wanted: np.ndarray, tall: np.ndarray) -> np.ndarray:
    """The centres nearest to ``wanted`` (increasing) at which things ``tall`` do not overlap.

    Least squares under an order is isotonic regression of ``wanted`` less the room that those
    below take, by pooling adjacent violators; nothing hangs more than half a line below nought.
    """
    room = np.concatenate([[0.0], np.cumsum((tall[1:] + tall[:-1]) / 2)])
    blocks: list[list[float]] = []
    for value in wanted - room:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    lowest = (tall[0] - LINE_HEIGHT) / 2
    return np.array([max(np.mean(block), lowest) for block in blocks for _ in block]) + room


def _place_ticks(axis: Axis, labels: Labels, column: str, values: pd.Series) -> None:
    spread_out = values.max() - values.min()
    if axis.get_scale() == "log":
        low, high = axis.get_view_interval()
        ticks = next(ticks for most, ticks in RATIOS.items() if high / low <= most)
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
    elif column in {"time", "months_since_entry"} and spread_out > 12:
        axis.set_major_locator(MultipleLocator(6 if spread_out <= 36 else 12))
    else:
        is_whole = labels.spec(column) in ("", "year") and bool((values.dropna() % 1 == 0).all())
        axis.set_major_locator(MaxNLocator(6, integer=is_whole, steps=[1, 2, 2.5, 5, 10]))


def _write_tick(tick: float, labels: Labels, column: str) -> str:
    if labels.spec(column) == "year":
        return str(round(tick))
    is_share = labels.spec(column).startswith("%")
    shown = tick * 100 if is_share else tick
    decimals = next((d for d in range(4) if np.isclose(shown, round(shown, d))), 3)
    if is_share:
        return labels.translator.percent(tick, decimals)
    return labels.translator.number(tick, decimals)


def _format_months(axis: Axis, labels: Labels, values: pd.Series) -> None:
    n_months = (values.max() - values.min()).days / 30.4
    crowd = n_months * (2 if labels.is_narrow else 1)
    every = 12 if crowd > 30 else 6 if crowd > 15 else 3 if crowd > 6 else 1
    axis.set_major_locator(mdates.MonthLocator(bymonth=range(1, 13, every)))

    def written(tick: float, _: int) -> str:
        day: dt.datetime = mdates.num2date(tick)
        return str(day.year) if every == 12 else labels.translator.month(day, "short")

    axis.set_major_formatter(FuncFormatter(written))

"""Pairs: two or more groups side by side, category by category."""

import textwrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from watwerkt.publish.figures.axis import LINE_HEIGHT, align_series, format_axis
from watwerkt.publish.labels import Labels
from watwerkt.publish.language import NOTHING
from watwerkt.publish.style import FAINT, GRID, INK, build_axes, colours_of, order_codes

MARKERS = ("o", "D", "s")
NAME_WIDTH, NAME_WIDTH_NARROW = 30, 40
HEADROOM = 1.18


def plot_pairs(frame: pd.DataFrame, labels: Labels, *, y: str, x: str, series: str) -> Figure:
    """Draw ``x`` per category ``y`` as a point for each ``series``, first row on top.

    Each point has its value beside it and a shape of its own. What may not be shown has no point;
    a category without any has a dash. Nought is on the horizontal axis, which begins there unless a
    value lies below it.
    """
    wide = align_series(frame, y, x, series)
    codes = order_codes(wide.columns)
    wide, categories = wide[codes], list(wide.index)
    row_height = 0.66 if labels.is_narrow else 0.44
    figure, axes = build_axes(labels, height=1.4 + row_height * len(categories))
    colours = colours_of(codes)
    for place, (category, row) in enumerate(wide.iterrows()):
        _draw_row(axes, place, labels, x, row, colours)
        _name_row(axes, place, labels, labels.value(y, category))
    for code, marker in zip(codes, MARKERS, strict=False):
        name = labels.value(series, code)
        axes.plot([], [], marker, color=colours[code], markersize=8, label=name)
    axes.set_ylim(len(categories) - 0.4, -0.8 if labels.is_narrow else -0.6)
    lowest, highest = min(0, wide.min().min()), wide.max().max()
    axes.set_xlim(HEADROOM * lowest, HEADROOM * highest if highest > 0 else float(lowest == 0))
    if lowest < 0:
        axes.axvline(0, color=INK, linewidth=1, zorder=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    format_axis(axes.xaxis, labels, x, frame[x])
    figure.legend(loc="outside lower left", ncols=1 if labels.is_narrow else len(codes))
    return figure


def _draw_row(
    axes: Axes, place: int, labels: Labels, x: str, row: pd.Series, colours: dict[str, str]
) -> None:
    """The points of a row, the lowest with its value on the left, the others on the right."""
    known = row.dropna().sort_values(kind="stable")
    if known.empty:
        axes.annotate(NOTHING, (0, place), xytext=(8, 0), textcoords="offset points", va="center")
        return
    axes.plot([known.iloc[0], known.iloc[-1]], [place, place], color=GRID, linewidth=3, zorder=1)
    for i, (code, value) in enumerate(known.items()):
        marker = MARKERS[list(row.index).index(code) % len(MARKERS)]
        axes.plot(value, place, marker, color=colours[str(code)], markersize=8, clip_on=False)
        side = -1 if i == 0 and len(known) > 1 else 1
        axes.annotate(
            labels.value(x, value),
            (value, place),
            xytext=(9 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            color=colours[str(code)],
            fontsize=9,
        )


def _name_row(axes: Axes, place: int, labels: Labels, name: str) -> None:
    """Left of the axes, on a phone above the row; each line is a text of its own."""
    where = axes.get_yaxis_transform()
    lines = textwrap.wrap(name, NAME_WIDTH_NARROW if labels.is_narrow else NAME_WIDTH)
    for i, line in enumerate(lines):
        if labels.is_narrow:
            style: dict[str, Any] = {"va": "bottom", "fontsize": 9, "color": FAINT}
            offset = (0, 10 + (len(lines) - 1 - i) * LINE_HEIGHT)
        else:
            style = {"ha": "right", "va": "center"}
            offset = (-34, ((len(lines) - 1) / 2 - i) * LINE_HEIGHT)
        at: dict[str, Any] = {"xycoords": where, "xytext": offset, "textcoords": "offset points"}
        axes.annotate(line, (0, place), **at, **style)

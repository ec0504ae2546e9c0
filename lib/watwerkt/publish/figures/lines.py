"""Lines over months, and curves as steps; with their intervals, labelled where they end."""

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from watwerkt.publish.figures.axis import (
    Span,
    drop_margins,
    format_axis,
    label_ends,
    mark_span,
)
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import INK, build_axes, colours_of, order_codes

HEADROOM = 1.06
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))


def plot_lines(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    x: str,
    y: str,
    series: str = "",
    low: str = "",
    high: str = "",
    is_step: bool = False,
    span: Span | None = None,
) -> Figure:
    """Draw ``y`` over ``x``, one line per value of ``series``.

    A missing value leaves a gap. ``low`` and ``high`` name the columns of the interval, drawn as
    a band; ``span`` is a stretch of days to be shaded and named. The vertical axis starts at
    nought, as counts and shares need; where differences lie below it, nought is a line.
    """
    figure, axes = build_axes(labels)
    frame = drop_margins(frame, x, series)
    codes = order_codes(frame[series]) if series else [""]
    colours = colours_of(codes) if series else {"": INK}
    ends = {}
    for i, code in enumerate(codes):
        part = (frame[frame[series] == code] if series else frame).sort_values(x, kind="stable")
        numbers = part[[x, y, *filter(None, (low, high))]].astype(
            {column: "float64" for column in (y, low, high) if column}
        )
        _draw_one(axes, numbers, colours[code], DASHES[i % len(DASHES)], is_step)
        last = numbers.dropna(subset=[y]).tail(1)
        if series and len(last):
            end = (axes.convert_xunits(last[x].iloc[0]), last[y].iloc[0], colours[code])
            ends[labels.value(series, code)] = end
    format_axis(axes.xaxis, labels, x, frame[x])
    format_axis(axes.yaxis, labels, y, frame[y])
    axes.margins(x=0.01)
    _limit_heights(axes, frame[[c for c in (y, low, high) if c]].astype("float64"))
    axes.grid(visible=False, axis="x")
    if span:
        mark_span(axes, labels, span)
    if ends:
        label_ends(figure, axes, labels, ends)
    return figure


def plot_curve(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    x: str = "time",
    y: str = "estimate",
    series: str = "",
    low: str = "conf_low",
    high: str = "conf_high",
    start: float = 0.0,
) -> Figure:
    """Draw a curve as steps with its interval, from ``start`` at time 0 (survival: 1)."""
    keys = frame[[series]].drop_duplicates() if series else pd.DataFrame(index=[0])
    first = keys.assign(**{x: 0.0, **dict.fromkeys(filter(None, (y, low, high)), start)})
    frame = pd.concat([first, frame[frame[x] > 0]], ignore_index=True)
    return plot_lines(frame, labels, x=x, y=y, series=series, low=low, high=high, is_step=True)


def _limit_heights(axes: Axes, heights: pd.DataFrame) -> None:
    lowest, highest = heights.min().min(), heights.max().max()
    top = HEADROOM * highest if highest > 0 else 0.0
    if lowest < 0:
        axes.axhline(0, color=INK, linewidth=1)
        axes.set_ylim(HEADROOM * lowest, top)
    else:
        axes.set_ylim(0, top or 1)


def _draw_one(axes: Axes, part: pd.DataFrame, colour: str, dashes: object, is_step: bool) -> None:
    x, y, *band = (part[column].to_numpy() for column in part)
    drawstyle = "steps-post" if is_step else "default"
    axes.plot(x, y, color=colour, linestyle=dashes, drawstyle=drawstyle)
    if band:
        step: Literal["post"] | None = "post" if is_step else None
        axes.fill_between(x, band[0], band[1], step=step, color=colour, alpha=0.16, linewidth=0)

"""Bars: a distribution in bands, and parts of a whole."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from watwerkt.publish.figures.axis import drop_margins, format_axis
from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.language import NOTHING
from watwerkt.publish.style import BLUE, FAINT, build_axes, colours_of, order_codes


def plot_bands(frame: pd.DataFrame, labels: Labels, *, x: str, y: str) -> Figure:
    """Draw ``y`` per band ``x`` as bars, in the frame's order; a suppressed one is a dash."""
    figure, axes = build_axes(labels)
    frame = drop_margins(frame, x)
    names = [labels.value(x, band) for band in frame[x]]
    heights = frame[y].astype("float64")
    axes.bar(names, heights.fillna(0), width=0.92, color=BLUE)
    for position, (value, height) in enumerate(zip(frame[y], heights.fillna(0), strict=True)):
        axes.annotate(
            labels.value(y, value),
            (position, height),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            color=FAINT,
            fontsize=9,
        )
    format_axis(axes.yaxis, labels, y, frame[y])
    axes.set_xlabel(labels.column(x))
    axes.grid(visible=False, axis="x")
    is_crowded = labels.is_narrow and sum(map(len, names)) > 30
    axes.tick_params(axis="x", length=0, labelsize=9, labelrotation=90 if is_crowded else 0)
    return figure


def plot_stack(frame: pd.DataFrame, labels: Labels, *, y: str, x: str, series: str) -> Figure:
    """Draw ``x`` per category ``y`` as lying bars, divided by ``series``, first row on top.

    Where the frame has totals over ``series``, what they hold beyond the parts that may be shown
    is a hatched part, so that a bar is as long as its total.
    """
    totals = frame[frame[series] == TOTAL].set_index(y)[x].astype("float64")
    frame = drop_margins(frame, y, series)
    lengths = frame.set_index([y, series])[x].astype("float64").fillna(0)
    categories, codes = list(dict.fromkeys(frame[y])), order_codes(frame[series])
    figure, axes = build_axes(labels, height=1.3 + 0.42 * len(categories))
    names = [labels.value(y, category) for category in categories]
    left = np.zeros(len(categories))
    for code, colour in colours_of(codes).items():
        width = lengths.reindex([(category, code) for category in categories], fill_value=0.0)
        name = labels.value(series, code) + ("" if width.any() else f" {NOTHING}")
        axes.barh(names, width, left=left, color=colour, height=0.7, label=name)
        left = left + width.to_numpy()
    rest = totals.reindex(categories).to_numpy() - left
    if (rest > 0).any():
        hidden: Any = {"color": "white", "edgecolor": FAINT, "hatch": r"\\\\", "linewidth": 0}
        name = labels.translator.text("not shown: too few people")
        axes.barh(names, rest.clip(min=0), left=left, height=0.7, label=name, **hidden)
    axes.invert_yaxis()
    format_axis(axes.xaxis, labels, x, frame[x])
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    figure.legend(
        loc="outside lower left",
        ncols=1 if labels.is_narrow else min(len(codes), 3),
        handlelength=1,
        columnspacing=1.2,
    )
    return figure

"""Layers: parts of a whole over time, stacked, named where they end."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from watwerkt.publish.figures.axis import align_series, format_axis, label_ends
from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.style import FAINT, INK, build_axes

RAMP = "cividis"  # made for the colour-blind; layers are told apart by a white line too
DARKEST, LIGHTEST = 0.0, 0.9


def plot_layers(frame: pd.DataFrame, labels: Labels, *, x: str, y: str, series: str) -> Figure:
    """Draw ``y`` over ``x`` as stacked layers, one per value of ``series``, the first below.

    Where the frame has totals over ``series``, what they hold beyond the layers that may be shown
    is hatched, so that the top line is the total. A layer that is not there yet has no height.
    """
    figure, axes = build_axes(labels, height=4.2)
    totals = frame[frame[series] == TOTAL].set_index(x)[y].astype("float64").sort_index()
    heights = align_series(frame, x, y, series).sort_index().fillna(0)
    layers = list(heights)
    ramp = np.linspace(DARKEST, LIGHTEST, max(len(layers), 2))
    colours = [to_hex(mpl.colormaps[RAMP](place)) for place in ramp]
    tops = heights.cumsum(axis=1)
    ends = {}
    for layer, colour in zip(layers, colours, strict=False):
        low, high = tops[layer] - heights[layer], tops[layer]
        axes.fill_between(
            heights.index, low, high, facecolor=colour, edgecolor="white", linewidth=0.8
        )
        middle = (low.iloc[-1] + high.iloc[-1]) / 2
        end = axes.convert_xunits(heights.index[-1])
        ends[labels.value(series, layer)] = (end, middle, INK)
    _draw_rest(figure, labels, tops.iloc[:, -1], totals)
    format_axis(axes.xaxis, labels, x, frame[x])
    format_axis(axes.yaxis, labels, y, frame[y])
    axes.margins(x=0)
    axes.set_ylim(0, None)
    axes.grid(visible=False, axis="x")
    label_ends(figure, axes, labels, ends)
    return figure


def _draw_rest(figure: Figure, labels: Labels, shown: pd.Series, totals: pd.Series) -> None:
    """What the totals hold beyond the layers shown, hatched."""
    whole = totals.reindex(shown.index).fillna(shown)
    if not (whole > shown).any():
        return
    (axes,) = figure.axes
    hatched: Any = {"facecolor": "white", "edgecolor": FAINT, "hatch": r"\\\\", "linewidth": 0}
    axes.fill_between(shown.index, shown, whole, **hatched)
    name = labels.translator.text("not shown: too few people")
    figure.legend(handles=[Patch(label=name, **hatched)], loc="outside lower left")

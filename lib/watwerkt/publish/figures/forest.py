"""Forest: estimates as points with their intervals and what could have been detected."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from watwerkt.publish.figures.axis import format_axis
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import BLUE, GRID, INK, NAIVE, build_axes

WARNING = "warning"


def plot_forest(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    y: str = "term",
    x: str = "estimate",
    low: str = "conf_low",
    high: str = "conf_high",
    mde: str = "mde",
    status: str = "status",
    reference: float = 0.0,
    is_ratio: bool = False,
) -> Figure:
    """Draw one row per estimate, first row on top, around the line of no effect.

    The grey bar around ``reference`` reaches to the smallest detectable effect (``mde``, on the
    scale of ``x``). Rows whose ``status`` is *warning* are grey, hollow, hatched and called
    misleading. ``is_ratio``: ratios on a log axis; ``reference`` is then 1.
    """
    axes = build_axes(labels, height=1.5 + 0.5 * len(frame))
    if is_ratio:
        axes.set_xscale("log")
    for place, (_, row) in enumerate(frame.iterrows()):
        is_naive = status in frame and row[status] == WARNING
        if mde in frame and not is_naive:
            _draw_mde(axes, place, row[mde], reference, is_ratio)
        _draw_estimate(axes, place, row[[x, low, high]].astype("float64").to_numpy(), is_naive)
    axes.axvline(reference, color=INK, linewidth=1)
    names = [_row_name(labels, row, y, status) for _, row in frame.iterrows()]
    axes.set_yticks(range(len(frame)), names)
    axes.set_ylim(len(frame) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    format_axis(axes.xaxis, labels, x, frame[x])
    return axes.figure


def _draw_estimate(axes: Axes, place: int, numbers: np.ndarray, is_naive: bool) -> None:
    x, low, high = numbers
    colour = NAIVE if is_naive else BLUE
    if is_naive:
        axes.barh(
            place, high - low, left=low, height=0.5, color="none", edgecolor=GRID, hatch="////"
        )
    axes.plot([low, high], [place, place], color=colour, linewidth=2)
    face = "white" if is_naive else colour
    axes.plot(x, place, "o", color=colour, markersize=7, markerfacecolor=face)


def _draw_mde(axes: Axes, place: int, mde: float, reference: float, is_ratio: bool) -> None:
    if pd.isna(mde):
        return
    low, high = (
        (reference / mde, reference * mde) if is_ratio else (reference - mde, reference + mde)
    )
    axes.barh(place, high - low, left=low, height=0.62, color=GRID, linewidth=0)


def _row_name(labels: Labels, row: pd.Series, y: str, status: str) -> str:
    name = labels.value(y, row[y])
    if row.get(status) == WARNING:
        return f"{name}\n({labels.translator.text('misleading')})"
    return name

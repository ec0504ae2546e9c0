"""Forest: estimates as points with their intervals and what could have been detected."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from watwerkt.publish.figures.axis import LINE_HEIGHT, format_axis
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import BLUE, FAINT, GRID, INK, NAIVE, build_axes

WARNING = "warning"
SPREAD = "#c9cdf0"


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
    group: str | tuple[str, ...] = "",
    spread: tuple[str, str] | None = None,
    is_ratio: bool = False,
) -> Figure:
    """Draw one row per estimate, first row on top, around the line of no effect.

    The grey bar around no effect reaches to the smallest detectable effect (``mde``, on the scale
    of ``x``). Rows whose ``status`` is *warning* are grey, hollow, hatched and called misleading.
    ``is_ratio``: ``x`` holds logarithms, and is drawn as ratios around 1 (write it as ``exp.2``);
    otherwise differences, around 0. ``group``: columns named before ``y``, each where it varies.
    ``spread``: the ends of the interval in which a further municipality would lie, a light bar.
    """
    figure, axes = build_axes(labels, height=1.5 + (0.8 if labels.is_narrow else 0.46) * len(frame))
    name_row = _name_row_above if labels.is_narrow else _name_row
    if is_ratio:
        axes.set_xscale("log")
    drawn = frame.assign(
        is_naive=frame[status] == WARNING if status in frame else False,
        detectable=frame[mde].astype("float64") if mde in frame else np.nan,
    )
    drawn["detectable"] = drawn["detectable"].mask(drawn["is_naive"])
    groups = [group] if isinstance(group, str) else list(group)
    named = [*(c for c in groups if c and len(frame[c].unique()) > 1), y]
    scaled = np.exp if is_ratio else np.asarray
    for place, (_, row) in enumerate(drawn.iterrows()):
        numbers = row[[x, low, high, "detectable"]].to_numpy("float64")
        _draw_spread(axes, place, scaled(row[list(spread or ())].to_numpy("float64")))
        _draw_row(axes, place, scaled(numbers), row["is_naive"], 0.3 if labels.is_narrow else 0.6)
        interval = "{} ({} – {})".format(*(labels.value(c, row[c]) for c in (x, low, high)))
        tag = f"({labels.translator.text('misleading')})" if row["is_naive"] else ""
        name = ": ".join(filter(None, (labels.value(c, row[c]) for c in named)))
        name_row(axes, place, name, tag, interval)
    axes.axvline(1.0 if is_ratio else 0.0, color=INK, linewidth=1)
    axes.use_sticky_edges = False
    axes.margins(x=0.06)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_ylim(len(frame) - 0.4, -0.9 if labels.is_narrow else -0.6)
    axes.grid(visible=False, axis="y")
    format_axis(axes.xaxis, labels, x, frame[x])
    _explain(figure, labels, drawn, has_spread=spread is not None)
    return figure


def _draw_spread(axes: Axes, place: int, ends: np.ndarray) -> None:
    for near, far in ends.reshape(-1, 2):
        axes.barh(place, far - near, 0.3, near, color=SPREAD, linewidth=0)


def _draw_row(axes: Axes, place: int, numbers: np.ndarray, is_naive: bool, height: float) -> None:
    x, low, high, mde = numbers
    colour = NAIVE if is_naive else BLUE
    if is_naive:
        hatch: dict[str, Any] = {"edgecolor": NAIVE, "hatch": "////", "alpha": 0.45}
        axes.barh(place, high - low, height, low, color="none", linewidth=0, **hatch)
    if not np.isnan(mde):
        nearest, furthest = (1 / mde, mde) if axes.get_xscale() == "log" else (-mde, mde)
        axes.barh(place, furthest - nearest, height, nearest, color=GRID, linewidth=0)
    axes.plot([low, high], [place, place], color=colour, linewidth=2)
    face = "white" if is_naive else colour
    axes.plot(x, place, "o", color=colour, markersize=7, markerfacecolor=face)


def _name_row(axes: Axes, place: int, name: str, tag: str, interval: str) -> None:
    """The name left and the interval right of a row; each line is a text of its own."""
    lines = [*textwrap.wrap(name, 34), *([tag] if tag else [])]
    where = axes.get_yaxis_transform()
    for i, line in enumerate(lines):
        offset = (-6, ((len(lines) - 1) / 2 - i) * LINE_HEIGHT)
        place_it: dict[str, Any] = {
            "xycoords": where,
            "xytext": offset,
            "textcoords": "offset points",
        }
        axes.annotate(line, (0, place), ha="right", va="center", **place_it)
    axes.text(1.02, place, interval, transform=where, va="center", fontsize=9)


def _name_row_above(axes: Axes, place: int, name: str, tag: str, interval: str) -> None:
    """On a phone: the name above a row, and the interval under the name."""
    text = "\n".join([*textwrap.wrap(f"{name} {tag}", 44), interval])
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    where = axes.get_yaxis_transform()
    axes.text(0, place - 0.2, text, transform=where, va="bottom", fontsize=9, bbox=paper)


def _explain(figure: Figure, labels: Labels, drawn: pd.DataFrame, has_spread: bool) -> None:
    say = labels.translator.text
    handles = []
    if drawn["detectable"].notna().any():
        handles.append(Patch(color=GRID, label=say("too small to be detected here")))
    if drawn["is_naive"].any():
        hatched = Patch(
            facecolor="white", edgecolor=NAIVE, hatch="////", linewidth=0, label=say("misleading")
        )
        handles.append(hatched)
    if has_spread:
        handles.append(Patch(color=SPREAD, label=say("where a further municipality would lie")))
    if handles:
        figure.legend(
            handles=handles,
            loc="outside lower left",
            ncols=1 if labels.is_narrow else 2,
            labelcolor=FAINT,
        )

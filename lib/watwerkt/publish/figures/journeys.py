"""Journeys along the steps of a chain: a stream that narrows, with what leaves it on the right.

Every width is to one scale: so many journeys, so many millimetres, in the stream and beside it.
"""

import textwrap
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.style import BLUE, FAINT, INK, ORANGE, build_axes

WAITING, LEFT = "waiting", "left"
FATES = {WAITING: ORANGE, LEFT: FAINT}
FATE_LABELS = {WAITING: "still waiting", LEFT: "has left"}
FIRST_LABELS = {WAITING: "still waiting", LEFT: "no benefit, or has left"}
AFTER_LABELS = {WAITING: "no aftercare yet", LEFT: "no aftercare"}
NAMED = {"application": FIRST_LABELS, "placement": AFTER_LABELS}
WIDE, NARROW = (1.45, 2.15, 1.0), (0.95, 1.1, 0.5)  # inches: names, stream at most, bend beside it
BAR, LINE, GAP = 0.06, 0.2, 0.16  # inches: a step's bar, a line of text, between rows


class Row(NamedTuple):
    """A step: how many reached it, and of those how many wait and left, None where hidden."""

    step: str
    n_reached: int
    is_exact: bool
    aside: dict[str, int | None]


def plot_journeys(
    frame: pd.DataFrame, labels: Labels, *, state: str = "chain_state", x: str = "n_journeys"
) -> Figure:
    """Draw each step below the one before, as wide as the journeys that reached it.

    ``state``: the step and what became of it, ``<step>_waiting`` and ``<step>_left``, the last
    step alone, and the total. ``labels`` must name the codes of ``chain_step``. A hidden count has
    no width and is a dash; what is reached after it is *about* so much.
    """
    rows = _read_rows(frame, state, x)
    names, widest, bend = NARROW if labels.is_narrow else WIDE
    scale = widest / rows[0].n_reached
    heights = [_height(row, labels, scale) for row in rows]
    figure, axes = build_axes(labels, sum(heights) + GAP)
    axes.set_axis_off()
    figure_width = figure.get_figwidth()
    axes.set(xlim=(0, figure_width), ylim=(-sum(heights), 0.05))
    top = 0.0
    for row, height, below in zip(rows, heights, [*rows[1:], None], strict=True):
        _draw_stream(axes, names, top, height, row, below, scale)
        _draw_aside(axes, labels, names, top, names + widest + bend, row, scale)
        _name(axes, labels, names, top, row)
        top -= height
    return figure


def _read_rows(frame: pd.DataFrame, state: str, x: str) -> list[Row]:
    counts = frame.set_index(frame[state].astype(str))[x]
    reached, is_exact, rows = int(counts[TOTAL]), True, []
    steps = [name.rpartition("_")[0] for name in counts.index if name.endswith(f"_{WAITING}")]
    for step in steps:
        found = {fate: counts[f"{step}_{fate}"] for fate in FATES}
        aside = {fate: None if pd.isna(n) else int(n) for fate, n in found.items()}
        rows.append(Row(step, reached, is_exact, aside))
        reached -= sum(n or 0 for n in aside.values())
        is_exact = is_exact and None not in aside.values()
    ends = [name for name in counts.index if name != TOTAL and not name.endswith(tuple(FATES))]
    return [*rows, *(Row(step, reached, is_exact, {}) for step in ends)]


def _height(row: Row, labels: Labels, scale: float) -> float:
    """Inches for a step: room for what leaves the stream there, and for its words."""
    return BAR + GAP + LINE + sum(_thickness(row, fate, labels, scale) for fate in row.aside)


def _thickness(row: Row, fate: str, labels: Labels, scale: float) -> float:
    n_lines = _said(row, fate, labels).count("\n") + 1
    return max((row.aside[fate] or 0) * scale, LINE * n_lines)


def _said(row: Row, fate: str, labels: Labels) -> str:
    """What became of those who left the stream here, and how many they are."""
    name = labels.translator.text(NAMED.get(row.step, FATE_LABELS)[fate])
    number = labels.value("n_journeys", pd.NA if row.aside[fate] is None else row.aside[fate])
    return textwrap.fill(f"{name} {number}", 14 if labels.is_narrow else 22)


def _draw_stream(
    axes: Axes, left: float, top: float, height: float, row: Row, below: Row | None, scale: float
) -> None:
    bar = Rectangle((left, top - BAR), row.n_reached * scale, BAR, facecolor=INK, linewidth=0)
    axes.add_patch(bar)
    if below is not None:
        stream = Rectangle((left, top - height), below.n_reached * scale, height - BAR)
        stream.set(facecolor=BLUE, alpha=0.55, linewidth=0)
        axes.add_patch(stream)


def _draw_aside(
    axes: Axes,
    labels: Labels,
    left: float,
    top: float,
    end: float,
    row: Row,
    scale: float,
) -> None:
    """What leaves the stream bends to the right, the outermost first, and is named there."""
    outer = left + row.n_reached * scale
    place = top - BAR - GAP
    for fate, n in row.aside.items():
        width, thickness = (n or 0) * scale, _thickness(row, fate, labels, scale)
        inner, middle = outer - width, place - thickness / 2
        down = (middle + width / 2, middle - width / 2)
        band = _bend((inner, outer), top - BAR, end, down)
        axes.add_patch(PathPatch(band, facecolor=FATES[fate], alpha=0.75, linewidth=0))
        text = _said(row, fate, labels)
        axes.text(end + 0.06, middle, text, va="center", fontsize=9, color=FATES[fate])
        outer, place = inner, place - thickness


def _bend(across: tuple[float, float], top: float, end: float, down: tuple[float, float]) -> Path:
    """A band that comes from above, between ``across``, and leaves to the right at ``down``."""
    (inner, outer), (upper, lower) = across, down
    points = [
        (outer, top),
        (outer, upper),
        (end, upper),
        (end, lower),
        (inner, lower),
        (inner, top),
    ]
    codes = [Path.MOVETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*points, points[0]], [*codes, Path.CLOSEPOLY])


def _name(axes: Axes, labels: Labels, left: float, top: float, row: Row) -> None:
    width = 11 if labels.is_narrow else 18
    name = textwrap.fill(labels.value("chain_step", row.step), width)
    about = "" if row.is_exact else "≈ "
    number = f"{about}{labels.value('n_journeys', row.n_reached)}"
    at: dict[str, Any] = {"ha": "right", "va": "top", "fontsize": 9, "color": INK}
    lines = name.count("\n") + 1
    axes.text(left - 0.08, top + 0.03, name, fontweight="bold", **at)
    axes.text(left - 0.08, top + 0.03 - lines * 0.165 - 0.01, number, **at)

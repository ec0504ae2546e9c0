"""A flow diagram in the manner of CONSORT: asked, set aside, drawn, followed; boxes that print."""

import textwrap
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.style import BLUE, FAINT, INK, build_axes

ASIDE = ("excluded", "declined", "no_answer")
STEPS = ("took_up", "followed", "analysed")
LEFT, RIGHT, WIDTH = 0.25, 0.77, 0.44  # middles and width of the upper boxes, of the figure's width
LINE, PAD, GAP = 0.19, 0.09, 0.2  # inches: a line of text, around it, and between boxes
LETTERS_AN_INCH = 12.5


class Box(NamedTuple):
    """Where a box stands: its middle and width as shares of the width, its ends in inches."""

    x: float
    width: float
    top: float
    bottom: float


def plot_flow(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    y: str = "branch",
    x: str = "n_persons",
    step: str = "step",
    trial: str = "trial_id",
) -> Figure:
    """Draw each trial below the other: who was asked on top, whoever was set aside on the right.

    Below it a box per arm, and what came of the arm step after step.
    """
    names = list(dict.fromkeys(frame[trial]))
    height = 1.0
    for is_drawn in (False, True):  # measured first, since boxes have the height of their text
        figure, axes = build_axes(labels, height)
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(-height, 0))
        place = 0.0
        for name in names:
            rows = frame[frame[trial] == name]
            if len(names) > 1:
                place = _head(axes, place, labels.value(trial, name))
            place = _plot_trial(axes, rows, labels, place, y, x, step) - 2 * GAP
        height = height if is_drawn else -place + GAP
    return figure


def _plot_trial(
    axes: Axes, rows: pd.DataFrame, labels: Labels, place: float, y: str, x: str, step: str
) -> float:
    begun = rows[~rows[step].isin(STEPS)]
    numbers = dict(zip(begun[y], begun[x], strict=True))
    top = _box(axes, labels, (LEFT, WIDTH, place), begun[step].iloc[0], numbers[TOTAL], step, INK)
    fork = top.bottom
    for name in (name for name in ASIDE if name in numbers):
        side = _box(axes, labels, (RIGHT, WIDTH, fork - GAP / 2), name, numbers[name], y, FAINT)
        middle = (side.top + side.bottom) / 2
        _arrow(axes, (LEFT, middle), (RIGHT - WIDTH / 2, middle))
        fork = side.bottom
    arms = [name for name in numbers if name not in (*ASIDE, TOTAL)]
    if not arms:
        return fork
    spots = [(i + 0.5) / len(arms) for i in range(len(arms))]
    fork -= GAP
    axes.plot([LEFT, LEFT], [top.bottom, fork], color=FAINT, linewidth=1)
    axes.plot([min(*spots, LEFT), max(*spots, LEFT)], [fork, fork], color=FAINT, linewidth=1)
    lowest = fork
    for spot, arm in zip(spots, arms, strict=True):
        width = min(0.94 / len(arms), WIDTH)
        _arrow(axes, (spot, fork), (spot, fork - GAP))
        box = _box(axes, labels, (spot, width, fork - GAP), arm, numbers[arm], y, BLUE)
        for name in STEPS:
            found = rows.loc[(rows[step] == name) & (rows[y] == arm), x]
            if len(found):
                _arrow(axes, (spot, box.bottom), (spot, box.bottom - GAP))
                below = (spot, width, box.bottom - GAP)
                box = _box(axes, labels, below, name, found.iloc[0], step, FAINT)
        lowest = min(lowest, box.bottom)
    return lowest


def _box(
    axes: Axes,
    labels: Labels,
    at: tuple[float, float, float],
    name: str,
    number: object,
    column: str,
    colour: str,
) -> Box:
    """A box with a name and its number, ``at`` its middle, width and top."""
    x, width, top = at
    letters = int(width * (3.7 if labels.is_narrow else 6.2) * LETTERS_AN_INCH)
    said = f"{labels.value(column, name)}: {labels.value('n_persons', number)}"
    lines = textwrap.wrap(said, max(letters, 8), break_long_words=False)
    bottom = top - LINE * len(lines) - 2 * PAD
    shape = Rectangle((x - width / 2, bottom), width, top - bottom, facecolor="white")
    shape.set_edgecolor(colour)
    axes.add_patch(shape)
    for i, line in enumerate(lines):
        height = top - PAD - LINE * (i + 0.5)
        axes.text(x, height, line, ha="center", va="center", fontsize=9, color=INK)
    return Box(x, width, top, bottom)


def _head(axes: Axes, place: float, name: str) -> float:
    axes.text(0, place - LINE / 2, name, va="center", fontsize=10, fontweight="bold", color=INK)
    return place - LINE - GAP / 2


def _arrow(axes: Axes, begin: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": FAINT, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, begin, arrowprops=style)

"""A flow diagram in the manner of CONSORT: invited, set aside, drawn; boxes that print."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from watwerkt.publish.labels import TOTAL, Labels
from watwerkt.publish.style import BLUE, FAINT, INK, build_axes

ASIDE = ("excluded", "declined", "no_answer")
TOP_LABEL = "invited"
WIDTH, WIDTH_NARROW = 24, 14


def plot_flow(
    frame: pd.DataFrame, labels: Labels, *, y: str = "branch", x: str = "n_persons"
) -> Figure:
    """Draw the total on top, whoever was set aside on the right, and a box per arm below."""
    numbers = dict(zip(frame[y], frame[x], strict=True))
    aside = [name for name in ASIDE if name in numbers]
    arms = [name for name in numbers if name not in (*ASIDE, TOTAL)]
    figure, axes = build_axes(labels, height=2.2 + 0.55 * len(aside) + 1.1)
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    say = labels.translator.text
    left = 0.3
    _box(axes, left, 0.9, say(TOP_LABEL), labels.value(x, numbers[TOTAL]), labels, INK)
    places = [0.72 - 0.34 * i / max(len(aside) - 1, 1) for i in range(len(aside))]
    for place, name in zip(places, aside, strict=True):
        _arrow(axes, (left, place), (0.56, place))
        _box(
            axes, 0.77, place, labels.value(y, name), labels.value(x, numbers[name]), labels, FAINT
        )
    fork = 0.27
    axes.plot([left, left], [0.84, fork], color=FAINT, linewidth=1)
    spots = [(i + 0.5) / len(arms) for i in range(len(arms))]
    if spots:
        axes.plot([min(*spots, left), max(*spots, left)], [fork, fork], color=FAINT, linewidth=1)
    for spot, name in zip(spots, arms, strict=True):
        _arrow(axes, (spot, fork), (spot, 0.17))
        _box(axes, spot, 0.09, labels.value(y, name), labels.value(x, numbers[name]), labels, BLUE)
    return figure


def _box(
    axes: Axes, x: float, y: float, name: str, number: str, labels: Labels, colour: str
) -> None:
    width = WIDTH_NARROW if labels.is_narrow else WIDTH
    text = "\n".join([*textwrap.wrap(name, width, break_long_words=False), number])
    frame = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": colour}
    axes.text(x, y, text, ha="center", va="center", fontsize=9, color=INK, bbox=frame)


def _arrow(axes: Axes, begin: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": FAINT, "linewidth": 1}
    axes.annotate("", end, begin, arrowprops=style)

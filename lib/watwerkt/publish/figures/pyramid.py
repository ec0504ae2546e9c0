"""A pyramid: counts per age band, one sex to the left and the other to the right."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from watwerkt.publish.figures.axis import align_series
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import BLUE, FAINT, INK, ORANGE, build_axes

COLOURS = (BLUE, ORANGE)
HEADROOM = 1.25


def plot_pyramid(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    y: str = "age_band",
    x: str = "n_persons",
    series: str = "sex",
) -> Figure:
    """Draw ``x`` per band ``y``, the lowest band below, for the first two values of ``series``.

    Each bar ends in its figure; a suppressed one is a dash and no bar.
    """
    wide = align_series(frame, y, x, series)
    wide = wide[list(wide)[:2]]
    bands, sexes = list(wide.index), list(wide)
    figure, axes = build_axes(labels, height=1.5 + 0.42 * len(bands))
    for sex, colour, side in zip(sexes, COLOURS, (-1, 1), strict=False):
        axes.barh(range(len(bands)), side * wide[sex].fillna(0), height=0.8, color=colour)
        for place, value in enumerate(wide[sex]):
            _write_end(axes, place, side * np.nan_to_num(value), labels.value(x, value), side)
        name: dict[str, Any] = {
            "va": "bottom",
            "ha": "center",
            "color": colour,
            "fontweight": "bold",
        }
        above = axes.transAxes
        axes.text(0.5 + side * 0.25, 1.0, labels.value(series, sex), transform=above, **name)
    highest = np.nan_to_num(wide.to_numpy()).max(initial=0)
    widest = HEADROOM * highest if highest > 0 else 1
    axes.set_xlim(-widest, widest)
    axes.axvline(0, color="white", linewidth=1)
    axes.set_yticks(range(len(bands)), [labels.value(y, band) for band in bands])
    axes.set_title(labels.column(y), loc="left", fontsize=10, color=FAINT, pad=22)
    axes.set_xlabel(labels.column(x))
    _count_both_ways(axes, labels)
    return figure


def _count_both_ways(axes: Axes, labels: Labels) -> None:
    """Ticks without a minus: people are counted to the left too."""
    number = labels.translator.number
    axes.xaxis.set_major_locator(MaxNLocator(5 if labels.is_narrow else 7, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: number(abs(tick))))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)


def _write_end(axes: Axes, place: int, at: float, text: str, side: int) -> None:
    axes.annotate(
        text,
        (at, place),
        xytext=(4 * side, 0),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="center",
        fontsize=9,
        color=INK,
    )

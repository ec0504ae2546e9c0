"""Axes in words: ticks as the language writes numbers and months, labels at the end of lines."""

import datetime as dt
from collections.abc import Mapping

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator

from watwerkt.publish.labels import Labels

LINE_HEIGHT = 13.0  # points between two labels


def format_axis(axis: Axis, labels: Labels, column: str, values: pd.Series) -> None:
    """Label ``axis`` and write its ticks as the column's values are written in a table."""
    axis.set_label_text(labels.column(column))
    if pd.api.types.is_datetime64_any_dtype(values):
        _format_months(axis, labels, values)
        return
    spec = labels.formats.get(column, "")
    whole = spec == "" and bool((values.dropna() % 1 == 0).all())
    axis.set_major_locator(MaxNLocator(6, integer=whole))

    def written(tick: float, _: int) -> str:
        if spec.startswith("%"):
            decimals = 0 if np.isclose(tick * 100, round(tick * 100)) else 1
            return labels.translator.percent(tick, decimals)
        decimals = next((d for d in range(4) if np.isclose(tick, round(tick, d))), 3)
        return labels.translator.number(tick, decimals)

    axis.set_major_formatter(FuncFormatter(written))


def label_ends(axes: Axes, ends: Mapping[str, tuple[float, float, str]]) -> None:
    """Write each line's name right of its last point; names never overlap.

    Parameters
    ----------
    ends : name → (x, y, colour) of the line's last point, in data coordinates.
    """
    axes.figure.draw_without_rendering()
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    low, high = axes.get_ylim()
    names = sorted(ends, key=lambda name: (ends[name][1], name))
    wanted = np.array([(ends[name][1] - low) / (high - low) * height for name in names])
    right = max(x for x, _, _ in ends.values())
    for name, y, place in zip(names, wanted, spread(wanted, LINE_HEIGHT), strict=True):
        axes.annotate(
            name,
            (right, low + y / height * (high - low)),
            xytext=(8, place - y),
            textcoords="offset points",
            color=ends[name][2],
            fontweight="bold",
            va="center",
            annotation_clip=False,
        )


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """The places nearest to ``wanted`` (increasing) that lie at least ``gap`` apart.

    Least squares under an order is isotonic regression of ``wanted - i * gap``, by pooling
    adjacent violators.
    """
    blocks: list[list[float]] = []
    for i, value in enumerate(wanted):
        blocks.append([value - i * gap])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    pooled = [np.mean(block) for block in blocks for _ in block]
    return np.array(pooled) + gap * np.arange(len(wanted))


def _format_months(axis: Axis, labels: Labels, values: pd.Series) -> None:
    n_months = (values.max() - values.min()).days / 30.4
    every = 12 if n_months > 30 else 6 if n_months > 15 else 3 if n_months > 6 else 1
    axis.set_major_locator(mdates.MonthLocator(bymonth=range(1, 13, every)))

    def written(tick: float, _: int) -> str:
        day: dt.datetime = mdates.num2date(tick)
        return str(day.year) if every == 12 else labels.translator.month(day, "short")

    axis.set_major_formatter(FuncFormatter(written))

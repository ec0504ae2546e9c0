"""Tiles: one row per thing and one tile per month, by how it compares with what is usual there."""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from watwerkt.publish.figures.axis import Span, drop_margins, format_axis
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import BLUE, FAINT, ORANGE, RED, SKY, build_axes

LOW, HALF = 0.2, 0.5  # of what is usual
CROWDED_MONTHS = 48  # on a phone, beside long names
NAME_WIDTH, NAME_WIDTH_NARROW = 24, 14
KIND_LABELS = {
    "usual": "half of what is usual, or more",
    "half": "less than half of what is usual",
    "low": "less than a fifth of what is usual",
    "none": "none",
    "hidden": "not shown: too few people",
}
STYLES: dict[str, dict[str, Any]] = {
    "usual": {"facecolor": BLUE},
    "half": {"facecolor": SKY, "alpha": 0.6},
    "low": {"facecolor": ORANGE},
    "none": {"facecolor": "white", "edgecolor": RED, "linewidth": 1},
    "hidden": {"facecolor": "white", "edgecolor": FAINT, "hatch": r"\\\\", "linewidth": 0},
}


def plot_tiles(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    x: str,
    y: str,
    series: str,
    spans: Sequence[Span] = (),
) -> Figure:
    """Draw a tile per month ``x`` and ``series``, first series on top, by the size of ``y``.

    Usual is the median of the figures shown of that series. ``spans`` are stretches of days to be
    named under the tiles.
    """
    frame = drop_margins(frame, x, series)
    codes = list(dict.fromkeys(frame[series]))
    n_rows = len(codes) + len(spans)
    figure, axes = build_axes(labels, height=1.7 + 0.3 * n_rows)
    axes.set_ylim(n_rows - 0.5, -0.5)
    kinds = frame.groupby(series, observed=True)[y].transform(_kinds)
    for place, code in enumerate(codes):
        _draw_row(axes, place, frame[x][frame[series] == code], kinds[frame[series] == code])
    width = NAME_WIDTH_NARROW if labels.is_narrow else NAME_WIDTH
    names = [
        textwrap.fill(labels.value(series, code), width, break_long_words=False) for code in codes
    ]
    axes.set_yticks(range(len(codes)), names)
    format_axis(axes.xaxis, labels, x, frame[x])
    if labels.is_narrow and frame[x].nunique() > CROWDED_MONTHS:
        axes.xaxis.set_major_locator(mdates.YearLocator(2))
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0)
    _name_spans(axes, labels, spans, len(codes))
    _explain(figure, labels, set(kinds))
    return figure


def _kinds(values: pd.Series) -> pd.Series:
    shown = values.astype("float64")
    usual = shown.median()
    kinds = np.select(
        [shown.isna(), shown == 0, shown < LOW * usual, shown < HALF * usual],
        ["hidden", "none", "low", "half"],
        "usual",
    )
    return pd.Series(kinds, index=values.index)


def _draw_row(axes: Axes, place: int, months: pd.Series, kinds: pd.Series) -> None:
    """One bar for every run of months of a kind, so that a drawing has few parts."""
    begins = mdates.date2num(months.to_numpy())
    ends = mdates.date2num((months + pd.offsets.MonthBegin(1)).to_numpy())
    runs = (kinds != kinds.shift()).cumsum().to_numpy()
    for run in np.unique(runs):
        inside = runs == run
        first, last = begins[inside].min(), ends[inside].max()
        style = STYLES[kinds.to_numpy()[inside][0]]
        axes.broken_barh([(first, last - first)], (place - 0.36, 0.72), **style)


def _name_spans(axes: Axes, labels: Labels, spans: Sequence[Span], below: int) -> None:
    """Each on a row of its own under the tiles, with its name where there is room for it."""
    middle = sum(axes.get_xlim()) / 2
    for place, (first, last, msgid) in enumerate(spans, start=below):
        begin, end = (mdates.date2num(day) for day in (first, last))
        axes.plot([begin, end], [place] * 2, color=FAINT, linewidth=4, solid_capstyle="butt")
        is_late = (begin + end) / 2 > middle
        axes.annotate(
            labels.translator.text(msgid),
            (begin if is_late else end, place),
            xytext=(-4 if is_late else 4, 0),
            textcoords="offset points",
            ha="right" if is_late else "left",
            va="center",
            color=FAINT,
            fontsize=8,
        )


def _explain(figure: Figure, labels: Labels, found: set[str]) -> None:
    handles = [
        Patch(label=labels.translator.text(KIND_LABELS[kind]), **style)
        for kind, style in STYLES.items()
        if kind in found
    ]
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=1 if labels.is_narrow else 2,
        handlelength=1,
        labelcolor=FAINT,
    )

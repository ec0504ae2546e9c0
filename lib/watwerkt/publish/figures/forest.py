"""Forest: estimates as points with their intervals and what could have been detected."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from watwerkt.publish.figures.axis import format_axis
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import BLUE, FAINT, GRID, INK, NAIVE, build_axes

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
    is_ratio: bool = False,
) -> Figure:
    """Draw one row per estimate, first row on top, around the line of no effect.

    The grey bar around no effect reaches to the smallest detectable effect (``mde``, on the scale
    of ``x``). Rows whose ``status`` is *warning* are grey, hollow, hatched and called misleading.
    ``is_ratio``: ratios, on a log axis around 1; otherwise differences, around 0.
    """
    axes = build_axes(labels, height=1.4 + 0.46 * len(frame))
    if is_ratio:
        axes.set_xscale("log")
    drawn = frame.assign(
        is_naive=frame[status] == WARNING if status in frame else False,
        detectable=frame[mde].astype("float64") if mde in frame else np.nan,
    )
    for place, (_, row) in enumerate(drawn.iterrows()):
        _draw_row(
            axes, place, row[[x, low, high, "detectable"]].to_numpy("float64"), row["is_naive"]
        )
        _write_interval(axes, place, [labels.value(c, row[c]) for c in (x, low, high)])
    axes.axvline(1.0 if is_ratio else 0.0, color=INK, linewidth=1)
    _name_rows(axes, labels, [labels.value(y, term) for term in frame[y]], drawn["is_naive"])
    format_axis(axes.xaxis, labels, x, frame[x])
    _explain(axes, labels, drawn["detectable"].notna().any(), drawn["is_naive"].any())
    return axes.figure


def _draw_row(axes: Axes, place: int, numbers: np.ndarray, is_naive: bool) -> None:
    x, low, high, mde = numbers
    colour = NAIVE if is_naive else BLUE
    if is_naive:
        axes.barh(
            place,
            high - low,
            left=low,
            height=0.5,
            color="none",
            edgecolor=NAIVE,
            hatch="////",
            alpha=0.45,
            linewidth=0,
        )
    elif not np.isnan(mde):
        nearest, furthest = (1 / mde, mde) if axes.get_xscale() == "log" else (-mde, mde)
        axes.barh(place, furthest - nearest, left=nearest, height=0.62, color=GRID, linewidth=0)
    axes.plot([low, high], [place, place], color=colour, linewidth=2)
    face = "white" if is_naive else colour
    axes.plot(x, place, "o", color=colour, markersize=7, markerfacecolor=face)


def _write_interval(axes: Axes, place: int, written: list[str]) -> None:
    estimate, low, high = written
    text = f"{estimate} ({low} – {high})"
    where = axes.get_yaxis_transform()
    axes.text(1.02, place, text, transform=where, va="center", fontsize=9, color=INK)


def _name_rows(axes: Axes, labels: Labels, names: list[str], is_naive: pd.Series) -> None:
    misleading = labels.translator.text("misleading")
    written = [
        f"{name}\n({misleading})" if naive else name
        for name, naive in zip(names, is_naive, strict=True)
    ]
    axes.set_yticks(range(len(names)), written)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")


def _explain(axes: Axes, labels: Labels, has_mde: bool, has_naive: bool) -> None:
    say = labels.translator.text
    handles = []
    if has_mde:
        handles.append(Patch(color=GRID, label=say("too small to be detected here")))
    if has_naive:
        hatched = Patch(
            facecolor="white", edgecolor=NAIVE, hatch="////", linewidth=0, label=say("misleading")
        )
        handles.append(hatched)
    if handles:
        axes.figure.legend(handles=handles, loc="outside lower left", ncols=2, labelcolor=FAINT)

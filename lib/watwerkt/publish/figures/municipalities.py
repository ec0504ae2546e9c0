"""Municipalities side by side, by their codes and never by rank: a funnel, and a forest with both
what each found itself and what all together say of it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from watwerkt.publish.figures.axis import format_axis
from watwerkt.publish.labels import Labels
from watwerkt.publish.style import ALARM, BLUE, FAINT, GRID, INK, ORANGE, build_axes

ROW, TALLEST = 0.19, 8.6  # inches: of a row, and of a figure on paper
NAMED = 40  # municipalities that can be named beside their row
BANDS = {"998": "#eceef1", "95": "#d6dae3"}  # limits of 99.8 % and of 95 %
MARKS = {"inside": (BLUE, "o"), "unusual": (ORANGE, "D"), "outside": (ALARM, "s")}
VIEW = (0.1, 0.9)  # quantiles of the own intervals that stay in view whole


def plot_funnel(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    x: str = "n_exits_expected",
    y: str = "exit_ratio",
    name: str = "municipality_id",
    place: str = "place",
) -> Figure:
    """Draw ``y`` over ``x`` within the limits of ``low_95`` … ``high_998``; name what lies beyond.

    Colour and shape say the ``place``; ``x`` has a logarithmic scale, ``y`` is 1 where expected.
    """
    figure, axes = build_axes(labels, height=4.2)
    drawn = frame.dropna(subset=[y]).sort_values(x, kind="stable")
    across = drawn[x].to_numpy(float)
    for level, colour in BANDS.items():
        low, high = (drawn[f"{end}_{level}"].to_numpy(float) for end in ("low", "high"))
        axes.fill_between(across, low, high, color=colour, linewidth=0)
    axes.axhline(1, color=INK, linewidth=1)
    for code, (colour, marker) in MARKS.items():
        part = drawn[drawn[place] == code]
        axes.plot(part[x], part[y], marker, color=colour, markersize=6, linestyle="none")
        for _, row in part.iterrows() if code != "inside" else ():
            text = labels.value(name, row[name])
            where: dict[str, Any] = {"xytext": (7, 0), "textcoords": "offset points"}
            axes.annotate(text, (row[x], row[y]), va="center", color=colour, fontsize=9, **where)
    axes.set_xscale("log")
    axes.margins(x=0.12)
    format_axis(axes.yaxis, labels, y, frame[y])
    axes.set_xlabel(labels.column(x))
    _mark_powers(axes, labels, across)
    _explain_funnel(figure, labels, drawn[place])
    return figure


def plot_municipalities(
    frame: pd.DataFrame,
    labels: Labels,
    *,
    name: str = "municipality_id",
    together: str = "together",
    is_ratio: bool = False,
) -> Figure:
    """Draw per municipality its own estimate, hollow, and the partially pooled one, filled.

    First row on top; the row ``together`` is the mean of all. Own intervals that reach far are cut
    off at the edge. Beyond forty the municipalities are named in the table of figures only.
    """
    n = len(frame)
    figure, axes = build_axes(labels, height=min(1.3 + ROW * n, TALLEST))
    scaled = np.exp if is_ratio else np.asarray
    columns = ["own_low", "own_high", "own_estimate", "conf_low", "conf_high", "estimate"]
    numbers = {c: scaled(frame[c].to_numpy("float64")) for c in columns}
    rows, is_mean = np.arange(n), (frame[name] == together).to_numpy()
    _draw_rows(axes, rows, numbers, is_mean)
    axes.axvline(1.0 if is_ratio else 0.0, color=INK, linewidth=1)
    _keep_in_view(axes, numbers, is_ratio)
    is_named = n <= NAMED + 1
    kept = rows if is_named else rows[is_mean]
    axes.set_yticks(kept, [labels.value(name, frame[name].iloc[i]) for i in kept], fontsize=8)
    axes.set_ylim(n - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    format_axis(axes.xaxis, labels, "estimate", frame["estimate"])
    axes.set_xlabel("")  # the legend says what is drawn
    _explain_rows(figure, labels)
    return figure


def _draw_rows(
    axes: Axes, rows: np.ndarray, numbers: dict[str, np.ndarray], is_mean: np.ndarray
) -> None:
    """Own intervals below, partially pooled ones on top; thinner where there are many."""
    thin = min(1.0, NAMED / len(rows))
    axes.hlines(rows, numbers["own_low"], numbers["own_high"], color=GRID, linewidth=3 * thin)
    hollow: dict[str, Any] = {"color": FAINT, "markerfacecolor": "white", "markeredgewidth": thin}
    axes.plot(numbers["own_estimate"], rows, "o", markersize=5 * thin, **hollow)
    for part, colour, marker, size in ((~is_mean, BLUE, "o", thin), (is_mean, INK, "D", 1.0)):
        low, high = numbers["conf_low"][part], numbers["conf_high"][part]
        axes.hlines(rows[part], low, high, color=colour, linewidth=1.5 * size)
        axes.plot(numbers["estimate"][part], rows[part], marker, color=colour, markersize=5 * size)


def _keep_in_view(axes: Axes, numbers: dict[str, np.ndarray], is_ratio: bool) -> None:
    at = np.log if is_ratio else np.asarray
    known = {c: at(v[~np.isnan(v)]) for c, v in numbers.items()}
    low = min(np.quantile(known["own_low"], VIEW[0]), known["conf_low"].min(), 0.0)
    high = max(np.quantile(known["own_high"], VIEW[1]), known["conf_high"].max(), 0.0)
    room = 0.04 * (high - low)
    ends = np.array([low - room, high + room])
    if is_ratio:
        axes.set_xscale("log")
    axes.set_xlim(*(np.exp(ends) if is_ratio else ends))


def _mark_powers(axes: Axes, labels: Labels, values: np.ndarray) -> None:
    low, high = axes.get_xlim()
    ticks = [m * 10.0**p for p in range(7) for m in (1, 2, 5) if low <= m * 10**p <= high]
    axes.set_xticks(ticks, [labels.translator.number(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(low, high)


def _explain_funnel(figure: Figure, labels: Labels, places: pd.Series) -> None:
    say = labels.translator.text
    names = {
        "inside": say("within the limits"),
        "unusual": say("beyond 95% limits"),
        "outside": say("beyond 99.8% limits"),
    }
    handles: list[Any] = [
        Line2D([], [], color=c, marker=m, linestyle="none", label=names[code])
        for code, (c, m) in MARKS.items()
        if (places == code).any()
    ]
    handles += [
        Patch(color=BANDS["95"], label=say("limits of 95%")),
        Patch(color=BANDS["998"], label=say("limits of 99.8%")),
    ]
    _legend(figure, labels, handles)


def _explain_rows(figure: Figure, labels: Labels) -> None:
    say = labels.translator.text
    own = {"marker": "o", "markerfacecolor": "white", "markeredgecolor": FAINT}
    handles: list[Any] = [
        Line2D([], [], color=GRID, linewidth=3, label=say("what it found itself"), **own),  # type: ignore[arg-type]
        Line2D([], [], color=BLUE, marker="o", label=say("together with what all others found")),
        Line2D([], [], color=INK, marker="D", label=say("mean of all")),
    ]
    _legend(figure, labels, handles)


def _legend(figure: Figure, labels: Labels, handles: list[Any]) -> None:
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=1 if labels.is_narrow else 2,
        labelcolor=FAINT,
    )

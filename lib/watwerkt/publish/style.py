"""One look for every figure: type, grid, and a fixed colour for each thing.

The colours hold 4.5 : 1 against white, since names are written in them, and stay apart for the
colour-blind (tested). Lines differ in their dashes too, and are named where they end.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from watwerkt.publish.labels import TOTAL, Labels

BLUE, ORANGE, GREEN, PURPLE = "#313dbb", "#b46000", "#065532", "#64276a"
SKY, RED, BROWN, SAGE = "#177daa", "#c4004c", "#783f08", "#637c6e"
SEQUENCE = (BLUE, ORANGE, GREEN, SKY, PURPLE, RED, BROWN, SAGE)
INK, FAINT, GRID, NAIVE, ALARM = "#1c2430", "#5b6470", "#dde1e6", "#6b7280", "#a3242b"

COLOURS = {
    # destinations and their groups
    "work": BLUE,
    "partner_work": SKY,
    "other_income": ORANGE,
    "education": GREEN,
    "household": PURPLE,
    "administrative": RED,
    "ineligible": BROWN,
    "moved": SAGE,
    "outside": SAGE,
    "unexplained": NAIVE,
    # where people are after the start
    "on_benefit": INK,
    "back": RED,
    "out_work": BLUE,
    "out_other": ORANGE,
    "out_unknown": NAIVE,
    "out_of_sight": SAGE,
    # flows
    "stock": INK,
    "inflow": ORANGE,
    "outflow": BLUE,
    # channels
    "in_person": BLUE,
    "home_visit": GREEN,
    "phone": ORANGE,
    "video": SKY,
    "email": PURPLE,
    "letter": BROWN,
    "portal": RED,
    # both
    "other": SAGE,
    "unknown": NAIVE,
    # what cleaning did
    "keep": BLUE,
    "merge": SKY,
    "repair": ORANGE,
    "flag": PURPLE,
    "quarantine": RED,
}

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.labelcolor": FAINT,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "watwerkt",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Everything drawn or saved inside follows the house style, whatever the user's rc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def build_axes(labels: Labels, height: float = 3.5) -> tuple[Figure, Axes]:
    """One pair of axes in a figure of its own, with the mark in the top right corner.

    ``height`` in inches; a figure for a phone is as wide as a phone.
    """
    figure = Figure(figsize=(3.7 if labels.is_narrow else 6.2, height), layout="constrained")
    if labels.mark:
        figure.suptitle(labels.mark, x=0.99, ha="right", fontsize=9, color=ALARM)
    return figure, figure.subplots()


def order_codes(codes: Iterable[str]) -> list[str]:
    """Each code once, those with a colour of their own first, so that order too stays the same.

    A total comes last.
    """
    seen = list(dict.fromkeys(codes))
    known = [code for code in COLOURS if code in seen]
    others = [code for code in seen if code not in COLOURS]
    return known + sorted(others, key=lambda code: code == TOTAL)


def colours_of(codes: Sequence[str]) -> dict[str, str]:
    """The fixed colour of each code; codes without one take the sequence, in their order."""
    free = [colour for colour in SEQUENCE if colour not in map(COLOURS.get, codes)]
    unknown = [code for code in codes if code not in COLOURS]
    loose = {code: (free or SEQUENCE)[i % len(free or SEQUENCE)] for i, code in enumerate(unknown)}
    return {code: COLOURS.get(code, loose.get(code, INK)) for code in codes}

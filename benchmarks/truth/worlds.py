"""What a world of ``bench-truth`` is: a planted effect, and what draws it and estimates it.

A module named in ``replications.MODULES`` has a function ``worlds`` that lists its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Draw = dict[str, float | str | bool]


@dataclass(frozen=True)
class World:
    """One world.

    Attributes
    ----------
    name : as in the table.
    truths : what each design, by its name, should find in this world.
    draw : seed → one ``Draw`` for each design; a design that refuses raises a WatwerktError.
    violates : what the design relies on and the world does not give: a word by which the chapter
        says so; empty where nothing is violated.
    """

    name: str
    truths: Mapping[str, float]
    draw: Callable[[int], dict[str, Draw]] = field(repr=False)
    violates: str = ""


def figures(fit: Any, **more: float | str | bool) -> Draw:
    """What is kept of one estimate: the row of ``tidy()``, and ``more``.

    ``naive`` (with ``naive_low`` and ``naive_high``): the figure that is often given instead.
    ``status``: the verdict by the chapter's rule. ``is_flagged``: whether a diagnostic of the
    chapter speaks up. ``numerator``, ``denominator``: the sums whose ratio pools municipalities;
    without them estimates are pooled as their mean.
    """
    return {
        "estimate": float(fit.estimate),
        "low": float(fit.conf_low),
        "high": float(fit.conf_high),
        "p": float(fit.p_value),
        **more,
    }

"""Effects of a change that comes to units one after the other: group-time effects.

The group of a unit is the month of its change. Each group is compared, over one window of months,
with the units of its own stratum that have not changed by the end of that window: their change
since the last window before the group's own change is what would have happened to the group too.
Units that changed earlier are never a control, which is where a regression with an effect for each
unit and month goes wrong as soon as effects differ. Event time counts windows since the change:
0 is the first one after it, -1 the base, -2 and before are windows in which nothing can have
happened yet.

References
----------
Callaway, B. and Sant'Anna, P. (2021). Journal of Econometrics 225, 200-230: eq. 2.9 without
covariates, controls not yet treated, one base for every window. Goodman-Bacon, A. (2021), in the
same issue, 254-277: what the regression does instead.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.errors import DataError

FloatArray = NDArray[np.float64]
NEVER = np.inf
BASE, FIRST = -1, 0  # event times
MOST_BEFORE = -5


@dataclass(frozen=True, slots=True)
class Windows:
    """What each unit saw in windows of ``span`` months, one beginning in every month.

    Attributes
    ----------
    group : month of each unit's change, ``NEVER`` where there is none; shape (n_units,).
    stratum : units are compared within one; shape (n_units,).
    months : first month of each window, increasing by one; shape (n_windows,).
    outcome : mean of each outcome per unit and window, missing where it was not seen; shape
        (n_units, n_windows, n_outcomes).
    weight : persons per unit and window; shape (n_units, n_windows).
    span : length of a window in months.
    """

    group: FloatArray
    stratum: NDArray[np.int64]
    months: NDArray[np.int64]
    outcome: FloatArray = field(repr=False)
    weight: FloatArray = field(repr=False)
    span: int

    def place(self, month: float) -> int | None:
        """Where the window beginning in ``month`` stands; None where it is not seen."""
        place = month - self.months[0]
        return int(place) if 0 <= place < len(self.months) else None


@dataclass(frozen=True, slots=True)
class Cell:
    """One group in one window: its effect (n_outcomes,), and how much each unit puts in.

    ``members`` and ``controls`` are places of units; ``parts`` (members first, then controls) are
    what each adds to the effect were there none: they sum to ``effect``. ``weight`` is the number
    of persons in the group when it changed.
    """

    group: float
    stratum: int
    event_time: int
    effect: FloatArray
    weight: float
    members: NDArray[np.intp]
    controls: NDArray[np.intp]
    parts: FloatArray = field(repr=False)


def build_windows(
    rows: pd.DataFrame, outcomes: list[str], span: int, group: pd.Series
) -> tuple[Windows, list[str]]:
    """Arrange rows by unit and window; with the names of the units, sorted.

    Parameters
    ----------
    rows : one row per unit and window: ``unit, stratum, month`` (whole number), ``weight`` and the
        outcomes.
    group : month of the change per unit; a unit that is not in it never changes.

    Raises
    ------
    DataError
        No rows, or two for one unit and window.
    """
    if rows.empty or rows.duplicated(["unit", "month"]).any():
        raise DataError("group-time effects need one row for each unit and window")
    units = sorted(rows["unit"].unique())
    months = np.arange(rows["month"].min(), rows["month"].max() + 1)
    unit, month = pd.Index(units).get_indexer(rows["unit"]), rows["month"] - months[0]
    outcome = np.full((len(units), len(months), len(outcomes)), np.nan)
    weight = np.zeros((len(units), len(months)))
    outcome[unit, month] = rows[outcomes].to_numpy(float)
    weight[unit, month] = rows["weight"].to_numpy(float)
    stratum = pd.factorize(rows.groupby("unit")["stratum"].first().reindex(units), sort=True)[0]
    when = group.reindex(units).fillna(NEVER).to_numpy(float)
    return Windows(when, stratum.astype(np.int64), months, outcome, weight, span), units


def find_cells(windows: Windows, event_times: range) -> list[Cell]:
    """Every group in every window that has a base and a control, by group and event time."""
    cells = [
        _cell(windows, group, stratum, event_time)
        for group, stratum in _groups(windows)
        for event_time in event_times
        if event_time != BASE
    ]
    return [cell for cell in cells if cell is not None]


def average_effects(windows: Windows, groups: FloatArray, event_times: range) -> FloatArray:
    """The effect by event time, were ``groups`` the changes: averaged by the persons in a group.

    ``groups`` has shape (n_assignments, n_units), each row the same months given to other units;
    the result (n_assignments, n_event_times, n_outcomes), missing where nothing can be compared,
    nil at the base.
    """
    shape = (len(groups), len(event_times), windows.outcome.shape[2])
    total, persons = np.zeros(shape), np.zeros(shape[:2])
    for group, stratum in _groups(windows):
        for at, event_time in enumerate(event_times):
            found = _changes(windows, group, stratum, event_time)
            if found is None:
                continue
            change, weight, last = found
            members = np.where(groups == group, weight, 0.0)
            others = np.where((groups >= last) & (groups != group), weight, 0.0)
            n, m = members.sum(axis=1), others.sum(axis=1)
            known = (n > 0) & (m > 0)
            effect = members[known] @ change - (n / np.where(known, m, 1.0))[known, None] * (
                others[known] @ change
            )
            total[known, at] += effect
            persons[known, at] += n[known]
    with np.errstate(invalid="ignore"):
        return np.asarray(total / persons[..., None])


def sum_parts(cells: list[Cell], event_time: int, n_units: int) -> FloatArray:
    """What each unit adds to the average at ``event_time``; shape (n_units, n_outcomes)."""
    chosen = [cell for cell in cells if cell.event_time == event_time]
    total = sum(cell.weight for cell in chosen)
    parts = np.zeros((n_units, chosen[0].effect.size))
    for cell in chosen:
        parts[np.concatenate([cell.members, cell.controls])] += cell.weight / total * cell.parts
    return parts


def _groups(windows: Windows) -> list[tuple[float, int]]:
    changed = np.isfinite(windows.group)
    pairs = zip(windows.group[changed], windows.stratum[changed], strict=True)
    return sorted({(float(group), int(stratum)) for group, stratum in pairs})


def _changes(
    windows: Windows, group: float, stratum: int, event_time: int
) -> tuple[FloatArray, FloatArray, float] | None:
    """Each unit's change of outcome since the base, its persons, and who may be a control.

    A unit that is not seen, or not in the stratum, has no persons; a control changes in the month
    given last or later.
    """
    month, base = group + windows.span * event_time, group + windows.span * BASE
    now, before, start = (windows.place(m) for m in (month, base, group))
    if now is None or before is None or start is None:
        return None
    change = windows.outcome[:, now] - windows.outcome[:, before]
    seen = np.isfinite(change).all(axis=1) & (windows.stratum == stratum)
    weight = np.where(seen, windows.weight[:, start], 0.0)
    return np.where(seen[:, None], change, 0.0), weight, max(month, base) + windows.span


def _cell(windows: Windows, group: float, stratum: int, event_time: int) -> Cell | None:
    found = _changes(windows, group, stratum, event_time)
    if found is None:
        return None
    change, weight, last = found
    is_member = windows.group == group
    members = np.flatnonzero(is_member & (weight > 0))
    controls = np.flatnonzero((windows.group >= last) & ~is_member & (weight > 0))
    if not len(members) or not len(controls):
        return None
    both = np.concatenate([members, controls])
    shares = [weight[who] / weight[who].sum() for who in (members, controls)]
    level = np.average(change[both], axis=0, weights=weight[both])
    parts = np.concatenate([shares[0], -shares[1]])[:, None] * (change[both] - level)
    size = float(weight[members].sum())
    return Cell(group, stratum, event_time, parts.sum(axis=0), size, members, controls, parts)

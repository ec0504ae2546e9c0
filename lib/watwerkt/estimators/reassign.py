"""Who might have changed instead: group-time effects tested by giving the changes to other units.

With a handful of units that changed, a standard error from residuals hardly knows how much units
differ by themselves. What is known is how large the figure becomes when the same changes are given
to other units of the same stratum. Under a constant effect ``tau`` the outcomes without the change
are known (less ``tau`` where and as far as it was in force), so that every ``tau`` can be tested,
and those not rejected are the interval. Beside it stands a restricted bootstrap that changes the
signs of what units add to the figure under no effect.

References
----------
Rosenbaum, P. (2002). Observational Studies, section 2.4 (test and its inversion).
MacKinnon, J. and Webb, M. (2020). Journal of Econometrics 218, 435-450 (few treated clusters).
Kline, P. and Santos, A. (2012). Journal of Econometric Methods 1, 23-41 (the score bootstrap).
"""

from dataclasses import dataclass, field, replace
from itertools import islice, product

import numpy as np
import pandas as pd

from watwerkt.errors import DataError
from watwerkt.estimators.assignments import DRAWS, count_assignments, draw_others
from watwerkt.estimators.estimates import ROUNDING, Estimates
from watwerkt.estimators.group_time import (
    BASE,
    FIRST,
    MOST_BEFORE,
    Cell,
    FloatArray,
    Windows,
    average_effects,
    find_cells,
    sum_parts,
)

LARGEST = 100.0  # beyond which an interval is called unbounded; outcomes are percentages
TIE = 1e-9
FLIPPED_IN_FULL = 12  # units up to which every change of signs is tried


@dataclass(frozen=True, slots=True)
class Event(Estimates):
    """The effect at one event time on each outcome, with that of every other assignment.

    Attributes
    ----------
    drawn, dose : the same figure under other assignments, and how much of an effect of 1 would
        be in it; shapes (n_drawn, n_terms) and (n_drawn,). The first row is the actual one.
    n_assignments : how many there might have been, the actual one included.
    n_changed : units that changed and are compared.
    p_flipped : of the restricted bootstrap, per term.
    """

    drawn: FloatArray = field(repr=False)
    dose: FloatArray = field(repr=False)
    n_assignments: int
    n_changed: int
    p_flipped: FloatArray

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """As ``Estimates.tidy``, with the test and interval of the other assignments.

        An end is missing where no effect on that side is rejected.
        """
        places = range(len(self.term))
        ends = [[self._end(i, side, 1 - conf_level) for i in places] for side in (-1, 1)]
        p_values = [self.p_value(i) for i in places]
        return Estimates.tidy(self, conf_level).assign(
            p_value=p_values, conf_low=ends[0], conf_high=ends[1]
        )

    def p_value(self, place: int, effect: float = 0.0) -> float:
        """Share of assignments whose figure is as large, were ``effect`` the true one."""
        gaps = np.abs(self.drawn[:, place] - effect * self.dose)
        return float(np.mean(gaps >= gaps[0] * (1 - TIE) - TIE))

    def _end(self, place: int, side: int, alpha: float) -> float:
        inside = float(self.estimate[place])
        outside = inside + side * LARGEST
        if self.p_value(place, outside) > alpha:
            return float("nan")
        while abs(outside - inside) > 1e-6:
            middle = (inside + outside) / 2
            is_in = self.p_value(place, middle) > alpha
            inside, outside = (middle, outside) if is_in else (inside, middle)
        return inside


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Every assignment's effects by event time.

    ``effects`` (n_drawn, n_event_times, n_outcomes) and ``dose`` (n_drawn, n_event_times) are
    missing where an assignment leaves no control; the first row is the actual assignment.
    """

    windows: Windows
    outcomes: tuple[str, ...]
    event_times: range
    cells: list[Cell] = field(repr=False)
    effects: FloatArray = field(repr=False)
    dose: FloatArray = field(repr=False)
    n_assignments: int

    @property
    def before(self) -> list[int]:
        """Event times before the base at which the actual assignment can be compared."""
        known = np.isfinite(self.effects[0]).all(axis=1)
        return [e for e, k in zip(self.event_times, known, strict=True) if k and e < BASE]

    def event(self, event_time: int, n_persons: int, n_events: int) -> Event:
        """The estimates at one event time, from ``n_persons`` of whom ``n_events`` left.

        An outcome that does not vary between units is left out. Before the change the first
        estimated effect is taken out of other assignments.

        Raises
        ------
        DataError
            No group has a control in that window, or there is no other assignment.
        """
        if event_time < BASE:
            return self._contrast({event_time: 1.0}, n_persons, n_events)
        at = event_time - self.event_times.start
        return self._event([event_time], self.effects[:, at], self.dose[:, at], n_persons, n_events)

    def trend(self, n_persons: int, n_events: int) -> Event:
        """What the outcome of who changed ran ahead by, per window, before the base.

        Raises
        ------
        DataError
            Nothing can be compared before the base.
        """
        squares = sum((e - BASE) ** 2 for e in self.before)
        weights = {e: (e - BASE) / squares for e in self.before}
        return self._contrast(weights, n_persons, n_events)

    def _contrast(self, weights: dict[int, float], n_persons: int, n_events: int) -> Event:
        """A sum of event times before the base; other assignments are free of the effect."""
        at = np.array([e - self.event_times.start for e in weights], dtype=int)
        first = self.effects[0, FIRST - self.event_times.start]
        free = self.effects[:, at] - self.dose[:, at, None] * first
        drawn = np.einsum("pek,e->pk", free, np.array(list(weights.values())))
        dose = np.where(np.arange(len(drawn)) == 0, 1.0, 0.0)
        return self._event(list(weights), drawn, dose, n_persons, n_events)

    def _event(
        self, times: list[int], drawn: FloatArray, dose: FloatArray, n_persons: int, n_events: int
    ) -> Event:
        known = np.asarray(np.isfinite(drawn).all(axis=1))
        if not times or not known[0] or known.sum() < 2:
            raise DataError("no unit that had not changed can be compared with one that had")
        drawn, dose = drawn[known], dose[known]
        errors = np.sqrt(((drawn[1:] - dose[1:, None] * drawn[0]) ** 2).mean(axis=0))
        varies = errors > ROUNDING * (1 + np.abs(drawn[0]))
        if not varies.any():
            raise DataError("no standard error can be given: no outcome varies between units")
        chosen = [cell for cell in self.cells if cell.event_time in times]
        used = np.unique(np.concatenate([np.r_[c.members, c.controls] for c in chosen]))
        parts = sum_parts(self.cells, times[0], len(self.windows.group))
        return Event(
            term=tuple(name for name, known in zip(self.outcomes, varies, strict=True) if known),
            estimate=drawn[0, varies],
            std_error=errors[varies],
            degrees_of_freedom=float(len(used) - 1),
            n_obs=n_persons,
            n_persons=n_persons,
            n_events=n_events,
            n_clusters=len(used),
            drawn=drawn[:, varies],
            dose=dose,
            n_assignments=self.n_assignments,
            n_changed=len(np.unique(np.concatenate([cell.members for cell in chosen]))),
            p_flipped=_flip(parts[used][:, varies]),
        )


def reassign(
    windows: Windows, outcomes: tuple[str, ...], last: int = FIRST, seed: int = 0
) -> Reassigned:
    """Estimate under the actual assignment and under others: all of them, or ``DRAWS`` by lot.

    ``last`` is the last event time. Raises DataError where nothing changed, or nothing can be
    compared.
    """
    event_times = range(MOST_BEFORE, last + 1)
    cells = find_cells(windows, event_times)
    if not any(cell.event_time == FIRST for cell in cells):
        raise DataError("no unit that had not changed can be compared with one that had")
    n_assignments = count_assignments(windows)
    rng = np.random.default_rng(seed)
    others = islice(draw_others(windows, rng), DRAWS)
    groups = np.array([windows.group, *others])
    both = average_effects(_with_exposure(windows), groups, event_times)
    effects, dose = both[..., :-1], both[..., -1]
    return Reassigned(windows, outcomes, event_times, cells, effects, dose, n_assignments)


def _with_exposure(windows: Windows) -> Windows:
    """A last outcome: the share of each window in which the actual change was in force."""
    after = windows.months[None, :] + windows.span - windows.group[:, None]
    exposure = np.clip(after / windows.span, 0.0, 1.0)
    return replace(windows, outcome=np.dstack([windows.outcome, exposure]))


def _flip(parts: FloatArray, seed: int = 0) -> FloatArray:
    """Share of changes of sign of the units' parts, the null imposed, that reach the sum."""
    n = len(parts)
    if n <= FLIPPED_IN_FULL:
        signs = np.array(list(product((1.0, -1.0), repeat=n)))
    else:
        drawn = np.random.default_rng(seed).choice((1.0, -1.0), (DRAWS, n))
        signs = np.vstack([np.ones(n), drawn])
    sums = np.abs(signs @ parts)
    return np.asarray(np.mean(sums >= sums[0] * (1 - TIE) - TIE, axis=0))

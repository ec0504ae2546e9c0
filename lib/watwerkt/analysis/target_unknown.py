"""What a smaller target did to exits by destination, whatever the unknown reasons were (P2)."""

import numpy as np
import pandas as pd

from watwerkt.analysis.destination import UNEXPLAINED
from watwerkt.analysis.target_change import TOO_FEW_TEAMS, ChangeFit, pick_row
from watwerkt.analysis.target_rows import OUTCOMES, SPAN
from watwerkt.disclosure import Gap, Policy, Protected, protect_means
from watwerkt.estimators.assignments import MIN_ASSIGNMENTS
from watwerkt.estimators.group_time import FIRST, Cell

STEADY, ANY = READINGS = ("unknown_steady", "unknown_any")
UNKNOWN_SHARE = f"{UNEXPLAINED}_{SPAN}"


def unknown_reason_bounds(fit: ChangeFit | Gap, policy: Policy) -> Protected | Gap:
    """Per destination the least and the most that the difference can be, apart from chance.

    ``unknown_any``: of each unknown reason nothing is assumed. ``unknown_steady``: the same part of
    them was this destination after the change as before, in teams that changed and in the others.
    """
    if isinstance(fit, Gap):
        return fit
    if fit.found.n_assignments < MIN_ASSIGNMENTS:
        return TOO_FEW_TEAMS
    first = fit.event(FIRST).tidy()
    limits = find_limits(fit)
    rows = [
        {
            "outcome": outcome,
            "term": reading,
            "estimate": float(found["estimate"].iloc[0]),
            "lower_bound": float(found["estimate"].iloc[0] + low),
            "upper_bound": float(found["estimate"].iloc[0] + high),
            "n_persons": fit.n_persons,
        }
        for outcome in OUTCOMES[1:]
        if not (found := pick_row(first, outcome, SPAN)).empty
        for reading, (low, high) in limits.items()
    ]
    figures = ["estimate", "lower_bound", "upper_bound"]
    order = {"outcome": OUTCOMES, "term": READINGS}
    table = pd.DataFrame(rows).astype(
        {name: pd.CategoricalDtype(list(levels), ordered=True) for name, levels in order.items()}
    )
    return protect_means(table, figures, policy, by=["outcome", "term"], n_persons="n_persons")


def find_limits(fit: ChangeFit) -> dict[str, tuple[float, float]]:
    """By how many percentage points unknown reasons can lower and raise any difference."""
    cells = [cell for cell in fit.found.cells if cell.event_time == FIRST]
    shares = np.array([_unknown_shares(cell, fit.rows) for cell in cells])
    after, before, after_others, before_others = np.average(
        shares, axis=0, weights=[cell.weight for cell in cells]
    )
    rise, rise_others = after - before, after_others - before_others
    return {
        STEADY: (min(rise, 0.0) - max(rise_others, 0.0), max(rise, 0.0) - min(rise_others, 0.0)),
        ANY: (-before - after_others, after + before_others),
    }


def _unknown_shares(cell: Cell, rows: pd.DataFrame) -> list[float]:
    """Per cent left for an unknown reason: the group's after and before, and its controls'."""
    units = np.array(sorted(rows["unit"].unique()))
    now = rows[rows["month"] == cell.group].set_index("unit")
    then = rows[rows["month"] == cell.group - SPAN].set_index("unit")
    return [
        float(np.average(window.loc[who, UNKNOWN_SHARE], weights=now.loc[who, "weight"]))
        for who in (units[cell.members], units[cell.controls])
        for window in (now, then)
    ]

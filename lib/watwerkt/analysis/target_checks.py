"""What holds the estimate of a smaller target up (P2): caseloads, months, years before, bounds."""

from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.evidence import Design, describe_estimates
from watwerkt.analysis.target_change import (
    CHANGE,
    TERM,
    ChangeFit,
    pick_row,
)
from watwerkt.analysis.target_rows import OUTCOMES, SPAN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.estimators.assignments import MIN_ASSIGNMENTS
from watwerkt.estimators.group_time import BASE, FIRST
from watwerkt.estimators.relative_bounds import widen_interval

NO_YEARS = Gap(
    "Whether these teams were already going another way cannot be seen: it takes two years or more "
    "before the change."
)
PATHS = ("all", "work")
RATIOS = (0.5, 1.0, 2.0)
NO_ESTIMATE = Gap("Without an estimate of a smaller target there is nothing to show here.")


def caseload_change(fit: ChangeFit | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """By how much caseloads really fell in the year after the change, in clients per FTE."""
    if isinstance(fit, Gap) or fit.caseload is None:
        return NO_ESTIMATE
    design = _beside("P2 caseload", "caseload over the first year", scale="clients per FTE")
    tidy = fit.caseload.event(FIRST, fit.n_persons, fit.n_events["all"]).tidy(conf_level)
    rows = describe_estimates(tidy.assign(term=TERM), design, "all", conf_level)
    return protect_estimates(rows, policy)


def by_month(fit: ChangeFit | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """The effect on the share that has left after 1 to 12 months (``time``), of all and to work."""
    if isinstance(fit, Gap) or fit.found.n_assignments < MIN_ASSIGNMENTS:
        return NO_ESTIMATE
    tidy = fit.event(FIRST).tidy(conf_level)
    rows = []
    for outcome in PATHS:
        for months in range(1, SPAN + 1):
            design = replace(_beside("P2 by month", CHANGE.estimand), horizon_months=months)
            row = pick_row(tidy, outcome, months).assign(n_events=fit.n_events[outcome])
            described = describe_estimates(row, design, outcome, conf_level)
            rows.append(described.assign(time=months))
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=["time"])


def before_change(fit: ChangeFit | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """The same figure in years in which nothing can have happened yet, and the trend over them.

    The MDE of the trend is the slope, in percentage points a year, that could have been seen.
    """
    if isinstance(fit, Gap) or fit.found.n_assignments < MIN_ASSIGNMENTS:
        return NO_ESTIMATE
    if not fit.found.before:
        return NO_YEARS
    events = {f"before_{BASE - e}": fit.event(e) for e in fit.found.before}
    events["trend"] = fit.found.trend(fit.n_persons, 0)
    design = _beside("P2 before the change", "the same before the change: should be nil")
    rows = [
        describe_estimates(
            pick_row(event.tidy(conf_level), "all", SPAN).assign(
                term=name, n_events=fit.n_events["all"]
            ),
            design,
            "all",
            conf_level,
        )
        for name, event in events.items()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def robust_bounds(fit: ChangeFit | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """The interval were teams to drift apart by half, once or twice the most they did before."""
    if isinstance(fit, Gap) or fit.found.n_assignments < MIN_ASSIGNMENTS:
        return NO_ESTIMATE
    if not fit.found.before:
        return NO_YEARS
    known = set(fit.event(FIRST).term)
    shown = [outcome for outcome in OUTCOMES if f"{outcome}_{SPAN}" in known]
    rows = pd.concat([_bounds(fit, outcome, conf_level) for outcome in shown])
    return protect_estimates(rows.reset_index(drop=True), policy)


def _bounds(fit: ChangeFit, outcome: str, conf_level: float) -> pd.DataFrame:
    row = pick_row(fit.event(FIRST).tidy(conf_level), outcome, SPAN)
    at = fit.found.outcomes.index(f"{outcome}_{SPAN}")
    moves = [fit.found.effects[0, e - fit.found.event_times.start, at] for e in fit.found.before]
    low, high = row["conf_low"].iloc[0], row["conf_high"].iloc[0]
    wider = widen_interval(low, high, moves, RATIOS)
    design = _beside("P2 bounds", "the same, were teams to drift apart as before the change")
    several = row.loc[row.index.repeat(len(wider))].reset_index(drop=True)
    several = several.assign(
        term=[f"drift_{ratio:g}" for ratio in wider["ratio"]],
        conf_low=wider["conf_low"],
        conf_high=wider["conf_high"],
        p_value=np.nan,
        n_events=fit.n_events[outcome],
    )
    return describe_estimates(several, design, outcome, conf_level)


def _beside(analysis: str, estimand: str, scale: str = "pp") -> Design:
    return replace(
        CHANGE, analysis=analysis, estimand=estimand, scale=scale, status="indicative",
        is_primary=False,
    )  # fmt: skip

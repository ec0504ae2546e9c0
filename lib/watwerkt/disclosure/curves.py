"""Curves: cut where few are at risk, in steps that never follow one person.

>>> protect_curve(tidy, policy, by=["destination"])               # doctest: +SKIP

A curve drawn from the records steps down on the day that somebody leaves. Shown is a monthly grid,
of which a month is kept only when the threshold of events has happened since the last one kept, so
that every step is made by at least so many. (Rounding alone would not do: at 1,000 at risk one exit
is a visible step of 0.001.) Shares are given in steps of at least the rounding base of those at
risk at the start, since finer ones would give back the exact counts. The curve ends at the last
step kept: beyond it there were too few events or too few at risk.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from watwerkt.disclosure.declared import require_caseworkers, require_declared, require_keys
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.proportions import round_to_step, share_step
from watwerkt.disclosure.protected import Protected, _seal
from watwerkt.disclosure.rounding import EXACT, round_nearest
from watwerkt.errors import DisclosureError

SHARES = ["estimate", "conf_low", "conf_high"]
COLUMNS = ["time", "at_risk", "events", *SHARES]
LEFT_OUT = "std_error"  # the interval says it, in rounded numbers


def protect_curve(
    curve: pd.DataFrame,
    policy: Policy,
    *,
    by: Sequence[str] = (),
    n_caseworkers: str | None = None,
) -> Protected:
    """A survival or incidence curve that may be shown.

    Parameters
    ----------
    curve : an estimator's tidy curve: ``time`` in months, increasing within a group, ``at_risk``,
        ``events``, ``estimate``, ``conf_low``, ``conf_high``; ``std_error`` is left out.
    by : keys of the groups, such as the destination; a group that is hidden has no rows.
    n_caseworkers : column with the caseworkers behind a group, needed by team; not shown.
    """
    keys = list(by)
    extra = [name for name in (n_caseworkers,) if name]
    figures = [*COLUMNS, *(c for c in (LEFT_OUT,) if c in curve), *extra]
    require_declared(curve, [*keys, *figures], policy)
    require_keys(curve, keys)
    require_caseworkers(keys, n_caseworkers)
    groups = [part for _, part in curve.groupby(keys, sort=False)] if keys else [curve]
    if any(not part["time"].is_monotonic_increasing for part in groups):
        raise DisclosureError("time goes back within a curve: name in by= what tells curves apart")
    if n_caseworkers:
        groups = [g for g in groups if g[n_caseworkers].min() >= policy.min_caseworkers]
    shown = pd.concat([_protect_one(g[[*keys, *COLUMNS]], policy) for g in groups] or [curve[:0]])
    n_months = curve.assign(time=_month(curve["time"])).drop_duplicates([*keys, "time"])
    shown = shown[[*keys, *COLUMNS]].astype({"at_risk": "Int64", "events": "Int64"})
    return _seal(shown, "curve", policy, len(n_months) - len(shown))


def _protect_one(curve: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    months = _by_month(curve)
    is_few = (months["fewest"] < policy.survival_threshold).to_numpy()
    months = months[~np.logical_or.accumulate(is_few)]
    steps = _merge_steps(months, policy.threshold)
    if steps.empty:
        return curve[:0]
    base = policy.round_base
    at_risk = round_nearest(steps["at_risk"].to_numpy(float), base)
    events = np.diff(round_nearest(steps["events"].cumsum().to_numpy(float), base), prepend=0)
    step = share_step(at_risk.max(keepdims=True), base)
    shares = {name: round_to_step(steps[name].to_numpy(float), step) for name in SHARES}
    return steps.drop(columns="fewest").assign(at_risk=at_risk, events=events, **shares)


def _by_month(curve: pd.DataFrame) -> pd.DataFrame:
    """One row per month: at risk at its begin and at least, events in it, shares at its end."""
    month = _month(curve["time"])
    last = curve.groupby(month).last()
    return last.assign(
        time=last.index,
        at_risk=curve.groupby(month)["at_risk"].first(),
        fewest=curve.groupby(month)["at_risk"].min(),
        events=curve.groupby(month)["events"].sum(),
    )


def _merge_steps(months: pd.DataFrame, least: int) -> pd.DataFrame:
    """Join months until each row has ``least`` events; what is left at the end is dropped."""
    step, n_events, steps = 0, 0, []
    for events in months["events"]:
        steps.append(step)
        n_events += events
        if n_events >= least:
            step, n_events = step + 1, 0
    joined = months.groupby(np.array(steps, dtype=int))
    merged = joined.last().assign(at_risk=joined["at_risk"].first(), events=joined["events"].sum())
    return merged[merged["events"] >= least]


def _month(time: pd.Series) -> pd.Series:
    """The month in which a time falls: (m - 1, m] is month m."""
    return np.ceil(time - EXACT).astype(float)

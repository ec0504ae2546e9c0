"""How long people wait for the next step; who leaves competes, who still waits is followed.

The next step is the first later one that comes after the step at hand. A journey in which a later
step had come before is left out: there was nothing to wait for.
"""

from datetime import date

import pandas as pd
import polars as pl

from watwerkt.analysis.chain import STEPS, end_of, find_chain
from watwerkt.analysis.evidence import Design, describe_share, not_estimable
from watwerkt.analysis.incidence import DAYS_PER_MONTH
from watwerkt.disclosure import Gap, Policy, Protected, protect_curve, protect_estimates
from watwerkt.disclosure.gap import TOO_FEW
from watwerkt.estimators.clustered_shares import share_within
from watwerkt.estimators.survival_curves import aalen_johansen

NEXT, LEFT = "next", "left"
HORIZONS = (1, 3, 6)  # months
SHOWN_MONTHS = 12
SAME_DAY = 0.5  # a step on the same day is waited for half a day
OUTCOMES = {NEXT: "next_step", LEFT: "left_before_next_step"}
OUTCOME_LABELS = {
    "next_step": "took a next step",
    "left_before_next_step": "left before a next step",
}
HORIZON_LABELS = {1: "1 month", 3: "3 months", 6: "6 months"}
WAIT_LABELS = {
    "outcome": "what became of them",
    "term": "after the step",
    "horizon_months": "",
    "estimate": "share",
    "conf_low": "",
    "conf_high": "",
    "n_persons": "",
}


def waits_after(journeys: pl.DataFrame, step: str, until: date) -> pl.DataFrame:
    """One row per journey that took ``step`` and had no later one by then.

    ``person_id``; ``duration`` in months to the next step, the end of benefit or the last day
    seen; ``destination``: next, left or "" (still waiting); ``followed_months``, from the step to
    ``until``, the end of observation.
    """
    later = [pl.col(name) for name in STEPS[STEPS.index(step) + 1 :]]
    own, (end, is_over) = pl.col(step), end_of(step)
    following = pl.min_horizontal(later)
    is_next = following.is_not_null()
    days = (pl.when(is_next).then(following).otherwise(end) - own).dt.total_days().cast(pl.Float64)
    place = pl.when(is_next).then(pl.lit(NEXT)).when(is_over).then(pl.lit(LEFT))
    return journeys.filter(own.is_not_null(), (following >= own).fill_null(True)).select(
        "person_id",
        duration=days.clip(lower_bound=SAME_DAY) / DAYS_PER_MONTH,
        destination=place.otherwise(pl.lit("")),
        followed_months=(pl.lit(until) - own).dt.total_days() / DAYS_PER_MONTH,
    )


def wait_curves(
    journeys: pl.DataFrame | None, until: date, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Share that took the next step, by months since each step (Aalen-Johansen); a year at most."""
    known = find_chain(journeys, policy.threshold)
    if isinstance(known, Gap):
        return known
    curves = []
    for step in STEPS[:-1]:
        waits = waits_after(known, step, until)
        if (waits["destination"] == NEXT).any():
            tidy = aalen_johansen(waits["duration"], waits["destination"]).tidy(conf_level)
            tidy = tidy[(tidy["destination"] == NEXT) & (tidy["time"] <= SHOWN_MONTHS)]
            curves.append(tidy.drop(columns="destination").assign(chain_step=step))
    if not curves:
        return TOO_FEW
    protected = protect_curve(pd.concat(curves, ignore_index=True), policy, by=["chain_step"])
    return TOO_FEW if protected.frame.empty else protected


def wait_shares(
    journeys: pl.DataFrame | None, until: date, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Share with the next step, and share that left without, 1, 3 and 6 months after each step."""
    known = find_chain(journeys, policy.threshold)
    if isinstance(known, Gap):
        return known
    rows = []
    for step in STEPS[:-1]:
        waits = waits_after(known, step, until)
        rows += [
            _share(waits, step, kind, months, policy, conf_level)
            for kind in OUTCOMES
            for months in HORIZONS
            if not waits.is_empty()
        ]
    rows.sort(key=lambda row: [*OUTCOMES.values()].index(row["outcome"].iloc[0]))
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _share(
    waits: pl.DataFrame, step: str, kind: str, months: int, policy: Policy, conf_level: float
) -> pd.DataFrame:
    """One row; whoever had the other event stays among those followed, so that both compete."""
    design = Design(
        analysis="chain",
        design="Aalen-Johansen",
        estimand=f"share with outcome within the horizon after the step {step}",
        scale="share",
        grade=1,
        status="indicative",
        is_primary=False,
        horizon_months=months,
        note="a description, no effect",
    )
    is_kind = pl.col("destination") == kind
    is_other = (pl.col("destination") != kind) & (pl.col("destination") != "")
    last_seen = pl.when(is_other).then(pl.max_horizontal("duration", "followed_months"))
    found = waits.with_columns(seen=last_seen.otherwise("duration"), is_kind=is_kind)
    n_followed = found.filter(pl.col("seen") >= months).height
    if n_followed < policy.survival_threshold:
        return not_estimable(design, OUTCOMES[kind], step, conf_level)
    share = share_within(found["seen"], found["is_kind"], months, found["person_id"])
    tidy = share.tidy(conf_level).assign(term=step, n_persons=waits["person_id"].n_unique())
    return describe_share(tidy, design, OUTCOMES[kind], conf_level)

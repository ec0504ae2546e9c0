"""Whose outcome is not known, and what the effect can at least and at most be without them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.evidence import Design
from watwerkt.analysis.trial_effect import ITT, KEYS, Estimate, describe_trial
from watwerkt.analysis.trial_outcomes import PAY, outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_shares
from watwerkt.estimators.bounds import Bounds, lee_bounds

MONTHS, SEED = 12, 7
LOWER = replace(
    ITT,
    is_primary=False,
    design="Lee, lower bound",
    estimand="effect on those whose outcome is known in either arm",
    grade=4,
    status="indicative",
)
UPPER = replace(LOWER, design="Lee, upper bound")
ENDS: tuple[tuple[Design, Callable[[Bounds], tuple[float, float]]], ...] = (
    (LOWER, lambda found: (found.low, found.std_error_low)),
    (UPPER, lambda found: (found.high, found.std_error_high)),
)


def attrition(trials: Sequence[Trial], policy: Policy) -> Protected | Gap:
    """Per arm: of whom the whole first year is known, and who had a job in its last month."""
    if not trials:
        return NO_TRIAL
    known, paid = outcome_name("known", MONTHS), outcome_name(PAY[0], MONTHS)
    has_jobs = all(paid in trial.rows for trial in trials)
    parts = [
        pd.DataFrame(
            {
                "trial_id": trial.trial_id,
                "arm": trial.rows["arm"],
                "n_persons": 1,
                "n_followed": trial.rows[known].eq(True).fillna(False).astype(int),
                "n_working": trial.rows[paid].notna().astype(int) if has_jobs else 0,
            }
        )
        for trial in trials
    ]
    names = ["n_persons", "n_followed", *(["n_working"] if has_jobs else [])]
    rows = pd.concat(parts, ignore_index=True)
    table = rows.groupby(["trial_id", "arm"], as_index=False)[names].sum()
    shares = {f"share_{n[2:]}": (n, "n_persons") for n in names[1:]}
    return protect_shares(table, shares, policy, by=[("trial_id", "arm")])


def bounds(trials: Sequence[Trial], policy: Policy, conf_level: float) -> Protected | Gap:
    """Lower and upper bound at 12 months: exits to work; hours and wage of those with a job.

    The destination is missing where nobody wrote it down, hours and wage of whoever has no job.
    Both rows have the interval of the effect itself (Imbens and Manski), and no p value.
    """
    if not trials:
        return NO_TRIAL
    rows = [
        describe_trial(lost, design, outcome, arm, conf_level, _end(lost, arm, end, conf_level))
        for lost in map(_lose_unknown, trials)
        for outcome in ("work", *(n for n in PAY if outcome_name(n, MONTHS) in lost.rows))
        for arm in lost.arms
        for design, end in ENDS
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=KEYS)


def _end(
    trial: Trial, arm: str, end: Callable[[Bounds], tuple[float, float]], conf_level: float
) -> Estimate:
    def estimate(_: pd.DataFrame, name: str) -> pd.DataFrame:
        rows = trial.rows
        found = lee_bounds(rows, arm, trial.control, trial.mechanism, seed=SEED, outcome=name)
        estimate, std_error = end(found)
        pair = rows[rows["arm"].isin([arm, trial.control])]
        n_units = pair["cluster"].nunique() if "cluster" in pair else len(pair)
        return (
            found.tidy(conf_level)[["conf_low", "conf_high"]]
            .assign(term=arm, estimate=estimate, std_error=std_error, p_value=np.nan)
            .assign(n_obs=found.n_known, n_persons=found.n_known, n_clusters=n_units)
            .assign(n_events=int((pair[name] > 0).sum()))
        )

    return estimate


def _lose_unknown(trial: Trial) -> Trial:
    """The trial with no outcome on work where the destination is not known."""
    name, known = outcome_name("work", MONTHS), outcome_name("known", MONTHS)
    if name not in trial.rows or known not in trial.rows:
        return trial
    is_known = trial.rows[known].eq(True).fillna(False)
    return replace(trial, rows=trial.rows.assign(**{name: trial.rows[name].where(is_known)}))

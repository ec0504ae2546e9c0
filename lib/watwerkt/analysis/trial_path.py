"""How a trial's difference grows, month after month, with a band for all months at once."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.evidence import describe_estimates
from watwerkt.analysis.trial_effect import ITT, KEYS, judge_design, of_trial
from watwerkt.analysis.trial_flow import largest_trial
from watwerkt.analysis.trial_outcomes import add_exits_by_month, outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.multiplicity import simultaneous_band
from watwerkt.panel.prepared import Prepared

MONTHS = tuple(range(1, 25))
MIN_EXITS = 10  # before a month is shown
NO_PATH = Gap("The path by month cannot be shown: too few exits, or too few months observed.")
PATH = replace(
    ITT,
    is_primary=False,
    design="ITT, path",
    estimand="exits so far, intention to treat; the interval holds for all months at once",
)


def path_by_month(
    trials: Sequence[Trial], prepared: Prepared, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Effect of each arm of the largest trial on exits so far (pp), by months since the draw.

    As far as the months are observed of everybody; ``time`` counts them.
    """
    if not trials:
        return NO_TRIAL
    trial = largest_trial(trials)
    followed = replace(trial, rows=add_exits_by_month(trial, prepared, MONTHS))
    paths = [part for arm in trial.arms for part in _path(followed, arm, conf_level)]
    if not paths:
        return NO_PATH
    return protect_estimates(pd.concat(paths, ignore_index=True), policy, by=[*KEYS, "time"])


def _path(trial: Trial, arm: str, conf_level: float) -> list[pd.DataFrame]:
    """One row per month from the first in which ten or more people of both arms had left."""
    pair = trial.rows[trial.rows["arm"].isin([arm, trial.control])]
    names = {months: outcome_name("all", months) for months in MONTHS}
    seen = {m: n for m, n in names.items() if trial.rows[n].notna().all()}
    seen = {m: n for m, n in seen.items() if (pair[n] > 0).sum() >= MIN_EXITS}
    if not seen:
        return []
    try:
        path = simultaneous_band(
            trial.rows, arm, trial.control, trial.mechanism, list(seen.values())
        ).tidy(conf_level)
    except DataError:
        return []
    band = path.assign(
        conf_low=path["band_low"], conf_high=path["band_high"], term=arm, p_value=np.nan
    )
    band = band.drop(columns=["band_low", "band_high"])
    status = judge_design(trial, arm, "all", max(seen))
    parts = []
    for i, months in enumerate(seen):
        design = replace(of_trial(PATH, trial), horizon_months=months, status=status)
        row = describe_estimates(band.iloc[[i]], design, "all", conf_level, trial.trial_id)
        n_events = int((pair[seen[months]] > 0).sum())
        parts.append(row.assign(time=months, trial_id=trial.trial_id, n_events=n_events))
    return parts

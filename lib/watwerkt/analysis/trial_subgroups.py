"""Does an arm work better for some than for others? Named beforehand, secondary, and tested as one.

A difference between groups is a question of its own: that an interval excludes zero in one group
and not in the other says nothing of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.analysis.trial_effect import ITT, KEYS, judge_design, of_trial
from watwerkt.analysis.trial_outcomes import outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.multiplicity import adjust_holm
from watwerkt.estimators.trials import estimate_itt

OUTCOME, MONTHS = "all", 12
WITHIN = replace(ITT, is_primary=False, design="ITT, within group")
BETWEEN = replace(
    ITT,
    is_primary=False,
    design="interaction",
    estimand="effect in the first group less that in the second",
)
Halve = Callable[[pd.Series], pd.Series]  # trait → whether in the first group
GROUPS: dict[str, tuple[str, str, Halve]] = {  # trait → first group, second group, which is which
    "sex": ("women", "men", lambda values: values == "female"),
    "age_years": ("younger", "older", lambda values: values < 45),
    "labour_market_distance": ("near", "far", lambda values: values.isin(["4", "5", "6"])),
    "months_since_entry": ("recent", "long", lambda values: values < 24),
    "household_type": ("single", "not_single", lambda values: values == "single"),
}


def fit_groups(trials: Sequence[Trial], conf_level: float) -> pd.DataFrame:
    """Per arm and trait: exits within a year in both groups, and the difference between them.

    ``p_adjusted`` of a difference is Holm's over the traits and arms of one trial. The groups are
    taken to be drawn apart; where clusters were drawn this makes the difference less certain than
    it is. Restricted: protect it by ``within`` and ``between``.
    """
    rows = [row for trial in trials for row in _fit(trial, conf_level)]
    if not rows:
        return pd.DataFrame()
    found = pd.concat(rows, ignore_index=True)
    is_test = (found["design"] == BETWEEN.design) & found["p_value"].notna()
    adjusted = found[is_test].groupby("trial_id")["p_value"].transform(adjust_holm)
    return found.assign(p_adjusted=adjusted)


def within(found: pd.DataFrame, policy: Policy) -> Protected | Gap:
    """The effect in every group (``group``)."""
    return _protect(found, WITHIN, policy)


def between(found: pd.DataFrame, policy: Policy) -> Protected | Gap:
    """The difference between the two groups of every trait, tested."""
    return _protect(found, BETWEEN, policy)


def _protect(found: pd.DataFrame, design: Design, policy: Policy) -> Protected | Gap:
    if found.empty:
        return NO_TRIAL
    chosen = found[found["design"] == design.design].reset_index(drop=True)
    return protect_estimates(chosen, policy, by=[*KEYS, "known_before", "group"])


def _fit(trial: Trial, conf_level: float) -> Iterator[pd.DataFrame]:
    for arm in trial.arms:
        status = judge_design(trial, arm, OUTCOME, MONTHS)
        for trait, (first, second, halve) in GROUPS.items():
            fits = [_estimate(trial, arm, trait, halve, side) for side in (True, False)]
            asked = ((WITHIN, first), (WITHIN, second), (BETWEEN, "both"))
            for (design, group), fit in zip(asked, [*fits, _difference(*fits)], strict=True):
                at = replace(of_trial(design, trial), status=status)
                row = not_estimable(at, OUTCOME, arm, conf_level)
                if fit is not None:
                    row = describe_estimates(fit.tidy(conf_level), at, OUTCOME, conf_level)
                subgroup = f"{trial.trial_id}: {trait if design is BETWEEN else group}"
                yield row.assign(
                    trial_id=trial.trial_id, known_before=trait, group=group, subgroup=subgroup
                )


def _estimate(trial: Trial, arm: str, trait: str, halve: Halve, side: bool) -> Estimates | None:
    """The effect in one group; None where it cannot be estimated."""
    name = outcome_name(OUTCOME, MONTHS)
    if name not in trial.rows:
        return None
    values = trial.rows[trait]
    is_known = values.notna() & (values != UNKNOWN) & trial.rows[name].notna()
    rows = trial.rows[is_known & (halve(values) == side)]
    try:
        return estimate_itt(rows, arm, trial.control, trial.mechanism, outcome=name)
    except DataError:
        return None


def _difference(first: Estimates | None, second: Estimates | None) -> Estimates | None:
    """The first less the second, with Welch and Satterthwaite's degrees of freedom."""
    if first is None or second is None:
        return None
    variances = np.array([float(fit.std_error[0]) ** 2 for fit in (first, second)])
    freedom = np.array([fit.degrees_of_freedom for fit in (first, second)])
    return Estimates(
        term=first.term,
        estimate=first.estimate - second.estimate,
        std_error=np.array([np.sqrt(variances.sum())]),
        degrees_of_freedom=float(variances.sum() ** 2 / (variances**2 / freedom).sum()),
        n_obs=first.n_obs + second.n_obs,
        n_persons=first.n_persons + second.n_persons,
        n_events=first.n_events + second.n_events,
        n_clusters=first.n_clusters + second.n_clusters,
    )

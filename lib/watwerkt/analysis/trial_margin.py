"""Does an arm save enough to pay for itself? One rule: two one-sided tests against break-even."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.trial_effect import ITT, KEYS, Estimate, describe_trial, judge_design
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.estimators.equivalence import equivalence
from watwerkt.estimators.trials import estimate_itt

ALPHA = 0.05
CONF_LEVEL = 1 - 2 * ALPHA  # of the interval that both tests read
OUTCOME, MONTHS = "benefit_days", 12
TOST = replace(
    ITT,
    is_primary=False,
    design="TOST",
    estimand="intention to treat, against the days that an arm has to save",
)
MARGIN_LABELS = {
    "pays": (
        "Every arm saves more than {break_even_days:.0} days: the whole interval lies beyond that."
    ),
    "nil": (
        "No arm makes a difference of {break_even_days:.0} days either way: both tests exclude "
        "that. At these costs it does not pay for itself within the year."
    ),
    "falls_short": (
        "The test excludes that an arm saves {break_even_days:.0} days or more. At these costs it "
        "does not pay for itself within the year. That it costs days cannot be excluded."
    ),
    "open": (
        "Whether an arm saves {break_even_days:.0} days is not settled by this trial: the interval "
        "holds both less and more than that."
    ),
    "": "Whether an arm pays for itself cannot be said with so few people.",
}


def compare_with_margin(
    trials: Sequence[Trial], policy: Policy, break_even_days: float
) -> Protected | Gap:
    """Benefit-days in the first year against break-even, per arm: interval of 90 % and p value.

    The p value is of "the arm saves or costs ``break_even_days`` or more" (TOST, 5 % on either
    side).
    """
    if not trials:
        return NO_TRIAL
    rows = [
        describe_trial(
            trial,
            replace(TOST, status=judge_design(trial, arm, OUTCOME, MONTHS)),
            OUTCOME,
            arm,
            CONF_LEVEL,
            _against(trial, arm, break_even_days),
        )
        for trial in trials
        for arm in trial.arms
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=KEYS)


def margin_sentence(tested: Protected | Gap, break_even_days: float) -> str:
    """What the tests come to (message id), by the intervals of all arms; fewer days is a gain."""
    rows = pd.DataFrame() if isinstance(tested, Gap) else tested.frame.dropna(subset=["estimate"])
    if rows.empty:
        return MARGIN_LABELS[""]
    if (rows["conf_high"] < -break_even_days).all():
        return MARGIN_LABELS["pays"]
    if not (rows["conf_low"] > -break_even_days).all():
        return MARGIN_LABELS["open"]
    return MARGIN_LABELS["nil" if (rows["conf_high"] < break_even_days).all() else "falls_short"]


def _against(trial: Trial, arm: str, break_even_days: float) -> Estimate:
    def estimate(rows: pd.DataFrame, name: str) -> pd.DataFrame:
        fit = estimate_itt(rows, arm, trial.control, trial.mechanism, outcome=name)
        tested = equivalence(fit, break_even_days, ALPHA)
        return fit.tidy(CONF_LEVEL).assign(
            p_value=tested.p_value, conf_low=tested.conf_low, conf_high=tested.conf_high
        )

    return estimate

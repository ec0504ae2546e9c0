"""Does a lottery over applications keep people off benefit (P8), counted from the application?

Entry is an outcome of the draw. Whoever compares only those who entered compares different people
in each arm, so every person who applied counts, whatever became of the application.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import Design, naive_design
from watwerkt.analysis.trial_effect import KEYS, compare, describe_trial, judge_design
from watwerkt.analysis.trial_outcomes import (
    ENTRY_MONTHS,
    PREVENTION_OUTCOMES,
    add_outcomes,
    outcome_name,
)
from watwerkt.analysis.trial_rows import NO_PREVENTION, Trial, trials_of
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.panel.prepared import Prepared

ITT = Design(
    analysis="P8",
    design="ITT",
    estimand="entry and benefit-days since the application, intention to treat",
    scale="pp",
    grade=5,
    status="evidence",
    is_primary=True,
    horizon_months=ENTRY_MONTHS,
)
EXIT_MONTHS = 12


def follow_applications(trials: Sequence[Trial], prepared: Prepared) -> list[Trial]:
    """The lotteries over applications, each with what became of the applicants."""
    months = sorted({EXIT_MONTHS, *(months for _, months in PREVENTION_OUTCOMES)})
    return [
        replace(trial, rows=add_outcomes(trial, prepared, months))
        for trial in trials_of(trials, True)
    ]


def entry_effects(
    trials: Sequence[Trial], policy: Policy, conf_level: float, outcome: str
) -> Protected | Gap:
    """The effect on ``entry`` (pp) or ``benefit_days``, from the application on.

    An applicant whose months since the application are not all observed yet is left out, in every
    arm alike.
    """
    months = dict(PREVENTION_OUTCOMES)[outcome]
    rows = []
    for trial in trials:
        for arm in trial.arms:
            status = judge_design(trial, arm, outcome, months)
            design = replace(ITT, horizon_months=months, status=status)
            estimate = compare(trial, arm, conf_level)
            rows.append(describe_trial(trial, design, outcome, arm, conf_level, estimate))
    return _protect(rows, policy)


def exits_of_entrants(
    trials: Sequence[Trial], policy: Policy, conf_level: float
) -> Protected | Gap:
    """Exit within a year of the application among those who entered: a ``warning``."""
    design = naive_design("entrants_only", "pp", EXIT_MONTHS)
    entered = outcome_name("entry", ENTRY_MONTHS)
    rows = []
    for trial in trials:
        inside = replace(trial, rows=trial.rows[trial.rows[entered] == 100])
        for arm in trial.arms:
            estimate = compare(inside, arm, conf_level)
            rows.append(describe_trial(inside, design, ALL, arm, conf_level, estimate))
    return _protect([row.assign(term="entrants_only") for row in rows], policy)


def _protect(rows: Sequence[pd.DataFrame], policy: Policy) -> Protected | Gap:
    if not rows:
        return NO_PREVENTION
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=KEYS)

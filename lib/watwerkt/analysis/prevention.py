"""Does a lottery over applications keep people off benefit (P8), counted from the application?

Entry is an outcome of the draw. Whoever compares only those who entered compares different people
in each arm, so every person who applied counts, whatever became of the application.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import Design, naive_design
from watwerkt.analysis.trial_effect import compare, describe_trial, effects, fit_trials
from watwerkt.analysis.trial_outcomes import (
    ENTRY_MONTHS,
    PREVENTION_OUTCOMES,
    add_outcomes,
    outcome_name,
)
from watwerkt.analysis.trial_rows import NO_PREVENTION, Trial, trials_of
from watwerkt.disclosure import Gap, Policy, Protected
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


def fit_applications(trials: Sequence[Trial], conf_level: float) -> pd.DataFrame:
    """Each arm on entry and benefit-days, from the application on; empty without such a lottery.

    An applicant whose months since the application are not all observed yet is left out, in every
    arm alike. Restricted: protect it by ``entry_effects``.
    """
    return fit_trials(trials, conf_level, design=ITT, family=PREVENTION_OUTCOMES)


def entry_effects(found: pd.DataFrame, policy: Policy, scale: str) -> Protected | Gap:
    """The effects on entry (``pp``) or on benefit-days (``days``)."""
    return effects(found, policy, scale, horizon_months=None, absent=NO_PREVENTION)


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
    found = (
        pd.concat([row.assign(term="entrants_only") for row in rows]) if rows else pd.DataFrame()
    )
    return effects(found.reset_index(drop=True), policy, "pp", EXIT_MONTHS, NO_PREVENTION)

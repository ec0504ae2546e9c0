"""Does a combination do more: training, work experience and guidance within a year?

Training, experience and guidance are the three parts that the Dutch net-effectiveness study found
to work best together. Each step is compared when it is taken: those who start a second part with
those who had one and start no second then, or with those who had none at all.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.instrument_rows import COVARIATES
from watwerkt.analysis.instruments import (
    HORIZON,
    INSTRUMENT,
    OUTCOMES,
    SOUND,
    Instruments,
    StartFit,
    effect_row,
    fit_rows,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates

PARTS = {
    "training": ("training",),
    "experience": (
        "work_experience",
        "participation_placement",
        "trial_placement",
        "other_workplace",
        "temporary_wage_subsidy",
    ),
    "guidance": ("job_coach",),
}
FEW_COMBINED = Gap(
    "Too few people started a second part within a year of the first. What combinations do cannot "
    "be said: a comparison needs 100 starts and 10 exits after them."
)
WITHIN = 12  # months from the first part
NOT_COMPARED = ("services_past_year", "is_in_service")  # what tells a combination from none
COMBINATION = replace(
    INSTRUMENT,
    analysis="P10 combinations",
    estimand="exits since the month in which a further part is started within a year of the first",
    is_primary=False,
)


def fit_combinations(found: Instruments | Gap) -> dict[str, StartFit] | Gap:
    """The steps to a second and a third part, against fewer parts and against none."""
    if isinstance(found, Gap):
        return found
    months, now = found.months, found.months.rows["month_no"].to_numpy()
    starts = np.sort([months.first_start(kinds) for kinds in PARTS.values()], axis=0)
    first, second, third = starts
    is_close, has_none = now - first <= WITHIN, first > now
    is_second, is_third = (second == now) & is_close, (third == now) & is_close
    begun = (first < now) & is_close
    neutral = tuple(name for name in COVARIATES if name not in NOT_COMPARED)
    return {
        "second_against_one": fit_rows(months, begun & (second >= now), is_second & begun),
        "second_against_none": fit_rows(months, is_second | has_none, is_second, neutral),
        "third_against_two": fit_rows(
            months, begun & (second < now) & (third >= now), is_third & (second < now)
        ),
        "third_against_none": fit_rows(months, is_third | has_none, is_third, neutral),
    }


def combination_effects(
    fits: dict[str, StartFit] | Gap, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Exits within 24 months, all and to work, in percentage points; a row each, whatever it is."""
    if isinstance(fits, Gap):
        return fits
    rows = [
        effect_row(fit, term, outcome, HORIZON, COMBINATION, conf_level)
        for term, fit in fits.items()
        for outcome in OUTCOMES
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def shown_combinations(recorded: Protected | Gap, policy: Policy) -> Protected | Gap:
    """The same for the page: those that are no warning."""
    if isinstance(recorded, Gap):
        return recorded
    rows = recorded.frame[recorded.frame["note"] == SOUND].reset_index(drop=True)
    return protect_estimates(rows, policy) if len(rows) else FEW_COMBINED

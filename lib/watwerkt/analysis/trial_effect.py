"""What being drawn for an arm did (P7): every arm beside the control, by the trial's own draw.

Where the lottery gave teams a caseload of their own it is the primary estimate P3, on the same
outcomes and on exits for no entitlement or no information.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pandas as pd

from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.analysis.trial_outcomes import (
    ADMINISTRATIVE,
    HORIZONS,
    PERSON_OUTCOMES,
    add_outcomes,
    outcome_name,
)
from watwerkt.analysis.trial_rows import NO_CASELOAD_LOTTERY, NO_TRIAL, TEXTS, Trial, trials_of
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.multiplicity import adjust_holm
from watwerkt.estimators.trials import estimate_itt
from watwerkt.panel.prepared import Prepared

Estimate = Callable[[pd.DataFrame, str], pd.DataFrame]  # rows and outcome column → tidy rows
MAX_LOST = 0.05  # difference between arms in the share of whom the destination is known
MIN_UNITS = 10  # drawn for an arm
ITT = Design(
    analysis="P7",
    design="ITT",
    estimand="intention to treat",
    scale="pp",
    grade=5,
    status="evidence",
    is_primary=True,
    horizon_months=12,
)
NUMBERS = ("age_years", "n_benefits_earlier", "months_since_entry")
KEYS = ["trial_id"]
Family = Sequence[tuple[str, int]]  # the questions asked of a trial: outcome and months
FAMILY: Family = tuple((outcome, months) for months in HORIZONS for outcome in PERSON_OUTCOMES)
CASELOAD_FAMILY: Family = (*FAMILY, *((ADMINISTRATIVE, months) for months in HORIZONS))
SCALES = {"benefit_days": "days", "hours_month": "hours", "wage_eur_month": "eur"}


def follow_trials(trials: Sequence[Trial], prepared: Prepared) -> list[Trial]:
    """The trials of people on benefit, each with what became of them at 12 and 24 months."""
    return [replace(t, rows=add_outcomes(t, prepared)) for t in trials_of(trials, False)]


def compare_caseloads(
    trials: Sequence[Trial], policy: Policy, conf_level: float
) -> Protected | Gap:
    """What a target caseload given by lot did within a year, in pp (P3): chapter 7's, shown again.

    So not primary: counted twice, it would weigh double.
    """
    lotteries = [trial for trial in trials if trial.caseloads]
    found = fit_trials(lotteries, conf_level, design=replace(ITT, is_primary=False))
    return effects(found, policy, absent=NO_CASELOAD_LOTTERY)


def fit_trials(
    trials: Sequence[Trial],
    conf_level: float,
    is_adjusted: bool = False,
    design: Design = ITT,
    family: Family = FAMILY,
) -> pd.DataFrame:
    """Each arm of each trial on every question of the family, described; empty without a trial.

    ``is_adjusted``: with Lin's adjustment for what was known before the draw. Holm's correction
    runs over the arms and questions of one trial. Restricted: protect it by ``effects``.
    """
    if is_adjusted:
        design = replace(design, design="ITT, adjusted", is_primary=False)
    rows = [row for t in trials for row in _fit(t, design, conf_level, family, is_adjusted)]
    if not rows:
        return pd.DataFrame()
    found = pd.concat(rows, ignore_index=True)
    return found.assign(p_adjusted=found.groupby("trial_id")["p_value"].transform(_holm))


def effects(
    found: pd.DataFrame,
    policy: Policy,
    scale: str = "pp",
    horizon_months: int | None = 12,
    absent: Gap = NO_TRIAL,
) -> Protected | Gap:
    """The estimates on one scale (``pp`` or ``days``), of one horizon or (None) of all."""
    if found.empty:
        return absent
    chosen = found["scale"] == scale
    if horizon_months is not None:
        chosen &= found["horizon_months"] == horizon_months
    return protect_estimates(found[chosen].reset_index(drop=True), policy, by=KEYS)


def describe_trial(
    trial: Trial, design: Design, outcome: str, arm: str, conf_level: float, estimate: Estimate
) -> pd.DataFrame:
    """The arm's effect on an outcome; a row without figures where it cannot be estimated.

    ``subgroup`` is the trial's name, so that two trials of one municipality stay apart.
    """
    name = outcome_name(outcome, design.horizon_months)
    at = replace(of_trial(design, trial), scale=SCALES.get(outcome, "pp"))
    rows = trial.rows.dropna(subset=[name]) if name in trial.rows else trial.rows.iloc[:0]
    try:
        row = describe_estimates(estimate(rows, name), at, outcome, conf_level)
    except DataError:
        row = not_estimable(at, outcome, arm, conf_level)
    return row.assign(trial_id=trial.trial_id, subgroup=trial.trial_id)


def of_trial(design: Design, trial: Trial) -> Design:
    """The design by its name in the plan: P3 where the lottery gave teams a caseload, else P7."""
    is_caseload = design.analysis == ITT.analysis and trial.caseloads
    return replace(design, analysis="P3") if is_caseload else design


def compare(trial: Trial, arm: str, conf_level: float, covariates: Sequence[str] = ()) -> Estimate:
    """The estimate of intention to treat, by the trial's mechanism."""

    def estimate(rows: pd.DataFrame, name: str) -> pd.DataFrame:
        fit = estimate_itt(rows, arm, trial.control, trial.mechanism, covariates, outcome=name)
        return fit.tidy(conf_level)

    return estimate


def complete_covariates(trial: Trial) -> tuple[Trial, list[str]]:
    """The trial with covariates that are known of everybody, and their names.

    A missing number is given the mean, with a column that says where it is missing.
    """
    rows = trial.rows
    numbers = rows[list(NUMBERS)].astype(float)
    made = numbers.fillna(numbers.mean()).assign(is_unknown=numbers["age_years"].isna() * 1.0)
    names = [*NUMBERS, "is_unknown"]
    varied = [n for n in names if made[n].notna().all() and made[n].std() > 0]
    texts = [name for name in TEXTS if len(rows[name].unique()) > 1]
    return replace(trial, rows=rows.assign(**{n: made[n] for n in varied})), [*varied, *texts]


def judge_design(trial: Trial, arm: str, outcome: str, months: int) -> str:
    """How an effect may be read: ``evidence`` or, where the draw does not carry it, ``indicative``.

    Indicative: fewer than ten units drawn for an arm, or exits to work whose reason is unknown
    clearly more often in one arm than in the other.
    """
    known = outcome_name("known", months)
    pair = trial.rows[trial.rows["arm"].isin([arm, trial.control])]
    units = pair.groupby("arm")["cluster" if "cluster" in pair else "unit_id"].nunique()
    if units.min() < MIN_UNITS:
        return "indicative"
    if outcome == "work" and known in pair:
        shares = pair[known].astype(float).groupby(pair["arm"]).mean()
        if shares.max() - shares.min() > MAX_LOST:
            return "indicative"
    return "evidence"


def _fit(
    trial: Trial, design: Design, conf_level: float, family: Family, is_adjusted: bool
) -> Iterator[pd.DataFrame]:
    trial, covariates = complete_covariates(trial) if is_adjusted else (trial, [])
    if trial.caseloads and family is FAMILY:
        family = CASELOAD_FAMILY
    for outcome, months in family:
        if outcome == "work_12h" and outcome_name(outcome, months) not in trial.rows:
            continue  # jobs were not delivered
        for arm in trial.arms:
            status = judge_design(trial, arm, outcome, months)
            at = replace(design, horizon_months=months, status=status)
            estimate = compare(trial, arm, conf_level, covariates)
            yield describe_trial(trial, at, outcome, arm, conf_level, estimate)


def _holm(p_values: pd.Series) -> pd.Series:
    known = p_values.dropna()
    if known.empty:
        return p_values
    return pd.Series(adjust_holm(known), index=known.index).reindex(p_values.index)

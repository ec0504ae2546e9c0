"""What stands behind a trial's main figures: chance, taking part, loss, and the path by month."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
from scipy.stats import norm

from watwerkt.analysis.evidence import Design, describe_estimates
from watwerkt.analysis.trial_effect import ITT, KEYS, Estimate, compare, describe_trial
from watwerkt.analysis.trial_outcomes import add_outcomes, outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.bounds import lee_bounds
from watwerkt.estimators.multiplicity import simultaneous_band
from watwerkt.estimators.randomisation import randomisation_test
from watwerkt.estimators.takeup import estimate_cace
from watwerkt.panel.prepared import Prepared

MONTHS = 12
PATH_MONTHS = tuple(range(1, 25))
N_DRAWS, SEED = 2000, 7
SECONDARY = replace(ITT, is_primary=False)
REDRAWN = replace(SECONDARY, design="randomisation test")
TAKING_PART = replace(
    SECONDARY, design="CACE", estimand="effect of taking part", grade=4, status="indicative"
)
LOWER = replace(
    SECONDARY,
    design="Lee, lower bound",
    estimand="effect on those whose destination is known in either arm",
    grade=4,
    status="indicative",
)
NO_PATH = Gap("The path by month cannot be shown: too few exits, or too few months observed.")
UPPER = replace(LOWER, design="Lee, upper bound")
PATH = replace(SECONDARY, design="ITT, path", estimand="exits so far, band for all months at once")
Make = Callable[[Trial, str, Design, float], Estimate]


def redrawn_lottery(
    trials: Sequence[Trial], policy: Policy, conf_level: float
) -> Protected | Gap:
    """Exit and benefit-days at 12 months, with the p-value of drawing the lottery 2,000 times."""
    return _each(trials, (REDRAWN,), ("all", "benefit_days"), _redraw, policy, conf_level)


def taking_part(trials: Sequence[Trial], policy: Policy, conf_level: float) -> Protected | Gap:
    """Effect at 12 months of taking part, for those who did because they were drawn (CACE)."""
    return _each(trials, (TAKING_PART,), ("all", "benefit_days"), _complier, policy, conf_level)


def bounds_of_work(trials: Sequence[Trial], policy: Policy, conf_level: float) -> Protected | Gap:
    """Exits to work at 12 months: lower and upper bound, as destinations are not all known."""
    lost = [_lose_unknown(trial) for trial in trials]
    return _each(lost, (LOWER, UPPER), ("work",), _bound, policy, conf_level)


def path_by_month(
    trials: Sequence[Trial], prepared: Prepared, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Effect on exits so far, month after month, with a band that holds for all months at once.

    As far as the months are observed of everybody; ``time`` counts them. Of the largest trial, its
    first arm.
    """
    if not trials:
        return NO_TRIAL
    trial = max(trials, key=lambda t: len(t.rows))
    followed = replace(trial, rows=add_outcomes(trial, prepared, PATH_MONTHS))
    found = _path(followed, trial.arms[0], conf_level)
    if found.empty:
        return NO_PATH
    return protect_estimates(found, policy, by=["time"])


def _each(
    trials: Sequence[Trial],
    designs: Sequence[Design],
    outcomes: Sequence[str],
    make: Make,
    policy: Policy,
    conf_level: float,
) -> Protected | Gap:
    if not trials:
        return NO_TRIAL
    rows = [
        describe_trial(trial, at, outcome, arm, conf_level, make(trial, arm, at, conf_level))
        for trial in trials
        for outcome in outcomes
        for arm in trial.arms
        for at in designs
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy, by=KEYS)


def _redraw(trial: Trial, arm: str, _: Design, conf_level: float) -> Estimate:
    def estimate(rows: pd.DataFrame, name: str) -> pd.DataFrame:
        tidy = compare(trial, arm, conf_level)(rows, name)
        chance = randomisation_test(
            rows, arm, trial.control, trial.mechanism, N_DRAWS, SEED, outcome=name
        )
        return tidy.assign(p_value=chance)

    return estimate


def _complier(trial: Trial, arm: str, _: Design, conf_level: float) -> Estimate:
    def estimate(rows: pd.DataFrame, name: str) -> pd.DataFrame:
        if rows["took_up"].isna().any():
            raise DataError("of some people in the trial it is not known whether they took part")
        fit = estimate_cace(rows, arm, trial.control, trial.mechanism, outcome=name)
        return fit.tidy(conf_level)

    return estimate


def _bound(trial: Trial, arm: str, design: Design, conf_level: float) -> Estimate:
    """The lower or the upper bound, with the interval of that bound."""

    def estimate(_: pd.DataFrame, name: str) -> pd.DataFrame:
        rows, is_upper = trial.rows, design is UPPER
        found = lee_bounds(rows, arm, trial.control, trial.mechanism, seed=SEED, outcome=name)
        end = found.high if is_upper else found.low
        error = found.std_error_high if is_upper else found.std_error_low
        width = float(norm.ppf((1 + conf_level) / 2)) * error
        row = {
            "term": arm,
            "estimate": end,
            "std_error": error,
            "p_value": 2 * float(norm.sf(abs(end / error))),
            "conf_low": end - width,
            "conf_high": end + width,
            "n_obs": found.n_known,
            "n_persons": found.n_known,
            "n_events": int((rows[name] > 0).sum()),
            "n_clusters": found.n_known,
        }
        return pd.DataFrame([row])

    return estimate


def _lose_unknown(trial: Trial) -> Trial:
    """The trial with no outcome on work where the destination is not known."""
    name, known = outcome_name("work", MONTHS), outcome_name("known", MONTHS)
    is_known = trial.rows[known].eq(True).fillna(False)
    return replace(trial, rows=trial.rows.assign(**{name: trial.rows[name].where(is_known)}))


def _path(trial: Trial, arm: str, conf_level: float) -> pd.DataFrame:
    """One row per month from the first in which ten or more had left."""
    rows = trial.rows
    names = {months: outcome_name("all", months) for months in PATH_MONTHS}
    seen = {m: n for m, n in names.items() if rows[n].notna().all() and (rows[n] > 0).sum() >= 10}
    if not seen:
        return pd.DataFrame()
    try:
        path = simultaneous_band(rows, arm, trial.control, trial.mechanism, list(seen.values()))
    except DataError:
        return pd.DataFrame()
    tidy = path.tidy(conf_level).drop(columns=["conf_low", "conf_high"])
    band = tidy.rename(columns={"band_low": "conf_low", "band_high": "conf_high"})
    parts = [
        describe_estimates(
            band.iloc[[i]].assign(term=arm), replace(PATH, horizon_months=months), "all", conf_level
        ).assign(time=months)
        for i, months in enumerate(seen)
    ]
    return pd.concat(parts, ignore_index=True)

"""Did people in a trial say something else afterwards? Each item by the trial's own mechanism.

An answer counts where it was given after the draw, the latest of each person. Not everybody
answers, and in one arm perhaps more than in another, so this is an indication at most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.evidence import describe_estimates, not_estimable
from watwerkt.analysis.surveys import CLIENT, NO_SURVEYS
from watwerkt.analysis.trial_effect import ITT, KEYS, of_trial
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_shares
from watwerkt.errors import DataError
from watwerkt.estimators.multiplicity import adjust_holm
from watwerkt.estimators.trials import estimate_itt

SURVEY = replace(
    ITT,
    design="ITT, survey",
    estimand="mean score of those drawn and answering, against the usual approach",
    scale="points",
    status="indicative",
    grade=4,
    is_primary=False,
    horizon_months=0,
)
NO_LATER_ANSWERS = Gap("Nobody in a trial answered a survey after the draw.")


def survey_effects(
    trials: Sequence[Trial], surveys: pl.LazyFrame | None, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Difference in mean score per item and arm, with Holm's p over the items of a trial."""
    if not trials:
        return NO_TRIAL
    if surveys is None:
        return NO_SURVEYS
    rows = [row for trial in trials for row in _compare(trial, surveys, conf_level)]
    if not rows:
        return NO_LATER_ANSWERS
    found = pd.concat(rows, ignore_index=True)
    known = found["p_value"].notna()
    found["p_adjusted"] = found[known].groupby("trial_id")["p_value"].transform(adjust_holm)
    return protect_estimates(found, policy, by=KEYS)


def survey_response(
    trials: Sequence[Trial], surveys: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Per trial and arm the share that answered anything after the draw."""
    if not trials:
        return NO_TRIAL
    if surveys is None:
        return NO_SURVEYS
    rows = []
    for trial in trials:
        answered = set(_later(trial, surveys)["person_id"])
        has_answered = trial.rows["person_id"].isin(answered)
        for arm, part in has_answered.groupby(trial.rows["arm"]):
            counts = {"n_drawn": len(part), "n_answered": int(part.sum())}
            rows.append({"trial_id": trial.trial_id, "arm": arm} | counts)
    shares = {"share_answered": ("n_answered", "n_drawn")}
    return protect_shares(pd.DataFrame(rows), shares, policy, by=["trial_id", "arm"])


def _compare(trial: Trial, surveys: pl.LazyFrame, conf_level: float) -> Iterator[pd.DataFrame]:
    later = _later(trial, surveys)
    design = of_trial(SURVEY, trial)
    for item, answers in later.groupby("item"):
        scores = answers.set_index("person_id")["score"]
        rows = trial.rows.assign(score=trial.rows["person_id"].map(scores)).dropna(subset=["score"])
        for arm in trial.arms:
            try:
                fit = estimate_itt(rows, arm, trial.control, trial.mechanism, outcome="score")
                row = describe_estimates(fit.tidy(conf_level), design, str(item), conf_level)
            except DataError:
                row = not_estimable(design, str(item), arm, conf_level)
            yield row.assign(trial_id=trial.trial_id, subgroup=trial.trial_id)


def _later(trial: Trial, surveys: pl.LazyFrame) -> pd.DataFrame:
    """Per person of the trial and item the latest answer after the draw."""
    drawn = pl.from_pandas(trial.rows[["person_id", "assigned_date"]]).with_columns(
        pl.col("assigned_date").cast(pl.Date)
    )
    return (
        surveys.filter(pl.col("respondent").fill_null(CLIENT) == CLIENT)
        .join(drawn.lazy(), left_on="respondent_id", right_on="person_id")
        .filter(pl.col("wave_date") > pl.col("assigned_date"))
        .sort("respondent_id", "item", "wave_date")
        .unique(["respondent_id", "item"], keep="last", maintain_order=True)
        .select("item", "score", person_id="respondent_id")
        .collect()
        .to_pandas()
    )

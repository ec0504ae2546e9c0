"""Who was asked, who took part, and who could be followed (CONSORT)."""

from collections.abc import Sequence

import pandas as pd
import polars as pl

from watwerkt.analysis.trial_outcomes import ENTRY_MONTHS, outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.disclosure.grid import Keys
from watwerkt.disclosure.selection import join_rows, select_rows
from watwerkt.panel.prepared import Prepared

NO_FLOW = Gap("Not delivered: who was invited to the trial, and what they answered.")
NO_ANSWER = "no_answer"
BRANCHES = ("excluded", "declined", NO_ANSWER)
FOLLOWED_MONTHS = 12
COUNTED = {"application": ("entry", ENTRY_MONTHS)}  # unit drawn → what decides who counts


def flows(trials: Sequence[Trial], prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Of every trial who was asked or drawn, by ``branch``, and what came of each arm, by ``step``.

    ``branch``: excluded, declined, no_answer, or the arm that was drawn. ``step``: ``invited`` (or
    ``drawn``, where no flow was delivered) with its total, then per arm ``took_up``, ``followed``
    and ``analysed``: whose outcome is observed, and so counts. Followed: the year is observed as a
    whole, and the person neither moved, died, reached the pension age, nor left for a reason that
    is not known.
    """
    if not trials:
        return NO_TRIAL
    return join_rows([part for t in trials for part in _flow(t, prepared, policy)])


def _flow(trial: Trial, prepared: Prepared, policy: Policy) -> list[Protected]:
    asked = asked_for(trial, prepared)
    begin = "invited" if len(asked) else "drawn"
    branches = asked["branch"] if len(asked) else trial.rows["arm"]
    first = branches.value_counts().rename_axis("branch").rename("n_persons").reset_index()
    top = protect_counts(
        first.assign(trial_id=trial.trial_id, step=begin),
        ["n_persons"],
        policy,
        by=["trial_id", "branch", "step"],
        totals=["branch"],
    )
    return [top, *(_arm_step(trial, step, flag, policy) for step, flag in _steps_of(trial).items())]


def _arm_step(trial: Trial, step: str, flag: pd.Series, policy: Policy) -> Protected:
    """Those in each arm who were in the step; protected together with those who were not."""
    named = flag.eq(True).fillna(False).map({True: step, False: f"not {step}"})
    rows = pd.DataFrame({"trial_id": trial.trial_id, "branch": trial.rows["arm"], "step": named})
    counts = rows.value_counts().rename("n_persons").reset_index()
    by: Keys = [("trial_id", "branch"), "step"]
    return select_rows(
        protect_counts(counts, ["n_persons"], policy, by=by, totals=["step"]), step=step
    )


def _steps_of(trial: Trial) -> dict[str, pd.Series]:
    """Whether each person took part, was followed, and counts."""
    counted = outcome_name(*COUNTED.get(trial.unit, ("all", FOLLOWED_MONTHS)))
    steps = {
        "took_up": trial.rows["took_up"],
        "followed": trial.rows[outcome_name("known", FOLLOWED_MONTHS)],
        "analysed": trial.rows[counted].notna(),
    }
    return {step: flag for step, flag in steps.items() if flag.notna().any()}


def largest_trial(trials: Sequence[Trial]) -> Trial:
    """The trial with the most people; the first by name where several have."""
    return max(trials, key=lambda trial: len(trial.rows))


def asked_for(trial: Trial, prepared: Prepared) -> pd.DataFrame:
    """One row per unit that was invited: unit_id, asked_date, branch; empty without a flow."""
    steps = _steps(prepared, trial)
    if steps.empty:
        return pd.DataFrame(columns=["unit_id", "asked_date", "branch"])
    by = steps.groupby("unit_id")
    found = by.agg(asked_date=("step_date", "min"), taken=("step", set)).reset_index()
    arm = trial.rows.drop_duplicates("unit_id").set_index("unit_id")["arm"]
    refused = [next((b for b in BRANCHES if b in taken), NO_ANSWER) for taken in found["taken"]]
    branch = found["unit_id"].map(arm).fillna(pd.Series(refused, index=found.index))
    return found.assign(branch=branch).drop(columns="taken")


def _steps(prepared: Prepared, trial: Trial) -> pd.DataFrame:
    flow = prepared.table("trial_flow")
    if flow is None:
        return pd.DataFrame()
    names = flow.collect_schema().names()
    date = {} if "step_date" in names else {"step_date": pl.lit(None, pl.Date)}
    mine = flow.filter(pl.col("trial_id") == trial.trial_id).with_columns(**date)
    return mine.select("unit_id", "step", "step_date").sort("unit_id", "step").collect().to_pandas()

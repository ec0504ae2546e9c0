"""Who was asked, who took part, and who could be followed (CONSORT)."""

from collections.abc import Sequence

import pandas as pd
import polars as pl

from watwerkt.analysis.trial_outcomes import outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.panel.prepared import Prepared

NO_FLOW = Gap("Not delivered: who was invited to the trial, and what they answered.")
NO_ANSWER = "no_answer"
BRANCHES = ("excluded", "declined", NO_ANSWER)
FOLLOWED_MONTHS = 12


def answers(trials: Sequence[Trial], prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Everybody who was invited to the largest trial, by what became of it.

    ``branch``: excluded, declined, no_answer, or the arm that was drawn.
    """
    if not trials:
        return NO_TRIAL
    asked = asked_for(largest_trial(trials), prepared)
    if asked.empty:
        return NO_FLOW
    table = asked.groupby("branch").size().rename("n_persons").reset_index()
    return protect_counts(table, ["n_persons"], policy, by=["branch"], totals=["branch"])


def arms(trials: Sequence[Trial], prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Per arm of each trial: drawn, took up, withdrew, and followed for a year.

    Followed: the year is observed as a whole, and the person neither moved, died, reached the
    pension age, nor left for a reason that is not known. Took up in the control arm is crossover.
    """
    if not trials:
        return NO_TRIAL
    known = outcome_name("known", FOLLOWED_MONTHS)
    tables = []
    for trial in trials:
        withdrew = _units_with(prepared, trial, "withdrew")
        rows = trial.rows.assign(
            n_took_up=trial.rows["took_up"].eq(True).fillna(False).astype(int),
            n_withdrew=trial.rows["unit_id"].isin(withdrew).astype(int),
            n_followed=trial.rows[known].eq(True).fillna(False).astype(int),
            n_persons=1,
        )
        counts = ["n_persons", "n_took_up", "n_withdrew", "n_followed"]
        tables.append(rows.groupby(["trial_id", "arm"], as_index=False)[counts].sum())
    table = pd.concat(tables, ignore_index=True)
    return protect_counts(table, list(table.columns[2:]), policy, by=[("trial_id", "arm")])


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


def _units_with(prepared: Prepared, trial: Trial, step: str) -> set[str]:
    steps = _steps(prepared, trial)
    return set(steps.loc[steps["step"] == step, "unit_id"]) if len(steps) else set()

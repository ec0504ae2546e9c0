"""Were the arms alike before the draw, and were those who took part like those who did not?

Standardised differences, never p-values: after a draw any difference is chance by construction,
and whether one matters does not depend on how many people there are.

References
----------
Austin, P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates.
Statistics in Medicine 28, 3083-3107.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.trial_flow import NO_FLOW, asked_for, largest_trial
from watwerkt.analysis.trial_rows import BEFORE, NO_TRIAL, TEXTS, Trial
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_means
from watwerkt.disclosure.gap import TOO_FEW
from watwerkt.panel.prepared import Prepared

STEP = 0.05  # finer steps would give the exact shares back
MUCH = 0.25  # beyond which groups are called unlike
FIGURE = "std_difference"
LIKE_LABEL = "Before the draw the arms were alike in everything that is known of them."
UNLIKE_LABEL = (
    "In something the arms differ by a quarter of a standard deviation or more, by chance. The "
    "adjusted figures take that into account."
)
UNKNOWN_LABEL = "Whether the arms were alike cannot be said with so few people."


def arms_compared(trials: Sequence[Trial], policy: Policy) -> Protected | Gap:
    """Per trait the largest standardised difference of any arm with the control."""
    if not trials:
        return NO_TRIAL
    rows = [row for trial in trials for row in _compare_arms(trial)]
    return _protect(rows, ["trial_id", "arm"], policy)


def joined_against_others(
    trials: Sequence[Trial], prepared: Prepared, policy: Policy
) -> Protected | Gap:
    """Per trait how those drawn in the largest trial differ from the others who were invited."""
    if not trials:
        return NO_TRIAL
    trial = largest_trial(trials)
    asked = asked_for(trial, prepared).dropna(subset=["asked_date"])
    if asked.empty or trial.unit != "person":
        return NO_FLOW
    people = _describe_asked(asked, prepared)
    joined = people["branch"].isin([trial.control, *trial.arms])
    return _protect(_differences(people, joined), [], policy)


def balance_sentence(compared: Protected | Gap) -> str:
    """What the table of arms comes to (message id)."""
    if isinstance(compared, Gap) or compared.frame[FIGURE].isna().all():
        return UNKNOWN_LABEL
    shown = compared.frame[FIGURE].dropna()
    return UNLIKE_LABEL if max(shown) >= MUCH else LIKE_LABEL


def standardised_difference(values: pd.Series, is_first: pd.Series) -> float:
    """Difference of two means over the root of the mean of their variances; NaN where none vary."""
    numbers = pd.to_numeric(values).astype(float)
    one, other = numbers[is_first].dropna(), numbers[~is_first].dropna()
    spread = np.sqrt((one.var() + other.var()) / 2) if min(len(one), len(other)) > 1 else np.nan
    return float((one.mean() - other.mean()) / spread) if spread > 0 else float("nan")


def _compare_arms(trial: Trial) -> Iterator[dict[str, object]]:
    for arm in trial.arms:
        pair = trial.rows[trial.rows["arm"].isin([arm, trial.control])]
        for row in _differences(pair, pair["arm"] == arm):
            yield {"trial_id": trial.trial_id, "arm": arm} | row


def _differences(people: pd.DataFrame, is_first: pd.Series) -> list[dict[str, object]]:
    """One row per trait of which something is known: of a text its most different level."""
    found = []
    for name in BEFORE:
        known = people[name].notna() & (people[name] != UNKNOWN)
        values, first = people.loc[known, name], is_first[known]
        levels = [values == level for level in values.unique()] if name in TEXTS else [values]
        sizes = [abs(standardised_difference(level, first)) for level in levels]
        fewest = min(int(first.sum()), int((~first).sum()))
        largest = np.nanmax(sizes) if len(sizes) and not np.isnan(sizes).all() else np.nan
        rounded = float(np.round(largest / STEP)) * STEP if fewest > 1 else np.nan
        found.append({"known_before": name, FIGURE: rounded, "n_persons": len(values)})
    return [row for row in found if not np.isnan(float(str(row[FIGURE])))]


def _describe_asked(asked: pd.DataFrame, prepared: Prepared) -> pd.DataFrame:
    """Traits of those who were invited, in the month in which they were."""
    month = pl.col("asked_date").cast(pl.Date).dt.truncate("1mo")
    wanted = pl.from_pandas(asked).select("branch", person_id="unit_id", month=month)
    traits = prepared.panel.select("person_id", "month", *BEFORE)
    return wanted.lazy().join(traits, on=["person_id", "month"]).collect().to_pandas()


def _protect(rows: Sequence[dict[str, object]], keys: list[str], policy: Policy) -> Protected | Gap:
    if not rows:
        return TOO_FEW
    table = pd.DataFrame(rows)
    by = (*keys, "known_before")
    return protect_means(table, [FIGURE], policy, by=[by], n_persons="n_persons")

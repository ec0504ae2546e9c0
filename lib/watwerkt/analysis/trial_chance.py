"""Can a difference be chance? Every question of a trial, by drawing its own lottery again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from watwerkt.analysis.trial_effect import KEYS
from watwerkt.analysis.trial_outcomes import outcome_name
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.multiplicity import adjust_romano_wolf
from watwerkt.estimators.randomisation import Redrawn, redraw, share_as_large

N_DRAWS, SEED = 2000, 7
REDRAWN = "ITT, lottery drawn again"
ASKED = ["term", "outcome", "horizon_months"]


def redraw_lotteries(trials: Sequence[Trial], found: pd.DataFrame) -> pd.DataFrame:
    """The estimates of ``fit_trials`` with other p values: those of 2,000 lotteries.

    ``p_value``: how often the trial's own mechanism gives a difference at least as large where
    nobody is affected; ``p_adjusted``: Romano and Wolf's, over all arms and questions of the trial.
    Missing where the lottery cannot be drawn again. Restricted: protect it by ``beside``.
    """
    if found.empty:
        return found
    parts = [_redraw_one(t, found[found["trial_id"] == t.trial_id]) for t in trials]
    return pd.concat(parts, ignore_index=True).assign(design=REDRAWN, is_primary=False)


def beside(
    found: pd.DataFrame, redrawn: pd.DataFrame, policy: Policy, absent: Gap = NO_TRIAL
) -> Protected | Gap:
    """Both p values of every question: by formula (Holm), and by lot (Romano and Wolf)."""
    if found.empty:
        return absent
    return protect_estimates(pd.concat([found, redrawn], ignore_index=True), policy, by=KEYS)


def protect_redrawn(redrawn: pd.DataFrame, policy: Policy) -> Protected | Gap:
    """The rows by lot alone, for the record."""
    return protect_estimates(redrawn, policy, by=KEYS) if len(redrawn) else NO_TRIAL


def _redraw_one(trial: Trial, found: pd.DataFrame) -> pd.DataFrame:
    known = found.dropna(subset=["estimate"])
    arms = [arm for arm in trial.arms if (known["term"] == arm).any()]
    names = _questions(known, len(arms))
    empty = found.assign(p_value=np.nan, p_adjusted=np.nan)
    if not arms or not names:
        return empty
    try:
        families = [_draw(trial, arms, own) for own in _followed_alike(trial, names)]
    except DataError:
        return empty
    columns = [key for keys, _ in families for key in keys]
    family = Redrawn(
        np.concatenate([drawn.observed for _, drawn in families]),
        np.hstack([drawn.drawn for _, drawn in families]),
    )
    chances = pd.DataFrame(columns, columns=ASKED).assign(
        p_value=share_as_large(family), p_adjusted=adjust_romano_wolf(family)
    )
    return found.drop(columns=["p_value", "p_adjusted"]).merge(chances, on=ASKED, how="left")


def _questions(known: pd.DataFrame, n_arms: int) -> list[tuple[str, int]]:
    """The questions that could be answered of every arm that could be estimated at all."""
    asked = list(zip(known["outcome"], known["horizon_months"].astype(int), strict=True))
    return [question for question in dict.fromkeys(asked) if asked.count(question) == n_arms]


def _followed_alike(trial: Trial, names: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """Questions that the same people answer, together: they are drawn in one go.

    Others get draws of their own, which takes their answers for unrelated: somewhat too strict.
    """
    groups: dict[bytes, list[tuple[str, int]]] = {}
    for question in names:
        missing = trial.rows[outcome_name(*question)].isna().to_numpy()
        groups.setdefault(missing.tobytes(), []).append(question)
    return list(groups.values())


def _draw(
    trial: Trial, arms: list[str], questions: list[tuple[str, int]]
) -> tuple[list[tuple[str, str, int]], Redrawn]:
    names = [outcome_name(*question) for question in questions]
    rows = trial.rows.dropna(subset=names)
    drawn = redraw(rows, arms, trial.control, trial.mechanism, N_DRAWS, SEED, names)
    return [(arm, *question) for arm in arms for question in questions], drawn

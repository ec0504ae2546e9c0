"""A lottery over clients of whom some never come: the truth is the effect of being drawn."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from watwerkt.analysis.trial_effect import compare, judge_design
from watwerkt.analysis.trial_rows import Trial
from watwerkt.estimators.proportions import difference_in_proportions
from watwerkt.estimators.trials import Mechanism
from worlds import Draw, World, figures

ARMS = np.array(["usual", "intensive"])
EXIT_WITHIN_A_YEAR, COMES, LEVEL_SD = 0.16, 0.75, 0.3
DAYS, DAYS_SAVED = 365.0, 182.5  # of a year; by an exit at any moment of it, on average


def trial_world(
    rng: np.random.Generator,
    n_persons: int = 320,
    effect: float = 0.075,
    cluster_size: int = 0,
    crossover: float = 0.0,
) -> pd.DataFrame:
    """One row per person drawn: ``arm, outcome`` (exit within a year), ``took_up, near, cluster``.

    Who is near to work exits twice as often as who is far, and comes more often when invited
    (0.9 and 0.6): ``effect`` is that of coming, so that the truth of the lottery is
    ``effect * COMES`` in probability, or ``effect * (COMES - crossover)`` where that share of the
    others comes too. With ``cluster_size`` whole caseworkers are drawn, half of them, each with a
    level of her own. ``days`` are those on benefit within the year.
    """
    near = rng.random(n_persons) < 0.5
    cluster = np.arange(n_persons) // cluster_size if cluster_size else np.arange(n_persons)
    n_clusters = int(cluster.max()) + 1
    drawn = (rng.permutation(n_clusters) < n_clusters // 2)[cluster]
    level = np.exp(LEVEL_SD * rng.normal(size=n_clusters))[cluster] if cluster_size else 1.0
    took_up = drawn & (rng.random(n_persons) < np.where(near, 0.9, 0.6))
    if crossover:
        took_up |= ~drawn & (rng.random(n_persons) < crossover)
    usual = EXIT_WITHIN_A_YEAR * np.where(near, 4 / 3, 2 / 3) * level
    outcome = rng.random(n_persons) < usual + effect * took_up
    return pd.DataFrame(
        {
            "arm": ARMS[drawn.astype(int)],
            "outcome": outcome.astype(float),
            "days": DAYS - outcome * rng.uniform(0, 2 * DAYS_SAVED, n_persons),
            "took_up": took_up,
            "near": near.astype(float),
            "cluster": [f"caseworker {c:04}" for c in cluster],
            "probability": 0.5,
        }
    )


def draw_trial(seed: int, covariates: tuple[str, ...] = (), **planted: Any) -> dict[str, Draw]:
    """P7 by the trial's mechanism; naive sets those who came against everybody else."""
    rows = trial_world(np.random.default_rng(seed), **planted)
    naive = _compare_who_came(rows)
    trial = as_trial(rows, "cluster" if planted.get("cluster_size") else "person")
    estimate = compare(trial, "intensive", 0.95, covariates)
    status = judge_design(trial, "intensive", "all", 12)
    exits = estimate(trial.rows, "outcome").iloc[0]
    days = estimate(trial.rows, "days").iloc[0]
    return {
        "P7 exits": figures(exits, status=status, **naive),
        "P7 benefit-days": figures(
            days, status=status, **{k: -DAYS_SAVED * v for k, v in _turned(naive).items()}
        ),
    }


def as_trial(rows: pd.DataFrame, unit: str) -> Trial:
    """The rows as the chapter holds a trial; without clusters where persons were drawn."""
    mechanism = Mechanism("cluster" if unit == "cluster" else "person", has_strata=False)
    known = rows if unit == "cluster" else rows.drop(columns="cluster")
    own = known.assign(unit_id=np.arange(len(rows)))
    return Trial("trial", "person", "usual", ("intensive",), mechanism, own)


def worlds() -> list[World]:
    """Lotteries of one town and of several together, with and without what goes wrong in them."""
    sizes = [(320, 0.0), (320, 0.10), (2000, 0.10)]
    return [
        *(_world(f"{n} persons", n_persons=n, effect=e) for n, e in sizes),
        _world("320 persons, adjusted", covariates=("near",), n_persons=320, effect=0.10),
        _world("320 persons, 15% of the others come", n_persons=320, effect=0.10, crossover=0.15),
        _world("40 caseworkers drawn", n_persons=2000, effect=0.10, cluster_size=50),
    ]


def _world(name: str, **planted: Any) -> World:
    truth = planted["effect"] * (COMES - planted.get("crossover", 0.0))
    truths = {"P7 exits": truth, "P7 benefit-days": 0.0 - DAYS_SAVED * truth}
    return World(name, truths, partial(draw_trial, **planted))


def _compare_who_came(rows: pd.DataFrame) -> dict[str, float]:
    came, others = (rows.loc[rows["took_up"] == is_so, "outcome"] for is_so in (True, False))
    row = difference_in_proportions(came.sum(), len(came), others.sum(), len(others)).tidy()
    low, estimate, high = row[["conf_low", "estimate", "conf_high"]].iloc[0] / 100
    return {"naive": estimate, "naive_low": low, "naive_high": high}


def _turned(naive: dict[str, float]) -> dict[str, float]:
    """With the ends changed over, as for a scale on which less is better."""
    return naive | {"naive_low": naive["naive_high"], "naive_high": naive["naive_low"]}

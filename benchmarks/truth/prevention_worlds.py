"""A lottery over applications: a search period keeps some off benefit, and they are not alike.

Partners apply together and are drawn as one. Whoever is near to work is deterred more often, so
that those who enter after a search period are further from work than those who enter as usual.
"""

from functools import cache, partial

import numpy as np
import pandas as pd

from trial_worlds import ARMS, as_trial
from watwerkt.analysis.prevention import ENTRY_MONTHS
from watwerkt.analysis.trial_effect import compare, judge_design
from watwerkt.estimators.least_squares import FloatArray
from worlds import Draw, World, figures

NEAR, FAR = 0, 1
ENTERS = np.array([0.65, 0.85])  # near to work and far from it, within half a year
DETERRED = np.array([0.20, 0.06])  # of those who would have entered
LATER = 0.5  # of the deterred, who enter after half a year after all
MEAN_DAYS = np.array([250.0, 700.0])  # of a benefit
HORIZON_DAYS, HALF_A_YEAR = 730.0, 183.0
COUPLES = 0.15  # of applications
TRUTH_DRAWS = 4_000_000


def prevention_world(rng: np.random.Generator, n_applications: int = 1600) -> pd.DataFrame:
    """One row per applicant: ``arm, entry, days`` (of benefit within two years), ``took_up``."""
    couple = rng.random(n_applications) < COUPLES
    application = np.repeat(np.arange(n_applications), 1 + couple)
    drawn = (rng.permutation(n_applications) < n_applications // 2)[application]
    distance, outcomes = _both_arms(rng, n_applications)
    entry, days = (
        np.where(drawn, o[1][application], o[0][application]) for o in outcomes
    )  # fmt: skip
    came = drawn & (rng.random(len(application)) < np.array([0.9, 0.5])[distance[application]])
    return pd.DataFrame(
        {
            "arm": ARMS[drawn.astype(int)],
            "entry": 100 * entry,
            "days": days,
            "took_up": came,
            "cluster": [f"application {a:05}" for a in application],
            "probability": 0.5,
        }
    )


def draw_prevention(seed: int, n_applications: int) -> dict[str, Draw]:
    """P8; naive sets those who came against everybody else, and compares days of entrants only."""
    rows = prevention_world(np.random.default_rng(seed), n_applications)
    trial = as_trial(rows, "cluster")
    estimate = compare(trial, "intensive", 0.95)
    status = judge_design(trial, "intensive", "entry", ENTRY_MONTHS)
    entered = rows[rows["entry"] > 0]
    naive = {
        "entry": _gap(rows.groupby("took_up")["entry"], True, False),
        "days": _gap(entered.groupby("arm")["days"], "intensive", "usual"),
    }
    return {
        f"P8 {name}": figures(estimate(trial.rows, column).iloc[0], status=status, **naive[column])
        for name, column in [("entry", "entry"), ("benefit-days", "days")]
    }


@cache
def prevention_truth() -> dict[str, float]:
    """Both arms with the same draws."""
    entry, days = _both_arms(np.random.default_rng(0), TRUTH_DRAWS)[1]
    return {
        "P8 entry": float(100 * (entry[1].mean() - entry[0].mean())),
        "P8 benefit-days": float((days[1] - days[0]).mean()),
    }


def worlds() -> list[World]:
    """The applications of a year in one city, and in several together."""
    return [
        World(f"{n} applications", prevention_truth(), partial(draw_prevention, n_applications=n))
        for n in (1600, 16_000)
    ]


def _both_arms(rng: np.random.Generator, n: int) -> tuple[np.ndarray, tuple[FloatArray, ...]]:
    """Distance, and of each application entry and days as usual and with a search period."""
    distance = rng.integers(NEAR, FAR + 1, n)
    would = rng.random(n) < ENTERS[distance]
    is_deterred = would & (rng.random(n) < DETERRED[distance])
    is_later = is_deterred & (rng.random(n) < LATER)
    begins = rng.uniform(0, 60, n)
    late = HALF_A_YEAR + rng.uniform(0, 120, n)
    lasts = rng.exponential(MEAN_DAYS[distance])
    usual = would * np.minimum(lasts, HORIZON_DAYS - begins)
    after_all = is_later * np.minimum(lasts, HORIZON_DAYS - late)
    entry = np.array([would, would & ~is_deterred], dtype=float)
    days = np.array([usual, np.where(is_deterred, after_all, usual)])
    return distance, (entry, days)


def _gap(by: "pd.api.typing.SeriesGroupBy", one: object, other: object) -> dict[str, float]:
    table = by.agg(["mean", "var", "size"])
    gap = float(table["mean"][one] - table["mean"][other])
    error = float(np.sqrt((table["var"] / table["size"])[[one, other]].sum()))
    return {"naive": gap, "naive_low": gap - 1.96 * error, "naive_high": gap + 1.96 * error}

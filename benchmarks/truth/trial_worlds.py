"""A lottery over clients of whom some never come: the truth is the effect of being drawn."""

import numpy as np
import pandas as pd

ARMS = np.array(["usual", "intensive"])
EXIT_WITHIN_A_YEAR, COMES, LEVEL_SD = 0.16, 0.75, 0.3


def trial_world(
    rng: np.random.Generator, n_persons: int = 320, effect: float = 0.075, cluster_size: int = 0
) -> pd.DataFrame:
    """One row per person drawn: ``arm, outcome`` (exit within a year), ``took_up, near, cluster``.

    Who is near to work exits twice as often as who is far, and comes more often when invited
    (0.9 and 0.6): ``effect`` is that of coming, so that the truth of the lottery is
    ``effect * COMES`` in probability. With ``cluster_size`` whole caseworkers are drawn, half of
    them, each with a level of her own.
    """
    near = rng.random(n_persons) < 0.5
    cluster = np.arange(n_persons) // cluster_size if cluster_size else np.arange(n_persons)
    n_clusters = int(cluster.max()) + 1
    drawn = (rng.permutation(n_clusters) < n_clusters // 2)[cluster]
    level = np.exp(LEVEL_SD * rng.normal(size=n_clusters))[cluster] if cluster_size else 1.0
    took_up = drawn & (rng.random(n_persons) < np.where(near, 0.9, 0.6))
    usual = EXIT_WITHIN_A_YEAR * np.where(near, 4 / 3, 2 / 3) * level
    outcome = rng.random(n_persons) < usual + effect * took_up
    return pd.DataFrame(
        {
            "arm": ARMS[drawn.astype(int)],
            "outcome": outcome.astype(float),
            "took_up": took_up,
            "near": near.astype(float),
            "cluster": [f"caseworker {c:04}" for c in cluster],
            "probability": 0.5,
        }
    )

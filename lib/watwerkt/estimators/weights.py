"""Whether the weights of an emulated trial can carry its estimate: their size and their spread."""

import numpy as np
import pandas as pd

from watwerkt.estimators.sequential_trials import Trials


def weight_diagnostics(trials: Trials) -> pd.DataFrame:
    """One row per arm, of the stabilised weights in the last month of follow-up.

    ``n_trials`` persons times months in which a trial began; ``n_uncensored`` persons still
    followed at the end; ``mean_weight`` (about 1 where the model holds) and ``max_weight``;
    ``effective_n``, persons of equal weight who would know as much (Kish 1965).
    """
    person = trials.rows["person"].to_numpy()
    rows = []
    for arm, follows in trials.follows.items():
        weight = np.concatenate([f.stabiliser * f.weight[-1] for f in follows])
        of_person = pd.Series(weight).groupby(
            np.concatenate([person[f.start[-1]] for f in follows])
        )
        sums = of_person.sum().to_numpy()
        rows.append(
            {
                "arm": arm,
                "n_trials": sum(len(f.start[0]) for f in follows),
                "n_uncensored": len(sums),
                "mean_weight": float(weight.mean()),
                "max_weight": float(weight.max()),
                "effective_n": float(sums.sum() ** 2 / (sums**2).sum()),
            }
        )
    return pd.DataFrame(rows)

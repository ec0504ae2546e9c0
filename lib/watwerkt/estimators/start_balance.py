"""Are those who do not start like those who do, once they are weighted?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from watwerkt.estimators.design_columns import FloatArray


def start_balance(
    rows: pd.DataFrame, covariates: Sequence[str], weight: FloatArray
) -> pd.DataFrame:
    """Per level of each covariate: how starters differ from the others, before and after weights.

    ``share_started``, ``share_others``, ``share_weighted``, and the standardised differences
    ``difference_before`` and ``difference_after`` (over the root of the mean variance before).
    ``weight`` is that of ``StartEffect``.
    """
    starts = rows["is_start"].to_numpy(dtype=bool)
    parts = []
    for name in covariates:
        level = pd.Categorical(rows[name]).remove_unused_categories()
        n = len(level.categories)
        code = level.codes.astype(np.int64)
        own, other = (np.bincount(code[is_in], minlength=n) for is_in in (starts, ~starts))
        weighted = np.bincount(code[~starts], weight[~starts], n)
        kept = np.bincount(code[starts], weight[starts], n)
        started, others = own / own.sum(), other / other.sum()
        spread = np.sqrt((started * (1 - started) + others * (1 - others)) / 2)
        unit = np.where(spread > 0, spread, np.inf)
        parts.append(
            pd.DataFrame(
                {
                    "known_before": name,
                    "level": [str(one) for one in level.categories],
                    "share_started": started,
                    "share_others": others,
                    "share_weighted": weighted / weighted.sum(),
                    "difference_before": (started - others) / unit,
                    "difference_after": (kept / kept.sum() - weighted / weighted.sum()) / unit,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def largest_difference(rows: pd.DataFrame, covariates: Sequence[str], weight: FloatArray) -> float:
    """The largest standardised difference that remains after weighting."""
    return float(start_balance(rows, covariates, weight)["difference_after"].abs().max())

"""How wrong parallel trends may be: bounds relative to what went wrong before the change.

Were the difference between units that change and those that do not to move, from the base to the
first window after the change, by at most ``ratio`` times the largest move between two neighbouring
windows before it, the effect lies within ``ratio`` times that move of the estimate. The move is
taken as it was estimated, noise included, so the bounds are wider than they need be rather than
narrower.

References
----------
Rambachan, A. and Roth, J. (2023). Review of Economic Studies 90, 2555-2591, section 2.4.1
(relative magnitudes), for one period after the change, where the linear program has this solution.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from watwerkt.errors import DataError


def largest_move(before: ArrayLike) -> float:
    """The largest difference between neighbours; ``before`` ends with the window before the base.

    Shape (n_before,), in time order; the base itself is nil, and is added.
    """
    effects = np.append(np.asarray(before, dtype=float), 0.0)
    if len(effects) < 2 or not np.isfinite(effects).all():
        raise DataError("bounds need a window before the base")
    return float(np.abs(np.diff(effects)).max())


def widen_interval(low: float, high: float, before: ArrayLike, ratios: ArrayLike) -> pd.DataFrame:
    """The interval at each ratio: ``ratio, conf_low, conf_high``.

    ``low`` and ``high`` are the ends under parallel trends, at ratio 0.
    """
    ratio = np.asarray(ratios, dtype=float)
    width = ratio * largest_move(before)
    return pd.DataFrame({"ratio": ratio, "conf_low": low - width, "conf_high": high + width})

"""Rows of a protected frame: fewer figures than may be shown may be shown."""

from typing import Any

import pandas as pd

from watwerkt.disclosure.protected import Protected, _reseal, require_protected


def select_rows(protected: Protected, **wanted: Any) -> Protected:
    """The rows whose columns have the ``wanted`` value, or one of several, in the list's order.

    >>> select_rows(estimates, status=["evidence", "indicative"])     # doctest: +SKIP
    """
    frame = require_protected(protected).frame
    for column, value in wanted.items():
        several = value if isinstance(value, list) else [value]
        frame = pd.concat([frame[:0], *(frame[frame[column] == one] for one in several)])
    is_estimates = protected.kind == "estimates"  # of which some figures do not exist, ever
    figures = frame[["n_persons"]] if is_estimates else frame.select_dtypes("number")
    n_suppressed = int(figures.isna().sum().sum()) if protected.n_suppressed else 0
    return _reseal(protected, frame, n_suppressed)

"""Means and quantiles: enough persons behind each, and too few digits to give sums back.

>>> protect_means(                                                # doctest: +SKIP
...     table, ["contacts_year"], policy, by=["team_id"], n_persons="n_persons",
...     n_caseworkers="n_caseworkers", quantiles={"median_days": 0.5},
... )
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.disclosure.counts import as_counts, protected_counts
from watwerkt.disclosure.declared import require_table, shown_name
from watwerkt.disclosure.grid import Keys, key_columns
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.proportions import fills_both_sides, protect_proportion
from watwerkt.disclosure.protected import Protected, _seal
from watwerkt.disclosure.rounding import round_significant
from watwerkt.errors import DisclosureError

Array = NDArray[np.float64]
_SHARE = re.compile(r"(^|_)(share|rate)(_|$)")


def protect_means(
    table: pd.DataFrame,
    means: Sequence[str],
    policy: Policy,
    *,
    by: Keys,
    n_persons: str,
    n_caseworkers: str | None = None,
    quantiles: Mapping[str, float] | None = None,
) -> Protected:
    """Means per group with the persons behind them, which may be shown.

    Parameters
    ----------
    means : columns with means; one whose name says share or rate is rounded as a share of
        ``n_persons``, and hidden where fewer than the threshold are in it or outside it.
    n_persons : column with the persons behind each row; shown, rounded.
    n_caseworkers : column with the caseworkers behind each row, needed by team; not shown.
    quantiles : column → which quantile, shown where the threshold lies on either side of it.
    """
    at = {**dict.fromkeys(means), **(quantiles or {})}
    behind = [name for name in (n_persons, n_caseworkers) if name]
    require_table(table, key_columns(by), [*behind, *at], policy)
    grid, shown = protected_counts(
        table.drop(columns=[*at]), [n_persons], policy, by=by, n_caseworkers=n_caseworkers
    )
    n = shown[n_persons].ravel()
    fewest = np.fmin(n, grid.spread(table[n_persons])[0].ravel())
    frame = grid.frame({n_persons: as_counts(n)})
    n_suppressed = frame[n_persons].isna().sum()
    for name, quantile in at.items():
        values, given = (part.ravel() for part in grid.spread(table[name]))
        known = given & ~np.isnan(values)
        frame[name] = _protect_figure(
            name, np.where(known, values, np.nan), n, fewest, quantile, policy
        )
        n_suppressed += (known & frame[name].isna()).sum()
    return _seal(frame, "means", policy, n_suppressed)


def _protect_figure(
    name: str, values: Array, n: Array, fewest: Array, quantile: float | None, policy: Policy
) -> Array:
    """The column rounded, NaN where too few persons are behind it or on one side of it."""
    if quantile is not None:
        if not 0 < quantile < 1:
            raise DisclosureError(f"{shown_name(name)}: quantile 0 or 1 is one person's figure")
        enough = fills_both_sides(np.full_like(n, quantile), fewest, policy)
    elif _SHARE.search(name):
        return protect_proportion(values, n, fewest, policy)
    else:
        enough = np.ones_like(n, dtype=bool)
    return np.where(enough & ~np.isnan(n), round_significant(values, policy.mean_digits), np.nan)

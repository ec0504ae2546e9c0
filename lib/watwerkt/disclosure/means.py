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
_MAGNITUDE = re.compile(r"^mean_(\w+_)?(eur|hours|wage)(_|$)")
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
    parts: Mapping[str, tuple[str, str, str]] | None = None,
) -> Protected:
    """Means per group with the persons behind them, which may be shown.

    Parameters
    ----------
    means : columns with means; one whose name says share or rate is rounded as a share of
        ``n_persons``, and hidden where fewer than the threshold are in it or outside it.
    n_persons : column with the persons behind each row; shown, rounded.
    n_caseworkers : column with the caseworkers behind each row, needed by team; not shown.
    quantiles : column → which quantile, shown where the threshold lies on either side of it.
    parts : mean → columns with the sum behind it, and what the persons with the most and with the
        second most contribute; not shown. Needed for amounts (euros, hours), of which one or two
        persons can have nearly all: such a mean is hidden.
    """
    at = {**dict.fromkeys(means), **(quantiles or {})}
    behind = [name for name in (n_persons, n_caseworkers) if name]
    unshown = [name for columns in (parts or {}).values() for name in columns]
    require_table(table, key_columns(by), [*behind, *at, *unshown], policy)
    _require_parts(means, parts or {})
    grid, shown = protected_counts(
        table.drop(columns=[*at, *unshown]), [n_persons], policy, by=by,
        n_caseworkers=n_caseworkers, are_present=True,
    )  # fmt: skip
    n = shown[n_persons].ravel()
    fewest = np.fmin(n, grid.spread(table[n_persons])[0].ravel())
    frame = grid.frame({n_persons: as_counts(n)})
    n_suppressed = frame[n_persons].isna().sum()
    for name, quantile in at.items():
        values, given = (part.ravel() for part in grid.spread(table[name]))
        known = given & ~np.isnan(values)
        if parts and name in parts:
            total, first, second = (grid.spread(table[c])[0].ravel() for c in parts[name])
            values = np.where(is_dominated(total, first, second, policy), np.nan, values)
        frame[name] = _protect_figure(
            name, np.where(known, values, np.nan), n, fewest, quantile, policy
        )
        n_suppressed += (known & frame[name].isna()).sum()
    return _seal(frame, "means", policy, n_suppressed)


def is_dominated(total: Array, largest: Array, second: Array, policy: Policy) -> NDArray[np.bool_]:
    """Whether one or two persons have nearly all of ``total``: the (2, k) rule, or p %.

    By the second rule, the second person could reckon what the first has to within p %.
    """
    by_two = largest + second > policy.dominance_share * total
    by_one = total - largest - second < policy.prior_share * largest
    return by_two | by_one


def _require_parts(means: Sequence[str], parts: Mapping[str, object]) -> None:
    amounts = [name for name in means if _MAGNITUDE.search(name) and name not in parts]
    if amounts:
        raise DisclosureError(
            f"{shown_name(amounts[0])}: a mean amount needs parts=, the columns with the sum and "
            "with what the two largest contribute"
        )


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

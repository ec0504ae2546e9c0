"""Shares: percentages of protected counts, so that they say nothing the counts do not.

>>> protect_shares(                                               # doctest: +SKIP
...     table, {"exit_share": ("n_exits", "n_spells")}, policy, by=["year"]
... )
>>> protect_distribution(table, "n_clients", policy, by=["year", "band"])    # doctest: +SKIP
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from watwerkt.disclosure.counts import Unit, as_counts, protected_counts, require_unit
from watwerkt.disclosure.declared import TOTAL, shown_name
from watwerkt.disclosure.grid import Grid, Keys, key_columns
from watwerkt.disclosure.matrices import Array
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.protected import Protected, _seal
from watwerkt.errors import DataError

REST = "_rest"


def protect_shares(
    table: pd.DataFrame,
    shares: Mapping[str, tuple[str, str]],
    policy: Policy,
    *,
    by: Keys,
    totals: Sequence[str] = (),
    n_persons: str | None = None,
    n_caseworkers: str | None = None,
    of: Unit = "persons",
) -> Protected:
    """Numerators, denominators and their shares, which may be shown.

    Parameters
    ----------
    shares : share column → (numerator, denominator), counts in ``table``; the rest, denominator
        less numerator, is protected too, so that a share near 0 or 100 % is hidden.
    by, totals, n_persons, n_caseworkers, of : as in ``protect_counts``; at most one total. Of
        records of the register none and all may be shown.
    """
    counts = list(dict.fromkeys(name for pair in shares.values() for name in pair))
    require_unit(counts, n_persons, of)
    columns: dict[str, Array] = {}
    for pair in shares.values():
        others = {*counts, *shares} - {*pair, n_persons, n_caseworkers}
        grid, shown = _protect_pair(
            table.drop(columns=[c for c in table if c in others]), *pair, policy, by=by,
            totals=totals, n_persons=n_persons, n_caseworkers=n_caseworkers, of=of,
        )  # fmt: skip
        for name, values in shown.items():
            columns[name] = np.where(np.isnan(values), np.nan, columns.get(name, values))
    frame = grid.frame({name: as_counts(columns[name]) for name in counts})
    for share, (numerator, denominator) in shares.items():
        frame[share] = _share(frame[numerator], frame[denominator], policy)
    return _seal(frame, "shares", policy, int(frame[counts].isna().sum().sum()))


def protect_distribution(
    table: pd.DataFrame,
    count: str,
    policy: Policy,
    *,
    by: Keys,
    n_persons: str | None = None,
    n_caseworkers: str | None = None,
) -> Protected:
    """A count over the categories of the last key, and ``share`` of it that each category has.

    The total is protected with the categories and not shown, so that bars can be drawn from the
    frame as it is.
    """
    require_unit([count], n_persons, "persons")
    over = key_columns(by)[-1]
    grid, shown = protected_counts(
        table, [count], policy, by=by, totals=[over], n_persons=n_persons,
        n_caseworkers=n_caseworkers,
    )  # fmt: skip
    whole = np.broadcast_to(shown[count][..., -1:], grid.shape)
    frame = grid.frame({count: as_counts(shown[count])})
    frame["share"] = _share(frame[count], as_counts(whole), policy)
    frame = frame[frame[over] != TOTAL].infer_objects()
    return _seal(frame, "shares", policy, frame[count].isna().sum())


def _protect_pair(
    table: pd.DataFrame, numerator: str, denominator: str, policy: Policy, **how: Any
) -> tuple[Grid, dict[str, Array]]:
    rest = table[denominator] - table[numerator]
    if (rest < 0).any():
        raise DataError(
            f"{(rest < 0).sum()} rows have more {shown_name(numerator)} than "
            f"{shown_name(denominator)}"
        )
    if rest.isna().any():  # protected before: the rest is known no better than the two
        return protected_counts(table, [numerator, denominator], policy, **how)
    counts, sums = [numerator, REST, denominator], {denominator: [numerator, REST]}
    grid, shown = protected_counts(table.assign(**{REST: rest}), counts, policy, sums=sums, **how)
    return grid, {name: shown[name] for name in (numerator, denominator)}


def _share(numerator: pd.Series, denominator: pd.Series, policy: Policy) -> pd.Series:
    """Protected by protected; in no more decimals than the rounding of the counts supports."""
    of = denominator.replace(0, pd.NA).to_numpy(float, na_value=np.nan)
    decimals = np.clip(np.ceil(np.log10(of / policy.round_base)), 1, 4)
    power = 10 ** np.nan_to_num(decimals, nan=1)
    share = np.floor(numerator.to_numpy(float, na_value=np.nan) / of * power + 0.5) / power
    return pd.Series(share, dtype="float64")

"""Estimates and aggregates: what a chapter records, protected row by row.

>>> protect_estimates(tidy, policy)                               # doctest: +SKIP
>>> protect_aggregates(counts, policy)                            # doctest: +SKIP
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.disclosure.counts import as_counts, protected_counts
from watwerkt.disclosure.declared import (
    require_declared,
    require_keys,
    require_no_pseudonyms,
)
from watwerkt.disclosure.matrices import Array, Mask
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.proportions import protect_proportion, round_to_step, share_step
from watwerkt.disclosure.protected import Protected, _seal
from watwerkt.disclosure.released import ESTIMATE_COLUMNS, NUMBER
from watwerkt.disclosure.rounding import round_nearest, round_significant
from watwerkt.errors import DisclosureError

COUNTS = ["n_obs", "n_persons", "n_events", "n_clusters", "dof"]
NEEDED = ["n_obs", "n_persons", "n_events", "n_clusters"]
SHARE_SCALES = {"share", "probability", "proportion"}
OF_SHARES = ["estimate", "std_error", "conf_low", "conf_high"]
MODEL = ["analysis", "design", "outcome", "horizon_months", "scale", "subgroup"]


def protect_estimates(tidy: pd.DataFrame, policy: Policy, *, by: Sequence[str] = ()) -> Protected:
    """Estimates that may be shown and recorded, one row each; a hidden row keeps its names.

    A row's figures are hidden where it rests on fewer persons or events than the threshold, on
    fewer residual degrees of freedom than asked, or on fewer clusters than the minimum of
    caseworkers. Figures are rounded to significant digits, counts to the base. A plain share (its
    ``scale`` says so) is a count in disguise: it is given in steps of at least one base of its
    persons, and hidden where fewer than the threshold are in it or outside it.

    Parameters
    ----------
    tidy : columns of ``estimates.parquet`` (``released.ESTIMATE_COLUMNS``), at least n_obs,
        n_persons, n_events and n_clusters, of which the last two may be missing where a row has
        no events or clusters; and ``dof``, the residual degrees of freedom. Without it they are
        taken to be the persons less the rows of the same analysis, outcome and subgroup.
    by : further key columns.
    """
    figures = [c for c, kind in ESTIMATE_COLUMNS.items() if kind == NUMBER and c in tidy]
    counts = [c for c in COUNTS if c in tidy]
    names = [c for c in ESTIMATE_COLUMNS if c in tidy and c not in {*figures, *counts}]
    require_declared(tidy, [*names, *by, *figures, *counts], policy)
    missing = [c for c in NEEDED if c not in counts]
    if missing:
        raise DisclosureError(f"estimates need {', '.join(missing)}: what they rest on")
    require_keys(tidy, by)
    require_no_pseudonyms(tidy, names)
    rows = tidy.reset_index(drop=True)
    n = {c: _numbers(rows, c) for c in counts}
    shown = {c: _round_count(n[c], policy) for c in counts}
    values = {c: round_significant(_numbers(rows, c), policy.estimate_digits) for c in figures}
    is_share = rows.get("scale", pd.Series("", rows.index)).isin(SHARE_SCALES).to_numpy()
    if is_share.any():
        values |= _round_shares(rows, values, shown["n_persons"], is_share, policy)
    hidden = _is_hidden(rows, n, shown, policy) | (is_share & np.isnan(values["estimate"]))
    for column in values.keys() - {"conf_level"}:
        values[column] = np.where(hidden, np.nan, values[column])
    columns = {c: as_counts(np.where(hidden, np.nan, shown[c])) for c in counts}
    return _seal(rows.assign(**values, **columns), "estimates", policy, int(hidden.sum()))


def protect_aggregates(
    table: pd.DataFrame, policy: Policy, *, with_total: bool = False
) -> Protected:
    """Counts per year, destination and band for ``aggregates.parquet``, hidden cell by cell.

    ``table`` has year, destination, band, n_person_months (the same for every destination of a year
    and band), n_exits, and n_persons, the persons behind the row, which is not shown;
    n_exits_expected (need not be whole) where a reference rate for its case mix is known, else the
    column is written empty. ``with_total`` adds a row ``total`` over the destinations, and hides
    so much more that no hidden cell can be found by subtraction.
    """
    keys, behind = ["year", "destination", "band"], "n_persons"
    exits = [name for name in ["n_exits", "n_exits_expected"] if name in table]
    totals = ["destination"] if with_total else []
    grid, shown = protected_counts(
        table.drop(columns="n_person_months"), exits, policy, by=keys, totals=totals,
        n_persons=behind,
    )  # fmt: skip
    _, months = protected_counts(
        table.drop(columns=exits), ["n_person_months"], policy, by=keys, n_persons=behind
    )
    at_risk = months["n_person_months"]
    if with_total:
        at_risk = np.concatenate([at_risk, at_risk[:, :1]], axis=1)
    columns = {"n_person_months": at_risk, **shown}
    frame = grid.frame({name: as_counts(values) for name, values in columns.items()})
    return _seal(frame, "aggregates", policy, int(frame[list(columns)].isna().sum().sum()))


def _is_hidden(
    rows: pd.DataFrame, n: dict[str, Array], shown: dict[str, Array], policy: Policy
) -> NDArray[np.bool_]:
    few = ~(n["n_persons"] >= policy.threshold) | (n["n_obs"] < policy.threshold)
    few |= (n["n_events"] < policy.threshold) | (n["n_clusters"] < policy.min_caseworkers)
    if "dof" in n:
        return few | ~(n["dof"] >= policy.dof_threshold)
    model = [c for c in MODEL if c in rows]
    n_terms = rows.groupby(model, dropna=False)["n_obs"].transform("size") if model else len(rows)
    fewest = np.fmin(n["n_persons"], shown["n_persons"])
    return few | ~(fewest - n_terms >= policy.dof_threshold)


def _round_shares(
    rows: pd.DataFrame, values: dict[str, Array], n: Array, is_share: Mask, policy: Policy
) -> dict[str, Array]:
    """The figures of rows whose scale is a share, in steps that fit their persons."""
    fewest = np.fmin(n, _numbers(rows, "n_persons"))
    rounded = {c: round_to_step(values[c], share_step(np.nan_to_num(n), policy.round_base))
               for c in OF_SHARES if c in values}  # fmt: skip
    rounded["estimate"] = protect_proportion(values["estimate"], n, fewest, policy)
    return {c: np.where(is_share, rounded[c], values[c]) for c in rounded}


def _round_count(n: Array, policy: Policy) -> Array:
    return np.maximum(round_nearest(n, policy.round_base), policy.round_base)


def _numbers(rows: pd.DataFrame, column: str) -> Array:
    return pd.to_numeric(rows[column]).to_numpy(float, na_value=np.nan)

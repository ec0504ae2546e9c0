"""Person-months collapsed to cells: one row per combination of covariates and cluster.

A logit on cells of (exits, person-months) has the same estimates as one on the person-months
themselves, and its clustered covariance too as long as no cell spans two clusters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from watwerkt.errors import DataError
from watwerkt.estimators.combinations import find_combinations
from watwerkt.estimators.design_columns import FloatArray, build_design, find_free_columns

MIN_EVENTS = 10  # fewer exits, or fewer months without one, carry no asymptotics
MIN_CLUSTERS = 3  # in all, and at each level of an exposure
TRIALS, EVENTS, CLUSTER = "_trials", "_events", "_cluster"


@dataclass(frozen=True, slots=True)
class Cells:
    """Collapsed person-months, sorted by covariates and cluster.

    Attributes
    ----------
    design : shape (n_cells, n_columns), sparse: the intercept first, the exposures last.
    term, source : each column's name, and the covariate it comes from ("" for the intercept).
    is_level : whether a column marks one level of a categorical covariate.
    trials, events, cluster : person-months, exits and cluster number of each cell.
    first : the first cell of each combination of covariates; its others, of other clusters, follow.
    n_left_out : person-months left out, since all or none at their level of an adjusting
        covariate ended in an exit: they say nothing about the exposure.
    """

    design: sparse.csr_array = field(repr=False)
    term: tuple[str, ...]
    source: tuple[str, ...]
    is_level: NDArray[np.bool_] = field(repr=False)
    trials: FloatArray = field(repr=False)
    events: FloatArray = field(repr=False)
    cluster: NDArray[np.int64] = field(repr=False)
    first: NDArray[np.intp] = field(repr=False)
    n_left_out: int


@dataclass(frozen=True, slots=True)
class Grouped:
    """Person-months by covariates and cluster: what all outcomes of the same months share.

    Attributes
    ----------
    table : a row per combination, sorted, with its person-months.
    design, names : its columns, of covariates that are adjusted for first, and what they are.
    number : the row of ``table`` that each person-month belongs to.
    """

    table: pd.DataFrame = field(repr=False)
    design: sparse.csr_array = field(repr=False)
    names: pd.DataFrame = field(repr=False)
    number: NDArray[np.intp] = field(repr=False)
    adjusting: tuple[str, ...]
    exposure: tuple[str, ...]


def group_months(covariates: pd.DataFrame, cluster: ArrayLike, exposure: Sequence[str]) -> Grouped:
    """Group person-months by their covariates, those that are adjusted for first, and cluster.

    Numeric covariates will give one column; categorical, text, date and boolean ones a column per
    level after the first (categories in their own order, others sorted). Raises DataError for
    missing values.
    """
    absent = [name for name in exposure if name not in covariates]
    if absent or not exposure:
        raise DataError(f"exposure {', '.join(absent) or 'not named'}: not among the covariates")
    _require_complete({**covariates, "the cluster": pd.Series(cluster)}, len(covariates))
    adjusting = [str(name) for name in covariates if name not in exposure]
    rows = pd.DataFrame({name: _as_levels(covariates[name]) for name in (*adjusting, *exposure)})
    rows[CLUSTER] = pd.factorize(np.asarray(cluster, dtype=object), sort=True)[0]
    found = find_combinations(rows)
    table = rows.iloc[found.first].reset_index(drop=True).assign(**{TRIALS: found.count})
    design, names = build_design(table[[*adjusting, *exposure]])
    return Grouped(table, design, names, found.number, tuple(adjusting), tuple(exposure))


def collapse(months: Grouped, event: ArrayLike) -> Cells:
    """The cells of person-months with their design, for one outcome.

    An adjusting column that those before it determine is left out, as ``glm`` in R does.

    Raises
    ------
    DataError
        Missing values, too few exits or clusters, or an exposure that does not vary, that the
        other covariates determine, or that decides alone who leaves.
    """
    adjusting, exposure = months.adjusting, months.exposure
    _require_complete({"the event": pd.Series(event)}, len(months.number))
    weights = np.asarray(event, dtype=float)
    sums = np.bincount(months.number, weights, minlength=len(months.table))
    table = months.table.assign(**{EVENTS: sums})
    _require_events(table)
    kept = _find_undecided(table, adjusting)
    design, table = (months.design, table) if kept.all() else (months.design[kept], table[kept])
    _require_events(table)
    _require_variation(table, exposure)
    first = _find_first(table[[*adjusting, *exposure]])
    trials = table[TRIALS].to_numpy(dtype=float)
    names = months.names
    free = find_free_columns(design[first], np.add.reduceat(trials, first))
    _require_free(names, free, exposure)
    return Cells(
        design=design[:, free],
        term=tuple(names["term"][free]),
        source=tuple(names["source"][free]),
        is_level=names["is_level"][free].to_numpy(dtype=bool),
        trials=trials,
        events=table[EVENTS].to_numpy(dtype=float),
        cluster=table[CLUSTER].to_numpy(dtype=np.int64),
        first=first,
        n_left_out=len(months.number) - int(trials.sum()),
    )


def _require_complete(columns: Mapping[str, pd.Series], n_months: int) -> None:
    if {len(column) for column in columns.values()} != {n_months}:
        raise DataError("covariates, event and cluster must have one row per person-month")
    missing = {name: int(column.isna().sum()) for name, column in columns.items()}
    found = ", ".join(f"{name} ({n})" for name, n in missing.items() if n)
    if found:
        raise DataError(
            f"missing in {n_months} person-months: {found}; give them a level or a cluster "
            "of their own, or take them out and say so"
        )


def _as_levels(column: pd.Series) -> pd.Series:
    """Numbers stay numbers; whatever else becomes a categorical of the levels in use."""
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if is_number:
        return column.astype(float)
    return column.astype("category").cat.remove_unused_categories()


def _find_undecided(table: pd.DataFrame, adjusting: Sequence[str]) -> NDArray[np.bool_]:
    """Mark cells but those at a level of an adjusting covariate where all or none exit.

    Their coefficient would be infinite; leaving the months out gives the same limit for all
    others. It is repeated until no such level is left.
    """
    categorical = [name for name in adjusting if isinstance(table[name].dtype, pd.CategoricalDtype)]
    levels = [table[name].cat.codes.to_numpy() for name in categorical]
    trials, events = (table[name].to_numpy(float) for name in (TRIALS, EVENTS))
    kept, n_before = np.ones(len(table), dtype=bool), -1
    while kept.sum() != n_before:
        n_before = int(kept.sum())
        for level in levels:
            left = np.bincount(level, events * kept)
            decided = (left == 0) | (left == np.bincount(level, trials * kept))
            kept &= ~decided[level]
    return kept


def _require_events(table: pd.DataFrame) -> None:
    n_events, n_trials = table[EVENTS].sum(), table[TRIALS].sum()
    if min(n_events, n_trials - n_events) < MIN_EVENTS:
        raise DataError(
            f"{n_events:.0f} exits in {n_trials:.0f} person-months: this model needs at least "
            f"{MIN_EVENTS} with and {MIN_EVENTS} without; widen the window or take all exits"
        )


def _require_variation(table: pd.DataFrame, exposure: Sequence[str]) -> None:
    if table[CLUSTER].nunique() < MIN_CLUSTERS:
        raise DataError(f"fewer than {MIN_CLUSTERS} clusters: no standard error can be given")
    for name in exposure:
        if not isinstance(table[name].dtype, pd.CategoricalDtype):
            continue
        by = table.groupby(name, observed=True)
        sums = by[[TRIALS, EVENTS]].sum()
        decided = (sums[EVENTS] == 0) | (sums[EVENTS] == sums[TRIALS])
        few = by[CLUSTER].nunique() < MIN_CLUSTERS
        if len(sums) < 2:
            raise DataError(f"{name}: does not vary, so nothing can be said of it")
        if decided.any():
            raise DataError(
                f"{name}: at {decided.sum()} of {len(sums)} levels all or none of the months end "
                "in an exit, so its odds ratio has no finite estimate; group levels together"
            )
        if few.any():
            raise DataError(
                f"{name}: {few.sum()} of {len(sums)} levels occur in fewer than {MIN_CLUSTERS} "
                "clusters, so no standard error can be given; group levels together"
            )


def _require_free(names: pd.DataFrame, free: NDArray[np.bool_], exposure: Sequence[str]) -> None:
    determined = sorted(set(names.loc[~free & names["source"].isin(exposure), "term"]))
    if determined:
        raise DataError(
            f"{', '.join(determined)}: does not vary, or is determined by the other covariates; "
            "take out the covariate that says the same"
        )


def _find_first(covariates: pd.DataFrame) -> NDArray[np.intp]:
    """Rows that differ from the row before in any covariate."""
    is_first = np.zeros(len(covariates), dtype=bool)
    is_first[0] = True
    for _, column in covariates.items():
        is_number = pd.api.types.is_numeric_dtype(column)
        values = (column if is_number else column.cat.codes).to_numpy()
        is_first[1:] |= values[1:] != values[:-1]
    return np.flatnonzero(is_first)

"""For whom does starting a provision help? Starting any one now against not yet (P10), by group.

All kinds together: by kind and group at once nearly every comparison would be empty. Within each
group the comparison is made anew, people with the same background and of the same calendar month.
Groups are as known on the first day of the month of the start.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from watwerkt.analysis.destination import ALL
from watwerkt.analysis.group_fits import DivisionFit, GroupFits, join_division
from watwerkt.analysis.group_traits import LEVELS, add_groups, column
from watwerkt.analysis.instrument_rows import HORIZON, ClientMonths, client_months
from watwerkt.analysis.instruments import SOUND, StartFit, fit_rows, judge_start, sums_until
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates

Flags = NDArray[np.bool_]
Found = tuple[Estimates, pd.Series]


def fit_instruments(
    panel: pl.LazyFrame, services: pl.LazyFrame | None, divisions: Sequence[str]
) -> GroupFits:
    """Exits within 24 months of any provision, in pp, by group; empty where there are none."""
    if services is None or not divisions:
        return GroupFits()
    grouped = add_groups(panel, divisions)
    months = client_months(grouped, services, [column(name) for name in divisions])
    if months.rows.empty or months.starts.empty:
        return GroupFits()
    first = months.first_start(sorted(months.starts["kind"].unique()))
    now = months.rows["month_no"].to_numpy()
    may, is_start = first >= now, first == now
    return GroupFits({name: _fit_division(months, name, may, is_start) for name in divisions})


def _fit_division(months: ClientMonths, division: str, may: Flags, is_start: Flags) -> DivisionFit:
    group = months.rows[column(division)].to_numpy()
    found: dict[str, Found] = {}
    for level in LEVELS[division]:
        is_in = group == level
        if (fit := _read(fit_rows(months, may & is_in, is_start & is_in))) is not None:
            found[level] = fit
    parts = {level: part for level, (part, _) in found.items()}
    influence = pd.DataFrame({level: of for level, (_, of) in found.items()}).fillna(0.0)
    covariance = influence.to_numpy().T @ influence.to_numpy()
    np.fill_diagonal(covariance, [float(part.std_error[0]) ** 2 for part in parts.values()])
    return join_division(parts, LEVELS[division], covariance, max(len(influence) - 1.0, 1.0))


def _read(fit: StartFit) -> Found | None:
    """The effect on all exits within 24 months, and each caseworker's part; None if a warning."""
    if fit.effect is None:
        return None
    sums = 100 * sums_until(ALL, [HORIZON])
    if judge_start(fit.effect, fit.rows, sums, fit.covariates)[1] != SOUND:
        return None
    try:
        path = fit.effect.combine(sums, ["any"])
    except DataError:
        return None
    names = pd.factorize(fit.rows["cluster"], sort=True)[1]
    influence = pd.Series((fit.effect.influence @ sums).ravel(), index=names.astype(str))
    return Estimates(
        term=path.term,
        estimate=path.estimate,
        std_error=path.std_error,
        degrees_of_freedom=path.degrees_of_freedom,
        n_obs=path.n_obs,
        n_persons=path.n_persons,
        n_events=path.n_events,
        n_clusters=path.n_clusters,
    ), influence

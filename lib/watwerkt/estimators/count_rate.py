"""Ratios of rates: how much more often something happens in a month, given the same background.

A Poisson regression on person-months at risk, collapsed to cells. The counts need not be Poisson:
the coefficients hold as long as the mean does, and the errors are clustered (quasi-likelihood).

References
----------
Gourieroux, C., Monfort, A. and Trognon, A. (1984). Pseudo maximum likelihood methods: applications
to Poisson models. Econometrica 52, 701-720. Liang, K.-Y. and Zeger, S. L. (1986). Biometrika 73,
13-22 (sandwich).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from watwerkt.estimators.cells import Grouped, collapse, group_months
from watwerkt.estimators.design_columns import renumber, scale_rows, sum_rows_by
from watwerkt.estimators.effects import fit_poisson
from watwerkt.estimators.estimates import Estimates


def rate_ratio(
    covariates: pd.DataFrame,
    count: ArrayLike,
    cluster: ArrayLike,
    exposure: Sequence[str],
    n_persons: int,
) -> Estimates:
    """``rate_ratio_of`` the months by covariates and cluster, as ``discrete_hazard`` takes them."""
    return rate_ratio_of(group_months(covariates, cluster, exposure), count, n_persons)


def rate_ratio_of(months: Grouped, count: ArrayLike, n_persons: int) -> Estimates:
    """Estimate the log rate ratio of each exposure, given the other covariates.

    The covariance is that of ``discrete_hazard``: the clustered sandwich times G/(G-1) *
    (N-1)/(N-K); intervals use the t distribution with G-1 degrees of freedom.

    Parameters
    ----------
    months : person-months at risk by covariates and cluster.
    count : shape (n_months,): how often it happened in the month, seldom more than once.
    n_persons : persons in these months, for the disclosure rules.

    Raises
    ------
    DataError
        What ``collapse`` refuses, or a combination of covariates with which it never happened.
    """
    cells = collapse(months, count)
    events, trials = (np.add.reduceat(n, cells.first) for n in (cells.events, cells.trials))
    coefficient, fitted = fit_poisson(cells.design[cells.first], events, trials)
    n_cells = np.diff(cells.first, append=len(cells.trials))
    expected = cells.trials * np.repeat(fitted / trials, n_cells)
    information = (cells.design.T @ scale_rows(cells.design, expected)).toarray()
    number, _ = renumber(cells.cluster)
    n_columns = cells.design.shape[1]
    n_clusters, n_obs = int(number.max()) + 1, float(cells.trials.sum())
    score = sum_rows_by(number, scale_rows(cells.design, cells.events - expected))
    half = np.linalg.solve(information, score.T)
    factor = n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - n_columns)
    asked = np.flatnonzero(np.isin(cells.source, months.exposure))
    return Estimates(
        term=tuple(cells.term[j] for j in asked),
        estimate=coefficient[asked],
        std_error=np.sqrt(factor * (half[asked] ** 2).sum(axis=1)),
        degrees_of_freedom=float(n_clusters - 1),
        n_obs=int(n_obs),
        n_persons=n_persons,
        n_events=int(cells.events.sum()),
        n_clusters=n_clusters,
    )

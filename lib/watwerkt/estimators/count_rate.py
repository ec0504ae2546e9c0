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
from scipy import sparse

from watwerkt.estimators.cells import collapse, group_months
from watwerkt.estimators.design_columns import renumber
from watwerkt.estimators.effects import fit_poisson
from watwerkt.estimators.estimates import Estimates


def rate_ratio(
    covariates: pd.DataFrame,
    count: ArrayLike,
    cluster: ArrayLike,
    exposure: Sequence[str],
    n_persons: int,
) -> Estimates:
    """Estimate the log rate ratio of each exposure, given the other covariates.

    The covariance is that of ``discrete_hazard``: the clustered sandwich times G/(G-1) *
    (N-1)/(N-K); intervals use the t distribution with G-1 degrees of freedom.

    Parameters
    ----------
    covariates : one row per person-month at risk, as in ``discrete_hazard``.
    count : shape (n_months,): how often it happened in the month, seldom more than once.
    cluster, exposure, n_persons : as in ``discrete_hazard``.

    Raises
    ------
    DataError
        What ``collapse`` refuses, or a combination of covariates with which it never happened.
    """
    cells = collapse(group_months(covariates, cluster, exposure), count)
    events, trials = (np.add.reduceat(n, cells.first) for n in (cells.events, cells.trials))
    coefficient, fitted = fit_poisson(cells.design[cells.first], events, trials)
    months = np.diff(cells.first, append=len(cells.trials))
    expected = cells.trials * np.repeat(fitted / trials, months)
    information = (cells.design.T @ (sparse.diags_array(expected) @ cells.design)).toarray()
    number, _ = renumber(cells.cluster)
    n_cells, n_columns = cells.design.shape
    n_clusters, n_obs = int(number.max()) + 1, float(cells.trials.sum())
    membership = sparse.csr_array((np.ones(n_cells), (number, np.arange(n_cells))))
    residual = sparse.diags_array(cells.events - expected)
    score = (membership @ (residual @ cells.design)).toarray()
    half = np.linalg.solve(information, score.T)
    factor = n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - n_columns)
    asked = np.flatnonzero(np.isin(cells.source, list(exposure)))
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

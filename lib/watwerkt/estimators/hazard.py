"""The discrete-time hazard: the odds of an exit this month, given who is still there.

A logit on person-months (Cox 1972, section 6; Allison 1982). For one destination the other exits
are months without the event: the cause-specific hazard of that destination. Errors are clustered,
by caseworker as a rule, since clients of one caseworker share her practice.

References
----------
Allison, P. D. (1982). Discrete-time methods for the analysis of event histories. Sociological
Methodology 13, 61-98. Liang, K.-Y. and Zeger, S. L. (1986). Biometrika 73, 13-22 (sandwich).
Lane, P. W. and Nelder, J. A. (1982). Biometrics 38, 613-621 (standardisation).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from watwerkt.errors import DataError
from watwerkt.estimators.cells import Cells, Grouped, collapse, group_months
from watwerkt.estimators.design_columns import FloatArray, renumber, scale_rows, sum_rows_by
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.least_squares import sum_by
from watwerkt.estimators.logit import fit_logit

DURATION_BANDS = (0, 3, 6, 12, 24, 36, 60, 120)  # months since entry at which a band begins
MAX_SHARE = 0.5  # of what is known of an exposure, that may come from one cluster


@dataclass(frozen=True, slots=True)
class HazardFit(Estimates):
    """Log odds ratios of the exposures; ``tidy()`` shows these and not what adjusts for them.

    Beside the attributes of ``Estimates``, for standardisation and for checks:

    Attributes
    ----------
    coefficient, covariance : of all columns of ``cells.design``; shapes (k,) and (k, k).
    cells : the collapsed person-months.
    """

    coefficient: FloatArray = field(repr=False)
    covariance: FloatArray = field(repr=False)
    cells: Cells = field(repr=False)

    def alone(self) -> Estimates:
        """The estimates without the cells behind them: many of a city would fill the memory."""
        return Estimates(**{kept.name: getattr(self, kept.name) for kept in fields(Estimates)})


@dataclass(frozen=True, slots=True)
class AverageDifference(Estimates):
    """Differences of the average monthly hazard, in percentage points.

    Attributes
    ----------
    baseline : the average hazard in percent at the reference level, shape (n_terms,).
    """

    baseline: FloatArray


def add_duration_band(person_months: pd.DataFrame) -> pd.DataFrame:
    """Add ``duration_band``, the ordered band of ``months_since_entry``, for a flexible hazard."""
    labels = [f"{low}-{high - 1}" for low, high in pairwise(DURATION_BANDS)]
    labels.append(f"{DURATION_BANDS[-1]}+")
    edges = [*DURATION_BANDS, np.inf]
    band = pd.cut(person_months["months_since_entry"], edges, right=False, labels=labels)
    return person_months.assign(duration_band=band)


def discrete_hazard(
    covariates: pd.DataFrame,
    event: ArrayLike,
    cluster: ArrayLike,
    exposure: Sequence[str],
    n_persons: int,
) -> HazardFit:
    """``hazard_of`` one outcome: the log odds ratio of each exposure, given the other covariates.

    Parameters
    ----------
    covariates : one row per person-month: exposures, duration band, calendar month, traits; see
        ``group_months`` for how columns enter.
    event, n_persons : as for ``hazard_of``.
    cluster : array, shape (n_months,): the caseworker.
    exposure : names of the covariates whose odds ratios are asked for.
    """
    return hazard_of(group_months(covariates, cluster, exposure), event, n_persons)


def hazard_of(months: Grouped, event: ArrayLike, n_persons: int) -> HazardFit:
    """Estimate the log odds ratio of an exit for each exposure, given the other covariates.

    The covariance is the clustered sandwich times G/(G-1) * (N-1)/(N-K), with G clusters, N
    person-months and K columns (as statsmodels and Stata's ``regress``); intervals use the
    t distribution with G-1 degrees of freedom.

    Parameters
    ----------
    months : person-months by covariates and caseworker, whatever their outcome.
    event : bool array, shape (n_months,): the month ended in the exit of interest.
    n_persons : persons in these months, for the disclosure rules.

    Raises
    ------
    DataError
        What ``collapse`` refuses; a combination of covariates that decides alone who leaves; or
        an exposure of which one cluster holds more than half of the information.
    """
    cells = collapse(months, event)
    trials, events = (np.add.reduceat(n, cells.first) for n in (cells.trials, cells.events))
    coefficient, bread = fit_logit(cells.design[cells.first], trials, events)
    share = expit(cells.design @ coefficient)
    asked = np.flatnonzero(np.isin(cells.source, months.exposure))
    _require_clusters(cells, bread, share, asked)
    covariance = _clustered_covariance(cells, bread, share)
    return HazardFit(
        term=tuple(cells.term[j] for j in asked),
        estimate=coefficient[asked],
        std_error=np.sqrt(np.diag(covariance)[asked]),
        degrees_of_freedom=float(np.unique(cells.cluster).size - 1),
        n_obs=int(cells.trials.sum()),
        n_persons=n_persons,
        n_events=int(cells.events.sum()),
        n_clusters=np.unique(cells.cluster).size,
        coefficient=coefficient,
        covariance=covariance,
        cells=cells,
    )


def average_difference(fit: HazardFit) -> AverageDifference:
    """Standardise the odds ratios to percentage points of the monthly exit probability.

    The average over all person-months of the fitted hazard at this level of the exposure minus
    that at its reference level (of a number: one unit more, minus as observed), each month
    keeping its other covariates. Delta-method errors, given the covariates at hand.
    """
    cells, weight = fit.cells, fit.cells.trials / fit.cells.trials.sum()
    log_odds = cells.design @ fit.coefficient
    differences, gradients, baselines = [], [], []
    for name in fit.term:
        j = cells.term.index(name)
        siblings = np.flatnonzero(np.array(cells.source) == cells.source[j])
        replaced = siblings if cells.is_level[j] else siblings[:0]
        reference = log_odds - cells.design[:, replaced] @ fit.coefficient[replaced]
        low, high = expit(reference), expit(reference + fit.coefficient[j])
        slope_low, slope_high = weight * low * (1 - low), weight * high * (1 - high)
        gradient = cells.design.T @ (slope_high - slope_low)
        gradient[replaced] = 0.0
        gradient[j] += slope_high.sum()
        differences.append(100 * weight @ (high - low))
        gradients.append(100 * gradient)
        baselines.append(100 * weight @ low)
    errors = [np.sqrt(gradient @ fit.covariance @ gradient) for gradient in gradients]
    return AverageDifference(
        fit.term,
        np.array(differences),
        np.array(errors),
        fit.degrees_of_freedom,
        fit.n_obs,
        fit.n_persons,
        fit.n_events,
        fit.n_clusters,
        baseline=np.array(baselines),
    )


def _clustered_covariance(cells: Cells, bread: FloatArray, share: FloatArray) -> FloatArray:
    score = scale_rows(cells.design, cells.events - cells.trials * share)
    by_cluster = sum_rows_by(renumber(cells.cluster)[0], score)
    n_clusters, n_columns = by_cluster.shape
    n_obs = cells.trials.sum()
    factor = n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - n_columns)
    return np.asarray(factor * bread @ (by_cluster.T @ by_cluster) @ bread)


def _require_clusters(
    cells: Cells, bread: FloatArray, share: FloatArray, asked: NDArray[np.intp]
) -> None:
    """Refuse an exposure whose information (its partialled-out variance) lies in one cluster."""
    weight = cells.trials * share * (1 - share)
    information = weight[:, None] * (cells.design @ bread[:, asked]) ** 2
    by_cluster = sum_by(cells.cluster, information)
    largest = by_cluster.max(axis=0) / by_cluster.sum(axis=0)
    alone = [cells.term[j] for j, part in zip(asked, largest, strict=True) if part > MAX_SHARE]
    if alone:
        raise DataError(
            f"{', '.join(alone)}: more than half of what is known comes from one cluster, so no "
            "standard error can be given; take more caseworkers together"
        )

"""The two stages of the staffing-shock IV, and the steps that lead to its elasticity."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from watwerkt.errors import DataError
from watwerkt.estimators.effects import FloatArray, fit_poisson, partial_out
from watwerkt.estimators.least_squares import sum_by

TERM = "log_caseload"
EFFECTS = ("cell", "month", "team")
MIN_CLUSTERS, MIN_EVENTS = 3, 10
MIN_SHARE = 1e-9  # of what the instrument varies by, that the effects must leave over
MAX_STEPS, TOLERANCE = 25, 1e-10  # of the elasticity
LARGEST = 25.0  # elasticity beyond which steps are not followed and an interval is unbounded


class Stages(NamedTuple):
    """Reduced form, first stage, their covariance, and the scores of ``ShockFit``."""

    reduced: float
    first: float
    covariance: FloatArray
    scores: FloatArray

    @property
    def ratio(self) -> float:
        """The elasticity that they imply."""
        return self.reduced / self.first


def solve_stages(rows: pd.DataFrame, effects: sparse.csr_array) -> Stages:
    """Both stages at the elasticity that meets the moment.

    Where departures hardly move the caseload there may be none: the first step is kept then, so
    that whatever pools towns has the sums of each. The effective F of such a fit is far below 10.
    """
    first = stages = fit_stages(rows, effects)
    for _ in range(MAX_STEPS):
        elasticity = stages.ratio
        if abs(elasticity) > LARGEST:
            break
        try:
            stages = fit_stages(rows, effects, elasticity)
        except DataError:
            break
        if abs(stages.ratio - elasticity) < TOLERANCE:
            return stages
    return first


def fit_stages(rows: pd.DataFrame, effects: sparse.csr_array, elasticity: float = 0.0) -> Stages:
    """Both stages, with the effect of the caseload at ``elasticity`` taken out of the exits first.

    What is taken out is added to the reduced form again, with the error of the first stage.
    """
    z, x, events, months = rows[["shock", TERM, "n_exits", "n_months"]].to_numpy(float).T
    coefficient, expected = fit_poisson(
        sparse.csr_array(sparse.hstack([z[:, None], effects])),
        events,
        months * np.exp(elasticity * (x - x.mean())),
    )
    free_z, free_x = partial_out(np.column_stack([z, x]), effects, expected).T
    information = float(expected @ free_z**2)
    if information <= MIN_SHARE * float(expected @ z**2):
        raise DataError("shock: does not vary within teams and months, so nothing can be said")
    pi = float(expected @ (free_z * free_x)) / information
    if abs(pi * z).max() <= MIN_SHARE:
        raise DataError("caseload: departures do not move it, so nothing can be said of it")
    gamma = float(coefficient[0]) + elasticity * pi
    unexplained = expected * (free_x - pi * free_z)
    errors = np.column_stack([events - expected + elasticity * unexplained, unexplained])
    cluster = pd.factorize(rows["team"], sort=True)[0]
    residual = sum_by(cluster, free_z[:, None] * errors)
    moved = sum_by(cluster, (expected * free_z**2)[:, None])
    factor = len(residual) / (len(residual) - 1)
    covariance = factor * residual.T @ residual / information**2
    return Stages(gamma, pi, covariance, residual + moved * np.array([gamma, pi]))


def keep_usable(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep levels of the effects in which anybody left, in a fixed order; refuse too little."""
    kept = rows[rows["n_months"] > 0]
    for _ in range(len(kept)):
        sums = [kept.groupby(name)["n_exits"].transform("sum") for name in EFFECTS]
        is_kept = np.all([total > 0 for total in sums], axis=0)
        if is_kept.all():
            break
        kept = kept[is_kept]
    if kept["n_exits"].sum() < MIN_EVENTS or kept["team"].nunique() < MIN_CLUSTERS:
        raise DataError(
            f"fewer than {MIN_EVENTS} exits or {MIN_CLUSTERS} teams in which anybody left: "
            "no standard error can be given"
        )
    if np.isclose(kept["shock"].std(), 0) or np.isclose(kept[TERM].std(), 0):
        raise DataError("shock or caseload: does not vary, so nothing can be said of it")
    return kept.sort_values([*EFFECTS, "shock", "n_months", "n_exits", TERM], kind="stable")

"""The risk of an exit within the follow-up under either rule of ``sequential_trials`` (P5).

The hazard of an exit has a level of its own in every arm, stratum and month of follow-up (a pooled
logit saturated in these, so that its fit is the weighted share). The risk is their Aalen-Johansen
sum, exits to elsewhere competing, averaged over the strata as the trials began. The errors are
those of M-estimation: sums over clusters of each clone's influence, with that of the model
behind the weights in it, and each cluster's part enlarged as if it were left out.

References
----------
Stefanski, L. and Boos, D. (2002). The calculus of M-estimation. American Statistician 56, 29-38.
Lunceford, J. and Davidian, M. (2004). Stratification and weighting via the propensity score.
Statistics in Medicine 23, 2937-2960 (errors with estimated weights).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.estimators.cells import FloatArray
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.sequential_trials import (
    HORIZON,
    LAG,
    NEVER,
    OFTEN,
    Follow,
    Trials,
    last_asked,
)

TERM = "often_against_never"
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class RiskDifference(Estimates):
    """Risk in the arm often minus that in the arm never, in percentage points.

    ``n_obs`` counts the months of clones, ``n_events`` the exits that end the follow-up of a clone,
    each once, after the two months in which the arms cannot differ yet.

    Attributes
    ----------
    risk : arm → cumulative risk in percent, by month of follow-up, shape (HORIZON,).
    events : arm → exits that are seen in it, of those in ``n_events``.
    std_error_log_ratio : of the log of the ratio of the risks.
    """

    risk: dict[str, FloatArray] = field(repr=False)
    events: dict[str, int]
    std_error_log_ratio: float


@dataclass(frozen=True, slots=True)
class _Columns:
    """What one risk is made of: exits of interest, any exit, and each row's cluster by number."""

    to: FloatArray
    out: FloatArray
    number: NDArray[np.int64]
    n: int


def risk_difference(trials: Trials, outcome: str) -> RiskDifference:
    """Standardised to the clients and months in which the trials begin.

    Parameters
    ----------
    outcome : a bool column of the rows: an exit of interest.

    Raises
    ------
    DataError
        No standard error can be given: too few exits or clusters.
    """
    rows = trials.rows
    number, clusters = pd.factorize(rows["cluster"], sort=True)
    to, out = (rows[name].to_numpy(dtype=float) for name in (outcome, "is_exit"))
    columns = _Columns(to, out, number.astype(np.int64), len(clusters))
    found = {arm: _arm_risk(trials, arm, columns) for arm in (OFTEN, NEVER)}
    (risk, influence), (risk_never, influence_never) = found[OFTEN], found[NEVER]
    log_ratio = influence / max(risk[-1], TINY) - influence_never / max(risk_never[-1], TINY)
    exits = {arm: _find_exits(follows, to) for arm, follows in trials.follows.items()}
    return RiskDifference(
        term=(TERM,),
        estimate=100 * np.array([risk[-1] - risk_never[-1]]),
        std_error=100 * np.array([_error(influence - influence_never)]),
        degrees_of_freedom=float(max(len(clusters) - 1, 1)),
        n_obs=sum(len(s) for arm in trials.follows.values() for f in arm for s in f.start),
        n_persons=int(rows.loc[rows["is_start"], "person"].nunique()),
        n_events=int(np.logical_or(*exits.values()).sum()),
        n_clusters=len(clusters),
        risk={OFTEN: 100 * risk, NEVER: 100 * risk_never},
        events={arm: int(is_seen.sum()) for arm, is_seen in exits.items()},
        std_error_log_ratio=_error(log_ratio),
    )


def _arm_risk(trials: Trials, arm: str, columns: _Columns) -> tuple[FloatArray, FloatArray]:
    """Cumulative risk by month, and each cluster's influence on that of the last month."""
    follows = trials.follows[arm]
    begun = np.stack([_by_cluster(follow.start[0], columns) for follow in follows])
    slope = np.zeros(len(trials.rows))
    risk, influence = np.zeros(HORIZON), np.zeros(columns.n)
    for follow, own_begun in zip(follows, begun, strict=True):
        share = own_begun.sum() / begun.sum()
        own_risk, own_influence, own_slope = _stratum_risk(follow, columns, last_asked(arm))
        risk += share * own_risk
        influence += share * own_influence
        influence += own_risk[-1] * (own_begun - share * begun.sum(axis=0)) / begun.sum()
        slope += share * own_slope
    return risk, influence + _influence_of_weights(trials, slope * trials.slope[arm], columns)


def _by_cluster(
    row: NDArray[np.int64], columns: _Columns, weight: FloatArray | None = None
) -> FloatArray:
    return np.bincount(columns.number[row], weight, columns.n).astype(np.float64)


def _stratum_risk(
    follow: Follow, columns: _Columns, last: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cumulative risk; clusters' influence given the weights; derivative to each row's log weight.

    The influence of one more exit of interest in month k is the share that stays until then; any
    exit takes away what the months after it would have brought.
    """
    months = list(enumerate(zip(follow.start, follow.weight, follow.is_cut, strict=True)))
    total = np.array([weight.sum() for weight in follow.weight])
    hazard = np.array([w @ columns.to[s + k] for k, (s, w, _) in months]) / total
    leaving = np.array([w @ columns.out[s + k] for k, (s, w, _) in months]) / total
    stays = np.concatenate([[1.0], np.cumprod(1 - leaving)[:-1]])
    later = (stays * hazard)[::-1].cumsum()[::-1] - stays * hazard
    cost = later / np.maximum(1 - leaving, TINY)
    slope, tail = np.zeros(len(columns.to)), np.zeros(len(columns.to))
    influence = np.zeros(columns.n)
    for k, (start, weight, is_cut) in reversed(months):
        row = start + k
        gain = stays[k] * (columns.to[row] - hazard[k]) - cost[k] * (columns.out[row] - leaving[k])
        part = weight * gain / total[k]
        held = _by_cluster(row, columns, weight / total[k])
        by_cluster = _by_cluster(row, columns, part)
        influence += enlarge(by_cluster, held)
        tail[start] += np.where(is_cut, 0.0, part)
        if LAG <= k < LAG + last:
            slope[row - LAG] += tail[start]
    return np.cumsum(stays * hazard), influence, slope


def enlarge(part: FloatArray, held: FloatArray) -> FloatArray:
    """Clusters' parts in a share as if each, with ``held`` of the weight, were left out."""
    return np.asarray(part / np.maximum(1 - held, TINY))


def _influence_of_weights(trials: Trials, slope: FloatArray, columns: _Columns) -> FloatArray:
    """Each cluster's influence on the risk by way of the model behind the weights."""
    model = trials.propensity
    by_cell = np.bincount(model.cell, weights=slope, minlength=model.design.shape[0])
    direction = model.design @ (model.bread @ (model.design.T @ by_cell))
    score = model.score * direction[model.cell]
    return np.bincount(columns.number, weights=score, minlength=columns.n).astype(np.float64)


def _error(influence: FloatArray) -> float:
    n = len(influence)
    return float(np.sqrt((influence**2).sum() * (n - 1) / n))


def _find_exits(follows: tuple[Follow, ...], to: FloatArray) -> NDArray[np.bool_]:
    """Whether each row is an exit that is seen in an arm once it can differ."""
    is_seen = np.zeros(len(to), dtype=bool)
    for follow in follows:
        for k, start in enumerate(follow.start[LAG:], start=LAG):
            is_seen[start + k] = True
    return is_seen & (to > 0)

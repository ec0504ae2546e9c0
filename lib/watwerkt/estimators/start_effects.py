"""What a start does to those who start: doubly robust, against those who do not start yet (P10).

Every row is a person in a month in which she could start something, and either does or does not.
Whoever does not may start later: what is compared is *now* with *not now*. The effect is that on
those who start. Two models know what came before: how likely a start is (a logit), and what
becomes of those who do not start (least squares per outcome). The estimate is right where either
is. Both are fitted on the persons of other folds than the one they are used in.

Outcomes are increments (left in month 1, in month 2 ...). Least squares and the estimate are linear
in them, so that any sum of increments has the same sum of estimates.

References
----------
Chernozhukov, V. et al. (2018). Double/debiased machine learning for treatment and structural
parameters. Econometrics Journal 21, C1-C68 (cross-fitting; eq. 5.4 for those treated).
Sianesi, B. (2004). An evaluation of the Swedish system of active labor market programs in the
1990s. Review of Economics and Statistics 86, 133-155 (starting now against not yet).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from watwerkt.errors import DataError
from watwerkt.estimators.combinations import find_combinations
from watwerkt.estimators.design_columns import FloatArray, build_design, find_free_columns
from watwerkt.estimators.logit import fit_logit
from watwerkt.estimators.multiplicity import BAND_DRAWS, Path
from watwerkt.estimators.propensity import merge_rare
from watwerkt.estimators.risk_difference import enlarge

N_FOLDS = 5
MIN_STARTS = 20  # below which no model of who starts is tried
MIN_OF_LEVEL = 5  # starts; a level with fewer joins the commonest
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StartEffect:
    """Effect of a start on each of q increments, on average over those who start.

    Attributes
    ----------
    difference, mean : shape (q,): effect, and the starters' own mean.
    influence, influence_mean : shape (n_clusters, q): each cluster's part in their errors.
    events : shape (q,): starters with a nonzero increment.
    propensity : shape (n_rows,), of every row given.
    weight : shape (n_rows,): 1 for starters who are kept, the odds of a start for others.
    is_start : shape (n_rows,).
    n_starts, n_all_starts : starters who are kept, and all.
    n_persons, n_obs, n_clusters : persons, rows, clusters.
    """

    difference: FloatArray = field(repr=False)
    mean: FloatArray = field(repr=False)
    influence: FloatArray = field(repr=False)
    influence_mean: FloatArray = field(repr=False)
    events: FloatArray = field(repr=False)
    propensity: FloatArray = field(repr=False)
    weight: FloatArray = field(repr=False)
    is_start: NDArray[np.bool_] = field(repr=False)
    n_starts: int
    n_all_starts: int
    n_persons: int
    n_obs: int
    n_clusters: int

    @property
    def share_trimmed(self) -> float:
        """Share of the starters with nobody like them among the others."""
        return 1 - self.n_starts / self.n_all_starts

    @property
    def effective_n(self) -> float:
        """How many rows of equal weight would know as much as the others do (Kish 1965)."""
        weight = self.weight[~self.is_start]
        return float(weight.sum() ** 2 / (weight**2).sum())

    def combine(self, sums: FloatArray, term: Sequence[str], seed: int = 0) -> Path:
        """Effects on sums of increments; ``sums`` has shape (q, n_terms).

        ``n_events``: starters with any in the smallest sum. DataError where a sum does not vary.
        """
        covariance = _covariance(self.influence @ sums)
        return Path(
            term=tuple(term),
            estimate=self.difference @ sums,
            std_error=np.sqrt(np.diag(covariance)),
            degrees_of_freedom=float(max(self.n_clusters - 1, 1)),
            n_obs=self.n_obs,
            n_persons=self.n_persons,
            n_events=int((self.events @ (sums != 0)).min()),
            n_clusters=self.n_clusters,
            covariance=covariance,
            draws=BAND_DRAWS,
            seed=seed,
        )

    def log_ratio(self, sums: FloatArray) -> tuple[float, float]:
        """Log of the starters' mean over what it had been without a start, and its error.

        ``sums`` has shape (q, 1). Raises DataError where either is not positive.
        """
        own = (self.mean @ sums).item()
        without = own - (self.difference @ sums).item()
        if min(own, without) <= 0:
            raise DataError("no ratio: nobody left, with a start or without one")
        parts = self.influence_mean / own - (self.influence_mean - self.influence) / without
        return float(np.log(own / without)), float(np.sqrt(_covariance(parts @ sums).item()))


def estimate_start(
    rows: pd.DataFrame, covariates: Sequence[str], outcomes: sparse.csr_array, seed: int = 0
) -> StartEffect:
    """Estimate what starting does to the starters.

    Parameters
    ----------
    rows : one row per person and month: ``is_start``, ``person``, ``cluster`` and the covariates,
        as known before the month; taken as categorical. Rows that do not start may be a sample.
    outcomes : shape (n_rows, q): increments.

    Raises
    ------
    DataError
        Too few starts, nobody to compare with, or a model without a finite estimate.
    """
    starts = rows["is_start"].to_numpy(dtype=bool)
    if min(starts.sum(), (~starts).sum()) < MIN_STARTS:
        raise DataError(f"{starts.sum()} starts among {len(rows)} rows: this needs {MIN_STARTS}")
    person = pd.factorize(rows["person"], sort=True)[0]
    cluster, names = pd.factorize(rows["cluster"], sort=True)
    design, cell = _design(rows, covariates, starts)
    fold = np.random.default_rng(seed).permutation(person.max() + 1)[person] % N_FOLDS
    propensity, residual = _cross_fit(design, cell, starts, outcomes, fold)
    kept = _find_like(starts, propensity)
    weight = np.where(starts, kept.astype(float), propensity / (1 - propensity))
    begun, waiting = np.where(starts, weight, 0.0), np.where(starts, 0.0, weight)
    one, other, own = (
        _weighted_mean(of, by, cluster, len(names))
        for of, by in ((residual, begun), (residual, waiting), (_Residual(outcomes), begun))
    )
    return StartEffect(
        difference=one[0] - other[0],
        mean=own[0],
        influence=one[1] - other[1],
        influence_mean=own[1],
        events=np.asarray((outcomes[kept] != 0).sum(axis=0), dtype=np.float64).ravel(),
        propensity=propensity,
        weight=weight,
        is_start=starts,
        n_starts=int(kept.sum()),
        n_all_starts=int(starts.sum()),
        n_persons=int(person.max() + 1),
        n_obs=len(rows),
        n_clusters=len(names),
    )


def _find_like(starts: NDArray[np.bool_], propensity: FloatArray) -> NDArray[np.bool_]:
    """Starts that were no likelier than the likeliest of the others."""
    kept = starts & (propensity <= propensity[~starts].max())
    if kept.sum() < MIN_STARTS:
        raise DataError(f"only {kept.sum()} starts have anybody like them to be compared with")
    return np.asarray(kept)


@dataclass(frozen=True, slots=True)
class _Residual:
    """Outcomes less what the model of other folds expects; never laid out row by row."""

    outcomes: sparse.csr_array
    design: sparse.csr_array | None = None
    cell: IntArray | None = None
    fitted: tuple[tuple[NDArray[np.bool_], FloatArray], ...] = ()

    def sums(self, weight: FloatArray, cluster: IntArray, n: int) -> FloatArray:
        """Weighted sums by cluster, shape (n, q)."""
        place = (cluster, np.arange(len(cluster)))
        total = sparse.csr_array((weight, place), (n, len(cluster))) @ self.outcomes
        found = np.asarray(total.todense(), dtype=np.float64)
        if self.design is None or self.cell is None:
            return found
        for is_here, coefficient in self.fitted:
            shape = (n, self.design.shape[0])
            place = (cluster[is_here], self.cell[is_here])
            held = sparse.csr_array((weight[is_here], place), shape)
            found = found - (held @ self.design) @ coefficient
        return found


def _design(
    rows: pd.DataFrame, covariates: Sequence[str], starts: NDArray[np.bool_]
) -> tuple[sparse.csr_array, IntArray]:
    everyone = np.ones(len(rows), dtype=bool)
    number = starts.astype(float)
    levels = pd.DataFrame(
        {c: merge_rare(rows[c], number, everyone, MIN_OF_LEVEL) for c in covariates}
    )
    found = find_combinations(levels)
    cell, design = found.number, build_design(levels.iloc[found.first])[0]
    begun = np.bincount(cell, number, design.shape[0]).astype(float)
    waiting = np.bincount(cell, 1 - number, design.shape[0]).astype(float)
    free = find_free_columns(design, begun + waiting) & find_free_columns(design, waiting)
    return design[:, free], cell


def _cross_fit(
    design: sparse.csr_array,
    cell: IntArray,
    starts: NDArray[np.bool_],
    outcomes: sparse.csr_array,
    fold: IntArray,
) -> tuple[FloatArray, _Residual]:
    """Probability of a start of every row, and the outcomes less their expectation."""
    n, propensity, fitted = design.shape[0], np.empty(len(cell)), []
    for k in np.unique(fold):
        is_here, learns = fold == k, fold != k
        trials = np.bincount(cell[learns], minlength=n).astype(float)
        begun = np.bincount(cell[learns], starts[learns], n).astype(float)
        coefficient, _ = fit_logit(design, trials, begun)
        propensity[is_here] = expit(design @ coefficient)[cell[is_here]]
        others = np.flatnonzero(learns & ~starts)
        gram = (design.T @ (sparse.diags_array(trials - begun) @ design)).toarray()
        place = (cell[others], np.arange(len(others)))
        held = sparse.csr_array((np.ones(len(others)), place), (n, len(others)))
        moment = np.asarray((design.T @ (held @ outcomes[others])).todense(), dtype=np.float64)
        fitted.append((is_here, np.linalg.pinv(gram, hermitian=True) @ moment))
    return propensity, _Residual(outcomes, design, cell, tuple(fitted))


def _weighted_mean(
    residual: _Residual, weight: FloatArray, cluster: IntArray, n: int
) -> tuple[FloatArray, FloatArray]:
    """Weighted mean of each increment, and each cluster's part in it as if it were left out."""
    share = np.bincount(cluster, weight, n) / weight.sum()
    sums = residual.sums(weight / weight.sum(), cluster, n)
    mean = sums.sum(axis=0)
    part = sums - share[:, None] * mean
    return mean, enlarge(part, share[:, None])


def _covariance(influence: FloatArray) -> FloatArray:
    n = len(influence)
    return np.asarray(influence.T @ influence * (n - 1) / n, dtype=np.float64)

"""Random effects: what many municipalities say together, and how much they differ.

Each hands over an effect with its standard error, and how many clusters that error rests on. With
few clusters the errors themselves are noise: weighing by them, and testing against them, finds
differences between municipalities that are all the same. So errors are first made out of what all
municipalities say of the error per event (``moderate_errors``), and the test of homogeneity knows
how well each is known. Municipalities with one executor are one cluster.

References
----------
Viechtbauer, W. (2005). JEBS 30, 261-293 (REML); (2007). Statistics in Medicine 26, 37-52 (interval
of tau, Q profile). Knapp, G. and Hartung, J. (2003). Statistics in Medicine 22, 2693-2710, with the
safeguard of Roever, C., Knapp, G. and Friede, T. (2015). BMC Medical Research Methodology 15, 99.
Higgins, J., Thompson, S. and Spiegelhalter, D. (2009). JRSS A 172, 137-159 (prediction interval).
Smyth, G. (2004). SAGMB 3, article 3 (moderated variances).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import digamma, polygamma
from scipy.stats import chi2
from scipy.stats import f as f_law
from scipy.stats import t as student_t

from watwerkt.errors import DataError

FloatArray = NDArray[np.float64]
MIN_MUNICIPALITIES = 3
LEAST_FREEDOM = 5.0  # degrees of freedom of an error below which its fourth moment is not used
KNOWN_FREEDOM = 1e12  # those of an error that is known


@dataclass(frozen=True, slots=True)
class Pooled:
    """The effect over k municipalities; arrays have shape (k,), in the order handed in.

    Attributes
    ----------
    estimate, std_error : mean over municipalities, with the error of Knapp and Hartung, never below
        that of the model, nor below that of clusters where municipalities share one.
    degrees_of_freedom : clusters less one.
    tau2 : variance between municipalities, REML.
    q, q_p_value : Cochran's Q and how often so large a one comes about where all are the same.
    effect, variance, freedom : what was pooled, with the variance and its degrees of freedom as
        they were used.
    """

    estimate: float
    std_error: float
    degrees_of_freedom: float
    tau2: float
    q: float
    q_p_value: float
    effect: FloatArray
    variance: FloatArray
    freedom: FloatArray

    @property
    def weight(self) -> FloatArray:
        """Inverse of each municipality's variance and that between them."""
        return np.asarray(1 / (self.variance + self.tau2))

    @property
    def i_squared(self) -> float:
        """Share of the spread that is more than chance: (Q - df) / Q, at least 0."""
        return max(0.0, 1 - (len(self.effect) - 1) / self.q) if self.q > 0 else 0.0

    def interval(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Of the mean."""
        width = student_t.ppf((1 + conf_level) / 2, self.degrees_of_freedom) * self.std_error
        return self.estimate - width, self.estimate + width

    def prediction(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Where the true effect of a further municipality lies."""
        spread = np.sqrt(self.tau2 + self.std_error**2)
        width = student_t.ppf((1 + conf_level) / 2, max(self.degrees_of_freedom - 1, 1)) * spread
        return self.estimate - width, self.estimate + width

    def tau_interval(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Values of tau at which the generalised Q is no surprise."""
        df = len(self.effect) - 1
        low, high = (
            _solve(partial(self._surprise, at=float(at)), self.variance)
            for at in chi2.ppf([(1 + conf_level) / 2, (1 - conf_level) / 2], df)
        )
        return float(np.sqrt(low)), float(np.sqrt(high))

    def _surprise(self, tau2: float, at: float) -> float:
        return _q(self.effect, self.variance + tau2) - at

    def shrunken(self) -> tuple[FloatArray, FloatArray]:
        """Partially pooled effect of each municipality, and its standard error.

        Between its own estimate and the mean, nearer to the mean the less its own estimate says.
        """
        kept = self.tau2 / (self.tau2 + self.variance)
        effect = self.estimate + kept * (self.effect - self.estimate)
        return effect, np.sqrt(kept * self.variance + (1 - kept) ** 2 * self.std_error**2)


def random_effects(
    effect: FloatArray,
    std_error: FloatArray,
    n_clusters: FloatArray | None = None,
    size: FloatArray | None = None,
    cluster: NDArray | None = None,
) -> Pooled:
    """Pool the effects of municipalities.

    Parameters
    ----------
    effect, std_error : shape (k,), on one scale.
    n_clusters : clusters behind each error; without them errors are taken to be known.
    size : what an error's variance is inversely proportional to, such as events; needed with
        ``n_clusters``.
    cluster : the executor of each municipality; by default each its own.

    Raises
    ------
    DataError
        Fewer than three municipalities or executors, or an effect without a positive error.
    """
    known = np.isfinite(effect) & np.isfinite(std_error) & (np.asarray(std_error) > 0)
    if not known.all():
        raise DataError(f"{(~known).sum()} effects have no positive standard error: drop them")
    of = np.unique(np.arange(len(effect)) if cluster is None else cluster, return_inverse=True)[1]
    n_of = int(of.max()) + 1 if len(effect) else 0
    if n_of < MIN_MUNICIPALITIES:
        raise DataError(f"{n_of} executors: pooling takes {MIN_MUNICIPALITIES} or more")
    variance, freedom = np.asarray(std_error) ** 2, np.full(len(effect), np.inf)
    known_by = np.inf if n_clusters is None else float((n_clusters - 1).sum())
    if n_clusters is not None and size is not None:
        variance, freedom = moderate_errors(variance, n_clusters - 1, size)
    tau2 = find_tau2(effect, variance)
    weight = 1 / (variance + tau2)
    mean = float(weight @ effect / weight.sum())
    q = _q(effect, variance)
    return Pooled(
        estimate=mean,
        std_error=_error(effect - mean, weight, of),
        degrees_of_freedom=float(n_of - 1),
        tau2=tau2,
        q=q,
        q_p_value=_p_value(q, freedom, known_by),
        effect=np.asarray(effect, dtype=float),
        variance=variance,
        freedom=freedom,
    )


def moderate_errors(
    variance: FloatArray, freedom: FloatArray, size: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Variances between each municipality's own and what all say of the variance per event.

    Gives the variances, raised by what a t distribution of as many degrees of freedom spreads
    more, and the degrees of freedom; infinite where all say the same.
    """
    freedom = np.maximum(freedom, 1.0)
    logs = np.log(variance * size) - digamma(freedom / 2) + np.log(freedom / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, freedom / 2).mean())
    if excess <= 0:
        common = freedom @ (variance * size) / freedom.sum() / size
        return common, np.full(len(logs), np.inf)
    prior = 2 * float(brentq(lambda d: polygamma(1, d) - excess, 1e-8, 1e8))
    common = np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2)) / size
    total = np.maximum(prior + freedom, LEAST_FREEDOM)
    between = (prior * common + freedom * variance) / (prior + freedom)
    return between * total / (total - 2), total


def find_tau2(effect: FloatArray, variance: FloatArray) -> float:
    """Variance between municipalities by restricted maximum likelihood."""

    def score(tau2: float) -> float:
        weight = 1 / (variance + tau2)
        rest = effect - weight @ effect / weight.sum()
        squared = weight**2
        return float(squared @ rest**2 - weight.sum() + squared.sum() / weight.sum())

    return _solve(score, variance)


def find_needed(variance: float, tau2: float, effect: float, multiplier: float) -> float:
    """Municipalities of one ``variance`` whose mean has an MDE of ``effect``; not rounded up."""
    return (variance + tau2) * (multiplier / effect) ** 2


def _solve(falling: Callable[[float], float], variance: FloatArray) -> float:
    """Where a function of tau squared that falls reaches 0; 0 where it begins below."""
    if falling(0.0) <= 0:
        return 0.0
    top = variance.max()
    while falling(top) > 0:
        top *= 4
    return float(brentq(falling, 0.0, top, xtol=1e-15 * top, rtol=1e-14))


def _q(effect: FloatArray, variance: FloatArray) -> float:
    weight = 1 / variance
    return float(weight @ (effect - weight @ effect / weight.sum()) ** 2)


def _error(rest: FloatArray, weight: FloatArray, of: NDArray[np.int64]) -> float:
    """Knapp and Hartung's, the model's or that of clusters, whichever is largest."""
    total = weight.sum()
    spread = float(weight @ rest**2) / (len(rest) - 1)
    clusters = np.bincount(of, weight * rest)
    n = len(clusters)
    shared = n / (n - 1) * float(clusters @ clusters) / total**2 if n < len(rest) else 0.0
    return float(np.sqrt(max(max(spread, 1.0) / total, shared)))


def _p_value(q: float, freedom: FloatArray, known_by: float) -> float:
    """Of Q where all are the same: F with the mean and variance of its terms.

    Chi-squared where errors are known; ``known_by`` are the degrees of freedom of all together.
    """
    df = len(freedom) - 1
    least = np.clip(freedom, LEAST_FREEDOM, KNOWN_FREEDOM)
    spread = float((3 * (least - 2) / (least - 4) - 1).mean())  # variance of each term, 2 if normal
    return float(f_law.sf(q / df, 2 * df / spread, min(known_by, KNOWN_FREEDOM)))

"""One effect in each group of a division: do they differ, and what do they say together?

That an interval excludes zero in one group and not in another says nothing of a difference. So all
pairs of groups are compared at once, with the covariance between groups (they share caseworkers),
and a division counts among all that were asked. An effect in a group on its own is drawn towards
the mean of the division, the more so the less the groups differ and the less is known of it.

References
----------
Hothorn, T., Bretz, F. and Westfall, P. (2008). Biometrical Journal 50, 346-363 (Tukey's all pairs
at once, from the joint distribution). Rubin, D. (1981). Journal of Educational Statistics 6,
377-401, and Roever, C. (2020). Journal of Statistical Software 93(6) (effects drawn together, with
what is not known of how much they differ). Gelman, A. (2006). Bayesian Analysis 1, 515-534 (a prior
for that with few groups).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.multiplicity import BAND_DRAWS, Path

FloatArray = NDArray[np.float64]
MIN_GROUPS = 2
POWER = 0.8
REACH, N_SIZES = 5.0, 201  # of the prior: how many spreads far, in how many steps


@dataclass(frozen=True, slots=True)
class GroupEffects:
    """The effects in k groups of one division.

    Attributes
    ----------
    level : the groups, shape (k,).
    part : the effect in each with what stands behind it; one term each.
    covariance : of the k effects, clustered; shape (k, k).
    degrees_of_freedom : clusters behind all groups, less one.
    """

    level: tuple[str, ...]
    part: tuple[Estimates, ...]
    covariance: FloatArray = field(repr=False)
    degrees_of_freedom: float

    @property
    def estimate(self) -> FloatArray:
        """The effect in each group."""
        return np.array([part.estimate[0] for part in self.part])

    def pairs(self, seed: int = 0) -> Path:
        """Every group less every later one; ``joint_p_value`` tests that all are the same.

        ``term`` is ``first|second``. Raises DataError where a difference does not vary.
        """
        chosen = list(combinations(range(len(self.level)), 2))
        sums = np.zeros((len(chosen), len(self.level)))
        for row, (first, second) in enumerate(chosen):
            sums[row, first], sums[row, second] = 1.0, -1.0
        covariance = sums @ self.covariance @ sums.T
        n = [(p.n_obs, p.n_persons, p.n_events) for p in self.part]
        n_obs, n_persons, n_events = (sum(counts) for counts in zip(*n, strict=True))
        return Path(
            term=tuple(f"{self.level[a]}|{self.level[b]}" for a, b in chosen),
            estimate=sums @ self.estimate,
            std_error=np.sqrt(np.maximum(np.diag(covariance), 0)),
            degrees_of_freedom=self.degrees_of_freedom,
            n_obs=n_obs,
            n_persons=n_persons,
            n_events=n_events,
            n_clusters=int(self.degrees_of_freedom) + 1,
            covariance=covariance,
            draws=BAND_DRAWS,
            seed=seed,
        )

    def shrunken(self, spread: float) -> tuple[FloatArray, FloatArray]:
        """Partially pooled effect of each group, and its standard error; shape (k,) each.

        ``spread``: how far true effects of groups may well lie apart (the scale of a half-normal
        prior of their standard deviation), on the scale of the effects. With a few groups the data
        hardly say how much they differ: one estimate of it, often 0, would make all groups the same
        and their errors too small. So every value counts by how well it fits.
        """
        sizes = np.linspace(0.0, REACH * spread, N_SIZES)
        found = [self._given(size) for size in sizes]
        log_weight = np.array([one[2] for one in found]) - 0.5 * (sizes / spread) ** 2
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        means, variances = (np.array([one[i] for one in found]) for i in (0, 1))
        mean = weight @ means
        return mean, np.sqrt(weight @ (variances + (means - mean) ** 2))

    def _given(self, size: float) -> tuple[FloatArray, FloatArray, float]:
        """Mean and variance of each group's effect where they differ so much, and how well it fits.

        The log likelihood has the mean of all groups integrated out.
        """
        ones, identity = np.ones(len(self.level)), np.eye(len(self.level))
        total = self.covariance + size**2 * identity
        inverse = np.linalg.pinv(total, hermitian=True)
        variance_of_mean = 1 / (ones @ inverse @ ones)
        mean = variance_of_mean * (ones @ inverse @ self.estimate)
        kept = size**2 * inverse
        left = (identity - kept) @ ones
        spread = size**2 * (identity - kept) + variance_of_mean * np.outer(left, left)
        rest = self.estimate - mean
        fits = np.log(variance_of_mean) - np.linalg.slogdet(total)[1] - rest @ inverse @ rest
        return mean + kept @ rest, np.diag(spread), 0.5 * float(fits)


@dataclass(frozen=True, slots=True)
class LargestDifference:
    """The pair of groups that differs most, in standard errors, with an interval for all pairs.

    Attributes
    ----------
    first, second : the groups; ``estimate`` is the effect in ``first`` less that in ``second``.
    conf_low, conf_high : hold for all pairs, of as many divisions as were asked, at once.
    p_value : of the division: how often so large a difference is seen where there is none.
    mde : the smallest difference that would be found, with 80 % power and that same interval,
        between the two groups of which most is known.
    """

    first: str
    second: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    mde: float


def largest_difference(
    effects: GroupEffects, conf_level: float, n_divisions: int
) -> LargestDifference:
    """Compare all pairs of groups at once, as one of ``n_divisions`` that are asked."""
    pairs = effects.pairs()
    critical = pairs.critical_value(1 - (1 - conf_level) / n_divisions)
    place = int(np.argmax(np.abs(pairs.estimate / pairs.std_error)))
    sign = 1.0 if pairs.estimate[place] >= 0 else -1.0
    names = pairs.term[place].split("|")
    first, second = names if sign > 0 else names[::-1]
    estimate, error = sign * float(pairs.estimate[place]), float(pairs.std_error[place])
    beyond = critical + float(student_t(pairs.degrees_of_freedom).ppf(POWER))
    return LargestDifference(
        first=first,
        second=second,
        estimate=estimate,
        std_error=error,
        conf_low=estimate - critical * error,
        conf_high=estimate + critical * error,
        p_value=pairs.joint_p_value(),
        mde=beyond * float(pairs.std_error.min()),
    )


def join_groups(
    parts: Sequence[tuple[str, Estimates]],
    covariance: FloatArray | None = None,
    degrees_of_freedom: float | None = None,
) -> GroupEffects:
    """Effects of groups that were estimated one by one, as one division.

    Without a ``covariance`` the groups are taken to be apart: where clusters are shared that makes
    differences less certain than they are, as long as what clusters share moves all groups alike.

    Raises
    ------
    DataError
        Fewer than two groups: there is nothing to compare.
    """
    if len(parts) < MIN_GROUPS:
        raise DataError(f"{len(parts)} group: a comparison takes {MIN_GROUPS}")
    level, part = zip(*parts, strict=True)
    if covariance is None:
        covariance = np.diag([float(p.std_error[0]) ** 2 for p in part])
    if degrees_of_freedom is None:
        degrees_of_freedom = min(p.degrees_of_freedom for p in part)
    return GroupEffects(tuple(level), tuple(part), covariance, float(degrees_of_freedom))

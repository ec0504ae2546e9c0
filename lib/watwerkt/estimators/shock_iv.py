"""Exponential-mean IV: what a caseload does to exits, moved by colleagues who leave.

The mean number of exits is exp(effects + beta * log caseload + what else drives both). The
instrument z, clients inherited per remaining FTE, moves the caseload and nothing else, so that beta
leaves exits less their mean unrelated to z. It is found in steps: with the caseload's effect so far
in the offset, the reduced form, a Poisson regression of exits on z, has the coefficient delta; the
first stage, a regression of log caseload on z weighted by the exits that are expected, has pi; and
delta / pi is what beta still lacks. A linear IV of exit rates divides by one baseline and misses
large effects; the first step alone errs by beta squared times what z does not explain. Rows are
sums over person-months (team x month x case-mix cell): no more is needed, since z is the same
within a row.

References
----------
Mullahy, J. (1997). Review of Economics and Statistics 79, 586-593 (exponential-mean IV).
Anderson, T. W. and Rubin, H. (1949). Annals of Mathematical Statistics 20, 46-63 (the interval).
Montiel Olea, J. L. and Pflueger, C. (2013). JBES 31, 358-369 (effective F; here of one instrument).
Kline, P. and Santos, A. (2012). Journal of Econometric Methods 1, 23-41 (the score bootstrap);
Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2008). REStat 90, 414-427 (impose the null).
"""

from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from watwerkt.estimators.effects import FloatArray, build_effects
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.shock_stages import (
    EFFECTS,
    LARGEST,
    TERM,
    fit_stages,
    keep_usable,
    solve_stages,
)

FEW_CLUSTERS = 10  # below which nothing can be evidence
FLIPPED_BELOW = 20  # clusters; with fewer the restricted bootstrap replaces the t distribution
ALL_FLIPS_UP_TO, N_FLIPS = 12, 4095  # clusters of which every sign change is made; else so many


@dataclass(frozen=True, slots=True)
class ShockFit(Estimates):
    """The elasticity with both of its stages.

    Attributes
    ----------
    reduced_form, first_stage : exits (log) and caseload (log) per unit of the instrument; the
        estimate is their ratio.
    covariance : of (reduced_form, first_stage), clustered; shape (2, 2).
    scores : each cluster's part of both sums, ``z'(exits - expected)`` and ``z' W log_caseload``,
        before anything is subtracted; shape (n_clusters, 2).
    n_moved : clusters that the instrument moves.
    """

    reduced_form: float
    first_stage: float
    covariance: FloatArray = field(repr=False)
    scores: FloatArray = field(repr=False)
    n_moved: int

    @property
    def effective_f(self) -> float:
        """Strength of the first stage; below 10 the ratio may lie far off."""
        return float(self.first_stage**2 / self.covariance[1, 1])

    @property
    def std_error_at_no_effect(self) -> float:
        """Standard error were the elasticity 0: what the MDE is made of."""
        return float(np.sqrt(self.covariance[0, 0]) / abs(self.first_stage))

    def p_value(self, elasticity: float = 0.0) -> float:
        """Anderson-Rubin: how often so much is seen where the elasticity is the one given."""
        if self.n_clusters < FLIPPED_BELOW:
            return _flip_p_value(self.scores @ [1.0, -elasticity])
        contrast = np.array([1.0, -elasticity])
        gap = self.reduced_form - elasticity * self.first_stage
        statistic = abs(gap) / np.sqrt(contrast @ self.covariance @ contrast)
        return float(2 * student_t.sf(statistic, self.degrees_of_freedom))

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """As ``Estimates.tidy``, with the Anderson-Rubin test and interval, and both stages.

        An interval without an end is missing: the data allow any elasticity on that side.
        """
        low, high = (self._end(side, 1 - conf_level) for side in (-1, 1))
        return Estimates.tidy(self, conf_level).assign(
            p_value=self.p_value(),
            conf_low=low,
            conf_high=high,
            first_stage=self.first_stage,
            first_stage_std_error=float(np.sqrt(self.covariance[1, 1])),
            reduced_form=self.reduced_form,
            reduced_form_std_error=float(np.sqrt(self.covariance[0, 0])),
            covariance_stages=float(self.covariance[0, 1]),
        )

    def _end(self, side: int, alpha: float) -> float:
        """Where the test begins to reject, away from the estimate; missing where it never does."""
        inside, outside = float(self.estimate[0]), side * LARGEST
        if not abs(inside) < LARGEST or self.p_value(outside) > alpha:
            return float("nan")
        while abs(outside - inside) > 1e-7:
            middle = (inside + outside) / 2
            inside, outside = (
                (middle, outside) if self.p_value(middle) > alpha else (inside, middle)
            )
        return inside


def shock_elasticity(rows: pd.DataFrame, n_persons: int) -> ShockFit:
    """Elasticity of exits to the caseload at the start of the month, from staffing shocks.

    Parameters
    ----------
    rows : one row per team x month x case-mix cell: ``team, month, cell`` (effects; errors are
        clustered by team), ``n_months`` (person-months), ``n_exits``, ``log_caseload`` (its mean)
        and ``shock`` (the instrument, the same for all rows of a team and month).
    n_persons : persons behind the rows, for the disclosure rules.

    Raises
    ------
    DataError
        Too few exits or teams, or an instrument or caseload that does not vary within teams and
        months.
    """
    rows = keep_usable(rows)
    stages = solve_stages(rows, build_effects(rows, EFFECTS))
    contrast = np.array([1.0, -stages.ratio])
    error = np.sqrt(contrast @ stages.covariance @ contrast) / abs(stages.first)
    n_clusters = len(stages.scores)
    return ShockFit(
        term=(TERM,),
        estimate=np.array([stages.ratio]),
        std_error=np.array([error]),
        degrees_of_freedom=float(n_clusters - 1),
        n_obs=int(rows["n_months"].sum()),
        n_persons=n_persons,
        n_events=int(rows["n_exits"].sum()),
        n_clusters=n_clusters,
        reduced_form=stages.reduced,
        first_stage=stages.first,
        covariance=stages.covariance,
        scores=stages.scores,
        n_moved=int(rows.loc[rows["shock"] > 0, "team"].nunique()),
    )


def later_departures(rows: pd.DataFrame, n_persons: int, fit: ShockFit) -> Estimates:
    """Placebo: what departures still to come seem to do, on the scale of the elasticity of ``fit``.

    ``rows`` as for ``shock_elasticity``, with ``shock_later``; the shock so far is held constant.
    The reduced form of the later shock over the first stage of ``fit``, which is taken as known;
    its error is that under no effect, which is what is to be expected.
    """
    known = rows[rows["shock_later"].notna()]
    later = keep_usable(known.assign(shock=known["shock_later"], so_far=known["shock"]))
    found = fit_stages(later, build_effects(later, EFFECTS, "so_far"))
    n_clusters = len(found.scores)
    per_unit = found.scores[:, 0] * found.first / found.scores[:, 1].sum()
    std_error = np.sqrt(n_clusters / (n_clusters - 1) * per_unit @ per_unit)
    return Estimates(
        term=("later_departures",),
        estimate=np.array([found.reduced / fit.first_stage]),
        std_error=np.array([std_error / abs(fit.first_stage)]),
        degrees_of_freedom=float(n_clusters - 1),
        n_obs=int(later["n_months"].sum()),
        n_persons=n_persons,
        n_events=int(later["n_exits"].sum()),
        n_clusters=n_clusters,
    )


def _flip_p_value(scores: FloatArray) -> float:
    """Share of the sign changes of the clusters' scores, the null imposed, that reach the sum."""
    sums = np.abs(_sign_changes(len(scores)) @ scores)
    return float(np.mean(sums >= sums[0] * (1 - 1e-9)))


@cache
def _sign_changes(n_clusters: int) -> FloatArray:
    """All of them, or as many as are enough, always the same; the first changes nothing."""
    if n_clusters <= ALL_FLIPS_UP_TO:
        return np.array(list(product((1.0, -1.0), repeat=n_clusters)))
    drawn = np.random.default_rng(0).choice([1.0, -1.0], size=(N_FLIPS, n_clusters))
    return np.vstack([np.ones(n_clusters), drawn])

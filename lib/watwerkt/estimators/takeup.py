"""The effect of taking part, for those whom the lottery moved to take part.

References
----------
Imbens, G. and Angrist, J. (1994). Identification and estimation of local average treatment
effects. Econometrica 62, 467-475.
Anderson, T. and Rubin, H. (1949); Fieller (1954): the interval stays right when few were moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.trials import Mechanism, fit_arms


@dataclass(frozen=True, slots=True)
class ComplierEffect(Estimates):
    """The effect of taking part, with both stages behind it.

    Attributes
    ----------
    first_stage, reduced_form : the arm's effect on taking part (share) and on the outcome.
    first_stage_std_error, reduced_form_std_error, covariance_stages : their errors, and covariance.
    """

    first_stage: float
    first_stage_std_error: float
    reduced_form: float
    reduced_form_std_error: float
    covariance_stages: float

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """As ``Estimates.tidy``, with Anderson and Rubin's interval and test, and both stages.

        Raises
        ------
        DataError
            At this level too few were moved to take part: the interval would have no end.
        """
        law = student_t(self.degrees_of_freedom)
        low, high = self._anderson_rubin(law.ppf((1 + conf_level) / 2))
        statistic = self.reduced_form / self.reduced_form_std_error
        return Estimates.tidy(self, conf_level).assign(
            statistic=statistic,
            p_value=2 * law.sf(abs(statistic)),
            conf_low=low,
            conf_high=high,
            first_stage=self.first_stage,
            first_stage_std_error=self.first_stage_std_error,
            reduced_form=self.reduced_form,
            reduced_form_std_error=self.reduced_form_std_error,
            covariance_stages=self.covariance_stages,
        )

    def _anderson_rubin(self, critical: float) -> tuple[float, float]:
        """Effects b at which the outcome less b times taking part does not differ by arm."""
        square = critical**2
        a = self.first_stage**2 - square * self.first_stage_std_error**2
        b = self.first_stage * self.reduced_form - square * self.covariance_stages
        c = self.reduced_form**2 - square * self.reduced_form_std_error**2
        if a <= 0:
            raise DataError(
                "the arm did not clearly change who took part, so the data set no limits to the "
                "effect of taking part; report the effect of being drawn instead"
            )
        half = np.sqrt(max(b * b - a * c, 0.0))
        return float((b - half) / a), float((b + half) / a)


def estimate_cace(
    rows: pd.DataFrame,
    arm: str,
    control: str,
    mechanism: Mechanism,
    covariates: Sequence[str] = (),
    outcome: str = "outcome",
    took_up: str = "took_up",
) -> ComplierEffect:
    """Estimate the effect of taking part by 2SLS: being drawn moves the outcome by that alone.

    On the outcome's scale, for those who take part if and only if drawn. ``took_up`` (bool, of
    either arm) is instrumented by the arm; design and errors as in ``estimate_itt``.

    Raises
    ------
    DataError
        What ``estimate_itt`` refuses, nobody in either arm whose taking part differs, or an arm
        that did not clearly change who took part.
    """
    flags = rows.assign(**{took_up: pd.to_numeric(rows[took_up]).astype(float)})
    fit = fit_arms(flags, arm, control, mechanism, [outcome, took_up], covariates)
    (reduced, first), covariance = fit.coefficient.estimate, fit.coefficient.covariance
    if abs(first) < np.sqrt(np.finfo(float).eps):
        raise DataError("as many took part in either arm, so nobody was moved by the lottery")
    effect = reduced / first
    contrast = np.array([1.0, -effect])
    found = ComplierEffect(
        term=(arm,),
        estimate=np.array([effect]),
        std_error=np.array([np.sqrt(contrast @ covariance @ contrast) / abs(first)]),
        degrees_of_freedom=fit.coefficient.degrees_of_freedom,
        n_obs=fit.n_obs,
        n_persons=fit.n_obs,
        n_events=fit.n_events[0],
        n_clusters=fit.n_units,
        first_stage=float(first),
        first_stage_std_error=float(np.sqrt(covariance[1, 1])),
        reduced_form=float(reduced),
        reduced_form_std_error=float(np.sqrt(covariance[0, 0])),
        covariance_stages=float(covariance[0, 1]),
    )
    found.tidy()
    return found

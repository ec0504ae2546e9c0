"""Is an effect too small to matter? Two one-sided tests against a margin set beforehand.

Reference: Schuirmann, D. (1987). A comparison of the two one-sided tests procedure and the power
approach. Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from watwerkt.errors import ParameterError
from watwerkt.estimators.estimates import Estimates


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Both one-sided tests of one effect.

    Attributes
    ----------
    margin : what would matter, on the effect's scale, either way.
    p_not_below, p_not_above : of "the effect is -margin or less" and "margin or more".
    conf_low, conf_high : the interval of level 1 - 2 alpha; within the margins is equivalence.
    is_equivalent : both refuted at ``alpha``.
    """

    margin: float
    p_not_below: float
    p_not_above: float
    p_value: float
    conf_low: float
    conf_high: float
    is_equivalent: bool

    def tidy(self) -> pd.DataFrame:
        """One row with the attributes."""
        names = self.__dataclass_fields__
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def equivalence(fit: Estimates, margin: float, alpha: float = 0.05) -> Equivalence:
    """Test whether the first term of ``fit`` lies within ``margin`` of nil (TOST).

    Raises
    ------
    ParameterError
        The margin is not positive and finite, or ``alpha`` not between 0 and one half.
    """
    if not 0 < margin < np.inf or not 0 < alpha < 0.5:
        raise ParameterError("equivalence needs a positive margin, and alpha below one half")
    law = student_t(fit.degrees_of_freedom)
    effect, error = float(fit.estimate[0]), float(fit.std_error[0])
    below, above = law.sf((effect + margin) / error), law.cdf((effect - margin) / error)
    width = float(law.ppf(1 - alpha)) * error
    p_value = float(max(below, above))
    low, high = effect - width, effect + width
    return Equivalence(margin, float(below), float(above), p_value, low, high, p_value < alpha)

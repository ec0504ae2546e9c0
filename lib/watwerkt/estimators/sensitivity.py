"""How strong something unmeasured would have to be to explain an estimate away: E-values.

References
----------
VanderWeele, T. and Ding, P. (2017). Sensitivity analysis in observational research: introducing
the E-value. Annals of Internal Medicine 167, 268-274.
"""

import math

from watwerkt.errors import ParameterError


def e_value(ratio: float) -> float:
    """E-value of a risk or rate ratio, or of an odds ratio of a rare outcome (below 15 %).

    The least risk ratio that something unmeasured needs with the exposure and with the outcome,
    each, beyond what was adjusted for, to bring ``ratio`` to 1. It is 1 where ``ratio`` is.

    Raises
    ------
    ParameterError
        ``ratio`` is not a positive number.
    """
    if not 0 < ratio < math.inf:
        raise ParameterError("an E-value needs a positive, finite ratio")
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def e_value_of_interval(low: float, high: float) -> float:
    """E-value of the end of an interval that is nearest to 1; 1 where the interval holds it."""
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high)

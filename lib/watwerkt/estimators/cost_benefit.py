"""What a smaller caseload costs, and what it saves where people leave benefit sooner because of it.

A client who leaves at a constant hazard h (a year) is on benefit for A(h) = (1 - exp(-T h)) / h of
the next T years. With an elasticity e of the hazard to the caseload, h1 = h0 (C1 / C0)^e. The
extra staff is paid for as long as the client is there, A(h1); saved are A(h0) - A(h1) years.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from watwerkt.errors import DataError

FloatArray = NDArray[np.float64]
DAYS_PER_YEAR = 365.0
STEEPEST = -5.0  # elasticity beyond which none is looked for


def client_year_cost(staff_eur: ArrayLike, usual: ArrayLike, smaller: ArrayLike) -> FloatArray:
    """Euros more per client-year: W (1/C1 - 1/C0).

    ``staff_eur`` a year per full-time caseworker, ``usual`` and ``smaller`` clients for each.
    Raises DataError for a caseload that is not positive.
    """
    caseloads = np.asarray(usual, float), np.asarray(smaller, float)
    if min(caseload.min() for caseload in caseloads) <= 0:
        raise DataError("a caseload is a number of clients above 0")
    return np.asarray(np.asarray(staff_eur, float) * (1 / caseloads[1] - 1 / caseloads[0]))


def break_even_days(cost_eur: ArrayLike, benefit_eur: ArrayLike) -> FloatArray:
    """Days on benefit a year that pay for ``cost_eur`` a year, at ``benefit_eur`` for a whole
    year."""
    return np.asarray(DAYS_PER_YEAR * np.asarray(cost_eur, float) / np.asarray(benefit_eur, float))


def years_on_benefit(hazard: ArrayLike, horizon_years: ArrayLike) -> FloatArray:
    """Expected years on benefit within the horizon, at a constant yearly ``hazard`` of leaving."""
    hazard = np.asarray(hazard, float)
    return np.asarray(-np.expm1(-np.asarray(horizon_years, float) * hazard) / hazard)


def hazard_of_share(share_within_year: ArrayLike) -> FloatArray:
    """The constant yearly hazard at which this share leaves within a year: -ln(1 - b)."""
    return np.asarray(-np.log1p(-np.asarray(share_within_year, float)))


def spent_and_saved(
    share_within_year: ArrayLike,
    elasticity: ArrayLike,
    ratio: ArrayLike,
    horizon_years: ArrayLike,
) -> tuple[FloatArray, FloatArray]:
    """Years that a client costs extra staff, and years on benefit saved, within the horizon.

    ``share_within_year`` that leave under the usual caseload, between 0 and 1; ``ratio`` of the
    smaller caseload to the usual one. Arrays of one shape, or that broadcast.
    """
    usual = hazard_of_share(share_within_year)
    smaller = usual * np.asarray(ratio, float) ** np.asarray(elasticity, float)
    spent = years_on_benefit(smaller, horizon_years)
    return spent, years_on_benefit(usual, horizon_years) - spent


def break_even_elasticity(
    share_within_year: float, ratio: float, cost_eur: float, saved_eur: float, horizon_years: float
) -> float:
    """The elasticity at which a smaller caseload pays for itself; missing where none does.

    ``cost_eur`` a client-year, ``saved_eur`` for each year on benefit that is saved.
    """

    def net(elasticity: float) -> float:
        spent, saved = spent_and_saved(share_within_year, elasticity, ratio, horizon_years)
        return float(saved_eur * saved - cost_eur * spent)

    return float(brentq(net, STEEPEST, 0.0)) if net(STEEPEST) > 0 else float("nan")

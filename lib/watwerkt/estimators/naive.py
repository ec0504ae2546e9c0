"""The mistakes of published evaluations, computed on purpose so that a report can warn of them.

None of these estimates an effect. Each docstring says why, in which direction it errs, and how
far off it was in a simulation with no effect at all (sizes differ with the data at hand).

Two grains come in, as pandas frames:

* person-months: ``person_id, spell_id, caseworker_id, month, months_since_entry, is_exit``,
  ``n_contacts_month`` (reached contacts in the month itself), ``n_contacts_1m`` (in the month
  before), ``n_contacts_lag_2_4`` (two to four months before);
* caseworker-months: ``caseworker_id, n_clients`` (at the start of the month), ``n_exits``,
  ``caseload`` and ``caseload_end`` (clients per FTE at the start and the end of the month).
"""

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import ArrayLike

from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import discrete_hazard
from watwerkt.estimators.proportions import difference_in_proportions

MIN_CASEWORKERS = 3
HORIZON_MONTHS = 12


def ever_contacted_difference(person_months: pd.DataFrame) -> Estimates:
    """Exit within 12 months, spells ever contacted minus never contacted (pp): immortal time.

    Wrong because one must stay on benefit to be contacted: whoever leaves in the first month had
    hardly a chance. Contact looks harmful: about -75 pp at no effect. Spells that began at least
    12 months before the last month; contact at any moment of the spell.
    """
    number = pd.Series(pd.factorize(person_months["month"], sort=True)[0], person_months.index)
    numbered = person_months.assign(_month=number).groupby("spell_id", sort=True)
    spells = numbered.agg(
        entry=("months_since_entry", "min"),
        first=("_month", "min"),
        contacts=("n_contacts_month", "sum"),
    )
    early = person_months["is_exit"] & (person_months["months_since_entry"] < HORIZON_MONTHS)
    left = early.groupby(person_months["spell_id"]).any()
    seen = spells[(spells["entry"] == 0) & (spells["first"] <= number.max() - HORIZON_MONTHS + 1)]
    ever = seen["contacts"] > 0
    gone = left.reindex(seen.index)
    return difference_in_proportions(
        int(gone[ever].sum()), int(ever.sum()), int(gone[~ever].sum()), int((~ever).sum())
    )


def same_month_odds(person_months: pd.DataFrame) -> Estimates:
    """Log odds ratio of an exit, month with contact v without: the exit talk is counted as a cause.

    Wrong because many an exit is settled in a talk, which is booked in the month of the exit.
    Contact looks helpful: an odds ratio of about 7 at no effect, with talks at 60% of exits.
    """
    return _crude_odds(person_months, "n_contacts_month")


def lag_one_odds(person_months: pd.DataFrame) -> Estimates:
    """Log odds ratio of an exit by contact in the month before: the exit talk, held early.

    Wrong because who has found work says so weeks before the benefit ends. Contact looks helpful:
    an odds ratio of about 2.7 at no effect, when half of the exit talks are a month early.
    """
    return _crude_odds(person_months, "n_contacts_1m")


def unadjusted_lag_odds(person_months: pd.DataFrame) -> Estimates:
    """Log odds ratio of an exit by contact two to four months before, nothing adjusted: selection.

    Wrong because caseworkers choose whom to see. Helpful where they see clients near work (odds
    ratio 1.7 at no effect), harmful where they see the distant ones (0.6); a true odds ratio of
    1.3 then turns into 0.8.
    """
    return _crude_odds(person_months, "n_contacts_lag_2_4")


def log_log_slope(caseworker_months: pd.DataFrame, n_persons: int) -> Estimates:
    """Slope of the log exit rate on the log mean caseload, over caseworkers.

    Wrong because caseload follows from outflow: in steady state the stock is inflow over hazard,
    so the slope is about -1 whatever the truth (-1.2 in one simulation, with a truth of 0 as with
    a truth of -0.3). Smaller caseloads look helpful. Caseworkers without exits drop out.
    """
    months = _usable(caseworker_months, "caseload")
    by = months.groupby("caseworker_id", sort=True)
    table = by.agg({"n_exits": "sum", "n_clients": "sum", "caseload": "mean"})
    table = table[table["n_exits"] > 0]
    rate = np.log(table["n_exits"] / table["n_clients"])
    n_exits = int(table["n_exits"].sum())
    caseworker = pd.Series(table.index, index=table.index)
    return _slope(np.log(table["caseload"]), rate, caseworker, n_exits, n_persons)


def end_of_month_slope(caseworker_months: pd.DataFrame, n_persons: int) -> Estimates:
    """Slope of the relative exit rate on the log caseload at the *end* of the month.

    Wrong because each exit of the month has already been taken off that caseload, on top of what
    is wrong with ``log_log_slope``. Smaller caseloads look helpful: between -1.0 and -1.8 at no
    effect, the more so the smaller the caseloads. The rate is relative to its mean, so the slope
    reads as an elasticity.
    """
    months = _usable(caseworker_months, "caseload_end")
    rate = _relative_rate(months)
    n_exits = int(months["n_exits"].sum())
    log_caseload = np.log(months["caseload_end"])
    return _slope(log_caseload, rate, months["caseworker_id"], n_exits, n_persons)


def fixed_effects_slope(caseworker_months: pd.DataFrame, n_persons: int) -> Estimates:
    """Slope of the relative exit rate on the log caseload within caseworkers.

    Wrong because a month with many exits leaves a small caseload for the months after it (Nickell
    1981: the regressor is not strictly exogenous). Larger caseloads look helpful: about +0.8 and
    up to +1.5 at no effect. Caseworker fixed effects are no cure.
    """
    months = _usable(caseworker_months, "caseload")
    caseworker = months["caseworker_id"]
    log_caseload, rate = np.log(months["caseload"]), _relative_rate(months)
    within_caseload = log_caseload - log_caseload.groupby(caseworker).transform("mean")
    within_rate = rate - rate.groupby(caseworker).transform("mean")
    n_exits = int(months["n_exits"].sum())
    return _slope(within_caseload, within_rate, caseworker, n_exits, n_persons)


def _crude_odds(person_months: pd.DataFrame, column: str) -> Estimates:
    return discrete_hazard(
        pd.DataFrame({"contact": person_months[column] > 0}),
        person_months["is_exit"],
        person_months["caseworker_id"],
        exposure=["contact"],
        n_persons=person_months["person_id"].nunique(),
    )


def _usable(caseworker_months: pd.DataFrame, caseload: str) -> pd.DataFrame:
    """Keep months that have clients, in a fixed order."""
    has_clients = (caseworker_months["n_clients"] > 0) & (caseworker_months[caseload] > 0)
    months = caseworker_months[has_clients]
    _require_caseworkers(months.loc[months["n_exits"] > 0, "caseworker_id"].nunique())
    return months.sort_values(["caseworker_id", caseload, "n_exits", "n_clients"])


def _require_caseworkers(n_caseworkers: int) -> None:
    if n_caseworkers < MIN_CASEWORKERS:
        raise DataError(
            f"{n_caseworkers} caseworkers with exits and a caseload: a slope needs at least "
            f"{MIN_CASEWORKERS}; take more caseworkers together"
        )


def _relative_rate(months: pd.DataFrame) -> pd.Series:
    return (months["n_exits"] / months["n_clients"]) / (
        months["n_exits"].sum() / months["n_clients"].sum()
    )


def _slope(
    x: ArrayLike, y: ArrayLike, caseworker: pd.Series, n_exits: int, n_persons: int
) -> Estimates:
    """Least squares with a constant; errors clustered by caseworker, t with G-1 degrees."""
    regressor = np.asarray(x, dtype=float)
    if np.isclose(regressor.var(), 0):
        raise DataError("caseloads do not differ, so nothing can be said of them")
    groups = pd.factorize(caseworker, sort=True)[0]
    model = sm.OLS(np.asarray(y, dtype=float), sm.add_constant(regressor))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    n_caseworkers = caseworker.nunique()
    return Estimates(
        term=("log_caseload",),
        estimate=fit.params[1:],
        std_error=fit.bse[1:],
        degrees_of_freedom=float(n_caseworkers - 1),
        n_obs=len(regressor),
        n_persons=n_persons,
        n_events=n_exits,
        n_clusters=n_caseworkers,
    )

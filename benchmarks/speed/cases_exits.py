"""P9: curves and shares of who left."""

import numpy as np
import pandas as pd
from case import Case, Figures
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from watwerkt.estimators.clustered_shares import share_within
from watwerkt.estimators.survival_curves import aalen_johansen

N_RESAMPLES = 100
PLACES = ("education", "other", "work")


def make_spells(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Spells in days up to six years, to one of three places or still running; in households."""
    time = np.ceil(rng.exponential(700, n))
    last = rng.integers(100, 2200, n)
    place = np.where(time <= last, rng.choice(PLACES, n), "")
    household = rng.integers(0, int(n * 0.9), n)
    return pd.DataFrame({"days": np.minimum(time, last), "place": place, "household": household})


def curves(rows: pd.DataFrame) -> Figures:
    """P9, curves: incidence by destination on every day, with its error."""
    found = aalen_johansen(rows["days"], rows["place"])
    return [float(found.incidence[2, -1]), float(found.incidence[0, -1])]


def incidence_of_statsmodels(rows: pd.DataFrame) -> Figures:
    """statsmodels' CumIncidenceRight, with its errors."""
    status = pd.Categorical(rows["place"], ["", *PLACES]).codes
    found = CumIncidenceRight(rows["days"].to_numpy(), np.asarray(status, dtype=int))
    return [float(found.cinc[2][-1]), float(found.cinc[0][-1])]


def share(rows: pd.DataFrame) -> Figures:
    """P9: gone within a year, partners together."""
    return [share_within(rows["days"], rows["place"] != "", 365, rows["household"]).estimate]


def share_by_resampling(rows: pd.DataFrame) -> Figures:
    """statsmodels' SurvfuncRight, its error from 100 resamples of households."""
    members = list(rows.groupby("household").indices.values())
    rng = np.random.default_rng(0)
    time, gone = rows["days"].to_numpy(), (rows["place"] != "").to_numpy()

    def gone_by(chosen: np.ndarray) -> float:
        curve = SurvfuncRight(time[chosen], gone[chosen])
        return float(1 - curve.surv_prob[curve.surv_times <= 365][-1])

    for _ in range(N_RESAMPLES):
        drawn = rng.integers(0, len(members), len(members))
        gone_by(np.concatenate([members[i] for i in drawn]))
    return [gone_by(np.arange(len(rows)))]


CASES = {
    "AJ": Case(
        "Aalen-Johansen (P9)",
        "statsmodels CumIncidenceRight",
        make_spells,
        curves,
        incidence_of_statsmodels,
    ),
    "share": Case(
        "share within a year (P9)",
        "statsmodels, 100 resamples",
        make_spells,
        share,
        share_by_resampling,
    ),
}

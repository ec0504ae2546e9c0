"""Outflow against what the make-up of the caseload leads one to expect, with room for chance.

Indirect standardisation: months on benefit per year and duration band, times the rate of all
municipalities together in that year and band. Only counts that were released are needed. A year of
a municipality counts where every band of it is shown: to leave out small bands would leave out
those that were small by chance.

References
----------
Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in
Medicine 24, 1185-1202; Spiegelhalter et al. (2012). JRSS A 175, 1-47 (winsorised, additive spread).
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from watwerkt.disclosure import TOTAL, Gap, Policy, Protected, protect_means

NO_OUTFLOW = Gap(
    "Fewer than three municipalities have released their outflow in full: it is not compared."
)
MIN_MUNICIPALITIES = 3
WINSORISED = 0.1  # of the municipalities on either side, when the spread is measured
ROUNDING = 25 / 12  # variance of a count rounded to a multiple of five
LIMITS = {"95": 0.95, "998": 0.998}
ENDS = [f"{end}_{level}" for level in LIMITS for end in ("low", "high")]
INSIDE, UNUSUAL, OUTSIDE = "inside", "unusual", "outside"


def expected_exits(aggregates: pd.DataFrame) -> pd.DataFrame:
    """Months, exits and expected exits per municipality, year and band, of all destinations.

    ``n_exits_expected`` is what the rate of all municipalities in that year and band gives.
    """
    rows = aggregates[aggregates["destination"] == TOTAL]
    known = rows["n_exits"].notna() & rows["n_person_months"].notna()
    whole = known.groupby([rows["municipality_id"], rows["year"]]).transform("all")
    rows = rows[whole].astype({"n_exits": float, "n_person_months": float})
    cells = rows.groupby(["year", "band"])[["n_exits", "n_person_months"]].transform("sum")
    rate = cells["n_exits"] / cells["n_person_months"]
    kept = ["municipality_id", "year", "band", "n_person_months", "n_exits"]
    found = rows[kept].assign(n_exits_expected=rate * rows["n_person_months"])
    return found.sort_values(kept[:3], kind="stable").reset_index(drop=True)


def outflow_funnel(aggregates: pd.DataFrame, policy: Policy) -> Protected | Gap:
    """Per municipality exits over expected exits, with the limits of chance and of usual spread.

    ``low_95`` to ``high_998``: within these lie 95 and 99.8 in a hundred municipalities that do
    not differ but by chance and by the spread that is usual among them. ``place`` says whether a
    municipality lies inside, beyond the first (unusual) or beyond the last (outside).
    """
    cells = expected_exits(aggregates)
    table = cells.groupby("municipality_id", as_index=False).agg(
        n_exits=("n_exits", "sum"),
        n_exits_expected=("n_exits_expected", "sum"),
        n_cells=("band", "size"),
    )
    if len(table) < MIN_MUNICIPALITIES:
        return NO_OUTFLOW
    ratio = table["n_exits"] / table["n_exits_expected"]
    error = _chance(table)
    spread = _usual_spread((np.sqrt(ratio) - 1) / error, error)
    limits = {
        f"{end}_{level}": np.maximum(1 + sign * norm.ppf((1 + p) / 2) * width, 0) ** 2
        for level, p in LIMITS.items()
        for end, sign in (("low", -1), ("high", 1))
        for width in [np.sqrt(error**2 + spread)]
    }
    table = table.assign(exit_ratio=ratio, **limits)
    table["place"] = _place(table)
    figures = ["n_exits_expected", "exit_ratio", *ENDS]
    keys = [("municipality_id", "place")]
    return protect_means(
        table.drop(columns="n_cells"), figures, policy, by=keys, n_persons="n_exits"
    )


def _chance(table: pd.DataFrame) -> pd.Series:
    """Standard error of the root of the ratio: chance, rounding, and that the own exits count."""
    expected = table["n_exits_expected"]
    rounding = ROUNDING * (table["n_cells"] / expected).median()
    return pd.Series(np.sqrt((1 - expected / expected.sum() + rounding) / (4 * expected)))


def _usual_spread(distance: pd.Series, error: pd.Series) -> float:
    """Variance between municipalities beyond chance, which a few far ones cannot inflate."""
    low, high = distance.quantile([WINSORISED, 1 - WINSORISED])
    excess = float((distance.clip(low, high) ** 2).sum()) - (len(distance) - 1)
    weight = 1 / error**2
    room = weight.sum() - (weight**2).sum() / weight.sum()
    return max(0.0, excess / float(room))


def _place(table: pd.DataFrame) -> pd.Series:
    beyond = {
        level: (table["exit_ratio"] < table[f"low_{level}"])
        | (table["exit_ratio"] > table[f"high_{level}"])
        for level in LIMITS
    }
    unusual = pd.Series(INSIDE, table.index).mask(beyond["95"], UNUSUAL)
    return unusual.mask(beyond["998"], OUTSIDE)

"""For whom do departures of colleagues change outflow, and does a larger rise do more? (secondary)

The design of P1, months 0 to 6, taken apart: by time on benefit; among clients who kept their own
caseworker, whom a hand-over cannot touch; and by the number of clients inherited.
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import describe_estimates
from watwerkt.analysis.shock import NO_SHOCKS, SHOCK, describe_shock, fit_elasticity
from watwerkt.analysis.shock_rows import LAST_MONTH, WITH_HAND_OVER, shock_rows
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.dose_response import dose_response
from watwerkt.estimators.shock_iv import FEW_CLUSTERS, ShockFit
from watwerkt.estimators.shock_stages import MIN_CLUSTERS, MIN_EVENTS

NO_DOSES = Gap(
    "Whether a larger rise of the caseload did more cannot be seen: it takes ten teams or more, "
    "and enough exits with and without a departure."
)
SPAN = LAST_MONTH[WITH_HAND_OVER] + 1
LONG = 24  # months on benefit
OWN = pl.col("caseworker_id")
GROUPS = {  # subgroup → which person-months
    "under_2_years": pl.col("months_since_entry") < LONG,
    "2_years_or_more": pl.col("months_since_entry") >= LONG,
    "kept_caseworker": OWN.shift(SPAN).over("spell_id") == OWN,
}
EDGES = (0.0, 10.0, 20.0)  # clients inherited per remaining FTE
DOSES = ["none", "to_10", "to_20", "over_20"]
SECONDARY = replace(
    SHOCK,
    estimand="exit hazard per log caseload, months 0-6",
    status="indicative",
    grade=3,
    is_primary=False,
    horizon_months=SPAN,
)
IN_GROUPS = replace(SECONDARY, analysis="P1 by group")
BY_DOSE = replace(
    SECONDARY,
    analysis="P1 by dose",
    design="clients inherited, in bands",
    estimand="log rate of exits, months 0-6, by clients inherited per remaining FTE against none",
    scale="log rate ratio",
)


def fit_groups(panel: pl.LazyFrame) -> dict[str, ShockFit | None]:
    """The elasticity of all exits in each of ``GROUPS``; empty where no shock is known."""
    found = {name: shock_rows(panel, WITH_HAND_OVER, chosen) for name, chosen in GROUPS.items()}
    if not any(len(rows) for rows, _ in found.values()):
        return {}
    return {
        name: fit_elasticity(*rows, ALL) if len(rows[0]) else None for name, rows in found.items()
    }


def by_group(
    fits: Mapping[str, ShockFit | None], policy: Policy, conf_level: float
) -> Protected | Gap:
    """The elasticity of each group; no number where departures hardly moved the caseload."""
    if not fits:
        return NO_SHOCKS
    rows = [
        describe_shock(fit, IN_GROUPS, ALL, name, conf_level).assign(subgroup=name)
        for name, fit in fits.items()
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def by_dose(panel: pl.LazyFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """Log rate ratio of all exits by clients inherited, with the person-months behind each.

    A band in which fewer than three teams or ten exits fall says nothing: its months are left out.
    With fewer than ten teams in all the intervals would be too narrow.
    """
    rows, n_persons = shock_rows(panel, WITH_HAND_OVER)
    if rows.empty:
        return NO_SHOCKS
    if rows["team"].nunique() < FEW_CLUSTERS:
        return NO_DOSES
    rows = rows.assign(n_exits=rows[f"n_{ALL}"], dose=_cut(rows["shock"]))
    behind = rows.groupby("dose", observed=False).agg(
        n_obs=("n_months", "sum"), n_events=("n_exits", "sum"), n_clusters=("team", "nunique")
    )
    enough = (behind["n_clusters"] >= MIN_CLUSTERS) & (behind["n_events"] >= MIN_EVENTS)
    kept = rows[rows["dose"].map(enough).astype(bool)]
    try:
        tidy = dose_response(kept, n_persons).tidy(conf_level)
    except DataError:
        return NO_DOSES
    counts = behind.loc[tidy["term"]].reset_index(drop=True)
    found = describe_estimates(tidy.assign(**counts), BY_DOSE, ALL, conf_level)
    return protect_estimates(found, policy)


def _cut(shock: pd.Series) -> pd.Series:
    return pd.cut(shock, [-float("inf"), *EDGES, float("inf")], labels=DOSES)

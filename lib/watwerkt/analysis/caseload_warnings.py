"""The slopes of outflow on caseload that mislead, computed to be recognised."""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, STAY, is_exit_to
from watwerkt.analysis.evidence import describe_estimates, naive_design, not_estimable
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CASELOAD
from watwerkt.errors import DataError
from watwerkt.estimators.naive import end_of_month_slope, fixed_effects_slope, log_log_slope

NAIVE = {
    "start_of_month": log_log_slope,
    "end_of_month": end_of_month_slope,
    "within_caseworker": fixed_effects_slope,
}


def naive_slopes(
    panel: pl.LazyFrame, policy: Policy, per: str, conf_level: float
) -> Protected | Gap:
    """Three slopes of log outflow on log caseload; status ``warning``, never an effect.

    ``per``: caseload per ``fte`` or per ``head``.
    """
    months = caseworker_months(panel, per)
    if months.empty:
        return NO_CASELOAD
    n_persons = panel.select(pl.col("person_id").n_unique()).collect().item()
    rows = [_estimate(term, months, n_persons, conf_level) for term in NAIVE]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _estimate(term: str, months: pd.DataFrame, n_persons: int, conf_level: float) -> pd.DataFrame:
    design = naive_design(term, "elasticity", horizon_months=1)
    try:
        tidy = NAIVE[term](months, n_persons).tidy(conf_level).assign(term=term)
    except DataError:
        return not_estimable(design, ALL, term, conf_level)
    return describe_estimates(tidy, design, ALL, conf_level)


def caseworker_months(panel: pl.LazyFrame, per: str) -> pd.DataFrame:
    """One row per caseworker and month: clients and caseload at its start and end, exits.

    Clients are those at risk that month. The caseload at the end is the one at the start less the
    share that left: the mistake as it is made.
    """
    caseload = pl.col(f"caseload_{per}")
    return (
        panel.filter(pl.col("caseworker_id").is_not_null() & caseload.is_not_null())
        .group_by("caseworker_id", "month")
        .agg(
            caseload=caseload.mean(),
            n_clients=pl.len(),
            n_exits=is_exit_to(ALL).sum(),
            n_left=(pl.col("exit_destination") != STAY).sum(),
        )
        .with_columns(
            caseload_end=pl.col("caseload") * (1 - pl.col("n_left") / pl.col("n_clients"))
        )
        .drop("n_left")
        .sort("caseworker_id", "month")
        .collect()
        .to_pandas()
    )

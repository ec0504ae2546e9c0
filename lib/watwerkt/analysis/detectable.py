"""What could be detected with the people at hand, before any estimate is read."""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, is_exit_to
from watwerkt.disclosure import Gap, Policy, Protected, protect_means
from watwerkt.disclosure.gap import TOO_FEW
from watwerkt.estimators.power import mde_proportions

OUTCOMES = {"any": ALL, "work": "work"}
MONTHS = 12


def detectable_difference(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Smallest difference in exits within a year that a lottery over all clients could detect.

    Half of the clients on benefit a year before the end of the panel would get another caseload
    by lot (power 80 %, two-sided 5 %). No design on these data sees less: a lottery over teams, or
    a change that only some clients notice, sees larger differences only.
    """
    followed = _one_year(panel)
    n = len(followed)
    rates = {kind: float(followed[kind].mean()) if n else 0.0 for kind in OUTCOMES}
    rows = [
        {
            "exit_kind": kind,
            "share_within_year": rate,
            "mde_share": mde_proportions(n // 2, n - n // 2, rate),
            "n_persons": n,
        }
        for kind, rate in rates.items()
        if 0 < rate < 1 and n >= 2
    ]
    if not rows:
        return TOO_FEW
    means = ["share_within_year", "mde_share"]
    return protect_means(pd.DataFrame(rows), means, policy, by=["exit_kind"], n_persons="n_persons")


def _one_year(panel: pl.LazyFrame) -> pd.DataFrame:
    """Clients at risk in the first of the last twelve months: how each left within these months."""
    last = panel.select(pl.col("month").max()).collect().item()
    if last is None:
        return pd.DataFrame()
    first = pl.lit(last).dt.offset_by(f"-{MONTHS - 1}mo")
    at_start = panel.filter(pl.col("month") == first).select("spell_id")
    return (
        panel.filter(pl.col("month") >= first)
        .join(at_start, on="spell_id", how="semi")
        .group_by("spell_id")
        .agg(**{kind: is_exit_to(outcome).any() for kind, outcome in OUTCOMES.items()})
        .collect()
        .to_pandas()
    )

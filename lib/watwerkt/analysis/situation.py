"""Where everybody is a year and two years after the start, whoever left or not (P9).

Among those who left, who came back depends on who left; among all who started it does not. Counted
is every spell that began in the window and could be followed to the moment that is asked about.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import OUTSIDE, UNEXPLAINED, destination_group
from watwerkt.analysis.evidence import describe_share, not_estimable
from watwerkt.analysis.incidence import Window
from watwerkt.analysis.sustained import LASTING, add_household
from watwerkt.disclosure import Gap, Policy, Protected, protect_distribution, protect_estimates
from watwerkt.estimators.clustered_shares import clustered_share

HORIZONS = (12, 24)
SHOWN = (6, 12, 18, 24)
SITUATION_LABELS = {
    "on_benefit": "still on benefit",
    "back": "left and came back",
    "out_work": "out, left for work",
    "out_other": "out, for another reason",
    "out_unknown": "out, reason not known",
    "out_of_sight": "out of sight",
}
NO_STARTS = Gap("Nobody who came on benefit in this window could be followed for long enough.")
SITUATION = replace(
    LASTING,
    design="share of all starts",
    estimand="share of spells begun in the window after which the person is in this situation",
)


def situations(
    spells: pl.LazyFrame, window: Window, horizons: Sequence[int] = SHOWN
) -> pl.DataFrame:
    """One row per start and horizon (months) that was observed: where the person is on that day.

    ``situation``: ``on_benefit``, the spell still runs; ``back``, a later one does; ``out_…``, by
    the destination of the latest exit; ``out_of_sight``: moved, pension, death, or vanished.
    """
    known = _spells_at_risk(spells)
    starts = known.filter(~pl.col("is_left_censored"), pl.col("start_date") >= window.start)
    moments = [
        starts.select(
            "person_id",
            "household",
            horizon_months=pl.lit(months),
            index_start="start_date",
            day=pl.col("start_date").dt.offset_by(f"{months}mo"),
        )
        for months in horizons
    ]
    return (
        pl.concat(moments)
        .filter(pl.col("day") <= window.until)
        .sort("day")
        .join_asof(
            known.select("person_id", "start_date", "end_date", "group").sort("start_date"),
            left_on="day",
            right_on="start_date",
            by="person_id",
            check_sortedness=False,
        )
        .with_columns(situation=_situation())
        .select("person_id", "household", "horizon_months", "index_start", "situation")
        .sort("person_id", "index_start", "horizon_months")
        .collect()
    )


def situation_shares(found: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Spells begun in the window by where the person is so many months later."""
    if found.is_empty():
        return NO_STARTS
    counts = found.group_by("horizon_months", "situation").agg(n_starts=pl.len())
    order = pd.CategoricalDtype(list(SITUATION_LABELS), ordered=True)
    return protect_distribution(
        counts.to_pandas().astype({"situation": order}),
        "n_starts",
        policy,
        by=["horizon_months", "situation"],
    )


def situation_estimates(found: pl.DataFrame, policy: Policy, conf_level: float) -> Protected | Gap:
    """The same 12 and 24 months after the start, with intervals (P9)."""
    if found.is_empty():
        return NO_STARTS
    rows = [
        _estimate(found.filter(pl.col("horizon_months") == months), months, name, conf_level)
        for months in HORIZONS
        for name in SITUATION_LABELS
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _spells_at_risk(spells: pl.LazyFrame) -> pl.LazyFrame:
    """Spells up to their end, or to the end of risk, with the ``group`` that they ended in."""
    has_left_first = (pl.col("end_date") <= pl.col("risk_end_date")).fill_null(False)
    is_gone = pl.col("risk_end_date").is_not_null() & ~has_left_first
    return add_household(spells).with_columns(
        group=pl.when(is_gone).then(pl.lit(OUTSIDE)).otherwise(destination_group()),
        end_date=pl.min_horizontal("end_date", "risk_end_date"),
    )


def _situation() -> pl.Expr:
    is_on = pl.col("end_date").is_null() | (pl.col("end_date") > pl.col("day"))
    names = {"work": "out_work", OUTSIDE: "out_of_sight", UNEXPLAINED: "out_unknown"}
    return (
        pl.when(is_on & (pl.col("start_date") == pl.col("index_start")))
        .then(pl.lit("on_benefit"))
        .when(is_on)
        .then(pl.lit("back"))
        .otherwise(pl.col("group").replace_strict(names, default="out_other"))
    )


def _estimate(found: pl.DataFrame, months: int, name: str, conf_level: float) -> pd.DataFrame:
    design = replace(SITUATION, horizon_months=months)
    if found.is_empty():
        return not_estimable(design, "situation", name, conf_level)
    share = clustered_share(found["situation"] == name, found["household"])
    tidy = share.tidy(conf_level).assign(term=name, n_persons=found["person_id"].n_unique())
    return describe_share(tidy, design, "situation", conf_level)

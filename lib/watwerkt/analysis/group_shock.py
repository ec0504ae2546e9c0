"""For whom does a colleague's departure change outflow? The design of P1, months 0 to 6, by group.

Groups are as known before the earliest departure that counts. A group in which departures hardly
moved the caseload has no estimate: its number would say nothing.
"""

from collections.abc import Sequence

import polars as pl

from watwerkt.analysis.destination import ALL
from watwerkt.analysis.group_fits import (
    MIN_EVENTS,
    MIN_PERSONS,
    DivisionFit,
    GroupFits,
    join_division,
)
from watwerkt.analysis.group_traits import LEVELS, add_groups, column
from watwerkt.analysis.shock import STRONG, fit_elasticity
from watwerkt.analysis.shock_rows import LAST_MONTH, NEW, WITH_HAND_OVER, shock_rows
from watwerkt.estimators.shock_iv import ShockFit

SPAN = LAST_MONTH[WITH_HAND_OVER] + 1
READ = (  # columns of the panel that the rows are made from
    *("person_id", "spell_id", "team_id", "month", "months_since_entry", "caseload_fte", "role"),
    *("labour_market_distance", "staffing_shock", "exit_destination"),
)


def fit_shock(panel: pl.LazyFrame, divisions: Sequence[str]) -> GroupFits:
    """The elasticity of all exits to the caseload, by group; empty where no shock is known."""
    if not divisions:
        return GroupFits()
    names = [column(name) for name in divisions]
    grouped = add_groups(panel, divisions, SPAN).select(*READ, *names)
    is_known = pl.col("team_id").is_not_null() & pl.col("staffing_shock").is_not_null()
    kept = grouped.filter(is_known).with_columns(pl.col(*names).cast(pl.Categorical)).collect()
    if kept.filter(pl.col("months_since_entry") >= SPAN - 1 + NEW).is_empty():
        return GroupFits()
    months = kept.lazy()
    return GroupFits({name: _fit_division(months, name) for name in divisions})


def _fit_division(months: pl.LazyFrame, division: str) -> DivisionFit:
    fits = {level: _fit(months, division, level) for level in LEVELS[division]}
    return join_division(
        {level: fit for level, fit in fits.items() if fit is not None}, LEVELS[division]
    )


def _fit(months: pl.LazyFrame, division: str, level: str) -> ShockFit | None:
    """One group; None with too few people or exits, a weak first stage, or an open interval."""
    is_in = (pl.col(column(division)) == level).fill_null(False)
    rows, n_persons = shock_rows(months, WITH_HAND_OVER, is_in)
    if n_persons < MIN_PERSONS or rows[f"n_{ALL}"].sum() < MIN_EVENTS:
        return None
    fit = fit_elasticity(rows, n_persons, ALL)
    if fit is None or fit.effective_f < STRONG:
        return None
    ends = fit.tidy()[["conf_low", "conf_high"]]
    return None if ends.isna().any(axis=None) else fit

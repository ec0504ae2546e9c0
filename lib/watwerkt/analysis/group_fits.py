"""The primary designs within groups that were named beforehand, on all exits (secondary).

Conversations (P4), departures of colleagues (P1, months 0 to 6) and a lottery over people (P7).
"""

from collections.abc import Sequence

import pandas as pd
import polars as pl

from watwerkt.analysis.contact_effect import fit_hazards
from watwerkt.analysis.contact_months import EXPOSURE, build_months
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.group_effects import (
    CONTACT,
    DEPARTURES,
    NO_ESTIMATES,
    TRIAL,
    GroupFits,
    gather_fits,
)
from watwerkt.analysis.groups import Groups, column_of
from watwerkt.analysis.shock import fit_elasticity
from watwerkt.analysis.shock_rows import SHOCK_COLUMNS, WITH_HAND_OVER, shock_rows
from watwerkt.analysis.trial_outcomes import outcome_name
from watwerkt.analysis.trial_rows import Trial
from watwerkt.disclosure import Gap
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.trials import estimate_itt

MONTHS = 12  # of a trial, until the outcome is counted


def contact_effects(
    groups: Groups, contacts: pl.LazyFrame | None, conf_level: float
) -> GroupFits | Gap:
    """The odds of leaving after a conversation two to four months ago, in every group."""
    months = build_months(groups.panel, contacts, groups.columns)
    fits: dict[tuple[str, str], Estimates | None] = {}
    for trait, level in groups.named:
        chosen = months.only(months.rows[column_of(trait)] == level)
        fits[trait, level] = fit_hazards(chosen, {ALL: chosen.rows[f"to_{ALL}"]}).get(ALL)
    return gather_fits(fits, groups, CONTACT, EXPOSURE, conf_level)


def departure_effects(groups: Groups, conf_level: float) -> GroupFits | Gap:
    """The elasticity of outflow after departures of colleagues, in every group."""
    fits: dict[tuple[str, str], Estimates | None] = {}
    panel = groups.panel.select(*SHOCK_COLUMNS, *groups.columns).collect().lazy()
    for trait, level in groups.named:
        rows, n_persons = shock_rows(panel, WITH_HAND_OVER, pl.col(column_of(trait)) == level)
        fits[trait, level] = fit_elasticity(rows, n_persons, ALL) if len(rows) else None
    return gather_fits(fits, groups, DEPARTURES, WITH_HAND_OVER, conf_level)


def trial_effects(groups: Groups, trials: Sequence[Trial], conf_level: float) -> GroupFits | Gap:
    """What the largest trial did to exits within a year, in every group as it was at the draw.

    Of several arms the first; the others stand in chapter 7.
    """
    if not trials:
        return NO_ESTIMATES
    trial = max(trials, key=lambda one: len(one.rows))
    rows = _with_groups(trial, groups)
    fits = {
        (trait, level): _fit_trial(trial, rows[rows[column_of(trait)] == level])
        for trait, level in groups.named
    }
    return gather_fits(fits, groups, TRIAL, trial.arms[0], conf_level)


def _with_groups(trial: Trial, groups: Groups) -> pd.DataFrame:
    """The trial's rows with a column per trait: the level in the month of the draw."""
    asked = pl.from_pandas(trial.rows[["person_id", "assigned_date"]]).with_columns(
        month=pl.col("assigned_date").cast(pl.Date).dt.truncate("1mo"), row=pl.int_range(pl.len())
    )
    known = groups.panel.select("person_id", "month", *groups.columns)
    joined = asked.lazy().join(known, on=["person_id", "month"], how="left").sort("row").collect()
    levels = joined.unique("row", keep="first", maintain_order=True).select(*groups.columns)
    return trial.rows.assign(**{name: levels[name].to_list() for name in groups.columns})


def _fit_trial(trial: Trial, rows: pd.DataFrame) -> Estimates | None:
    name = outcome_name(ALL, MONTHS)
    if name not in rows:
        return None
    try:
        return estimate_itt(
            rows.dropna(subset=[name]), trial.arms[0], trial.control, trial.mechanism, outcome=name
        )
    except DataError:
        return None

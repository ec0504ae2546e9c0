"""For whom do talks go with leaving? The lagged hazard (P4) in the groups of each division.

One model per division: the talk has an odds ratio of its own in every group, what adjusts for
background is shared. Groups are as known five months before, when no talk that counts was held yet.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.contact_months import (
    COMPARED_WITHIN,
    EXPOSURE,
    FIRST_MONTH,
    ContactMonths,
    build_months,
)
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.group_fits import (
    MIN_EVENTS,
    MIN_PERSONS,
    DivisionFit,
    GroupFits,
    join_division,
)
from watwerkt.analysis.group_traits import LEVELS, add_groups, column
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import HazardFit, discrete_hazard

MIN_CLUSTERS = 3


def fit_contact(
    panel: pl.LazyFrame, contacts: pl.LazyFrame | None, divisions: Sequence[str]
) -> GroupFits:
    """The odds ratio of any exit after a talk two to four months ago, by group of each division."""
    if contacts is None or not divisions:
        return GroupFits()
    grouped = add_groups(panel, divisions, FIRST_MONTH)
    months = build_months(grouped, contacts, [column(name) for name in divisions])
    return fit_months(months, divisions)


def fit_months(months: ContactMonths, divisions: Sequence[str]) -> GroupFits:
    """The same of months whose groups are known (``group_<division>``)."""
    if months.rows.empty:
        return GroupFits()
    return GroupFits({name: _fit_division(months.rows, name) for name in divisions})


def _fit_division(rows: pd.DataFrame, division: str) -> DivisionFit:
    group, event = rows[column(division)], rows[f"to_{ALL}"]
    kept = [level for level in LEVELS[division] if _is_enough(rows[group == level], event)]
    if len(kept) < 2:
        return DivisionFit(None, tuple(LEVELS[division]))
    chosen = rows[group.isin(kept)]
    level = group[chosen.index].astype(pd.CategoricalDtype(kept))
    talks = {_name(i): chosen[EXPOSURE] & (level == name) for i, name in enumerate(kept)}
    covariates = chosen[[*COMPARED_WITHIN]].assign(**{column(division): level}, **talks)
    try:
        fit = discrete_hazard(
            covariates,
            event[chosen.index],
            chosen["cluster"],
            exposure=list(talks),
            n_persons=int(chosen["person_id"].nunique()),
        )
    except DataError:
        return DivisionFit(None, tuple(LEVELS[division]))
    place = [fit.cells.term.index(term) for term in fit.term]
    parts = {name: _part(fit, i, chosen[level == name]) for i, name in enumerate(kept)}
    covariance = fit.covariance[np.ix_(place, place)]
    return join_division(parts, LEVELS[division], covariance, fit.degrees_of_freedom)


def _name(place: int) -> str:
    return f"talk_in_group_{place}"


def _is_enough(rows: pd.DataFrame, event: pd.Series) -> bool:
    """Whether enough people of a group left, after a talk and without one."""
    if rows["person_id"].nunique() < MIN_PERSONS:
        return False
    by_talk = event[rows.index].groupby(rows[EXPOSURE].astype(bool)).sum()
    clusters = rows.groupby(rows[EXPOSURE].astype(bool))["cluster"].nunique()
    return len(by_talk) == 2 and by_talk.min() >= MIN_EVENTS and clusters.min() >= MIN_CLUSTERS


def _part(fit: HazardFit, place: int, rows: pd.DataFrame) -> Estimates:
    n_clusters = int(rows["cluster"].nunique())
    return Estimates(
        term=(EXPOSURE,),
        estimate=fit.estimate[[place]],
        std_error=fit.std_error[[place]],
        degrees_of_freedom=float(n_clusters - 1),
        n_obs=len(rows),
        n_persons=int(rows["person_id"].nunique()),
        n_events=int(rows[f"to_{ALL}"].sum()),
        n_clusters=n_clusters,
    )

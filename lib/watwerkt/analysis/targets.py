"""Which teams were given a smaller target caseload, and when: read from the policies delivered."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
import polars as pl

from watwerkt.disclosure import Gap

NO_TARGETS = Gap("Not delivered: the target caseload of the policy.")
NO_CHANGE = Gap("No team was given a smaller target caseload in these months.")


@dataclass(frozen=True, slots=True)
class Targets:
    """The changes of target caseload.

    Attributes
    ----------
    lowered : month number (``number_of``) of the first change, a lowering, per team.
    raised : teams whose first change was a raise; they are no comparison either.
    """

    lowered: pd.Series
    raised: frozenset[str]


def number_of(month: date) -> int:
    """The month as a whole number, one higher each month."""
    return 12 * month.year + month.month - 1


def find_targets(policies: pl.LazyFrame | None, teams: list[str]) -> Targets | Gap:
    """The first change of target per team; that of the municipality holds where a team has none.

    A change in the course of a month counts from the next month on, since a caseload is measured
    at the start.
    """
    names = policies.collect_schema().names() if policies is not None else []
    if policies is None or "target_caseload" not in names:
        return NO_TARGETS
    team = pl.col("team_id") if "team_id" in names else pl.lit(None, pl.String)
    rows = (
        policies.select("start_date", "target_caseload", team_id=team)
        .drop_nulls(["start_date", "target_caseload"])
        .sort("start_date", "team_id", "target_caseload")
        .collect()
        .to_pandas()
    )
    if rows.empty:
        return NO_TARGETS
    of_all = _first_change(rows, "")
    own = set(rows["team_id"].dropna())
    found = {name: _first_change(rows, name) if name in own else of_all for name in teams}
    first = pd.Series({name: change[0] for name, change in found.items() if change}, dtype=float)
    is_lower = pd.Series({name: change[1] for name, change in found.items() if change}, dtype=bool)
    if not is_lower.any():
        return NO_CHANGE
    return Targets(first[is_lower], frozenset(first.index[~is_lower]))


def _first_change(rows: pd.DataFrame, team: str) -> tuple[int, bool] | None:
    """Month of the team's first change of target, and whether it was a lowering."""
    before = own = general = None
    is_mine = rows["team_id"] == team
    for day, part in rows[is_mine | rows["team_id"].isna()].groupby("start_date", sort=True):
        mine = part.loc[part["team_id"] == team, "target_caseload"]
        common = part.loc[part["team_id"].isna(), "target_caseload"]
        own = mine.iloc[-1] if len(mine) else own
        general = common.iloc[-1] if len(common) else general
        now = general if own is None else own
        if before is not None and now != before:
            start = pd.Timestamp(str(day))
            return number_of(start.date()) + (start.day > 1), bool(now < before)
        before = now
    return None

"""Does a smaller target caseload raise outflow? Teams that were given one, after each other (P2).

Each team is compared with those of its role that had not been given one yet, in the same months,
so that corona, Tozo or a new registration struck both. A change for everybody at once leaves
nobody to compare with, and has no estimate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.analysis.target_rows import CASELOAD, OUTCOMES, SPAN, team_windows
from watwerkt.analysis.targets import find_targets
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.assignments import MIN_ASSIGNMENTS
from watwerkt.estimators.group_time import FIRST, build_windows
from watwerkt.estimators.reassign import Event, Reassigned, reassign

NOT_IDENTIFIED = Gap(
    "The target caseload changed for all teams of a role at once. What that did cannot be said: "
    "nobody is left to compare with, and before against after would count everything else that "
    "happened in those months."
)
TOO_SHORT = Gap(
    "What a smaller target did cannot be estimated: it takes a year before the change, a year "
    "after it, and a team of the same role that had not changed yet."
)
TOO_FEW_TEAMS = Gap(
    "A team was given a smaller target, but with so few teams any figure could be chance. So none "
    "is shown. Several municipalities together can say more."
)
MIN_CHANGED, MIN_TEAMS, MIN_BEFORE = 3, 10, 2
ALPHA = 0.05
CHANGE = Design(
    analysis="P2",
    design="group-time effects",
    estimand="exits within 12 months of a smaller target caseload, clients of the team then",
    scale="pp",
    grade=3,
    status="evidence",
    is_primary=True,
    horizon_months=SPAN,
)
GRADES = {"evidence": 3, "indicative": 3, "warning": 2}
TERM = "smaller_target"


@dataclass(frozen=True, slots=True)
class ChangeFit:
    """The changes and what came of them, in exits and in caseloads.

    ``n_persons`` are clients of the teams compared, at the largest; ``n_events`` exits per outcome
    in the year after the changes; ``rows`` those of ``team_windows``.
    """

    found: Reassigned = field(repr=False)
    caseload: Reassigned | None = field(repr=False)
    n_persons: int
    n_events: dict[str, int]
    rows: pd.DataFrame = field(repr=False)

    def event(self, event_time: int) -> Event:
        """The estimates at one event time, for all outcomes and months."""
        return self.found.event(event_time, self.n_persons, 0)


def fit_changes(panel: pl.LazyFrame, policies: pl.LazyFrame | None) -> ChangeFit | Gap:
    """The effect of a smaller target per outcome and month; a gap says why there is none."""
    names = panel.select(pl.col("team_id").drop_nulls().unique().sort()).collect()["team_id"]
    targets = find_targets(policies, names.to_list())
    if isinstance(targets, Gap):
        return targets
    rows = team_windows(panel, targets)
    columns = [f"{o}_{m}" for o in OUTCOMES for m in range(1, SPAN + 1)]
    try:
        found = _reassign(rows, columns, targets.lowered)
    except DataError:
        return _why_none(rows, targets.lowered)
    try:
        found.event(FIRST, 0, 0)
    except DataError:
        return TOO_FEW_TEAMS
    compared = _first_windows(found, rows)
    return ChangeFit(
        found=found,
        caseload=_caseload(rows, targets.lowered),
        n_persons=int(compared.groupby("unit")["weight"].max().sum()),
        n_events=_events(compared),
        rows=rows,
    )


def effects(fit: ChangeFit | Gap, policy: Policy, conf_level: float) -> Protected:
    """Exits within 12 months, per outcome, with the MDE and the verdict; recorded whatever it is.

    ``note`` is the reason for the verdict. What cannot be estimated is a row without figures.
    """
    if isinstance(fit, Gap):
        design = replace(CHANGE, status="warning", grade=2)
        rows = [not_estimable(design, o, TERM, conf_level) for o in OUTCOMES]
        return protect_estimates(pd.concat(rows, ignore_index=True), policy)
    return protect_estimates(_first_year(fit, conf_level), policy)


def shown_effects(fit: ChangeFit | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """The same for the page: a gap where too few teams could have changed instead."""
    if isinstance(fit, Gap):
        return fit
    if fit.found.n_assignments < MIN_ASSIGNMENTS:
        return TOO_FEW_TEAMS
    return protect_estimates(_first_year(fit, conf_level), policy)


def judge_change(fit: ChangeFit, outcome: str) -> tuple[str, str]:
    """Status and its reason: the rule that decides how the estimate may be read.

    *warning* where fewer than 40 assignments are possible, or teams that changed were already
    moving away from the others; *indicative* where caseloads did not clearly fall, with fewer than
    3 changed teams, 10 teams or 2 years before the base, or where a trend too small to be seen
    would pass for an effect large enough to be seen; else *evidence*.
    """
    if fit.found.n_assignments < MIN_ASSIGNMENTS:
        return "warning", "few_assignments"
    first = fit.event(FIRST)
    trend = fit.found.trend(fit.n_persons, 0) if fit.found.before else None
    name = f"{outcome}_{SPAN}"
    if trend is None or name not in trend.term:
        return "indicative", "no_years_before"
    at, then = first.term.index(name), trend.term.index(name)
    if trend.p_value(then) <= ALPHA:
        return "warning", "trend_before"
    if not _has_fallen(fit):
        return "indicative", "target_missed"
    if first.n_changed < MIN_CHANGED or first.n_clusters < MIN_TEAMS:
        return "indicative", "few_changed"
    if len(fit.found.before) < MIN_BEFORE:
        return "indicative", "no_years_before"
    if trend.std_error[then] > first.std_error[at]:
        return "indicative", "trend_unseen"
    return "evidence", "sound_change"


def _has_fallen(fit: ChangeFit) -> bool:
    """Whether caseloads in the first year were lower than in teams that had not changed."""
    if fit.caseload is None:
        return False
    fall = fit.caseload.event(FIRST, 0, 0)
    return bool(fall.estimate[0] < 0 and fall.p_value(0) <= ALPHA)


def _why_none(rows: pd.DataFrame, lowered: pd.Series) -> Gap:
    """Why no team can be compared: all of a role changed in the same month, or too few months."""
    role = rows.groupby("unit")["stratum"].first()
    changed = lowered.reindex(role.index)
    by_role = changed.fillna(np.inf).groupby(role)
    at_once = (by_role.min() == by_role.max()) & (by_role.max() < np.inf)
    return NOT_IDENTIFIED if at_once.any() else TOO_SHORT


def _reassign(rows: pd.DataFrame, columns: list[str], lowered: pd.Series) -> Reassigned:
    windows, _ = build_windows(rows, columns, SPAN, lowered)
    return reassign(windows, tuple(columns))


def _caseload(rows: pd.DataFrame, lowered: pd.Series) -> Reassigned | None:
    known = rows.dropna(subset=[CASELOAD])
    try:
        return _reassign(known, [CASELOAD], lowered)
    except DataError:
        return None


def _first_windows(found: Reassigned, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of every team compared, in the first year after each change it is compared for."""
    units = sorted(rows["unit"].unique())
    used = {
        (units[unit], cell.group)
        for cell in found.cells
        if cell.event_time == FIRST
        for unit in (*cell.members, *cell.controls)
    }
    return rows[[pair in used for pair in zip(rows["unit"], rows["month"], strict=True)]]


def _events(windows: pd.DataFrame) -> dict[str, int]:
    """Exits per outcome in these windows."""
    shares = windows[[f"{outcome}_{SPAN}" for outcome in OUTCOMES]].to_numpy() / 100
    exits = windows["weight"].to_numpy() @ shares
    return {outcome: round(number) for outcome, number in zip(OUTCOMES, exits, strict=True)}


def _first_year(fit: ChangeFit, conf_level: float) -> pd.DataFrame:
    return pd.concat(_describe(fit, conf_level), ignore_index=True)


def _describe(fit: ChangeFit, conf_level: float) -> Iterator[pd.DataFrame]:
    tidy = fit.event(FIRST).tidy(conf_level)
    for outcome in OUTCOMES:
        if f"{outcome}_{SPAN}" not in set(tidy["term"]):
            design = replace(CHANGE, status="warning", grade=2)
            yield not_estimable(design, outcome, TERM, conf_level)
            continue
        status, note = judge_change(fit, outcome)
        design = replace(CHANGE, status=status, grade=GRADES[status], note=note)
        row = pick_row(tidy, outcome, SPAN).assign(term=TERM, n_events=fit.n_events[outcome])
        described = describe_estimates(row, design, outcome, conf_level)
        yield described.assign(mde=np.nan) if note == "few_assignments" else described


def pick_row(tidy: pd.DataFrame, outcome: str, months: int) -> pd.DataFrame:
    """The row of one outcome after so many months."""
    return tidy[tidy["term"] == f"{outcome}_{months}"].assign(term=TERM).reset_index(drop=True)

"""Effects by group as protected tables: in each group, between groups, and drawn together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.contact_effect import LAGGED
from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.analysis.group_fits import GroupFits, judge_division
from watwerkt.analysis.group_traits import in_order
from watwerkt.analysis.instruments import INSTRUMENT
from watwerkt.analysis.shock_groups import SECONDARY
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.selection import select_rows
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.group_effects import GroupEffects, LargestDifference
from watwerkt.estimators.multiplicity import adjust_holm
from watwerkt.estimators.power import mde
from watwerkt.estimators.shock_iv import ShockFit

NO_GROUP_EFFECTS = Gap(
    "Nothing can be compared between groups: of no division could two groups be estimated, or what "
    "it takes was not delivered."
)
NONE_OF_THESE = Gap("Of these divisions no two groups could be estimated.")
ALL_ENOUGH = Gap("In every group that was named there were enough people and exits.")
BY = ["division", "level"]
BETWEEN_BY = ["division", "first", "second", "finding"]
OUTCOME = "all"
CONTACT = replace(LAGGED, analysis="P4 by group", is_primary=False)
CASELOAD = replace(SECONDARY, analysis="P1 by target group")
PROVISION = replace(INSTRUMENT, analysis="P10 by group", is_primary=False)
NOBODY = "nobody"
SPREAD = {"log OR": 0.2, "elasticity": 0.3, "pp": 3.0}  # how far groups may well lie apart
DRAWN, DIFFERENCE = "by group, drawn together", "largest difference between groups"


def within(found: GroupFits, design: Design, policy: Policy, conf_level: float) -> Protected | Gap:
    """The effect in every group for the record, each with an interval of its own.

    ``p_adjusted`` is Holm's over all groups of all divisions. A group without an estimate is a row
    without figures.
    """
    rows = [*_within(found, design, conf_level, 0.05), *_few(found, design, conf_level)]
    if not rows:
        return NO_GROUP_EFFECTS
    return protect_estimates(_adjust(in_order(pd.concat(rows))), policy, by=BY)


def shown_within(
    found: GroupFits, design: Design, divisions: Sequence[str], policy: Policy, conf_level: float
) -> Protected | Gap:
    """The same for the page: intervals, and MDEs, that hold for all groups at once (Bonferroni)."""
    if not found.known:
        return NO_GROUP_EFFECTS
    alpha = (1 - conf_level) / found.n_groups
    rows = list(_within(found, design, 1 - alpha, alpha))
    table = in_order(pd.concat(rows, ignore_index=True))
    chosen = table[table["division"].isin(divisions)].reset_index(drop=True)
    if chosen.empty:
        return NONE_OF_THESE
    return protect_estimates(chosen, policy, by=BY)


def between(found: GroupFits, design: Design, policy: Policy, conf_level: float) -> Protected | Gap:
    """Per division the largest difference between two groups, with its verdict.

    The interval holds for all pairs of groups of all divisions at once, the MDE for the pair of
    which most is known. ``p_adjusted`` is Holm's over the divisions.
    """
    asked = replace(design, design=DIFFERENCE, estimand="effect in the first group less the second")
    differences = found.differences(conf_level)
    rows = [
        _difference(name, differences.get(name), found, asked, conf_level)
        for name in found.divisions
    ]
    if not differences:
        return NO_GROUP_EFFECTS
    table = pd.concat(rows, ignore_index=True)
    return protect_estimates(_adjust(table), policy, by=BETWEEN_BY)


def drawn_together(
    found: GroupFits, design: Design, policy: Policy, conf_level: float
) -> Protected | Gap:
    """The partially pooled effect of each group: what to expect of it, not what was seen in it."""
    rows = [
        row for name, one in found.known.items() for row in _drawn(name, one, design, conf_level)
    ]
    if not rows:
        return NO_GROUP_EFFECTS
    return protect_estimates(in_order(pd.concat(rows, ignore_index=True)), policy, by=BY)


def too_few(recorded: Protected | Gap) -> Protected | Gap:
    """The groups of ``within`` that have no estimate, named."""
    if isinstance(recorded, Gap):
        return recorded
    levels = recorded.frame.loc[recorded.frame["estimate"].isna(), "level"]
    if len(levels) == len(recorded.frame):
        return NO_GROUP_EFFECTS
    return select_rows(recorded, level=list(levels)) if len(levels) else ALL_ENOUGH


def _within(
    found: GroupFits, design: Design, conf_level: float, alpha: float
) -> Iterator[pd.DataFrame]:
    for division, effects in found.known.items():
        for level, part in zip(effects.level, effects.part, strict=True):
            subgroup = f"{division}: {level}"
            row = describe_estimates(part.tidy(conf_level), design, OUTCOME, conf_level, subgroup)
            yield row.assign(mde=_mde(part, alpha), term=level, division=division, level=level)


def _few(found: GroupFits, design: Design, conf_level: float) -> Iterator[pd.DataFrame]:
    warned = replace(design, status="warning", grade=1)
    for division, fit in found.divisions.items():
        for level in fit.few:
            row = not_estimable(warned, OUTCOME, level, conf_level)
            yield row.assign(subgroup=f"{division}: {level}", division=division, level=level)


def _mde(part: Estimates, alpha: float) -> float:
    error = part.std_error_at_no_effect if isinstance(part, ShockFit) else float(part.std_error[0])
    return mde(error, alpha=alpha, degrees_of_freedom=part.degrees_of_freedom)


def _adjust(table: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_adjusted``, Holm's over the rows that have a p value."""
    is_test = table["p_value"].notna()
    adjusted = pd.Series(np.nan, table.index)
    if is_test.any():
        adjusted[is_test] = adjust_holm(table.loc[is_test, "p_value"])
    return table.assign(p_adjusted=adjusted)


def _difference(
    division: str, one: LargestDifference | None, found: GroupFits, asked: Design, conf_level: float
) -> pd.DataFrame:
    """The row of one division; without figures where no two groups could be estimated."""
    if one is None:
        row = not_estimable(replace(asked, status="warning", grade=1), OUTCOME, "", conf_level)
        names = {"first": NOBODY, "second": NOBODY}
    else:
        tidy = pd.DataFrame([_figures(one) | _counts(found.known[division])])
        row = describe_estimates(tidy, asked, OUTCOME, conf_level).assign(mde=one.mde)
        names = {"first": one.first, "second": one.second}
    named = {"division": division, "subgroup": division, "term": DIFFERENCE}
    return row.assign(**named, **names, finding=judge_division(one))


def _figures(one: LargestDifference) -> dict[str, float]:
    names = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
    return {name: getattr(one, name) for name in names}


def _counts(effects: GroupEffects) -> dict[str, float]:
    names = ("n_obs", "n_persons", "n_events")
    sums: dict[str, float] = {
        name: sum(getattr(part, name) for part in effects.part) for name in names
    }
    return sums | {"n_clusters": int(effects.degrees_of_freedom) + 1}


def _drawn(
    division: str, effects: GroupEffects, design: Design, conf_level: float
) -> Iterator[pd.DataFrame]:
    asked = replace(design, design=DRAWN)
    shrunken = zip(*effects.shrunken(SPREAD[design.scale]), strict=True)
    for place, (estimate, error) in enumerate(shrunken):
        part = effects.part[place]
        own = Estimates(
            term=(effects.level[place],),
            estimate=np.array([estimate]),
            std_error=np.array([error]),
            degrees_of_freedom=effects.degrees_of_freedom,
            n_obs=part.n_obs,
            n_persons=part.n_persons,
            n_events=part.n_events,
            n_clusters=part.n_clusters,
        )
        subgroup = f"{division}: {effects.level[place]}"
        row = describe_estimates(own.tidy(conf_level), asked, OUTCOME, conf_level, subgroup)
        named = {"division": division, "level": effects.level[place]}
        yield row.assign(**named, p_value=np.nan, mde=np.nan)

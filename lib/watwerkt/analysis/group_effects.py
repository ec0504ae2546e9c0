"""For whom does it work? What one design found in every group, and whether groups differ.

Intervals hold for all groups of a trait together; whether groups differ is asked of all pairs of
all traits at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from watwerkt.analysis.contact_effect import LAGGED
from watwerkt.analysis.destination import ALL
from watwerkt.analysis.evidence import Design, describe_fit
from watwerkt.analysis.groups import Groups
from watwerkt.analysis.shock import describe_shock
from watwerkt.analysis.shock_groups import SECONDARY
from watwerkt.analysis.trial_effect import ITT
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.selection import derive_rows
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.group_differences import (
    draw_together,
    joint_level,
    largest_difference,
)
from watwerkt.estimators.power import mde

CONTACT = replace(LAGGED, analysis="P4 by group", is_primary=False)
DEPARTURES = replace(SECONDARY, analysis="P1 by group")
TRIAL = replace(ITT, analysis="P7 by group", status="indicative", is_primary=False)
KEYS = ["asked_trait", "client_group"]
NO_GROUPS = Gap("No trait was delivered by which clients can be told apart into groups.")
NO_ESTIMATES = Gap("In none of these groups could an effect be estimated.")
VERDICT_LABELS = {
    "differs": (
        "The effect differs most between {first} and {second}: the interval of that difference "
        "leaves out nought, with all comparisons taken together. It is an indication, since the "
        "comparison was not made for it."
    ),
    "open": (
        "No difference between groups is larger than chance could make it, with all comparisons "
        "taken together. That does not show that it works as well for everybody: differences "
        "smaller than those in the last column would not have been seen."
    ),
}


@dataclass(frozen=True, slots=True)
class GroupFits:
    """One design within every group; rows of ``within`` and ``between`` have figures to protect.

    Attributes
    ----------
    within : a row per trait and level: the estimate with an interval that holds for all levels of
        the trait together, and the MDE at that level.
    between : a row per trait: its largest difference, with an interval that holds for all pairs.
    """

    within: pd.DataFrame
    between: pd.DataFrame


def within(found: GroupFits | Gap, policy: Policy) -> Protected | Gap:
    """The estimate in every group (``client_group``); ``pooled`` is drawn to its trait's mean."""
    if isinstance(found, Gap):
        return found
    shown = protect_estimates(found.within, policy, by=KEYS)
    frame = shown.frame
    traits = frame.groupby("asked_trait", sort=False)
    return derive_rows(frame.assign(pooled=pd.concat([_pool(part) for _, part in traits])), shown)


def estimated(shown: Protected | Gap) -> Protected | Gap:
    """The groups with an interval, to draw: without one a number would be read as if it had one."""
    if isinstance(shown, Gap):
        return shown
    rows = shown.frame[shown.frame["conf_low"].notna() & shown.frame["conf_high"].notna()]
    return NO_ESTIMATES if rows.empty else derive_rows(rows.reset_index(drop=True), shown)


def between(found: GroupFits | Gap, policy: Policy) -> Protected | Gap:
    """The largest difference between two groups of each trait (``first``, ``second``)."""
    if isinstance(found, Gap):
        return found
    if found.between.empty:
        return NO_ESTIMATES
    return protect_estimates(found.between, policy, by=["asked_trait", "first", "second"])


def verdict_sentence(shown: Protected | Gap) -> str:
    """What the differences come to (message id), by their intervals."""
    row = widest_row(shown)
    return VERDICT_LABELS["open" if row is None or not _differs(row) else "differs"]


def widest(shown: Protected | Gap) -> int:
    """Place of the difference that is largest for its error."""
    if isinstance(shown, Gap):
        return 0
    ratio = (shown.frame["estimate"] / shown.frame["std_error"]).abs()
    return int(ratio.argmax()) if ratio.notna().any() else 0


def widest_row(shown: Protected | Gap) -> pd.Series | None:
    """The row at that place."""
    return None if isinstance(shown, Gap) else shown.frame.iloc[widest(shown)]


def _differs(row: pd.Series) -> bool:
    return bool(row["conf_low"] > 0 or row["conf_high"] < 0)


def gather_fits(
    fits: dict[tuple[str, str], Estimates | None],
    groups: Groups,
    design: Design,
    term: str,
    conf_level: float,
) -> GroupFits | Gap:
    """Rows of one design in every group; ``fits`` by trait and level, None where there is none."""
    if not fits:
        return NO_GROUPS
    if all(fit is None for fit in fits.values()):
        return NO_ESTIMATES
    rows = [
        _describe(fits[trait, level], design, term, joint_level(conf_level, len(levels))).assign(
            asked_trait=trait, client_group=f"{trait}.{level}", subgroup=f"{trait}: {level}"
        )
        for trait, levels in groups.levels.items()
        for level in levels
    ]
    table = pd.concat(rows, ignore_index=True)
    return GroupFits(table, _differences(table, design, term, conf_level))


def _describe(fit: Estimates | None, design: Design, term: str, level: float) -> pd.DataFrame:
    if design is DEPARTURES:
        return describe_shock(fit, design, ALL, term, level)  # type: ignore[arg-type]
    row = describe_fit(fit, design, ALL, term, level)
    if fit is None:
        return row
    return row.assign(mde=mde(float(fit.std_error[0]), alpha=1 - level))


def _pool(rows: pd.DataFrame) -> pd.Series:
    """Estimates drawn to the mean of their trait; missing where fewer than two are known."""
    known = rows["estimate"].notna() & (rows["std_error"] > 0)
    pooled = pd.Series(np.nan, index=rows.index)
    if known.sum() > 1:
        figures = rows.loc[known, ["estimate", "std_error"]].to_numpy(float)
        pooled[known] = draw_together(figures[:, 0], figures[:, 1])
    return pooled


def _differences(table: pd.DataFrame, design: Design, term: str, conf_level: float) -> pd.DataFrame:
    known = table[table["estimate"].notna() & (table["std_error"] > 0)]
    parts = {
        trait: part for trait, part in known.groupby("asked_trait", sort=False) if len(part) > 1
    }
    n_pairs = sum(len(list(combinations(range(len(part)), 2))) for part in parts.values())
    rows = [
        _difference(part, str(trait), design, term, conf_level, n_pairs)
        for trait, part in parts.items()
    ]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _difference(
    part: pd.DataFrame, trait: str, design: Design, term: str, conf_level: float, n_pairs: int
) -> pd.DataFrame:
    figures = part[["estimate", "std_error"]].to_numpy(float)
    found = largest_difference(figures[:, 0], figures[:, 1], conf_level, n_pairs)
    pair = part.iloc[[found.first, found.second]]
    alpha = 1 - joint_level(conf_level, n_pairs)
    counts = pair[["n_obs", "n_persons", "n_events", "n_clusters"]].min()
    row = pd.DataFrame([counts]).assign(
        estimate=found.estimate,
        std_error=found.std_error,
        conf_low=found.low,
        conf_high=found.high,
        p_value=found.p_value,
        p_adjusted=found.p_adjusted,
        mde=mde(found.smallest_error, alpha=alpha),
        term=term,
    )
    facts = part.iloc[0][["design", "outcome", "horizon_months", "scale", "grade", "note"]]
    return row.assign(
        **{str(name): value for name, value in facts.items()},
        analysis=f"{design.analysis}, differences",
        estimand="effect in the first group less that in the second",
        conf_level=conf_level,
        status="indicative",
        is_primary=False,
        subgroup=trait,
        asked_trait=trait,
        first=pair["client_group"].iloc[0],
        second=pair["client_group"].iloc[1],
    )


def names_widest(
    shown: Protected | Gap, words: Callable[[str, Sequence[str]], str]
) -> dict[str, str]:
    """What the two groups of that difference are called, for the sentence, by ``words``."""
    row = widest_row(shown)
    if row is None:
        return {}
    return {place: words(place, [row[place]]) for place in ("first", "second")}

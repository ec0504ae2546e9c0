"""One page for the council: the released estimates, sorted by how they may be read."""

import pandas as pd

from watwerkt.analysis.destination import GROUPS
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.selection import select_rows

OUTCOMES = ["all", *GROUPS]
READABLE = ["evidence", "indicative"]
NO_EVIDENCE = Gap("No estimate of this report may be read as evidence or as an indication.")
NO_WARNING = Gap("No estimate of this report is shown as a warning.")
CONTACT_LABELS = {
    "higher": (
        "After personal contact two to four months ago, the odds of leaving benefit were "
        "{estimate:exp.2} times as high as without ({conf_low:exp.2} to {conf_high:exp.2}). "
        "That is an indication, not proof."
    ),
    "lower": (
        "After personal contact two to four months ago, the odds of leaving benefit were lower: "
        "{estimate:exp.2} times those without ({conf_low:exp.2} to {conf_high:exp.2}). "
        "That is an indication, not proof."
    ),
    "open": (
        "Whether people leave sooner after personal contact cannot be told from these data: the "
        "odds were {estimate:exp.2} times those without, but anything from {conf_low:exp.2} to "
        "{conf_high:exp.2} fits. Odds {mde:exp.2} times as high would mostly have been noticed."
    ),
    "missing": (
        "Whether people leave sooner after personal contact cannot be estimated from this delivery."
    ),
}


def readable(estimates: Protected, scale: str) -> Protected | Gap:
    """The primary estimates on one ``scale`` that may be read as evidence or as an indication."""
    rows = select_rows(estimates, status=READABLE, is_primary=True, outcome=OUTCOMES, scale=scale)
    return NO_EVIDENCE if rows.frame.empty else rows


def misleading(estimates: Protected, scale: str) -> Protected | Gap:
    """The published mistakes on one ``scale`` that chapters show as warnings."""
    rows = select_rows(estimates, design="naive", status="warning", scale=scale)
    return NO_WARNING if rows.frame.empty else rows


def contact_row(estimates: Protected) -> Protected | None:
    """The one row of P4, all exits; None where it was not estimated."""
    rows = select_rows(estimates, analysis="P4", outcome="all", scale="log OR")
    return None if rows.frame["estimate"].isna().all() else rows


def contact_sentence(estimates: Protected) -> str:
    """The sentence (message id) that the interval of P4 allows; never one from a p-value."""
    row = contact_row(estimates)
    return CONTACT_LABELS["missing" if row is None else _direction(row.frame)]


def _direction(row: pd.DataFrame) -> str:
    if row["conf_low"].iloc[0] > 0:
        return "higher"
    return "lower" if row["conf_high"].iloc[0] < 0 else "open"

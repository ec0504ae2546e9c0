"""One page for the council: what stands beside its findings, from the released estimates."""

from watwerkt.analysis.published import beside_published
from watwerkt.disclosure import Gap, Policy, Protected
from watwerkt.disclosure.selection import select_rows

NO_WARNING = Gap("No estimate of this report is shown as a warning.")
NO_RETURNS = Gap("How many of those who left come back, cannot be told from these data.")


def misleading(estimates: Protected, scale: str) -> Protected | Gap:
    """The published mistakes on one ``scale`` that chapters show as warnings."""
    rows = select_rows(estimates, design="naive", status="warning", scale=scale)
    return NO_WARNING if rows.frame.empty else rows


def returned(estimates: Protected) -> Protected | Gap:
    """The one row of P9: which share of those who left came back within a year."""
    rows = select_rows(
        estimates, analysis="P9", outcome="return", term="all", horizon_months=12, is_primary=True
    )
    return NO_RETURNS if rows.frame["estimate"].isna().all() else rows


def elsewhere(estimates: Protected, policy: Policy, conf_level: float) -> Protected | Gap:
    """The elasticity after colleagues left beside the published ones, with the weight of each."""
    own = select_rows(estimates, analysis="P1", is_primary=True)
    return beside_published(own, policy, conf_level)

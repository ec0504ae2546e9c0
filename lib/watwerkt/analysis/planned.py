"""What an analysis plan holds: the primary estimates, what they could detect, and what would pay.

Made before outcomes are read. Where a design can be run on a blinded panel, the smallest effect
is what it states there; of a trial and of provisions it follows from the numbers of people.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from watwerkt.analysis import contact_effect, contact_trials, shock, target_change
from watwerkt.analysis.blind import Outflow, blind_panel
from watwerkt.analysis.contact_months import build_months
from watwerkt.analysis.costs import name_pair, read_pairs
from watwerkt.analysis.margins import break_even_elasticities
from watwerkt.analysis.planned_trials import trial_mdes
from watwerkt.disclosure import Policy, Protected
from watwerkt.estimators.cost_benefit import break_even_days, client_year_cost
from watwerkt.panel.prepared import Prepared
from watwerkt.params import ReportParams
from watwerkt.plan import PlannedEstimate, PlannedMargin
from watwerkt.prices import Prices

SEED = 0
DIGITS = 3
SIMULATED, DESCRIBED, NO_RATE, NONE = "simulated", "description", "no_rate", "not_possible"
DRAWN = {"all", "work"}  # outcomes that a blinded panel has
BY_SIMULATION = {"P1", "P2", "P4", "P5"}
Key = tuple[str, str, int]  # analysis, outcome, horizon in months


def plan_estimates(
    prepared: Prepared, params: ReportParams, policy: Policy
) -> list[PlannedEstimate]:
    """Every primary estimate with its MDE, in the order of ``plan.yaml``."""
    found = simulated_mdes(prepared, policy, params.conf_level)
    found |= trial_mdes(prepared, params.control_arm, read_outflow(), policy.threshold)
    return [
        PlannedEstimate(mde=_rounded(found.get(key)), basis=_basis(key, found), **named)
        for key, named in _primaries()
    ]


def plan_margins(prices: Prices, pairs_text: str) -> list[PlannedMargin]:
    """Per pair of caseloads the cost a client-year, and what pays for it at assumed outflow."""
    pairs = read_pairs(pairs_text)
    share = 1 - (1 - read_outflow().month_share) ** 12
    elasticities = break_even_elasticities(prices, pairs, share)
    costs = {pair: client_year_cost(prices.caseworker_fte.value, *pair).item() for pair in pairs}
    return [
        PlannedMargin(
            pair=name_pair(pair),
            cost_eur=round(costs[pair], 2),
            days=round(break_even_days(costs[pair], prices.benefit.value).item(), 1),
            elasticity=_rounded(elasticities[pair]),
        )
        for pair in pairs
    ]


def simulated_mdes(prepared: Prepared, policy: Policy, conf_level: float) -> dict[Key, float]:
    """What each design could detect on a blinded panel; nothing where it states no MDE there.

    Only released figures are read, so too few people give no MDE here either.
    """
    panel = blind_panel(prepared.panel, read_outflow(), np.random.default_rng(SEED))
    fits, _ = shock.fit_shocks(panel)
    changes = target_change.fit_changes(panel, prepared.table("policies"))
    months = build_months(panel, prepared.table("contacts"))
    contacts = contact_effect.fit_outcomes(months, sorted(DRAWN))
    stated = [
        shock.elasticities(fits, policy, conf_level),
        target_change.effects(changes, policy, conf_level),
        contact_effect.odds_ratios(contacts, policy, conf_level),
        contact_trials.risk_differences(contact_trials.fit_trials(panel), policy, conf_level),
    ]
    rows = pd.concat([shown.frame for shown in stated if isinstance(shown, Protected)])
    rows = rows[rows["outcome"].isin(DRAWN) & rows["mde"].notna()]
    keys = zip(rows["analysis"], rows["outcome"], rows["horizon_months"].astype(int), strict=True)
    return dict(zip(keys, rows["mde"].astype(float), strict=True))


def read_outflow() -> Outflow:
    """What is assumed of outflow, from published national figures."""
    assumed = _contents()["assumed"]
    month = 1 - (1 - assumed["outflow_quarter_share"]) ** (1 / 3)
    return Outflow(month_share=month, work_share=assumed["work_share"])


def assumptions() -> dict[str, float | str]:
    """The assumed figures with their sources."""
    return dict(_contents()["assumed"])


def primary_keys() -> set[Key]:
    """The primary estimates that a report may have."""
    return {key for key, _ in _primaries()}


def _primaries() -> Iterator[tuple[Key, dict[str, Any]]]:
    for group in _contents()["primaries"]:
        for outcome in group["outcomes"]:
            for horizon in group["horizons"]:
                named = {"outcome": outcome, "horizon_months": horizon}
                named |= {k: group[k] for k in ("analysis", "chapter", "scale")}
                yield (group["analysis"], outcome, horizon), named


def _basis(key: Key, found: Mapping[Key, float]) -> str:
    """How the MDE was found, or why there is none."""
    analysis, outcome, _ = key
    if analysis == "P9":
        return DESCRIBED
    if analysis in BY_SIMULATION:
        if outcome not in DRAWN:
            return NO_RATE
        return SIMULATED if key in found else NONE
    if analysis == "P6" or outcome == "work_12h":
        return NO_RATE
    return "formula" if key in found else NONE


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else float(f"{value:.{DIGITS}g}")


@cache
def _contents() -> dict[str, Any]:
    text = (files("watwerkt.analysis") / "plan.yaml").read_text(encoding="utf-8")
    contents: dict[str, Any] = yaml.safe_load(text)
    return contents

"""Teams that change one after the other: planned, promised, and put in words."""

from typing import Any

from watwerkt.analysis.wedge_plan import (
    GOAL,
    WedgePlan,
    can_answer,
    plan_wedge,
    wedge_lists,
    wedge_summary,
)
from watwerkt.publish.design_page import TITLE_LABEL
from watwerkt.publish.wedge_page import WedgeShown, wedge_sections
from watwerkt.runtime.design import STEPPED_WEDGE, Context, Written

FEWER_DRAWS = 10  # times: a plan of teams takes many sizes
FIGURES = ("n_teams", "chance", "n_needed", "vienna_chance", "vienna_needed", "hazard_factor")
COST = {"low": "low", "likeliest": "eur", "high": "high"}
ANALYSIS = {
    "chapter": "03_caseload_outflow",
    "estimand": "exits within 12 months of a smaller target caseload, clients of the team then",
    "estimator": "group-time effects, tested by giving the changes to other teams",
    "primary_outcome": "all",
    "horizon_months": 12,
}


def plan_a_wedge(context: Context) -> Written:
    """Plan the order of teams and simulate what it can find; no list where it cannot answer."""
    asked = context.asked
    plan = plan_wedge(context.prepared, context.start, context.effect_days, asked.seed)
    n_draws = max(asked.n_draws // FEWER_DRAWS, 10)
    summary = wedge_summary(plan, context.prices, context.pair, context.policy, n_draws)
    is_sound = bool(summary.frame["chance"].iloc[0] >= GOAL)
    verdict = "none" if not can_answer(plan) else "sound" if is_sound else "weak"
    shown = WedgeShown(summary, plan.drawn, plan.seed, verdict, n_draws)
    return Written(
        title=TITLE_LABEL,
        sections=wedge_sections(context.page, shown),
        facts=_facts(plan, shown, context),
        lists=wedge_lists(plan, context.pair) if verdict != "none" else {},
    )


def _facts(plan: WedgePlan, shown: WedgeShown, context: Context) -> dict[str, Any]:
    row = {str(k): v for k, v in shown.summary.frame.iloc[0].items()}
    return {
        "schema_version": 1,
        "municipality_id": context.params.municipality_id,
        "synthetic": context.policy.is_synthetic,
        "kind": STEPPED_WEDGE,
        "unit": "team",
        "mechanism": "order within role",
        "verdict": shown.verdict,
        "seed": plan.seed,
        "assigned_date": plan.drawn.isoformat(),
        "caseloads": {"usual": context.pair[0], "smaller": context.pair[1]},
        "effect": {"benefit_days": -plan.effect_days},
        "n_draws": shown.n_draws,
        **{name: None if row[name] != row[name] else float(row[name]) for name in FIGURES},
        "cost_eur": {name: float(row[f"cost_{end}"]) for name, end in COST.items()},
        "extra_fte": float(row["extra_fte"]),
        "analysis": ANALYSIS | {"conf_level": context.params.conf_level},
        "policy_version": context.policy.version,
        "delivery_sha256": context.prepared.about["fingerprint"],
    }

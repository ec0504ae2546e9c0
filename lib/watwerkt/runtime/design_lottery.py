"""A lottery for intensive guidance: planned, promised, and put in words."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from watwerkt.analysis.trial_plan import INTENSIVE, LotteryPlan, Wanted, draw_list, plan_lottery
from watwerkt.analysis.trial_promise import (
    SPARSE,
    contacts_now,
    find_size,
    find_verdict,
    power_curve,
    promise_power,
    strata_table,
    summary_row,
)
from watwerkt.publish.design_page import TITLE_LABEL, LotteryShown, lottery_sections
from watwerkt.runtime.design import LOTTERY, Context, Written

ANALYSIS = {
    "chapter": "07_experiments",
    "estimand": "intention to treat",
    "estimator": "difference within strata, weighted by one over the probability, HC2",
    "primary_outcome": "benefit_days",
    "secondary_outcome": "all",
    "horizon_months": 12,
}


def plan_a_lottery(context: Context) -> Written:
    """Plan a lottery and simulate what it can find."""
    asked = context.asked
    wanted = Wanted(
        assigned_date=context.start,
        effect_days=context.effect_days,
        control_arm=context.params.control_arm,
        probability=asked.probability,
        n_clients=asked.n_clients,
        share=asked.share,
        seed=asked.seed,
    )
    plan = plan_lottery(context.prepared, wanted, context.policy)
    if asked.n_clients is None and asked.share is None:
        enough = find_size(plan, context.params.conf_level)
        wanted = replace(wanted, n_clients=enough)
        plan = plan_lottery(context.prepared, wanted, context.policy)
    shown = _show(plan, context)
    return Written(
        title=TITLE_LABEL,
        sections=lottery_sections(context.page, shown),
        facts=_facts(plan, shown, context),
        lists={"trials.csv": draw_list(plan)},
    )


def _show(plan: LotteryPlan, context: Context) -> LotteryShown:
    policy, n_draws = context.policy, context.asked.n_draws
    promise = promise_power(plan, n_draws, context.params.conf_level)
    summary = summary_row(plan, promise, context.prices, context.pair, policy)
    first, row = plan.wanted.assigned_date, summary.frame.iloc[0]
    return LotteryShown(
        summary=summary,
        strata=strata_table(plan, policy),
        curve=power_curve(plan, promise, policy),
        contacts=contacts_now(plan, policy),
        first_day=first,
        last_day=date(first.year + 1, first.month, 1) - timedelta(days=1),
        seed=plan.wanted.seed,
        trial_id=plan.trial_id,
        conf_level=context.params.conf_level,
        verdict=find_verdict(summary),
        vienna_needs_several=bool(row["vienna_municipalities"] > 1),
        has_strata=plan.lottery.mechanism.has_strata,
        n_draws=n_draws // SPARSE,
    )


def _facts(plan: LotteryPlan, shown: LotteryShown, context: Context) -> dict[str, Any]:
    """What ``design.yaml`` holds: parameters, and figures that went through ``disclosure``."""
    wanted, usual = plan.wanted, plan.wanted.control_arm
    sizes = shown.strata.frame.astype({"n_persons": object}).itertuples(index=False)
    return {
        "schema_version": 1,
        "municipality_id": context.params.municipality_id,
        "synthetic": context.policy.is_synthetic,
        "kind": LOTTERY,
        "trial_id": plan.trial_id,
        "unit": "person",
        "mechanism": "complete within strata" if shown.has_strata else "complete",
        "seed": wanted.seed,
        "assigned_date": wanted.assigned_date.isoformat(),
        "horizon_months": 12,
        "arms": {usual: 1 - wanted.probability, INTENSIVE: wanted.probability},
        "participants": {str(name): int(n) for name, n in sizes},
        "caseloads": dict(zip((usual, INTENSIVE), context.pair, strict=True)),
        **_promised(plan, shown),
        "analysis": ANALYSIS | {"conf_level": context.params.conf_level},
        "policy_version": context.policy.version,
        "delivery_sha256": context.prepared.about["fingerprint"],
    }


def _promised(plan: LotteryPlan, shown: LotteryShown) -> dict[str, Any]:
    """Effect, power and cost; a saving of days is a negative difference, as chapter 07 has it."""
    row = {str(k): v for k, v in shown.summary.frame.iloc[0].items()}
    picked = {
        "effect": {"exits_pp": "effect_exits", "hazard_ratio": "hazard_factor"},
        "power": {
            "benefit_days": "chance_days",
            "exits": "chance_exits",
            "monte_carlo_error": "chance_error",
        },
        "mde_80": {"benefit_days": "mde_days", "exits_pp": "mde_exits"},
        "cost_eur": {"low": "cost_low", "likeliest": "cost_eur", "high": "cost_high"},
    }
    facts: dict[str, Any] = {
        part: {name: float(row[column]) for name, column in columns.items()}
        for part, columns in picked.items()
    }
    facts["effect"] = {"benefit_days": -plan.wanted.effect_days, **facts["effect"]}
    facts["power"]["n_draws"] = shown.n_draws * SPARSE
    return facts | {
        "extra_fte": float(row["extra_fte"]),
        "participants_needed": round(float(row["n_needed"])),
        "municipalities_needed": int(row["n_municipalities"]),
    }

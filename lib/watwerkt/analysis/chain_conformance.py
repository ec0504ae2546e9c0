"""Policy on paper against practice: were the required steps taken, in order, and in time?

A step is due so many days after the required step before it; where that one was passed over, the
limits add up. A journey is judged once all its limits could have passed, whatever became of it:
judging it sooner would find those that were quick to break a rule. Whoever left before a step was
due broke nothing, and kept nothing either.
"""

from datetime import date

import pandas as pd
import polars as pl

from watwerkt.analysis.chain import find_chain
from watwerkt.chain_policy import AFTERCARE, ChainPolicy
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_shares
from watwerkt.disclosure.gap import TOO_FEW
from watwerkt.disclosure.selection import select_rows

KEPT, LEFT, YOUNG = "kept", "left", "young"
BREACHES = ("late", "waiting", "skipped", "order")  # as a rule can be broken
VERDICTS = ("conform", "broken", "left", "young", "no_benefit")
BREACH_LABELS = {
    "late": "The rule broken most often: “{step}” was too late in {n_journeys} journeys.",
    "waiting": "The rule broken most often: “{step}” was overdue in {n_journeys} journeys.",
    "skipped": "The rule broken most often: “{step}” was passed over in {n_journeys} journeys.",
    "order": "The rule broken most often: “{step}” was out of order in {n_journeys} journeys.",
}
NO_CHAIN_POLICY = Gap("No policy on paper was given to compare the chain with.")
ALL_YOUNG = Gap("All journeys are too young to be judged by the policy.")


def judge_journeys(journeys: pl.DataFrame, chain: ChainPolicy, until: date) -> pl.DataFrame:
    """Add what became of each required step (``rule_<step>``), and ``judgement`` of the whole.

    A step is kept, late, waiting (overdue, client still there), skipped (a later one was taken),
    out of order, left (before it was due), young, or missing where it is not asked: of an
    application that led to no benefit, and aftercare without placement. Aftercare is no part of
    the judgement: few have come that far.
    """
    steps = chain.steps
    rules = {f"rule_{step}": _rule(step, steps, until) for step in steps}
    if chain.aftercare_days is not None:
        rules[f"rule_{AFTERCARE}"] = _aftercare_rule(chain.aftercare_days, until)
    judged = journeys.with_columns(**rules)
    own = [pl.col(f"rule_{step}") for step in steps]
    is_broken = pl.any_horizontal(rule.is_in(BREACHES) for rule in own)
    is_young = pl.col("opened_date") + pl.duration(days=sum(steps.values())) > until
    verdict = (
        pl.when(~pl.col("is_benefit"))
        .then(pl.lit("no_benefit"))
        .when(is_young)
        .then(pl.lit("young"))
        .when(is_broken)
        .then(pl.lit("broken"))
        .when(pl.any_horizontal(rule == LEFT for rule in own))
        .then(pl.lit("left"))
        .otherwise(pl.lit("conform"))
    )
    return judged.with_columns(judgement=verdict)


def verdicts(
    journeys: pl.DataFrame | None, chain: ChainPolicy | None, until: date, policy: Policy
) -> Protected | Gap:
    """Journeys by verdict, the ones too young to judge among them, with their total."""
    judged = _judged(journeys, chain, until, policy)
    if isinstance(judged, Gap):
        return judged
    counts = judged.group_by("judgement").agg(n_journeys=pl.len())
    every = pl.DataFrame({"judgement": VERDICTS}).join(counts, on="judgement", how="left")
    table = every.fill_null(0).to_pandas()
    table = table.astype({"judgement": pd.CategoricalDtype(list(VERDICTS), ordered=True)})
    return protect_counts(table, ["n_journeys"], policy, by=["judgement"], totals=["judgement"])


def conformance(
    journeys: pl.DataFrame | None,
    chain: ChainPolicy | None,
    until: date,
    policy: Policy,
    n_caseworkers: pl.DataFrame | None = None,
) -> Protected | Gap:
    """Share of judged journeys that kept every rule, per year of opening.

    With ``n_caseworkers`` (``team_id, n_caseworkers``): per team instead.
    """
    judged = _judged(journeys, chain, until, policy)
    if isinstance(judged, Gap):
        return judged
    judged = judged.filter(pl.col("judgement").is_in(["conform", "broken"]))
    key = pl.col("opened_date").dt.year().alias("year")
    by = "year" if n_caseworkers is None else "team_id"
    table = (
        judged.group_by(key if n_caseworkers is None else pl.col("team_id"))
        .agg(n_judged=pl.len(), n_conform=(pl.col("judgement") == "conform").sum())
        .drop_nulls(by)
    )
    if n_caseworkers is not None:
        table = table.join(n_caseworkers, on="team_id")
    if table.is_empty():
        return ALL_YOUNG if judged.is_empty() else TOO_FEW
    shares = {"share_conform": ("n_conform", "n_judged")}
    behind = None if n_caseworkers is None else "n_caseworkers"
    return protect_shares(table.sort(by).to_pandas(), shares, policy, by=[by], n_caseworkers=behind)


def rules_kept(
    journeys: pl.DataFrame | None, chain: ChainPolicy | None, until: date, policy: Policy
) -> Protected | Gap:
    """Per required step: for how many it was due, and how many took it in order and in time."""
    long = _rules(journeys, chain, until, policy)
    if isinstance(long, Gap):
        return long
    table = long.group_by("chain_step").agg(n_due=pl.len(), n_kept=(pl.col("rule") == KEPT).sum())
    if table.is_empty():
        return ALL_YOUNG
    return protect_shares(
        _ordered(table), {"share_kept": ("n_kept", "n_due")}, policy, by=["chain_step"]
    )


def breaches(
    journeys: pl.DataFrame | None, chain: ChainPolicy | None, until: date, policy: Policy
) -> Protected | Gap:
    """Journeys that broke a rule, per required step and the way in which it was broken."""
    long = _rules(journeys, chain, until, policy)
    if isinstance(long, Gap):
        return long
    table = (
        long.filter(pl.col("rule") != KEPT)
        .group_by("chain_step", breach="rule")
        .agg(n_journeys=pl.len())
    )
    if table.is_empty():
        return ALL_YOUNG if long.is_empty() else TOO_FEW
    order = pd.CategoricalDtype(list(BREACHES), ordered=True)
    return protect_counts(
        _ordered(table).astype({"breach": order}),
        ["n_journeys"],
        policy,
        by=["chain_step", "breach"],
    )


def breach_label(row: Protected | Gap) -> str:
    """The sentence for the row of the rule that was broken most."""
    return BREACH_LABELS["late" if isinstance(row, Gap) else str(row.frame["breach"].iloc[0])]


def most_broken(found: Protected | Gap) -> Protected | Gap:
    """The row of the rule that was broken most often; a gap where none may be shown."""
    if isinstance(found, Gap):
        return found
    rows = found.frame.dropna(subset=["n_journeys"]).astype({"n_journeys": float})
    if rows.empty:
        return TOO_FEW
    first = rows.sort_values("n_journeys", ascending=False, kind="stable").iloc[0]
    row = select_rows(found, chain_step=first["chain_step"])
    return select_rows(row, breach=first["breach"])


def _judged(
    journeys: pl.DataFrame | None, chain: ChainPolicy | None, until: date, policy: Policy
) -> pl.DataFrame | Gap:
    found = find_chain(journeys, policy.threshold)
    if isinstance(found, Gap):
        return found
    return NO_CHAIN_POLICY if chain is None else judge_journeys(found, chain, until)


def _rules(
    journeys: pl.DataFrame | None, chain: ChainPolicy | None, until: date, policy: Policy
) -> pl.DataFrame | Gap:
    """One row per journey and required step that was due: ``chain_step, rule``."""
    judged = _judged(journeys, chain, until, policy)
    if isinstance(judged, Gap):
        return judged
    names = [name for name in judged.columns if name.startswith("rule_")]
    long = judged.select(names).unpivot(variable_name="chain_step", value_name="rule")
    return long.with_columns(pl.col("chain_step").str.strip_prefix("rule_")).filter(
        pl.col("rule").is_in([KEPT, *BREACHES])
    )


def _rule(step: str, steps: dict[str, int], until: date) -> pl.Expr:
    """What became of one required step, before the client left or was last seen."""
    names = list(steps)
    place = names.index(step)
    own, due = pl.col(step), _due(place, steps)
    is_old = pl.col("opened_date") + pl.duration(days=_limit(steps, 1, place)) <= until
    is_before = pl.any_horizontal(pl.lit(False), *(own < pl.col(name) for name in names[:place]))
    is_passed = pl.any_horizontal(
        pl.lit(place == 0), *(pl.col(name).is_not_null() for name in names[place + 1 :])
    )
    taken = (
        pl.when(is_before.fill_null(False)).then(pl.lit("order"))
        .when((own > due) & (place > 0)).then(pl.lit("late"))
        .otherwise(pl.lit(KEPT))
    )  # fmt: skip
    return (
        pl.when(~pl.col("is_benefit")).then(None)
        .when(~is_old).then(pl.lit(YOUNG))
        .when(own.is_not_null()).then(taken)
        .when(is_passed).then(pl.lit("skipped"))
        .when(due < pl.col("end_date")).then(pl.lit("waiting"))
        .when(pl.col("is_left")).then(pl.lit(LEFT))
        .otherwise(pl.lit(YOUNG))
    )  # fmt: skip


def _due(place: int, steps: dict[str, int]) -> pl.Expr:
    """The last day for a step: counted from the nearest required step before it that was taken."""
    due = pl.col("opened_date") + pl.duration(days=_limit(steps, 1, place))
    for i, name in enumerate([*steps][:place]):
        after = pl.col(name) + pl.duration(days=_limit(steps, i + 1, place))
        due = pl.when(pl.col(name).is_not_null()).then(after).otherwise(due)
    return due


def _limit(steps: dict[str, int], first: int, last: int) -> int:
    """The limits of the steps from ``first`` up to ``last``, in days."""
    return sum([*steps.values()][first : last + 1])


def _aftercare_rule(limit: int, until: date) -> pl.Expr:
    own, due = pl.col(AFTERCARE), pl.col("placement") + pl.duration(days=limit)
    return (
        pl.when(pl.col("placement").is_null()).then(None)
        .when(due > until).then(pl.lit(YOUNG))
        .when(own < pl.col("placement")).then(pl.lit("order"))
        .when(own <= due).then(pl.lit(KEPT))
        .when(own.is_not_null()).then(pl.lit("late"))
        .when(due < pl.col("followed_date")).then(pl.lit("waiting"))
        .otherwise(pl.lit(LEFT))
    )  # fmt: skip


def _ordered(table: pl.DataFrame) -> pd.DataFrame:
    order = ["application", "intake", "diagnosis", "plan", "service", AFTERCARE]
    return table.to_pandas().astype({"chain_step": pd.CategoricalDtype(order, ordered=True)})

"""Whether a report had a plan, whether its data came first, and where it departs from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from watwerkt.analysis.planned import plan_margins
from watwerkt.disclosure import Protected
from watwerkt.plan import Plan
from watwerkt.prices import Prices

PLAN_LABELS = {
    "none": (
        "No analysis plan was registered beforehand. Which figures count is fixed in the program "
        "and the same for every municipality, but nobody can show that the outcomes were not "
        "looked at first."
    ),
    "retrospective": (
        "There is an analysis plan, and it is retrospective: when it was made, all of these data "
        "were there, up to {data_until:date}. Its hash shows that it was not changed since, not "
        "that nobody had looked."
    ),
    "partly": (
        "The analysis plan was made on data up to {data_until:date}. For what came after that it "
        "stood beforehand; for what came before it is retrospective."
    ),
}
DEPARTED_LABELS = {
    "none": "Next year a plan can be there first: `watwerkt plan` makes it.",
    "same": "The report departs from its plan in nothing.",
    "departs": "The report departs from its plan in: {departures}.",
}


@dataclass(frozen=True, slots=True)
class Agreed:
    """What may be said of the plan: two message ids, and what fills them.

    Attributes
    ----------
    data_until : the last day of the data that the plan was made on, or nothing.
    departures : names of settings, prices and primary estimates that are not as planned.
    """

    sentence: str
    departed: str
    data_until: str = ""
    departures: str = ""


def compare_with_plan(
    plan: Plan | None,
    settings: Mapping[str, object],
    prices: Prices,
    estimates: Protected,
    extract_date: str,
) -> Agreed:
    """What the report may say of its plan; ``extract_date`` of its delivery, YYYY-MM-DD."""
    if plan is None:
        return Agreed(PLAN_LABELS["none"], DEPARTED_LABELS["none"])
    came_first = "retrospective" if extract_date <= plan.data_until else "partly"
    departures = ", ".join(find_departures(plan, settings, prices, estimates))
    return Agreed(
        sentence=PLAN_LABELS[came_first],
        departed=DEPARTED_LABELS["departs" if departures else "same"],
        data_until=plan.data_until,
        departures=departures,
    )


def find_departures(
    plan: Plan, settings: Mapping[str, object], prices: Prices, estimates: Protected
) -> list[str]:
    """The names of settings, prices and primary estimates that are not as planned, sorted.

    A setting that the plan does not know is a departure too, and so is a primary estimate of the
    report that the plan does not name.
    """
    named = {*plan.settings, *settings}
    changed = {name for name in named if plan.settings.get(name) != settings.get(name)}
    if plan_margins(prices, str(plan.settings.get("caseload_pairs", ""))) != plan.margins:
        changed.add("prices")
    planned = {(p.analysis, p.outcome, p.horizon_months) for p in plan.primaries}
    rows = estimates.frame[estimates.frame["is_primary"].astype(bool)]
    found = set(zip(rows["analysis"], rows["outcome"], rows["horizon_months"], strict=True))
    return sorted(changed | {f"{analysis} {outcome}" for analysis, outcome, _ in found - planned})

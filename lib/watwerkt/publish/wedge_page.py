"""The page about a smaller caseload for teams one after the other, for a council."""

from dataclasses import dataclass
from datetime import date

from IPython.display import HTML

from watwerkt.disclosure import Protected
from watwerkt.publish.chapter_html import Section
from watwerkt.publish.design_parts import one_section
from watwerkt.publish.page import Page

VERDICT_LABELS = {
    "none": (
        "With {n_teams:.0} teams that can be compared this cannot be answered: whatever comes out "
        "could be chance. So no order has been drawn."
    ),
    "weak": (
        "The chance that such an effect is found here is {chance:%0}. That is not enough to do it "
        "for the answer."
    ),
    "sound": "The chance that such an effect is found here is {chance:%0}. That is enough.",
}
NEEDED_LABELS = {
    "known": "About {n_needed:.0} teams like these would do, of one or more municipalities.",
    "unknown": "Not even the largest number of teams that we tried would do.",
}
VIENNA_LABELS = {
    "known": (
        "Were the effect as large as in a trial in Vienna, the chance would be {vienna_chance:%0}, "
        "and it would take about {vienna_needed:.0} teams like these."
    ),
    "unknown": (
        "Were the effect as large as in a trial in Vienna, the chance would be {vienna_chance:%0}; "
        "not even the largest number of teams that we tried would find it."
    ),
}


@dataclass(frozen=True, slots=True)
class WedgeShown:
    """What the page shows; ``summary`` is one row.

    Attributes
    ----------
    verdict : ``none`` where no test is possible, ``weak`` below 80 %, else ``sound``.
    """

    summary: Protected
    first_day: date
    seed: int
    verdict: str
    n_draws: int


def wedge_sections(page: Page, shown: WedgeShown) -> list[Section]:
    """The section of the page."""
    parts = {
        "question": _question(page, shown),
        "power": _power(page, shown),
        "cost": _cost(page, shown),
        "draw": _draw(page, shown),
        "limits": _limits(page),
    }
    return [one_section(page, parts)]


def _question(page: Page, shown: WedgeShown) -> list[HTML]:
    return [
        page.say(
            "Do more people leave benefit when a team gets a smaller caseload? When all teams "
            "change at once, nobody can tell. When they change one after the other, in an order "
            "by lot, the teams that are not there yet show what would have happened anyway."
        ),
        page.say(
            "{n_teams:.0} teams have another team of the same role beside them. Together they have "
            "{n_persons} clients. A full-time caseworker goes from {caseload_usual:.0} to "
            "{caseload_small:.0} clients. Half of the teams change in the year from "
            "{first_day:date}, the others a year after the last of these.",
            shown.summary,
            at=0,
            first_day=shown.first_day,
        ),
        page.say(VERDICT_LABELS[shown.verdict], shown.summary, at=0),
    ]


def _power(page: Page, shown: WedgeShown) -> list[HTML]:
    row = shown.summary.frame.iloc[0]
    needed = "unknown" if row.isna()["n_needed"] else "known"
    vienna = "unknown" if row.isna()["vienna_needed"] else "known"
    return [
        page.say(
            "The smallest effect worth finding is {effect_days:.0} days on benefit fewer in a "
            "year, on average. For that people have to leave {hazard_factor:.1} times as fast as "
            "now.",
            shown.summary,
            at=0,
        ),
        page.say(NEEDED_LABELS[needed], shown.summary, at=0),
        page.say(VIENNA_LABELS[vienna], shown.summary, at=0),
        page.note(
            "Each chance is of {n_draws} simulated plans, with the size and the outflow of these "
            "teams, analysed as chapter 3 of the report will do. With fewer than ten teams that "
            "chapter speaks of an indication at most.",
            n_draws=page.translator.number(shown.n_draws),
        ),
    ]


def _cost(page: Page, shown: WedgeShown) -> list[HTML]:
    return [
        page.say(
            "When all these teams have changed, it takes {extra_fte:.1} full-time caseworkers "
            "more: {cost_eur:.0} euros a year, or {cost_low:.0} to {cost_high:.0} by what a "
            "caseworker costs with overhead. Chapter 10 of the report has the prices with their "
            "sources.",
            shown.summary,
            at=0,
        ),
    ]


def _draw(page: Page, shown: WedgeShown) -> list[HTML]:
    if shown.verdict == "none":
        return [
            page.say(
                "Plan this together with other municipalities, with one order by lot for all "
                "teams. Or draw lots among people: that answers more with fewer teams."
            )
        ]
    return [
        page.say(
            "The computer draws the order with the number {seed}, within each role. Let that "
            "number be drawn in public, before anybody has seen an order, and draw once.",
            seed=str(shown.seed),
        ),
        page.say(
            "What will be reckoned is fixed now: the share of a team's clients that leave within "
            "a year of the change, against teams of the same role that have not changed yet. "
            "Chapter 3 of the report does that. The order is delivered next year as the policy of "
            "each team."
        ),
    ]


def _limits(page: Page) -> list[HTML]:
    return [
        page.say(
            "Every team gets the smaller caseload in the end; the lot only decides when. Discuss "
            "the plan beforehand with the works council, the participation council and the "
            "privacy officer."
        ),
        page.say(
            "It answers only as far as caseloads really fall. Who leaves or joins a team because "
            "of the change, what other teams lend it, and what happens at the same time in one "
            "team only, it cannot tell apart from the caseload."
        ),
    ]

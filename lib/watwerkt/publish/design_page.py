"""The page about a planned lottery, for a council: sections of protected figures and prose."""

from dataclasses import dataclass
from datetime import date

from IPython.display import HTML

from watwerkt.disclosure import Gap, Protected
from watwerkt.publish.chapter_html import Section
from watwerkt.publish.design_fairness import how_drawn, lottery_limits, what_is_fixed
from watwerkt.publish.design_parts import one_section
from watwerkt.publish.design_words import (
    ALONE_LABEL,
    CURVE_FORMATS,
    CURVE_LABELS,
    STRATUM_LABELS,
    TOGETHER_LABEL,
    VERDICT_LABELS,
)
from watwerkt.publish.figures import plot_lines
from watwerkt.publish.page import Page

TITLE_LABEL = "Plan of a trial: {municipality}"


@dataclass(frozen=True, slots=True)
class LotteryShown:
    """Everything that the page shows; ``summary`` is one row.

    Attributes
    ----------
    first_day, last_day : of the draw, and of the year that people are followed.
    seed : of the draw.
    conf_level : of the interval by which the trial will be judged.
    verdict : ``enough`` where the effect asked for is found with 80 % or more; ``more`` where more
        people of this municipality would do, else ``together``.
    vienna_needs_several : whether an effect as in Vienna takes more than this municipality.
    has_strata : whether lots are drawn within groups.
    n_draws : simulated trials behind each point of the curve.
    """

    summary: Protected
    strata: Protected
    curve: Protected
    contacts: Protected | Gap
    first_day: date
    last_day: date
    seed: int
    trial_id: str
    conf_level: float
    verdict: str
    vienna_needs_several: bool
    has_strata: bool
    n_draws: int


def lottery_sections(page: Page, shown: LotteryShown) -> list[Section]:
    """The sections of the page, in order."""
    parts = {
        "question": _question(page, shown),
        "people": _people(page, shown),
        "power": _power(page, shown),
        "cost": _cost(page, shown),
        "draw": [
            *how_drawn(page, shown.has_strata, shown.seed, shown.trial_id),
            what_is_fixed(page, shown.conf_level),
        ],
        "limits": lottery_limits(page),
    }
    return [one_section(page, parts)]


def _question(page: Page, shown: LotteryShown) -> list[HTML]:
    row = shown.summary
    return [
        page.say(
            "Do people leave benefit sooner when their caseworker has more time for them, and does "
            "that pay for itself? The figures of past years cannot settle it. A lottery can: it "
            "makes two groups that are alike but for chance, so that a difference later on comes "
            "from the guidance."
        ),
        page.say(
            "{n_persons} people take part. A lottery gives {n_drawn:.0} of them intensive "
            "guidance, by caseworkers with {caseload_small:.0} clients instead of "
            "{caseload_usual:.0}. The others keep the usual guidance. Everybody is followed for a "
            "year, from {first_day:date} to {last_day:date}.",
            row,
            at=0,
            first_day=shown.first_day,
            last_day=shown.last_day,
        ),
        page.say(
            "The smallest effect worth finding is {effect_days:.0} days on benefit fewer in that "
            "year, on average for everybody drawn. That comes to about {effect_exits:.0} more "
            "people in a hundred who leave benefit; now {usual_exits:.0} in a hundred do. If the "
            "effect is that large, the trial finds it with a chance of {chance_days:%0}.",
            row,
            at=0,
        ),
        page.say(VERDICT_LABELS[shown.verdict], row, at=0),
        *_price(page, shown),
    ]


def _price(page: Page, shown: LotteryShown) -> list[HTML]:
    return [
        page.say(
            "The extra staff costs about {cost_eur:.0} euros in that year: {extra_fte:.1} "
            "full-time caseworkers.",
            shown.summary,
            at=0,
        ),
    ]


def _people(page: Page, shown: LotteryShown) -> list[HTML]:
    found = [
        page.say(
            "Everybody can be drawn who is on benefit, came on it at least a month ago, and is not "
            "exempt from looking for work. Of partners who share a benefit one takes part. That "
            "is {n_eligible:.0} people, of whom {n_persons} take part.",
            shown.summary,
            at=0,
        ),
        page.table(
            shown.strata,
            title="Participants, by the groups within which lots are drawn",
            columns={"stratum": "group", "n_persons": "people"},
            names={"stratum": STRATUM_LABELS},
        ),
    ]
    if isinstance(shown.contacts, Gap):
        return [*found, page.table(shown.contacts, title="Conversations in the past year")]
    talked = page.say(
        "Now they have {contacts_year:.1} conversations a year on average with their caseworker.",
        shown.contacts,
        at=0,
    )
    return [*found, talked]


def _power(page: Page, shown: LotteryShown) -> list[HTML]:
    n_draws = page.translator.number(shown.n_draws)
    return [
        page.say(
            "We held the lottery {n_draws} times in the computer, each time among people of past "
            "years with what really became of them, let a part of those drawn leave sooner, and "
            "reckoned as chapter 7 of the report will. The figure says how often the effect was "
            "seen: the interval of {conf_level:%0} did not hold nought.",
            n_draws=n_draws,
            conf_level=shown.conf_level,
        ),
        page.figure(
            plot_lines,
            shown.curve,
            title="The larger the effect, the greater the chance that the trial finds it",
            alt="Line with a band: the chance that the trial finds an effect, over its size in "
            "days on benefit fewer.",
            columns=CURVE_LABELS,
            formats=CURVE_FORMATS,
            x="effect_days",
            y="chance_days",
            low="chance_low",
            high="chance_high",
        ),
        page.note(
            "The band is two errors of the simulation on either side. At no effect the line lies "
            "near 5%: so often chance alone would look like an effect."
        ),
        *_found(page, shown),
    ]


def _found(page: Page, shown: LotteryShown) -> list[HTML]:
    return [
        page.say(
            "With a chance of 80% the trial finds {mde_days:.0} days fewer or more. In people who "
            "leave within the year that is {mde_exits:.1} percentage points. Smaller effects can "
            "exist and remain unseen.",
            shown.summary,
            at=0,
        ),
        page.say(
            "In Vienna a trial made caseloads smaller. Were the effect of a caseload here as large "
            "as there, those drawn would have {vienna_days:.1} days on benefit fewer in the year.",
            shown.summary,
            at=0,
        ),
        page.say(
            TOGETHER_LABEL if shown.vienna_needs_several else ALONE_LABEL, shown.summary, at=0
        ),
    ]


def _cost(page: Page, shown: LotteryShown) -> list[HTML]:
    return [
        page.say(
            "Intensive guidance of {n_drawn:.0} people takes {extra_fte:.1} full-time caseworkers "
            "more. They are paid for as long as people are on benefit: {cost_eur:.0} euros in the "
            "year, or {cost_low:.0} to {cost_high:.0} by what a caseworker costs with overhead.",
            shown.summary,
            at=0,
        ),
        page.say(
            "At these prices it pays for itself within the year where everybody drawn has "
            "{break_even_days:.1} days on benefit fewer. What is saved in later years is not in "
            "that figure. Chapter 10 of the report has the prices with their sources.",
            shown.summary,
            at=0,
        ),
        page.say(
            "Not everybody who is drawn will come. If four in five do, each of them has to have "
            "{effect_of_comers:.0} days fewer to reach the effect.",
            shown.summary,
            at=0,
        ),
    ]

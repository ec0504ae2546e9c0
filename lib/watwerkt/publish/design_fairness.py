"""How lots are drawn, what is fixed beforehand, and what a planned lottery does not answer."""

from IPython.display import HTML

from watwerkt.publish.page import Page


def how_drawn(page: Page, has_strata: bool, seed: int, trial_id: str) -> list[HTML]:
    """The mechanism, the number it is drawn with, and where the list goes."""
    return [
        page.say(
            "Lots are drawn within each group, so that both arms have as many of each. Everybody "
            "has the same chance."
            if has_strata
            else "Everybody has the same chance."
        ),
        page.say(
            "The computer draws with the number {seed}. Whoever has the same data and this number "
            "gets the same list. Let that number be drawn in public, before anybody has seen a "
            "list, and draw once.",
            seed=str(seed),
        ),
        page.say(
            "The list itself holds persons and is not on this page. Next year it is delivered "
            "unchanged as the table of trials, under the name {trial_id}, with for everybody "
            "whether he or she took part.",
            trial_id=trial_id,
        ),
    ]


def what_is_fixed(page: Page, conf_level: float) -> HTML:
    """The planned analysis, in words."""
    return page.say(
        "What will be reckoned is fixed now. First question: days on benefit in the year after "
        "the draw, of everybody drawn against everybody not drawn, whoever came, with an "
        "interval of {conf_level:%0}. Second: people who left benefit within the year. "
        "Chapter 7 of the report does both and sets the days against what pays for itself. A "
        "look at results halfway does not count.",
        conf_level=conf_level,
    )


def lottery_limits(page: Page) -> list[HTML]:
    """Fairness, law, and what remains unknown."""
    return [
        page.say(
            "There is not enough room in intensive guidance for everybody. A lottery is then a "
            "fair way to divide places: nobody's chance hangs on who he or she knows. Nobody gets "
            "less than now, as long as the staff is really extra."
        ),
        page.say(
            "Discuss the plan beforehand with the participation council, the privacy officer and "
            "a lawyer. This lottery divides guidance that a municipality may give already. Article "
            "83 of the Participatiewet is about experiments that depart from the law; let the "
            "lawyer confirm that this is none."
        ),
        page.say(
            "The trial speaks of the people who could take part, of this year, and of guidance as "
            "it was really given. It does not say which part of that guidance works, nor what "
            "happens when everybody gets it. What the others notice, for instance because the best "
            "caseworkers left them, it does not show either."
        ),
        page.say(
            "People of past years stood for those of next year. If many more or fewer leave next "
            "year, the chance of finding the effect is another. Draw from a fresh extract: whoever "
            "has left by then can no longer take part."
        ),
    ]

"""What may be said of a finding: message ids by question and direction, and by weight and price.

``size`` with ``least`` and ``most`` have no sign, since the sentence says more or fewer; ``below``
and ``above`` are what an interval holds on either side of no difference.
"""

FINDING_LABELS = {
    "trial_exits": {
        "better": (
            "In the trial {size:.1} percentage points more people had left benefit after a year "
            "than with the usual approach ({least:.1} to {most:.1})."
        ),
        "worse": (
            "In the trial {size:.1} percentage points fewer people had left benefit after a year "
            "than with the usual approach ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether more people leave benefit within a year is not settled by the trial: "
            "anything from {below:.1} percentage points fewer to {above:.1} more fits."
        ),
    },
    "trial_work": {
        "better": (
            "In the trial {size:.1} percentage points more people worked twelve hours a week or "
            "more after a year than with the usual approach ({least:.1} to {most:.1})."
        ),
        "worse": (
            "In the trial {size:.1} percentage points fewer people worked twelve hours a week or "
            "more after a year than with the usual approach ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether more people work after a year is not settled by the trial: anything from "
            "{below:.1} percentage points fewer to {above:.1} more fits."
        ),
    },
    "trial_days": {
        "better": (
            "In the trial people were on benefit {size:.0} days less in the first year than with "
            "the usual approach ({least:.0} to {most:.0})."
        ),
        "worse": (
            "In the trial people were on benefit {size:.0} days more in the first year than with "
            "the usual approach ({least:.0} to {most:.0})."
        ),
        "open": (
            "Whether people are on benefit for fewer days in the first year is not settled by the "
            "trial: anything from {below:.0} days less to {above:.0} days more fits."
        ),
    },
    "caseload_exits": {
        "better": (
            "In the lottery {size:.1} percentage points more people had left benefit after a year "
            "than in the other teams ({least:.1} to {most:.1})."
        ),
        "worse": (
            "In the lottery {size:.1} percentage points fewer people had left benefit after a "
            "year than in the other teams ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether a smaller caseload makes more people leave within a year is not settled by "
            "the lottery: anything from {below:.1} percentage points fewer to {above:.1} more fits."
        ),
    },
    "caseload_days": {
        "better": (
            "In the lottery people were on benefit {size:.0} days less in the first year than in "
            "the other teams ({least:.0} to {most:.0})."
        ),
        "worse": (
            "In the lottery people were on benefit {size:.0} days more in the first year than in "
            "the other teams ({least:.0} to {most:.0})."
        ),
        "open": (
            "Whether a smaller caseload saves days on benefit is not settled by the lottery: "
            "anything from {below:.0} days less to {above:.0} days more in the first year fits."
        ),
    },
    "prevention": {
        "better": (
            "In the lottery at the application {size:.1} percentage points fewer people came on "
            "benefit within half a year ({least:.1} to {most:.1})."
        ),
        "worse": (
            "In the lottery at the application {size:.1} percentage points more people came on "
            "benefit within half a year ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether fewer people come on benefit is not settled by the lottery at the "
            "application: anything from {below:.1} percentage points fewer to {above:.1} more fits."
        ),
    },
    "targets": {
        "better": (
            "Where a team was given a smaller caseload, {size:.1} percentage points more people "
            "left within a year ({least:.1} to {most:.1})."
        ),
        "worse": (
            "Where a team was given a smaller caseload, {size:.1} percentage points fewer people "
            "left within a year ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether more people left where a team was given a smaller caseload cannot be told: "
            "anything from {below:.1} percentage points fewer to {above:.1} more fits."
        ),
    },
    "departures": {
        "better": (
            "When a colleague left and caseloads rose, outflow fell. Turned round: with a tenth "
            "fewer clients per caseworker outflow is {size:.0}% higher ({least:.0} to {most:.0})."
        ),
        "worse": (
            "When a colleague left and caseloads rose, outflow rose as well. Turned round: with a "
            "tenth fewer clients per caseworker outflow is {size:.0}% lower ({least:.0} to "
            "{most:.0})."
        ),
        "open": (
            "What happened when colleagues left and caseloads rose settles nothing: with a tenth "
            "fewer clients per caseworker anything from {below:.0}% less to {above:.0}% more "
            "outflow fits."
        ),
    },
    "contact": {
        "better": (
            "After a conversation two to four months ago the odds of leaving were {at:.2} times "
            "as high as without one ({low:.2} to {high:.2})."
        ),
        "worse": (
            "After a conversation two to four months ago the odds of leaving were lower: {at:.2} "
            "times those without one ({low:.2} to {high:.2})."
        ),
        "open": (
            "Whether people leave sooner after a conversation cannot be told: odds from {low:.2} "
            "to {high:.2} times those without one fit."
        ),
    },
    "contact_often": {
        "better": (
            "With a conversation every three months {size:.1} percentage points more people leave "
            "within a year than with none for half a year ({least:.1} to {most:.1})."
        ),
        "worse": (
            "With a conversation every three months {size:.1} percentage points fewer people leave "
            "within a year than with none for half a year ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether more people leave within a year with a conversation every three months "
            "cannot be told: anything from {below:.1} percentage points fewer to {above:.1} more "
            "fits."
        ),
    },
    "errors": {
        "better": (
            "After a conversation there were fewer mistakes in the administration: {at:.2} times "
            "as many as without one ({low:.2} to {high:.2})."
        ),
        "worse": (
            "After a conversation there were more mistakes in the administration: {at:.2} times "
            "as many as without one ({low:.2} to {high:.2})."
        ),
        "open": (
            "Whether there are fewer mistakes in the administration after a conversation cannot "
            "be told: {low:.2} to {high:.2} times as many as without one fits."
        ),
    },
    "provision": {
        "better": (
            "After two years {size:.1} percentage points more of those who started had left for "
            "work than of like people who did not start then ({least:.1} to {most:.1})."
        ),
        "worse": (
            "After two years {size:.1} percentage points fewer of those who started had left for "
            "work than of like people who did not start then ({least:.1} to {most:.1})."
        ),
        "open": (
            "Whether more people leave for work within two years cannot be told: anything from "
            "{below:.1} percentage points fewer to {above:.1} more fits."
        ),
    },
}
WEIGHT_LABELS = {
    "evidence": "This may be read as evidence.",
    "indicative": "That is an indication, not proof.",
    "unusable": "An estimate was made, but it failed its own checks: no conclusion can be drawn.",
    "missing": "No estimate could be made from these data.",
}
SEEN_LABELS = {
    "points": "A difference of {seen_from:.1} percentage points would mostly have been noticed.",
    "days": "A difference of {seen_from:.0} days would mostly have been noticed.",
    "per_cent": "A rise of {seen_from:.0}% would mostly have been noticed.",
    "ratio": "{seen_from:.2} times as much would mostly have been noticed.",
}
_DAYS_LABELS = {
    "pays": "More than the {margin:.0} days that pay for it.",
    "may_pay": "Whether the {margin:.0} days are saved that pay for it, remains to be seen.",
    "short": "Less than the {margin:.0} days that pay for it.",
    "ruled_out": "A saving of the {margin:.0} days that pay for it is ruled out.",
    "unseen": (
        "To pay for itself it takes {margin:.0} days, and that is less than can be seen here: "
        "this municipality alone cannot answer the question."
    ),
}
MARGIN_LABELS = {
    "trial_days": _DAYS_LABELS,
    "caseload_days": _DAYS_LABELS,
    "departures": {
        "pays": "More than the {margin:.0}% that pays for it.",
        "may_pay": "Whether it is the {margin:.0}% that pays for it, remains to be seen.",
        "short": "Less than the {margin:.0}% that pays for it.",
        "ruled_out": "The {margin:.0}% that pays for it is ruled out.",
        "unseen": (
            "To pay for itself it takes {margin:.0}%, and that is less than can be seen here: "
            "this municipality alone cannot answer the question."
        ),
    },
}

"""What the page of a planned trial says that depends on what was found."""

STRATUM_LABELS = {
    "all": "everybody together",
    "short": "less than two years on benefit",
    "long": "two years or more on benefit",
    "short_far": "less than two years, far from work (steps 1 to 3)",
    "short_near": "less than two years, near to work (steps 4 to 6)",
    "short_any": "less than two years, distance not known",
    "long_far": "two years or more, far from work (steps 1 to 3)",
    "long_near": "two years or more, near to work (steps 4 to 6)",
    "long_any": "two years or more, distance not known",
}
CURVE_LABELS = {
    "effect_days": "days on benefit fewer in a year, per person drawn",
    "effect_exits": "more people who leave, in percentage points",
    "chance_days": "chance that the trial finds it",
    "chance_low": "at least",
    "chance_high": "at most",
    "chance_exits": "chance that it is seen in people who left",
    "n_persons": "people",
}
CURVE_FORMATS = {
    "effect_days": ".1", "effect_exits": ".1",
    **dict.fromkeys(("chance_days", "chance_low", "chance_high", "chance_exits"), "%0"),
}  # fmt: skip
VERDICT_LABELS = {
    "enough": (
        "That is enough to hold the trial: if the effect is there, it will most likely be seen. "
        "It takes about {n_needed:.0} participants."
    ),
    "more": (
        "That is not enough: the trial may well miss an effect that is there. Let more people take "
        "part: about {n_needed:.0} of the {n_eligible:.0} who could."
    ),
    "together": (
        "That is not enough: the trial may well miss an effect that is there. It takes about "
        "{n_needed:.0} participants, and here {n_eligible:.0} people could take part. So do not "
        "hold it alone: {n_municipalities:.0} municipalities of this size, all with the same plan, "
        "can find this effect together."
    ),
}
TOGETHER_LABEL = (
    "Finding that takes about {vienna_needed:.0} participants: {vienna_municipalities:.0} "
    "municipalities of this size, with the same plan. One municipality alone cannot do it."
)
ALONE_LABEL = "Finding that takes about {vienna_needed:.0} participants: this trial has them."

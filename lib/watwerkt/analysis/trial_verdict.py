"""What a trial's figures come to: each sentence is chosen by a rule from what is shown."""

import pandas as pd

from watwerkt.disclosure import Gap, Protected

FAR_BELOW = 2.0  # the margin is far below what can be seen when that is so many times as large
STATUS_LABELS = {
    "evidence": "How to read this: as evidence. The lottery alone decided who was offered what.",
    "indicative": (
        "How to read this: as an indication. People were divided by lot, but too few, or of too "
        "many in one arm it is not known where they went."
    ),
    "": "Nothing can be estimated here: too few people, or an arm in which nobody is left.",
}
POWER_LABELS = {
    "alone": (
        "Whether an arm saves {break_even_days:.0} benefit-days a year is more than this "
        "municipality alone can answer: the smallest effect that could be seen here is at least "
        "twice as large. That takes the trials of several municipalities together (chapter 20)."
    ),
    "hard": (
        "A saving of {break_even_days:.0} benefit-days a year could easily go unseen here: it is "
        "smaller than what these numbers can show."
    ),
    "able": (
        "A saving of {break_even_days:.0} benefit-days a year would be seen with these numbers."
    ),
    "": "What could be seen with so few people cannot be said.",
}


def status_sentence(shown: Protected | Gap) -> str:
    """How the figures may be read (message id): by the weakest among them."""
    rows = _known(shown)
    if rows.empty:
        return STATUS_LABELS[""]
    return STATUS_LABELS["indicative" if (rows["status"] != "evidence").any() else "evidence"]


def power_sentence(days: Protected | Gap, break_even_days: float) -> str:
    """Whether the margin could be seen at all (message id), by the best-measured arm."""
    rows = _known(days)
    if rows.empty:
        return POWER_LABELS[""]
    smallest = float(rows["mde"].min())
    if smallest >= FAR_BELOW * break_even_days:
        return POWER_LABELS["alone"]
    return POWER_LABELS["hard" if smallest > break_even_days else "able"]


def _known(shown: Protected | Gap) -> pd.DataFrame:
    if isinstance(shown, Gap):
        return pd.DataFrame(columns=["estimate"])
    return shown.frame.dropna(subset=["estimate"])

"""Exit destinations as chapters show them: seven groups, of which one is outside policy.

Moves, state pension and death end a benefit too, but never by what a municipality did: they are
counted and shown, and left out of ``all`` exits.
"""

import polars as pl

from watwerkt.codebook import UNKNOWN, codes

STAY = "stay"
ALL = "all"
OUTSIDE = "outside"
WITHOUT_WORK = "without_work"
DEATH = "death"
UNEXPLAINED = "unexplained"
GROUPS: tuple[str, ...] = tuple(code for code in codes("destination_group") if code != UNKNOWN)


def destination_group() -> pl.Expr:
    """The group of ``exit_destination``; ``stay`` stays ``stay``, missing is unexplained."""
    groups = {code: entry.get("group", UNEXPLAINED) for code, entry in codes("destination").items()}
    return pl.col("exit_destination").replace_strict({**groups, STAY: STAY}, default=UNEXPLAINED)


def is_exit_to(outcome: str) -> pl.Expr:
    """Whether a row of the panel ends in ``outcome``.

    An outcome is a group, ``all`` exits within policy, ``without_work`` (other income, education,
    household), or ``death``, which no policy touches.
    """
    if outcome == DEATH:
        return (pl.col("exit_destination") == DEATH).fill_null(False)
    if outcome == WITHOUT_WORK:
        return destination_group().is_in(["other_income", "education", "household"])
    if outcome == ALL:
        return ~destination_group().is_in([STAY, OUTSIDE])
    return destination_group() == outcome

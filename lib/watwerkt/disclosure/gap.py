"""A gap: what cannot be shown, and why, said in a sentence where the table would stand."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """Stands in the place of a protected frame.

    Attributes
    ----------
    reason : a sentence (message id), without a figure.
    """

    reason: str


NO_CASELOAD = Gap("Not delivered: who was handled by which caseworker, and when.")
NO_CONTACTS = Gap("Not delivered: contacts between clients and caseworkers.")
NO_EXITS = Gap("There are no exits in this window.")
NO_MONTHS = Gap("Nobody was on benefit in this window.")
NO_QUARTERS = Gap("No quarter is observed as a whole.")
NO_REASONS = Gap("Not delivered: why benefits ended.")
NO_REASON_KNOWN = Gap("Of nobody who left is it known why.")
NO_TEAMS = Gap("Not delivered: teams of caseworkers.")
TOO_FEW = Gap("This is about too few people, caseworkers or exits to be shown or estimated.")

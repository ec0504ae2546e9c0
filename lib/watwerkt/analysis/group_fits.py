"""The effects of one question in the groups of every division: what is shared by all questions.

A group in which too few people left is named, and has no estimate. A verdict on a division comes
from the interval of its largest difference, which holds for all pairs of groups of all divisions at
once; never from an interval that excludes zero in one group and not in another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.group_effects import (
    FloatArray,
    GroupEffects,
    LargestDifference,
    join_groups,
    largest_difference,
)

MIN_PERSONS, MIN_EVENTS = 100, 10  # of a group, or it has no estimate
DIFFERS, NO_SIGN, FEW = "differs", "no_sign", "few"


@dataclass(frozen=True, slots=True)
class DivisionFit:
    """One division.

    Attributes
    ----------
    effects : of the groups that could be estimated; None where fewer than two could.
    few : the groups without an estimate: all of them where there is nothing to compare.
    """

    effects: GroupEffects | None
    few: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupFits:
    """One question in every division; empty ``divisions`` where it cannot be asked at all."""

    divisions: Mapping[str, DivisionFit] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, GroupEffects]:
        """The divisions with two groups or more that could be estimated."""
        found = {name: fit.effects for name, fit in self.divisions.items()}
        return {name: effects for name, effects in found.items() if effects is not None}

    @property
    def n_groups(self) -> int:
        """Groups with an estimate, over all divisions: the family of what is shown of groups."""
        return sum(len(effects.level) for effects in self.known.values())

    def differences(self, conf_level: float) -> dict[str, LargestDifference]:
        """The largest difference of each division, as one of all that were estimated."""
        found = {}
        for name, effects in self.known.items():
            try:
                found[name] = largest_difference(effects, conf_level, len(self.known))
            except DataError:
                continue
        return found


def judge_division(found: LargestDifference | None) -> str:
    """The rule that decides what is said of a division.

    ``differs`` where the interval of the largest difference, which holds for all pairs of groups of
    all divisions at once, excludes zero; ``few`` where fewer than two groups could be estimated;
    else ``no_sign``, which only rules out what the interval rules out.
    """
    if found is None:
        return FEW
    return DIFFERS if found.conf_low > 0 or found.conf_high < 0 else NO_SIGN


def join_division(
    parts: Mapping[str, Estimates],
    levels: Sequence[str],
    covariance: FloatArray | None = None,
    degrees_of_freedom: float | None = None,
) -> DivisionFit:
    """The groups with an estimate, in the order of ``levels``; the others are too few."""
    kept = [(level, parts[level]) for level in levels if level in parts]
    try:
        effects = join_groups(kept, covariance, degrees_of_freedom)
    except DataError:
        return DivisionFit(None, tuple(levels))
    return DivisionFit(effects, tuple(level for level in levels if level not in parts))

"""Divisions of the clients that were named beforehand, by what was known before the outcome.

A client counts in the group that was known so many months before, so that what is done in those
months cannot move her to another one. Age, sex, origin and whether somebody came as a refugee are
what they were. Schooling, health, distance and language change: without dates they are known as at
the extract only, after the outcome. They may then describe, and carry no estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import polars as pl

from watwerkt.analysis.bands import AGE_BANDS, band_of
from watwerkt.codebook import UNKNOWN, codes
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.panel.prepared import Prepared
from watwerkt.params import SUBGROUPS

DURATION_BANDS = {"0-11": 12, "12-23": 24, "24-59": 60, "60+": None}
STEPS = {"1": "far", "2": "far", "3": "halfway", "4": "halfway", "5": "near", "6": "near"}
NO_GROUPS = Gap("No groups were named, or the delivery holds none of those that were.")
ESTIMATED, DESCRIBED, ABSENT = "estimated", "described", "absent"
DATED = {  # division → the trait without whose dates it is known too late
    "education": "education",
    "health": "health_limitation",
    "distance": "labour_market_distance",
    "language": "language_level",
}
PERSONAL = ("age", "sex", "origin", "status_holder", "education")
POSITION = ("health", "language", "distance", "duration")


def _listed(column: str, name: str) -> pl.Expr:
    return pl.when(pl.col(column).is_in([c for c in codes(name) if c != UNKNOWN])).then(column)


def _known(band: pl.Expr) -> pl.Expr:
    return pl.when(band != UNKNOWN).then(band)


DIVISIONS: Mapping[str, pl.Expr] = {  # division → the group, missing where it is not known
    "age": _known(band_of(pl.col("age_years"), AGE_BANDS)),
    "sex": _listed("sex", "sex"),
    "origin": _listed("origin", "origin"),
    "education": _listed("education", "education"),
    "status_holder": pl.when("is_status_holder").then(pl.lit("status_holder")).when(
        ~pl.col("is_status_holder")
    ).then(pl.lit("no_status_holder")),
    "health": _listed("health_limitation", "health_limitation"),
    "distance": pl.col("labour_market_distance").replace_strict(STEPS, default=None),
    "duration": _known(band_of(pl.col("months_since_entry"), DURATION_BANDS)),
    "language": _listed("language_level", "language_level"),
}  # fmt: skip
LEVELS: Mapping[str, Sequence[str]] = {
    "age": [*AGE_BANDS],
    "sex": ["female", "male"],
    "status_holder": ["status_holder", "no_status_holder"],
    "distance": ["far", "halfway", "near"],
    "duration": [*DURATION_BANDS],
} | {
    division: [code for code in codes(name) if code != UNKNOWN]
    for division, name in {
        "origin": "origin",
        "education": "education",
        "health": "health_limitation",
        "language": "language_level",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Divisions:
    """The divisions that were named, and what the delivery makes of each.

    Attributes
    ----------
    state : division → ``estimated``, ``described`` (known as at the extract) or ``absent``.
    n_known : division → persons of whom the group is known in some month.
    """

    state: Mapping[str, str] = field(default_factory=dict)
    n_known: Mapping[str, int] = field(default_factory=dict)

    @property
    def estimated(self) -> list[str]:
        """Those known before the outcome."""
        return [name for name, state in self.state.items() if state == ESTIMATED]

    @property
    def described(self) -> list[str]:
        """Those known at all."""
        return [name for name, state in self.state.items() if state != ABSENT]


def find_divisions(prepared: Prepared, subgroups: str) -> Divisions:
    """What the delivery holds of the divisions named in ``subgroups``, in the order of the list."""
    named = [name for name in SUBGROUPS if name in subgroups.split()]
    if not named:
        return Divisions()
    dated = set(prepared.about["dated_traits"])
    known = [DIVISIONS[name].is_not_null().any().alias(name) for name in named]
    held = prepared.panel.group_by("person_id").agg(known).select(pl.col(*named).sum()).collect()
    n_known = held.row(0, named=True)
    state = {name: _state(name, n_known[name] > 0, dated) for name in named}
    return Divisions(state, n_known)


def add_groups(panel: pl.LazyFrame, names: Sequence[str], months_before: int = 0) -> pl.LazyFrame:
    """Add ``group_<division>``, as known so many months before on the same spell."""
    return panel.with_columns(
        (expr.shift(months_before).over("spell_id") if months_before else expr).alias(column(name))
        for name, expr in ((name, DIVISIONS[name]) for name in names)
    )


def column(division: str) -> str:
    """The column that holds the group of a division."""
    return f"group_{division}"


def divisions_table(found: Divisions, policy: Policy) -> Protected | Gap:
    """The divisions that were named: how each is used, and of how many people it is known."""
    if not found.state:
        return NO_GROUPS
    rows = pd.DataFrame(
        {"division": name, "division_use": state, "n_known": found.n_known[name]}
        for name, state in found.state.items()
    )
    order = pd.CategoricalDtype([*SUBGROUPS], ordered=True)
    return protect_counts(
        rows.astype({"division": order}),
        ["n_known"],
        policy,
        by=[("division", "division_use")],
        of="records",
    )


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with ``division`` and ``level``, in the order of the list and of the codes."""
    place = {
        (name, level): (i, j)
        for i, name in enumerate(SUBGROUPS)
        for j, level in enumerate(LEVELS[name])
    }
    pairs = zip(rows["division"], rows["level"], strict=True)
    keys = [place.get(key, (len(SUBGROUPS), 0)) for key in pairs]
    return rows.iloc[sorted(range(len(keys)), key=lambda i: keys[i])].reset_index(drop=True)


def _state(name: str, is_held: bool, dated: set[str]) -> str:
    if not is_held:
        return ABSENT
    return ESTIMATED if DATED.get(name, "") in {"", *dated} else DESCRIBED

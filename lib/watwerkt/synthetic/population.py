"""People and households, as they arrive: everything about them that no policy changes.

People are exogenous: who applies, when, and how far from work, is the same in every world. Partners
stand next to each other and share ``unit``, the household that gets one benefit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import polars as pl

from watwerkt.codebook import read_codebook
from watwerkt.synthetic.clock import NEVER, Clock, Days, Flags, Floats, Ints, day_between
from watwerkt.synthetic.scenario import Scenario

ORIGINS = ["netherlands", "europe", "outside_europe"]
EDUCATIONS = ["low", "middle", "high"]
HEALTH = ["none", "some", "severe"]
LANGUAGES = ["below_a1", "a1", "a2", "b1"]
SCHEMES = ["PW", "IOAW", "IOAZ"]
N_DISTRICTS = 8
ENTRY_REASONS = {
    "job_loss": 0.2,
    "unemployment_benefit_ended": 0.16,
    "self_employment_ended": 0.05,
    "separation": 0.14,
    "study_ended": 0.11,
    "refugee_status": 0.1,
    "moved": 0.1,
    "assets_used": 0.06,
    "other": 0.08,
}
HEALTH_FAR, HEALTH_NEAR = [0.3, 0.4, 0.3], [0.7, 0.22, 0.08]
LANGUAGE_SHARES = [0.1, 0.2, 0.35, 0.35]  # of people from elsewhere
STEP_SHARES = [0.15, 0.19, 0.22, 0.22, 0.15, 0.07]  # participatieladder 1-6, on arrival


@dataclass(frozen=True, slots=True)
class People:
    """One value per person; shape (n,). Codes are positions in the lists of this module.

    Attributes
    ----------
    unit : household; partners share it and are neighbours.
    birth_month : month of birth, counted as every month (negative).
    entry_month, entry_day : when the first spell would start.
    place : where they live, in [0, 1): district and team follow from it.
    frailty : unobserved shift of the log odds of work.
    """

    unit: Ints
    birth_month: Ints
    is_female: Flags
    origin: Ints
    education: Ints
    health: Ints
    language: Ints
    is_status_holder: Flags
    place: Floats
    scheme: Ints
    entry_reason: Ints
    entry_month: Ints
    entry_day: Ints
    step: Ints
    is_exempt: Flags
    is_parent: Flags
    frailty: Floats

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, rows: Ints | Flags) -> "People":
        """These people only, in the same order."""
        return People(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def partner(self) -> Ints:
        """Row of the person who shares the household; -1 where nobody does."""
        row = np.arange(len(self))
        pair = np.flatnonzero(self.unit[:-1] == self.unit[1:])
        partner = np.full(len(self), -1)
        partner[pair], partner[pair + 1] = row[pair + 1], row[pair]
        return partner


def join_people(first: People, second: People) -> People:
    """The people of two populations; household numbers of the second go on after the first's."""
    shift = first.unit.max() + 1 if len(first) else 0
    joined = {
        f.name: np.concatenate([getattr(first, f.name), getattr(second, f.name)])
        for f in fields(People)
    }
    joined["unit"] = np.concatenate([first.unit, second.unit + shift])
    return People(**joined)


def build_people(
    arrival_month: Ints, scenario: Scenario, clock: Clock, rng: np.random.Generator
) -> People:
    """One household per value of ``arrival_month``, of one or two people."""
    is_couple = rng.random(len(arrival_month)) < scenario.couple_share
    unit = np.repeat(np.arange(len(arrival_month)), 1 + is_couple)
    n = len(unit)
    month = arrival_month[unit]
    age_years, is_female = _ages(month, unit, rng), _sexes(unit, rng)
    origin = rng.choice(3, n, p=[0.5, 0.12, 0.38])
    is_status_holder = (origin == 2) & (rng.random(n) < 0.35)
    education = rng.choice(3, n, p=[0.5, 0.36, 0.14])
    step = _steps(age_years, education, rng)
    is_parent = is_female & ~is_couple[unit] & (age_years < 50) & (rng.random(n) < 0.35)
    is_far = step <= 2
    return People(
        unit=unit,
        birth_month=month - np.floor(age_years * 12).astype(np.int64),
        is_female=is_female,
        origin=origin,
        education=education,
        health=_pick(np.where(is_far[:, None], HEALTH_FAR, HEALTH_NEAR), rng),
        language=np.where(origin == 0, len(LANGUAGES) - 1, rng.choice(4, n, p=LANGUAGE_SHARES)),
        is_status_holder=is_status_holder,
        place=rng.random(len(arrival_month))[unit],
        scheme=_schemes(age_years, unit, rng),
        entry_reason=rng.choice(len(ENTRY_REASONS), n, p=list(ENTRY_REASONS.values())),
        entry_month=month,
        entry_day=day_between(rng.random(len(arrival_month)), 2, 28)[unit],
        step=step,
        is_exempt=rng.random(n) < np.where(step == 1, 0.3, np.where(is_parent, 0.2, 0.05)),
        is_parent=is_parent,
        frailty=rng.normal(0.0, scenario.baseline.frailty_sd, n),
    )


def _pick(shares: Floats, rng: np.random.Generator) -> Ints:
    """One position per row, by the row's own shares."""
    return (rng.random((len(shares), 1)) >= np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)


def _ages(month: Ints, unit: Ints, rng: np.random.Generator) -> Floats:
    """Ages of 19 to 63; partners are about as old."""
    household = 19 + 44 * rng.beta(1.1, 1.6, unit.max() + 1 if len(unit) else 0)
    return np.clip(household[unit] + rng.normal(0, 2.0, len(unit)), 19.0, 63.0)


def _sexes(unit: Ints, rng: np.random.Generator) -> Flags:
    """Women are 55 in 100; partners differ."""
    is_female = rng.random(len(unit)) < 0.55
    second = np.concatenate([[False], unit[1:] == unit[:-1]])
    return np.where(second, ~np.roll(is_female, 1), is_female)


def _schemes(age_years: Floats, unit: Ints, rng: np.random.Generator) -> Ints:
    """IOAW or IOAZ for some households of over 56, else PW; partners share the scheme."""
    first = np.flatnonzero(np.diff(unit, prepend=-1))
    older = rng.choice(3, len(first), p=[0.72, 0.24, 0.04])
    return np.where(age_years[first] > 56, older, 0)[unit]


def _steps(age_years: Floats, education: Ints, rng: np.random.Generator) -> Ints:
    """Participatieladder 1-6: lower for the old, higher for the educated."""
    edges = np.cumsum(STEP_SHARES)[:-1]
    latent = rng.random(len(age_years)) + 0.12 * (education - 0.6) - 0.006 * (age_years - 38)
    return 1 + np.searchsorted(edges, np.clip(latent, 0, 1))


def aow_months(birth_month: Ints, clock: Clock) -> Ints:
    """Month in which each person reaches state pension age (see ``codebook/aow.yaml``)."""
    born = clock.month(birth_month).astype(np.int64) + 1970 * 12
    reached = np.full(len(born), NEVER * 12)
    first, last = (born.min() // 12 + 64, born.max() // 12 + 70) if len(born) else (0, -1)
    for year in range(first, last + 1):
        candidate = born + _aow_age(year)
        reached = np.where(candidate // 12 <= year, np.minimum(candidate, reached), reached)
    shift = 1970 * 12 + int(clock.month(0).astype(np.int64))
    return reached - shift


@cache
def _aow_age(year: int) -> int:
    """State pension age in months of who reaches it in ``year``; outside the table as its ends."""
    ages = read_codebook("aow")["ages"]
    years, months = ages[min(max(year, min(ages)), max(ages))]
    return 12 * years + months


def aow_dates(birth_month: Ints, clock: Clock) -> Days:
    """First day of the month of state pension age."""
    return clock.date(aow_months(birth_month, clock))


def labelled(codes: Sequence[str | None], positions: Ints) -> pl.Series:
    """The code names behind ``positions``; a name may be None."""
    return pl.Series(codes, dtype=pl.String).gather(positions)

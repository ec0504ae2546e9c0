"""Tables ``clients`` and ``traits``."""

import numpy as np
import polars as pl

from watwerkt.synthetic.clock import Days, Flags, Ints
from watwerkt.synthetic.population import (
    EDUCATIONS,
    HEALTH,
    LANGUAGES,
    N_DISTRICTS,
    ORIGINS,
    aow_dates,
    labelled,
)
from watwerkt.synthetic.register import Register, canonical
from watwerkt.synthetic.state import KIND

STEPS = list("?123456")
HOUSEHOLDS = ["single", "single_parent", "couple"]
EXEMPTIONS = ["none", "single_parent", "urgent_reasons", "permanent_incapacity"]


def clients_table(register: Register, person: Ints) -> pl.DataFrame:
    """The people in the file; what may change is as it is on the extract date."""
    people, state = register.world.people, register.history.state
    districts = [f"D{i + 1:02d}" for i in range(N_DISTRICTS)]
    return canonical(
        "clients",
        pl.DataFrame(
            {
                "person_id": register.persons(person),
                "birth_year": birth_years(register, person),
                "aow_month": aow_dates(people.birth_month[person], register.world.clock),
                "sex": labelled(["male", "female"], people.is_female[person].astype(int)),
                "household_type": households(register, person, state.is_sharing[person]),
                "origin": labelled(ORIGINS, people.origin[person]),
                "education": labelled(EDUCATIONS, people.education[person]),
                "is_status_holder": people.is_status_holder[person],
                "health_limitation": labelled(HEALTH, people.health[person]),
                "labour_market_distance": labelled(STEPS, state.step[person]),
                "language_level": labelled(LANGUAGES, people.language[person]),
                "district_id": labelled(
                    districts, np.floor(people.place[person] * N_DISTRICTS).astype(int)
                ),
            }
        ),
    )


def birth_years(register: Register, person: Ints) -> Ints:
    """Calendar year of birth."""
    born = register.world.clock.month(register.world.people.birth_month[person])
    return born.astype("datetime64[Y]").astype(np.int64) + 1970


def households(register: Register, person: Ints, is_sharing: Flags) -> pl.Series:
    """Living arrangement, given who shares the benefit with a partner."""
    is_parent = register.world.people.is_parent[person]
    return labelled(HOUSEHOLDS, np.where(is_sharing, 2, np.where(is_parent, 1, 0)))


def exemptions(register: Register, person: Ints, is_exempt: Flags) -> pl.Series:
    """Ground of the exemption from the duty to work, or none."""
    people = register.world.people
    ground = np.where(people.is_parent[person], 1, np.where(people.health[person] == 2, 3, 2))
    return labelled(EXEMPTIONS, np.where(is_exempt, ground, 0))


def traits_table(register: Register, person: Ints) -> pl.DataFrame:
    """Traits with the day from which they hold: the first spell's, and that of each change."""
    since = np.full(len(register.world.people), np.datetime64("9999-01-01"))
    first = register.spells.filter("is_booked").group_by("person").agg(pl.col("start").min())
    since[first["person"].to_numpy()] = first["start"].to_numpy()
    rows = pl.concat([_initial_traits(register, person), _changes(register), _widowed(register)])
    who = rows["person"].to_numpy()
    rows = rows.with_columns(
        since=pl.Series(since[who]), unknown=pl.Series(register.unbooked_from[who])
    )
    keys = ["person", "trait", "valid_from"]
    rows = (
        rows.filter(
            pl.col("valid_from") < pl.min_horizontal("unknown", pl.lit(register.extract_date))
        )
        .sort("person", "trait", "valid_from", maintain_order=True)
        .with_columns(valid_from=pl.max_horizontal("valid_from", "since"))
        .unique(keys, keep="last", maintain_order=True)
        .filter(pl.col("person").is_in(pl.Series(person).implode()))
    )
    return canonical(
        "traits", rows.with_columns(person_id=register.persons(rows["person"].to_numpy()))
    )


def _initial_traits(register: Register, person: Ints) -> pl.DataFrame:
    people, state = register.world.people, register.initial
    long_ago = np.full(len(person), np.datetime64("1900-01-01"))
    values = {
        "labour_market_distance": labelled(STEPS, state.step[person]),
        "exemption": exemptions(register, person, state.is_exempt[person]),
        "household_type": households(register, person, state.is_sharing[person]),
        "education": labelled(EDUCATIONS, people.education[person]),
        "health_limitation": labelled(HEALTH, people.health[person]),
    }
    return pl.concat([_rows(person, trait, value, long_ago) for trait, value in values.items()])


def _changes(register: Register) -> pl.DataFrame:
    """Steps and exemptions that changed while on benefit."""
    log = register.history.log["traits"]
    dates, is_step = register.world.clock.date(log["month"]), log["trait"] == 0
    person, value = log["person"], log["value"]
    steps = labelled(STEPS, value[is_step])
    grounds = exemptions(register, person[~is_step], value[~is_step].astype(bool))
    return pl.concat(
        [
            _rows(person[is_step], "labour_market_distance", steps, dates[is_step]),
            _rows(person[~is_step], "exemption", grounds, dates[~is_step]),
        ]
    )


def _widowed(register: Register) -> pl.DataFrame:
    """People whose partner died or reached pension age are on their own from that day."""
    gone = register.spells.filter(pl.col("kind").is_in([KIND["death"], KIND["pension"]]))
    partner = register.world.partner[gone["person"].to_numpy()]
    left = partner >= 0
    single = households(register, partner[left], np.zeros(left.sum(), bool))
    return _rows(partner[left], "household_type", single, gone["end"].to_numpy()[left])


def _rows(person: Ints, trait: str, value: pl.Series, valid_from: Days) -> pl.DataFrame:
    dates = pl.Series(valid_from.astype("datetime64[D]"), dtype=pl.Date)
    return pl.DataFrame({"person": person, "value": value, "valid_from": dates}).with_columns(
        trait=pl.lit(trait)
    )

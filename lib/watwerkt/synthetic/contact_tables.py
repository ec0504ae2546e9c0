"""Tables ``contacts``, ``admin_errors`` and ``surveys``."""

import numpy as np
import polars as pl

from watwerkt.synthetic.clock import Days, Flags, Ints
from watwerkt.synthetic.contacts import CONTACT_KINDS
from watwerkt.synthetic.population import labelled
from watwerkt.synthetic.portfolios import join_rows
from watwerkt.synthetic.register import Register, canonical
from watwerkt.synthetic.state import Rows

PERSONAL = ["in_person", "phone", "home_visit", "video"]
PERSONAL_SHARES = [0.45, 0.45, 0.06, 0.04]
PERSONAL_SHARES_CORONA = [0.08, 0.74, 0.01, 0.17]
CORONA = (np.datetime64("2020-03-16"), np.datetime64("2021-07-01"))
WRITTEN, WRITTEN_SHARES = ["email", "letter", "portal"], [0.6, 0.25, 0.15]
PURPOSES = ["progress", "work", "income", "exit", "aftercare", "intake", "other"]
ERRORS = ["missing_document", "late_report", "overpayment", "sanction"]
ITEMS = ["vertrouwen", "regie", "gezondheid", "weg_naar_werk"]
LATE_DAYS = (91, 240)


def contacts_table(register: Register) -> pl.DataFrame:
    """Every contact that is booked on the extract date; at most one per person and day."""
    log, dates = _dated_log(register)
    rng, n = register.rng(10), len(dates)
    lag = np.where(
        rng.random(n) < register.world.scenario.contact.late_booking_share,
        rng.integers(*LATE_DAYS, n),
        np.minimum(np.floor(rng.exponential(4.0, n)).astype(np.int64), 85),
    )
    registered = dates + lag.astype("timedelta64[D]")
    in_file = register.is_known(log["person"], dates) & (registered <= register.extract_date)
    kind = log["kind"]
    frame = pl.DataFrame(
        {
            "contact_id": [f"k{i + 1:08d}" for i in range(n)],
            "person_id": register.persons(log["person"]),
            "caseworker_id": register.caseworkers(log["seat"]),
            "contact_date": dates,
            "registered_date": registered,
            "channel": _channels(kind, dates, rng),
            "initiative": labelled(["municipality", "client"], (rng.random(n) < 0.22).astype(int)),
            "is_reached": _reached(kind),
            "duration_minutes": _minutes(kind, rng),
            "purpose": _purposes(kind, rng),
        }
    )
    return canonical("contacts", frame.filter(pl.Series(in_file)))


def _dated_log(register: Register) -> tuple[Rows, Days]:
    """All contacts in order of day; of two on one day, the reached personal one stays."""
    log = register.history.log
    rows = join_rows([log["contacts"], log["aftercare"], log["intakes"]])
    dates = register.world.clock.date(rows["month"], rows["day"])
    is_reached = _reached(rows["kind"]).fill_null(False).to_numpy()
    order = np.lexsort((rows["kind"], ~is_reached, rows["person"], dates))
    person, day = rows["person"][order], dates[order]
    first = np.ones(len(order), bool)
    first[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
    kept = order[first]
    return {name: values[kept] for name, values in rows.items()}, dates[kept]


def _kind_is(kind: Ints, *names: str) -> Flags:
    return np.isin(kind, [CONTACT_KINDS.index(name) for name in names])


def _reached(kind: Ints) -> pl.Series:
    """Reached or not; of letters it is not known."""
    reached = pl.Series(~_kind_is(kind, "no_show"))
    return pl.select(pl.when(pl.Series(~_kind_is(kind, "impersonal"))).then(reached)).to_series()


def _channels(kind: Ints, dates: Days, rng: np.random.Generator) -> pl.Series:
    usual = rng.choice(len(PERSONAL), len(kind), p=PERSONAL_SHARES)
    corona = rng.choice(len(PERSONAL), len(kind), p=PERSONAL_SHARES_CORONA)
    written = len(PERSONAL) + rng.choice(len(WRITTEN), len(kind), p=WRITTEN_SHARES)
    personal = np.where((CORONA[0] <= dates) & (dates < CORONA[1]), corona, usual)
    return labelled(
        [*PERSONAL, *WRITTEN], np.where(_kind_is(kind, "impersonal"), written, personal)
    )


def _minutes(kind: Ints, rng: np.random.Generator) -> pl.Series:
    minutes = rng.choice([10.0, 15.0, 20.0, 30.0, 45.0, 60.0], len(kind))
    spoken = ~_kind_is(kind, "impersonal", "no_show")
    return pl.Series(np.where(spoken, minutes, np.nan)).fill_nan(None)


def _purposes(kind: Ints, rng: np.random.Generator) -> pl.Series:
    usual = rng.choice([0, 1, 2, 6], len(kind), p=[0.45, 0.3, 0.2, 0.05])
    known = {"exit": 3, "aftercare": 4, "intake": 5}
    for name, position in known.items():
        usual = np.where(_kind_is(kind, name), position, usual)
    return labelled(PURPOSES, usual)


def admin_errors_table(register: Register) -> pl.DataFrame:
    """Errors of people in the file, at most one a month."""
    log = register.history.log["errors"]
    dates = register.world.clock.date(log["month"], log["day"])
    frame = pl.DataFrame(
        {
            "person_id": register.persons(log["person"]),
            "error_date": dates,
            "kind": labelled(ERRORS, log["kind"]),
        }
    )
    return canonical(
        "admin_errors", frame.filter(pl.Series(register.is_known(log["person"], dates)))
    )


def surveys_table(register: Register, person: Ints) -> pl.DataFrame:
    """Two waves among a tenth of the people on benefit then; scores of 1 to 5."""
    waves = [register.world.clock.n_months // 3, 2 * register.world.clock.n_months // 3]
    parts = [_survey_wave(register, person, t, register.rng(20 + i)) for i, t in enumerate(waves)]
    return canonical("surveys", pl.concat(parts))


def _survey_wave(
    register: Register, person: Ints, t: int, rng: np.random.Generator
) -> pl.DataFrame:
    date = register.world.clock.date(t, 15)
    day = pl.lit(date.item())
    runs = pl.col("end").is_null() | (pl.col("end") > day)
    on = register.spells.filter("is_booked", pl.col("start") < day, runs)["person"]
    present = np.intersect1d(on.to_numpy(), person)
    asked = present[rng.random(len(present)) < 0.1]
    scores = np.clip(np.rint(rng.normal(3.2, 0.9, (len(asked), len(ITEMS)))), 1, 5)
    return pl.DataFrame(
        {
            "respondent_id": register.persons(np.repeat(asked, len(ITEMS))),
            "respondent": ["client"] * scores.size,
            "wave_date": np.full(scores.size, date),
            "item": ITEMS * len(asked),
            "score": scores.ravel(),
        },
        schema_overrides={"respondent": pl.String, "item": pl.String},
    )

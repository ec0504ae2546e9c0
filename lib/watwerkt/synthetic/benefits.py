"""Table ``benefits``: payment periods with reasons and booking dates."""

import numpy as np
import polars as pl

from watwerkt.synthetic.clients import exemptions
from watwerkt.synthetic.population import ENTRY_REASONS, SCHEMES, labelled
from watwerkt.synthetic.register import Register, canonical, random_ids
from watwerkt.synthetic.state import KIND

CODES_OF_KIND: dict[str, tuple[list[str], list[float]]] = {
    "work": (["11", "13"], [0.92, 0.08]),
    "other_income": (["14", "15", "17", "18", "19"], [0.2, 0.3, 0.1, 0.2, 0.2]),
    "education": (["01"], [1.0]),
    "household": (["02"], [1.0]),
    "ineligible": (["05", "06", "07"], [0.5, 0.1, 0.4]),
    "administrative": (["31", "34", "35"], [0.6, 0.2, 0.2]),
    "other": (["98"], [1.0]),
    "moved": (["32", "33"], [0.8, 0.2]),
    "death": (["04"], [1.0]),
    "pension": (["03"], [1.0]),
    "partner": (["97"], [1.0]),
}
ALWAYS_KNOWN = [KIND[kind] for kind in ("partner", "moved", "death", "pension")]
INTERRUPTED, INTERRUPTED_FOR_WORK = "31", "11"
LAST_INTERRUPTION = 3  # months before the extract: both halves are booked by then


def benefits_table(register: Register) -> pl.DataFrame:
    """The payment periods that are booked, one row per person and period."""
    spells = register.spells.filter("is_booked")
    periods = _with_reasons(register, _split_interrupted(register, spells))
    person = periods["person"].to_numpy()
    people = register.world.people
    return canonical(
        "benefits",
        periods.with_columns(
            person_id=register.persons(person),
            benefit_id=_benefit_ids(register, periods),
            scheme=labelled(SCHEMES, people.scheme[person]),
            start_date="start",
            end_date=pl.when("is_end_booked").then("end"),
            exit_reason=pl.when("is_end_booked").then("reason"),
            entry_reason=labelled(list(ENTRY_REASONS), people.entry_reason[person]),
            exemption=exemptions(register, person, register.history.state.is_exempt[person]),
            registered_date="registered",
            end_registered_date=pl.when("is_end_booked").then("end_registered"),
            part_time_income_eur_month=_part_time_income(register, periods),
        ),
    )


def interruptions(register: Register, spells: pl.DataFrame) -> pl.DataFrame:
    """The interruptions of booked spells that are in the file.

    Columns ``person, spell, stop, resume, is_work``. One that would outlast the spell, or begin
    before another is over, did not happen.
    """
    clock = register.world.clock
    stopped = register.history.log["interruptions"]
    month = stopped["month"]
    in_file = (month >= 0) & (month < clock.n_months - LAST_INTERRUPTION)
    frame = pl.DataFrame(
        {
            "person": stopped["person"][in_file],
            "spell": stopped["spell"][in_file],
            "stop": clock.date(month, stopped["day"])[in_file],
            "resume": clock.date(month, stopped["resume_day"])[in_file],
            "is_work": stopped["is_work"][in_file],
        }
    )
    keys, is_over = ["person", "spell"], pl.col("resume").shift().over("person", "spell")
    ends = spells.select(pl.col("person", "spell").cast(pl.Int64), "end")
    return (
        frame.join(ends, on=keys)
        .filter(pl.col("end").is_null() | (pl.col("end") > pl.col("resume")))
        .sort("person", "stop")
        .filter(is_over.is_null() | (is_over < pl.col("stop")))
        .drop("end")
    )


def _split_interrupted(register: Register, spells: pl.DataFrame) -> pl.DataFrame:
    """One row per payment period; a resumed one is booked a week after the resumption."""
    stopped = interruptions(register, spells).with_columns(
        pl.col("spell").cast(spells["spell"].dtype)
    )
    base = spells.with_columns(original="start", is_stopped=pl.lit(False))
    both = stopped.join(base, on=["person", "spell"], maintain_order="left")
    resumed = both.with_columns(start="resume", registered=pl.col("resume") + pl.duration(days=7))
    starts = pl.concat([base, resumed.select(base.columns)]).sort("person", "start")
    keys = ["person", "spell"]
    following = pl.col("start").shift(-1).over(keys)
    ends = starts.with_columns(next_start=following).join(
        stopped.rename({"resume": "next_start"}), on=[*keys, "next_start"], how="left",
        maintain_order="left",
    )  # fmt: skip
    cut = pl.col("stop").is_not_null()
    return ends.with_columns(
        end=pl.when(cut).then("stop").otherwise("end"),
        is_stopped=cut,
        is_stopped_for_work=cut & pl.col("is_work"),
        is_end_booked=cut | pl.col("is_end_booked"),
        end_registered=pl.when(cut)
        .then(pl.col("next_start") + pl.duration(days=7))
        .otherwise("end_registered"),
    )


def _with_reasons(register: Register, periods: pl.DataFrame) -> pl.DataFrame:
    """Add ``reason``: the code of the exit, unknown for the share the scenario says."""
    rng, kind = register.rng(1), periods["kind"].fill_null(-1).to_numpy()
    is_stopped = periods["is_stopped"].to_numpy()
    may_be_unknown = (kind >= 0) & ~np.isin(kind, ALWAYS_KNOWN) & ~is_stopped
    n_unknown = (
        register.world.scenario.booking.unknown_exit_reason_share
        * periods.filter("is_end_booked").height
    )
    rate = n_unknown / max((may_be_unknown & periods["is_end_booked"].to_numpy()).sum(), 1)
    is_unknown = may_be_unknown & (rng.random(len(kind)) < rate)
    reason = np.full(len(kind), None, dtype=object)
    for name, (names, shares) in CODES_OF_KIND.items():
        here = kind == KIND[name]
        reason[here] = rng.choice(names, here.sum(), p=shares)
    reason[is_unknown] = None
    reason[is_stopped] = INTERRUPTED
    reason[periods["is_stopped_for_work"].to_numpy()] = INTERRUPTED_FOR_WORK
    return periods.with_columns(reason=pl.Series(reason.tolist(), dtype=pl.String))


def _benefit_ids(register: Register, periods: pl.DataFrame) -> pl.Series:
    """One id per household and spell; partners who share it have the same."""
    alone = pl.when("is_sharing").then(0).otherwise(pl.col("person") + 1)
    key = periods.select("unit", "original", alone=alone)
    unique = key.unique(maintain_order=True)
    ids = "u" + random_ids(len(unique), register.rng(2)).str.slice(1, 12)
    joined = key.join(unique.with_columns(id=ids), on=key.columns,
                      how="left", maintain_order="left")  # fmt: skip
    return joined["id"]


def _part_time_income(register: Register, periods: pl.DataFrame) -> pl.Series:
    """Income from work now, of those who work part-time on the extract date."""
    working = register.history.state.is_part_time[periods["person"].to_numpy()]
    income = register.rng(3).integers(15, 90, len(periods)) * 10.0
    running = ~periods["is_end_booked"].to_numpy()
    return pl.Series(np.where(working & running, income, np.nan)).fill_nan(None)

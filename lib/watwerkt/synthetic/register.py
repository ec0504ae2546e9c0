"""The register as it stands on the extract date: which spells are booked, and under which ids."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watwerkt.schemas import tables
from watwerkt.synthetic.clock import Days, Flags, Ints
from watwerkt.synthetic.engine import History
from watwerkt.synthetic.lottery import SearchLottery
from watwerkt.synthetic.simulate import Start
from watwerkt.synthetic.state import KIND, State
from watwerkt.synthetic.world import World

FAR_FUTURE = np.datetime64("9999-01-01")


@dataclass(frozen=True, slots=True)
class Register:
    """What happened, with ids and booking dates.

    Attributes
    ----------
    person_ids, caseworker_ids : random, one per person and per caseworker.
    initial : everybody's state when the burn-in begins.
    spells : every spell that touches the window, true dates; columns ``person, spell, unit,
        start, end, kind, start_month, exit_month, is_sharing, is_return, registered,
        end_registered, is_booked, is_end_booked``; ``end`` is the first day off benefit.
    unbooked_from : per person, the first day of which the register knows nothing yet.
    """

    world: World
    initial: State
    history: History
    lottery: SearchLottery
    person_ids: pl.Series
    caseworker_ids: pl.Series
    spells: pl.DataFrame
    unbooked_from: Days
    extract_date: np.datetime64
    rng_seed: tuple[int, ...]

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator for one table."""
        return np.random.default_rng([*self.rng_seed, purpose])

    def persons(self, person: Ints) -> pl.Series:
        """The ids of these people."""
        return self.person_ids.gather(person)

    def caseworkers(self, seat: Ints) -> pl.Series:
        """The ids of the caseworkers in these seats; nobody's where a seat is -1."""
        if self.world.staff is None:
            return pl.Series([None] * len(seat), dtype=pl.String)
        ids = self.caseworker_ids.gather(self.world.staff.caseworker[seat])
        return pl.select(pl.when(pl.Series(seat >= 0)).then(ids)).to_series()

    def is_known(self, person: Ints, date: Days) -> Flags:
        """Of a person in the file, from the window, on a day the register knows about."""
        first, last = self.world.clock.date(0), self.extract_date
        return (date >= first) & (date <= last) & (date < self.unbooked_from[person])


def build_register(start: Start, history: History, seed: tuple[int, ...]) -> Register:
    """Book what happened."""
    world = start.world
    extract = np.datetime64(world.clock.extract_date)
    spells = _booked(
        _true_spells(start, history), world, extract, np.random.default_rng([*seed, 0])
    )
    rng = np.random.default_rng([*seed, 1])
    n_caseworkers = world.staff.caseworker.max() + 1 if world.staff else 0
    return Register(
        world=world,
        initial=start.state,
        history=history,
        lottery=start.lottery,
        person_ids=random_ids(len(world.people), rng),
        caseworker_ids="w" + random_ids(n_caseworkers, rng).str.slice(1, 8),
        spells=spells,
        unbooked_from=_unbooked_from(spells, len(world.people)),
        extract_date=extract,
        rng_seed=(*seed, 2),
    )


def random_ids(n: int, rng: np.random.Generator) -> pl.Series:
    """Random ids of 24 hexadecimal digits, the first a letter: no number, no hash of anything."""
    text = rng.bytes(12 * n).hex()
    first = np.array(list("abcdef"))[rng.integers(0, 6, n)].tolist()
    ids = [f"{a}{text[24 * i + 1 : 24 * i + 24]}" for i, a in enumerate(first)]
    return pl.Series(ids, dtype=pl.String)


def _true_spells(start: Start, history: History) -> pl.DataFrame:
    """One row per spell that ends after the window opens, or runs on."""
    clock, people = start.world.clock, start.world.people
    arrivals, exits = history.log["arrivals"], history.log["exits"]
    begun = pl.concat([_running(start.state), pl.DataFrame(arrivals)])
    ended = pl.DataFrame(exits).rename({"month": "exit_month", "day": "exit_day"})
    spells = begun.join(ended, on=["person", "spell"], how="left", maintain_order="left")
    person = spells["person"].to_numpy()
    return (
        spells.with_columns(
            unit=pl.Series(people.unit[person]),
            start=pl.Series(clock.date(spells["month"].to_numpy(), spells["day"].to_numpy())),
            end=pl.Series(_end_dates(start, spells)),
            start_month=pl.col("month"),
        )
        .filter(pl.col("end").is_null() | (pl.col("end") > pl.lit(clock.date(0).item())))
        .drop("month", "day", "exit_day")
        .sort("person", "spell")
    )


def _end_dates(start: Start, spells: pl.DataFrame) -> Days:
    month, day = (spells[name].fill_null(1).to_numpy() for name in ("exit_month", "exit_day"))
    dates = start.world.clock.date(month, day)
    return np.where(spells["exit_month"].is_null().to_numpy(), np.datetime64("NaT"), dates)


def _running(state: State) -> pl.DataFrame:
    """The spells that run when the burn-in begins."""
    rows = np.flatnonzero(state.is_on)
    return pl.DataFrame(
        {
            "person": rows,
            "spell": state.n_spells[rows],
            "month": state.start_month[rows],
            "day": state.start_day[rows],
            "is_return": state.n_spells[rows] > 1,
            "is_sharing": state.is_sharing[rows],
        }
    )


def _booked(
    spells: pl.DataFrame, world: World, extract: np.datetime64, rng: np.random.Generator
) -> pl.DataFrame:
    """Add booking dates, one pair per benefit, and what is booked on the extract date.

    A pension is booked when it starts, and an end at the latest when the next spell starts.
    """
    booking = world.scenario.booking
    benefits = spells.select("unit", "start").unique(maintain_order=True)
    n = len(benefits)
    lag = booking.end_lag_median_days * np.exp(booking.end_lag_log_sd * rng.normal(size=n))
    benefits = benefits.with_columns(
        start_lag=pl.Series(rng.integers(*booking.start_lag_days, n)),
        end_lag=pl.Series(lag),
    )
    joined = spells.join(benefits, on=["unit", "start"], how="left", maintain_order="left")
    decided = pl.col("start") + pl.duration(days="start_lag")
    years = (pl.col("end") - world.clock.date(0).item()).dt.total_days() / 365.25
    end_lag = pl.col("end_lag") * (booking.end_lag_log_trend_year * years).exp()
    usual = pl.max_horizontal(
        pl.col("end") + pl.duration(days=end_lag.ceil().cast(pl.Int64)),
        decided + pl.duration(days=1),
    )
    at_once = pl.when(pl.col("kind") == KIND["pension"]).then("end").otherwise(usual)
    dated = joined.with_columns(
        registered=decided,
        end_registered=pl.min_horizontal(at_once, pl.col("start").shift(-1).over("person")),
    )
    last, is_over = pl.lit(extract.item()), pl.col("end").is_not_null()
    booked_by = (pl.col("end_registered") <= last).fill_null(False)
    return dated.with_columns(
        end_registered=pl.when(is_over).then("end_registered"),
        is_booked=pl.col("registered") <= last,
        is_end_booked=booked_by & is_over,
    )


def _unbooked_from(spells: pl.DataFrame, n_people: int) -> Days:
    """First day nothing is known of: two weeks before an unbooked spell; for strangers, always."""
    from_day = np.full(n_people, np.datetime64("1900-01-01"))
    booked = spells.filter("is_booked")["person"].to_numpy()
    from_day[booked] = FAR_FUTURE
    unbooked = spells.filter(~pl.col("is_booked")).group_by("person").agg(pl.col("start").min())
    person = unbooked["person"].to_numpy()
    from_day[person] = np.minimum(
        from_day[person], unbooked["start"].to_numpy() - np.timedelta64(15, "D")
    )
    return from_day


def canonical(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with the columns, types and key order that the table promises.

    Without the month of a report: a simulated delivery is one extract.
    """
    table = tables()[name]
    dtypes = {c: t for c, t in table.dtypes().items() if c != "report_month"}
    if frame.is_empty():
        return pl.DataFrame(schema=dtypes)
    missing = [c for c in dtypes if c not in frame.columns]
    full = frame.with_columns(pl.lit(None).alias(c) for c in missing)
    return full.select(pl.col(c).cast(t) for c, t in dtypes.items()).sort(table.key)

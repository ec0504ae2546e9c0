"""Registers with planted late booking, gaps and Tozo: what truly happened, and what is found.

A town is simulated, delivered as files, and read back by the pipeline. Its true flows come from the
simulation itself, before anything is booked, stopped or filed under another scheme.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.incidence import Window, spell_durations
from watwerkt.cleaning.clean import Cleaned, clean_delivery
from watwerkt.estimators.survival_curves import kaplan_meier
from watwerkt.intake.delivery import read_delivery
from watwerkt.panel.build import build_panel
from watwerkt.synthetic import Scenario, Simulated, write_delivery
from watwerkt.synthetic.benefits import benefits_table
from watwerkt.synthetic.clients import clients_table
from watwerkt.synthetic.draws import seed_of
from watwerkt.synthetic.outside import outside_tables
from watwerkt.synthetic.register import Register, build_register
from watwerkt.synthetic.scenario import Booking, Outside
from watwerkt.synthetic.simulate import build_start, run_window
from watwerkt.synthetic.state import KIND

FIRST_MONTH, N_MONTHS = "2019-01", 72
FIRST_DAY, EXTRACT = date(2019, 1, 1), date(2024, 12, 31)
EARLIER = date(2023, 12, 31)  # an extract of a year before
NEW_SUITE = date(2024, 1, 1)
LONGEST_GAP = 30
COHORT_FROM = date(2023, 1, 1)  # entries of the last two years: simulation D of the literature note
HORIZON_MONTHS = 12
KNOWN = {"unknown_exit_reason_share": 0.0, "sickness_share": 0.0}  # reasons are not at issue here
AT_ONCE = {"end_lag_median_days": 2.0, "end_lag_log_sd": 0.1, "start_lag_days": (1, 3)}
NO_GAPS = {"interruption_rate": 0.0}
GAPS = {"interruption_rate": 0.006, "interruption_days": (5, 30), "interruption_work_share": 0.5}
TOZO = Outside(tozo_share=0.5, tozo_before_share=0.3)
NO_TOZO = Outside(tozo_share=0.0)


def planted(outside: Outside = NO_TOZO, **booking: object) -> Scenario:
    """A town like any other, but for its register."""
    return Scenario(booking=Booking(**{**KNOWN, **booking}), outside=outside)


POPULATIONS = {
    "late ends": planted(**NO_GAPS),  # median 35 days, 95 in 100 within 120: as in the sample
    "late starts": planted(**NO_GAPS, **{**AT_ONCE, "start_lag_days": (30, 120)}),
    "gaps": planted(**AT_ONCE, **GAPS),
    "late resumption": planted(**GAPS, **{**AT_ONCE, "start_lag_days": (30, 120)}),
    "Tozo": planted(TOZO, **AT_ONCE, **NO_GAPS),
    "all three": planted(TOZO, **GAPS),
    "lag that shortens": planted(**NO_GAPS, end_lag_median_days=80.0, end_lag_log_trend_year=-0.2),
    "lag that lengthens": planted(**NO_GAPS, end_lag_median_days=25.0, end_lag_log_trend_year=0.2),
}


@dataclass(frozen=True)
class Town:
    """A planted register.

    Attributes
    ----------
    delivered : ``clients`` and ``benefits`` as they stand on the extract date.
    spells : the true spells, ``start, end, destination`` (``end`` missing where it runs on).
    lags : every end in the window, booked or not: ``end``, ``lag`` (days).
    """

    delivered: Simulated
    spells: pl.DataFrame
    lags: pl.DataFrame


@dataclass(frozen=True)
class Reading:
    """How the register is read: the rules' parameters, and what is done to the benefits before."""

    max_gap_days: int = 30
    booking_lag_months: int = 3
    change: Callable[[pl.DataFrame], pl.DataFrame] = lambda benefits: benefits


def drop_booking_dates(benefits: pl.DataFrame) -> pl.DataFrame:
    """As if nobody had kept when anything was booked."""
    return benefits.drop("registered_date", "end_registered_date")


def relabel_tozo(benefits: pl.DataFrame) -> pl.DataFrame:
    """As if Tozo were social assistance, which is how it stands in the benefit file."""
    return benefits.with_columns(pl.col("scheme").replace("Tozo", "PW"))


def drop_start_booking_dates(benefits: pl.DataFrame) -> pl.DataFrame:
    """As if only ends said when they were booked."""
    return benefits.drop("registered_date")


def drop_old_booking_dates(benefits: pl.DataFrame) -> pl.DataFrame:
    """As if a new suite, a year ago, had not taken over the dates of booking."""
    return _before_the_suite(benefits, None)


def stamp_old_booking_dates(benefits: pl.DataFrame) -> pl.DataFrame:
    """As if the new suite had booked everything anew, on its first day."""
    return _before_the_suite(benefits, NEW_SUITE)


def _before_the_suite(benefits: pl.DataFrame, booked: date | None) -> pl.DataFrame:
    dates = ("registered_date", "end_registered_date")
    return benefits.with_columns(
        pl.when(pl.col(d) < NEW_SUITE).then(pl.lit(booked, pl.Date)).otherwise(d).alias(d)
        for d in dates
    )


def book_resumptions_as_starts(town: Town, days: tuple[int, int], seed: int) -> Town:
    """The register a year before, with stops booked in two days and resumptions as late as starts.

    ``days`` is from when to when a start is booked.
    """
    rng = np.random.default_rng(seed)
    benefits = town.delivered.tables["benefits"].sort("person_id", "start_date")
    gap = pl.col("start_date") - pl.col("end_date").shift().over("person_id")
    is_resumed = (gap.dt.total_days() <= LONGEST_GAP).fill_null(False)
    late = pl.Series(rng.integers(*days, len(benefits)))
    stopped = is_resumed.shift(-1).over("person_id").fill_null(False)
    booked = benefits.with_columns(
        registered_date=pl.when(is_resumed)
        .then(pl.col("start_date") + pl.duration(days=late))
        .otherwise("registered_date"),
        end_registered_date=pl.when(stopped)
        .then(pl.col("end_date") + pl.duration(days=2))
        .otherwise("end_registered_date"),
    )
    ends = ("end_date", "exit_reason", "end_registered_date")
    known = (pl.col("end_registered_date") <= EARLIER).fill_null(False)
    then = booked.filter(pl.col("registered_date") <= EARLIER).with_columns(
        pl.when(known).then(pl.col(c)).alias(c) for c in ends
    )
    delivered = replace(
        town.delivered,
        extract_date=str(EARLIER),
        last_month=str(EARLIER)[:7],
        tables={**town.delivered.tables, "benefits": then},
    )
    return replace(town, delivered=delivered)


WITH_RULES = Reading()
NO_LAG_RULE = Reading(0, 0, drop_booking_dates)
NO_GAP_RULE = Reading(max_gap_days=0)
NO_TOZO_RULE = Reading(change=relabel_tozo)
NO_START_RULE = Reading(change=drop_start_booking_dates)
NO_RULES = Reading(0, 0, lambda benefits: relabel_tozo(drop_booking_dates(benefits)))


def build_town(scenario: Scenario, n_clients: int, seed: int) -> Town:
    """Simulate one town; of its tables those that the flows need."""
    start = build_start(scenario, "GM9999", n_clients, N_MONTHS, seed)
    register = build_register(start, run_window(start), (*seed_of("GM9999", seed), 8))
    person = register.spells.filter("is_booked")["person"].unique().sort().to_numpy()
    clients, benefits = clients_table(register, person), benefits_table(register)
    more_clients, more_benefits = outside_tables(register, clients, benefits)
    tables = {
        "clients": pl.concat([clients, more_clients]),
        "benefits": pl.concat([benefits, more_benefits]),
    }
    delivered = Simulated(
        "GM9999", FIRST_MONTH, str(EXTRACT)[:7], str(EXTRACT), tables, truth={}, in_nature=[]
    )
    return Town(delivered, _true_spells(register), _true_lags(register))


def _true_spells(register: Register) -> pl.DataFrame:
    is_work = (pl.col("kind") == KIND["work"]).fill_null(False)
    return register.spells.select("person", "start", "end", is_work=is_work)


def _true_lags(register: Register) -> pl.DataFrame:
    lag = (pl.col("end_registered") - pl.col("end")).dt.total_days()
    in_window = pl.col("end").is_between(FIRST_DAY, EXTRACT)
    return register.spells.filter(in_window).select("end", lag=lag)


def clean_town(town: Town, reading: Reading = WITH_RULES) -> Cleaned:
    """Write the delivery, read it, and clean it."""
    tables = town.delivered.tables
    changed = {**tables, "benefits": reading.change(tables["benefits"])}
    with TemporaryDirectory() as folder:
        write_delivery(replace(town.delivered, tables=changed), Path(folder), "parquet")
        delivery = read_delivery(Path(folder))
    return clean_delivery(delivery, reading.max_gap_days, reading.booking_lag_months)


def found_flows(cleaned: Cleaned) -> pl.DataFrame:
    """Per month of the panel ``n_persons``, ``n_exits``, ``n_work``, ``n_entries``."""
    began = (pl.col("months_since_entry") == 0) & pl.col("is_entry_observed")
    return (
        pl.concat(build_panel(cleaned))
        .group_by("month")
        .agg(
            n_persons=pl.len(),
            n_exits=(pl.col("exit_destination") != "stay").sum(),
            n_work=(pl.col("exit_destination") == "work").sum(),
            n_entries=began.sum(),
        )
        .sort("month")
    )


def true_flows(town: Town) -> pl.DataFrame:
    """The same counts of what truly happened, over the whole window, by counting months one by one.

    On benefit in a month is whoever was on one of its days; the exit falls in the month of the
    last day.
    """
    start = town.spells["start"].to_numpy().astype("datetime64[M]").astype(int)
    ended = town.spells["end"].is_not_null().to_numpy()
    last_day = town.spells["end"].fill_null(date(9999, 1, 1)).to_numpy() - np.timedelta64(1, "D")
    last = last_day.astype("datetime64[M]").astype(int)
    is_work = town.spells["is_work"].to_numpy()
    months = np.datetime64(FIRST_MONTH, "M") + np.arange(N_MONTHS)
    rows = [
        {
            "month": month.item(),
            "n_persons": int(((start <= m) & (last >= m)).sum()),
            "n_exits": int((ended & (last == m)).sum()),
            "n_work": int((is_work & (last == m)).sum()),
            "n_entries": int((start == m).sum()),
        }
        for month, m in zip(months, months.astype(int), strict=True)
    ]
    return pl.DataFrame(rows, schema_overrides={"month": pl.Date})


def found_incidence(cleaned: Cleaned) -> dict[str, float]:
    """Share of recent entrants off benefit within a year: ``estimate, conf_low, conf_high``."""
    return _incidence(cleaned.spells, cleaned.observed_until)


def true_incidence(spells: pl.DataFrame) -> float:
    """The same share of what truly happened, with a register that knows everything at once."""
    known = spells.with_columns(
        end_date=pl.when(pl.col("end") <= EXTRACT).then("end"),
        start_date="start",
        is_left_censored=pl.lit(False),
        risk_end_date=pl.lit(None, pl.Date),
        exit_destination=pl.lit("other"),
    )
    return _incidence(known, EXTRACT)["estimate"]


def _incidence(spells: pl.DataFrame, until: date) -> dict[str, float]:
    recent = spells.filter(pl.col("start_date") >= COHORT_FROM).lazy()
    durations = spell_durations(recent, Window(COHORT_FROM, until))
    curve = kaplan_meier(
        durations["duration"], np.asarray(durations["destination"] != ""), durations["entry"]
    ).tidy(0.95)
    at = curve[curve["time"] <= HORIZON_MONTHS].iloc[-1]
    return {
        "estimate": 1 - at["estimate"],
        "conf_low": 1 - at["conf_high"],
        "conf_high": 1 - at["conf_low"],
    }


def compare_flows(found: pl.DataFrame, true: pl.DataFrame) -> pd.DataFrame:
    """Found and true counts side by side, in the months that the panel has."""
    return found.join(true, on="month", suffix="_true", maintain_order="left").to_pandas()


def bias(flows: pd.DataFrame, count: str, per: str = "n_persons") -> float:
    """How far the found hazard ``count / per`` lies from the true one, as a share of it."""
    found = flows[count].sum() / flows[per].sum()
    return float(found / (flows[f"{count}_true"].sum() / flows[f"{per}_true"].sum()) - 1)

"""How late exits are booked, and what is still to come in the last months."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from analysis_panels import EXACT
from disclosure_tables import POLICY
from prepared_towns import prepare
from watwerkt.analysis import booking
from watwerkt.disclosure import Gap
from watwerkt.publish.language import Translator

EXTRACT, FIRST = date(2024, 12, 31), date(2023, 1, 1)
RECOVERED = 0.05  # of 4,000 exits in two years


def town(n: int = 4000, mean_lag_days: float = 40, known: str = "ends", seed: int = 1):
    """Exits spread evenly over two years, booked after an exponential lag; late ones not at all."""
    rng = np.random.default_rng(seed)
    end = rng.integers(1, (EXTRACT - FIRST).days, n)
    booked = end + np.floor(rng.exponential(mean_lag_days, n)).astype(int)
    truth = pl.DataFrame({"end": end, "booked": booked}).select(
        person_id=pl.format("p{}", pl.int_range(pl.len())),
        start_date=pl.lit(date(2020, 1, 1)),
        end_date=pl.lit(FIRST) + pl.duration(days="end"),
        registered_date=pl.lit(FIRST) + pl.duration(days="booked"),
    )
    is_booked = pl.col("registered_date") <= EXTRACT
    benefits = truth.filter(is_booked)
    if known == "ends":
        benefits = benefits.rename({"registered_date": "end_registered_date"})
    elif known == "starts":
        benefits = benefits.with_columns(start_date="end_date", end_date=None)
        benefits = benefits.with_columns(pl.col("end_date").cast(pl.Date))
    else:
        benefits = benefits.drop("registered_date")
    return truth, prepare(times=1, benefits=benefits)


def test_what_is_still_to_come_is_near_what_will_come():
    truth, prepared = town()
    found = booking.still_to_come(prepared, EXACT).frame.iloc[0]
    months = booking.late_outflow(prepared, EXACT).frame
    shown = months[months["booked_as"] == "corrected"]["month"].max()
    until = (shown + np.timedelta64(31, "D")).replace(day=1).date()
    begin = prepared.observed_until.replace(day=1)
    last_day = truth["end_date"].dt.offset_by("-1d")
    true = truth.filter(last_day.is_between(begin, until, closed="left")).height
    assert found["n_exits"] < 0.85 * true
    assert found["n_exits_corrected"] == pytest.approx(true, rel=3 * RECOVERED)


def test_booked_and_expected_part_only_where_bookings_are_to_come():
    _, prepared = town()
    months = booking.late_outflow(prepared, EXACT).frame
    wide = months.pivot(index="month", columns="booked_as", values="n_exits")
    assert len(wide) == booking.SHOWN_MONTHS
    old = wide[wide.index < "2024-06-01"]
    assert (old["booked"] == old["corrected"]).all()
    assert wide["corrected"].isna().sum() == 1  # of December too little has been booked
    assert (wide["corrected"] - wide["booked"]).iloc[-3:-1].gt(0).all()


def test_the_share_booked_rises_as_the_lag_that_was_planted():
    _, prepared = town()
    found = booking.share_booked(prepared, EXACT).frame.set_index("lag_days")["share_booked"]
    for days in (14, 30, 60, 90):
        assert found[days] == pytest.approx(1 - np.exp(-(days + 1) / 40), abs=RECOVERED)
    assert found.dropna().is_monotonic_increasing


@pytest.mark.parametrize(
    ("known", "nl"),
    [
        ("ends", "De helft van de uitstroom"),
        ("starts", "De levering zegt wanneer uitkeringen zijn geboekt"),
        ("none", "De levering zegt niet"),
    ],
)
def test_it_says_what_the_lag_was_read_from(known, nl):
    _, prepared = town(n=400, known=known)
    row = booking.booking(prepared, POLICY).frame.iloc[0]
    sentence = booking.booking_sentence(prepared)
    said = Translator("nl").text(sentence, **row, observed_until=prepared.observed_until)
    assert said.startswith(nl)


@pytest.mark.parametrize("known", ["starts", "none"])
def test_without_dates_of_booking_nothing_is_said_of_the_lag_of_exits(known):
    _, prepared = town(n=400, known=known)
    assert booking.share_booked(prepared, POLICY) is booking.NO_BOOKING_DATES
    if known == "none":
        assert booking.still_to_come(prepared, POLICY) is booking.NO_BOOKING_DATES
        months = booking.late_outflow(prepared, POLICY)
        assert not isinstance(months, Gap)
        assert set(months.frame["booked_as"]) == {"booked"}


def test_the_months_that_are_not_complete_begin_where_observation_ends():
    _, prepared = town(n=400)
    until = (prepared.observed_until, EXTRACT, booking.INCOMPLETE_LABEL)
    assert booking.incomplete_months(prepared) == until

"""Texts to days and lengths of time, in the notations of registers and databases."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watwerkt.intake.parsing import minutes_between, parse_dates, parse_minutes

NOTATIONS = ("dd-mm-jjjj", "jjjjmmdd")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-05-01T09:30:00+02:00", date(2023, 5, 1)),
        ("2023-05-01T22:30:00Z", date(2023, 5, 2)),  # half past midnight in the Netherlands
        ("2023-12-01T22:30:00Z", date(2023, 12, 1)),  # winter time
        ("2023-12-01 23:30Z", date(2023, 12, 2)),
        ("2023-05-01T22:30:00.123456+00:00", date(2023, 5, 2)),
        ("2023-05-01T22:30:00", date(2023, 5, 1)),  # without a zone: as it stands
        ("01-05-2023 22:30", date(2023, 5, 1)),
        ("2023-05-01T22:30:00+2", date(2023, 5, 1)),
        ("2023-13-01T22:30:00Z", None),
    ],
)
def test_the_day_of_a_moment_is_the_dutch_day(text, day):
    assert parse_dates(pl.Series([text, "2020-01-01"]), NOTATIONS).to_list()[0] == day


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0:25:00", 25.0),
        ("00:25", 25.0),
        ("1:05:30", 65.5),
        ("PT25M", 25.0),
        ("PT1H5M30S", 65.5),
        ("PT90.5S", 1.5),
        ("1970-01-01 00:20:00", 20.0),  # a database without a type for lengths
        ("P", None),
        ("PT", None),
        ("kwartier", None),
    ],
)
def test_lengths_of_time(text, minutes):
    assert parse_minutes(pl.Series([text])).to_list() == [minutes]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)), st.integers(0, 600))
def test_minutes_between_two_moments_in_any_notation(start, length):
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=length)
    firsts = [f"{start:%Y-%m-%d %H:%M:%S}", f"{start:%d-%m-%Y %H:%M}", f"{start:%Y%m%d}"]
    lasts = [f"{end:%Y-%m-%dT%H:%M:%S}", f"{end:%d-%m-%Y %H:%M:%S}", f"{end:%d-%m-%Y %H:%M}"]
    found = minutes_between(pl.Series(firsts), pl.Series(lasts), NOTATIONS).to_list()
    assert found == [length, length, None], "a day without a clock time has no length"


def test_minutes_between_moments_in_two_zones():
    first, last = pl.Series(["2023-05-01T22:30:00Z"]), pl.Series(["2023-05-02T00:55:30+02:00"])
    assert minutes_between(first, last, NOTATIONS).to_list() == [25.5]

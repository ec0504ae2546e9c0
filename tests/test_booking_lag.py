"""Booking lag: corrected for what is not booked yet, and what is observed because of it."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from cleaning_tables import clean
from watwerkt.cleaning.booking_lag import estimate_booking_lag, last_observed_day, lynden_bell

EXTRACT = date(2020, 12, 31)
FIRST = date(2019, 1, 1)  # two years before the extract
RECOVERED = {"rtol": 0.04}  # mean of ten draws, each with an error of 2 % (median) or 3 % (p95)
EXACT = {"rtol": 1e-12}


def booked_ends(scale_days: float, n: int, seed: int) -> pl.DataFrame:
    """Ends spread evenly over two years, booked after an exponential lag, and by the extract."""
    rng = np.random.default_rng(seed)
    ended = rng.integers(0, (EXTRACT - FIRST).days, n)
    booked = ended + np.floor(rng.exponential(scale_days, n)).astype(int)
    frame = pl.DataFrame({"end": ended, "booked": booked}).select(
        spell_id=pl.int_range(pl.len()).cast(pl.String),
        end_date=pl.lit(FIRST) + pl.duration(days="end"),
        end_registered_date=pl.lit(FIRST) + pl.duration(days="booked"),
        start_date=pl.lit(FIRST) - pl.duration(days=100),
        registered_date=pl.lit(None, pl.Date),
    )
    return frame.filter(pl.col("end_registered_date") <= EXTRACT)


def test_the_planted_lag_is_recovered_where_the_naive_quantile_is_too_short():
    """Lags with a mean of 120 days, so a median of 83 and a 95th percentile of 359."""
    true, found, naive = 120 * np.log([2, 20]), [], []
    for seed in range(10):
        benefits = booked_ends(120, 6000, seed)
        lag = estimate_booking_lag(benefits, FIRST, EXTRACT, booking_lag_months=3)
        assert lag["is_estimated"] == 1.0
        found.append([lag["median"], lag["p95"]])
        days = (benefits["end_registered_date"] - benefits["end_date"]).dt.total_days()
        naive.append([days.quantile(0.5), days.quantile(0.95)])
    assert_allclose(np.mean(found, axis=0), true, **RECOVERED)
    assert (np.mean(naive, axis=0) < 0.85 * true).all()


def test_a_lag_seen_in_full_is_the_empirical_distribution():
    lag = np.array([1.0, 2.0, 2.0, 5.0])
    found = lynden_bell(lag, np.full(4, 10.0))
    assert_allclose(found.share, [0.25, 0.75, 1.0], **EXACT)
    assert [found.quantile(p) for p in (0.25, 0.5, 0.95)] == [1.0, 2.0, 5.0]


def test_truncated_lags_by_hand():
    """Of the two old enough to show lag 3 one has it; of the two left at lag 1 one has that."""
    found = lynden_bell(np.array([1.0, 0.0, 3.0]), np.array([1.0, 9.0, 9.0]))
    assert_allclose(found.days, [0, 1, 3], **EXACT)
    assert_allclose(found.share, [1 / 2 * 1 / 2, 1 / 2, 1], **EXACT)


def test_one_ancient_correction_does_not_move_the_lag():
    benefits = booked_ends(30, 2000, seed=1)
    ancient = benefits.head(1).with_columns(
        end_date=pl.lit(FIRST), end_registered_date=pl.lit(EXTRACT)
    )
    lag = estimate_booking_lag(pl.concat([benefits, ancient]), FIRST, EXTRACT, 3)
    assert_allclose(lag["p95"], 30 * np.log(20), rtol=0.1)


def test_without_booking_dates_the_parameter_stands_in():
    cleaned = clean(benefits="person_id start_date\nann 2020-01-01")
    assert cleaned.booking_lag_days == {"median": 91.3125, "p95": 91.3125, "is_estimated": 0.0}
    assert cleaned.observed_until == date(2024, 12, 31) - timedelta(days=92)


def test_starts_tell_the_lag_where_ends_do_not():
    benefits = booked_ends(30, 2000, seed=1).with_columns(
        start_date="end_date",
        registered_date="end_registered_date",
        end_date=pl.lit(None, pl.Date),
        end_registered_date=pl.lit(None, pl.Date),
    )
    lag = estimate_booking_lag(benefits, FIRST, EXTRACT, 3)
    assert_allclose(lag["p95"], 30 * np.log(20), rtol=0.1)


@pytest.mark.parametrize(
    ("max_gap_days", "lag_days", "expected"),
    [(30, 10.0, date(2020, 12, 1)), (30, 61.2, date(2020, 10, 30))],
)
def test_observed_until_is_the_longer_of_gap_and_lag_before_the_extract(
    max_gap_days, lag_days, expected
):
    assert last_observed_day(EXTRACT, max_gap_days, lag_days) == expected


def test_the_share_booked_within_so_many_days():
    found = lynden_bell(np.array([1.0, 2.0, 2.0, 5.0]), np.full(4, 10.0))
    within = found.share_within(np.array([0.0, 1.0, 1.9, 2.0, 4.0, 5.0, 99.0]))
    assert_allclose(within, [0, 0.25, 0.25, 0.75, 0.75, 1, 1], **EXACT)

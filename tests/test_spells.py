"""Spells: B06, B08, and what is observed of them."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning_tables import clean, counts, drawn, shown
from watwerkt.cleaning.spells import build_spells

ORIGIN = date(2019, 1, 1)


def test_overlapping_periods_of_one_scheme_are_merged_and_touching_ones_are_a_gap_of_nothing():
    cleaned = clean(
        benefits="""
        person_id  benefit_id  start_date  end_date    exit_reason  entry_reason
        ann        b1          2020-01-01  2020-06-01  98           job_loss
        ann        b2          2020-05-01  2020-09-01  11           moved
        ann        b3          2020-09-01  2020-12-01  02           other
        """
    )
    assert counts(cleaned, "benefits") == {"B06 merge": 1, "B08 merge": 1}
    columns = "person_id benefit_id start_date end_date exit_destination entry_reason"
    assert shown(cleaned.spells, columns) == drawn("""
        person_id  benefit_id  start_date  end_date    exit_destination  entry_reason
        ann        b3          2020-01-01  2020-12-01  household         job_loss
    """)


def test_a_gap_of_at_most_max_gap_days_is_one_spell_across_schemes_in_scope():
    cleaned = clean(
        benefits="""
        person_id  scheme  start_date  end_date
        ann        PW      2020-01-01  2020-02-01
        ann        IOAW    2020-03-02  2020-04-01
        bo         PW      2020-01-01  2020-02-01
        bo         PW      2020-03-03  2020-04-01
        cas        PW      2020-01-01  2020-02-01
        cas        Bbz     2020-02-05  2020-03-01
        cas        PW      2020-03-15  2020-04-01
        """
    )
    assert counts(cleaned, "benefits")["B08 merge"] == 1  # 2020-02-01 to 03-02 is 30 days
    assert shown(cleaned.spells, "person_id scheme start_date end_date") == drawn("""
        person_id  scheme  start_date  end_date
        ann        PW      2020-01-01  2020-04-01
        bo         PW      2020-01-01  2020-02-01
        bo         PW      2020-03-03  2020-04-01
        cas        PW      2020-01-01  2020-02-01
        cas        PW      2020-03-15  2020-04-01
    """)


def test_a_short_period_inside_a_long_one_does_not_split_it_and_a_running_one_covers_all():
    cleaned = clean(
        max_gap_days=0,
        benefits="""
        person_id  benefit_id  start_date  end_date
        ann        b1          2020-01-01  2020-12-01
        ann        b2          2020-02-01  2020-03-01
        ann        b3          2020-11-01  2021-01-01
        bo         b4          2020-01-01  -
        bo         b5          2020-02-01  2020-03-01
        """,
    )
    assert shown(cleaned.spells, "person_id start_date end_date") == drawn("""
        person_id  start_date  end_date
        ann        2020-01-01  2021-01-01
        bo         2020-01-01  -
    """)


def test_periods_keep_the_terms_that_a_spell_has_only_once():
    cleaned = clean(
        benefits="""
        person_id  start_date  end_date    exemption      part_time_income_eur_month
        ann        2020-01-01  2020-06-01  single_parent  -
        ann        2020-06-10  2020-12-01  none           300
        """
    )
    columns = "spell_id start_date exemption part_time_income_eur_month"
    assert shown(cleaned.tables["periods"], columns) == drawn("""
        spell_id  start_date  exemption      part_time_income_eur_month
        ann-1     2020-01-01  single_parent  -
        ann-1     2020-06-10  none           300
    """)
    assert cleaned.spells["spell_id"].to_list() == ["ann-1"]


def test_an_end_after_observed_until_is_not_yet_observed():
    cleaned = clean(
        benefits="""
        person_id  start_date  end_date    exit_reason
        ann        2020-01-01  2024-10-01  11
        bo         2020-01-01  2024-10-02  11
        """
    )
    assert cleaned.observed_until == date(2024, 9, 30)  # three months before the extract
    spells = build_spells(
        cleaned.tables["benefits"].with_columns(entry_reason=None), date(2024, 10, 1)
    )
    assert shown(spells, "person_id end_date exit_reason exit_destination") == drawn("""
        person_id  end_date    exit_reason  exit_destination
        ann        2024-10-01  11           work
        bo         -           -            -
    """)


def test_without_exit_reasons_every_end_has_an_unknown_destination():
    cleaned = clean(
        benefits="""
        person_id  start_date  end_date
        ann        2020-01-01  2021-01-01
        """
    )
    assert cleaned.spells["exit_destination"].to_list() == ["unknown"]
    assert "exit_reason" not in cleaned.tables["benefits"].columns


period = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["PW", "IOAW"]),
    st.integers(0, 400),
    st.one_of(st.none(), st.integers(1, 90)),
)


@settings(max_examples=60)
@given(st.lists(period, min_size=1, max_size=25), st.integers(0, 40))
def test_spells_cover_the_days_on_benefit_and_no_gap_longer_than_allowed(periods, max_gap_days):
    """Day by day, against a calendar of the days that each person was on benefit."""
    horizon, days = 520, {}
    for person, _, start, length in periods:
        end = horizon if length is None else start + length
        days.setdefault(person, set()).update(range(start, end))
    rows = [
        (p, f"b{i}", scheme, day(start), None if length is None else day(start + length))
        for i, (p, scheme, start, length) in enumerate(periods)
    ]
    columns = ["person_id", "benefit_id", "scheme", "start_date", "end_date"]
    types = [pl.String, pl.String, pl.String, pl.Date, pl.Date]
    frame = pl.DataFrame(rows, schema=dict(zip(columns, types, strict=True)), orient="row")
    found = clean(max_gap_days=max_gap_days, benefits=frame).spells
    assert {(s["person_id"], s["start_date"], s["end_date"]) for s in found.to_dicts()} == {
        spell
        for person, on in days.items()
        for spell in expected(person, on, max_gap_days, horizon)
    }


def expected(person: str, on: set[int], max_gap_days: int, horizon: int) -> set[tuple]:
    spells, start, last = set(), None, None
    for today in sorted(on):
        if start is not None and today - last - 1 > max_gap_days:
            spells.add((person, day(start), day(last + 1)))
            start = None
        start, last = (today if start is None else start), today
    return spells | {(person, day(start), None if last == horizon - 1 else day(last + 1))}


def day(number: int) -> date:
    return ORIGIN + timedelta(days=number)

"""P01-P02, B01-B05, B07, B09-B11: persons and their benefit periods."""

from datetime import date, timedelta

import polars as pl
import pytest

from cleaning_tables import clean, counts, drawn, shown
from watwerkt.cleaning.aow import earliest_aow_month


def test_an_impossible_birth_year_takes_the_client_out_and_orphans_what_is_theirs():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1880        female
        bo         2031        male
        cas        1914        male
        """,
        benefits="""
        person_id  start_date
        ann        2020-01-01
        cas        2020-01-01
        """,
    )
    assert counts(cleaned, "clients") == {"P01 quarantine": 2}
    assert counts(cleaned, "benefits")["B04 quarantine"] == 1


def test_of_two_birth_years_or_sexes_the_latest_row_stays_and_is_flagged():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1980        female
        bo         1990        male
        ann        1981        female
        ann        1981        male
        """
    )
    assert counts(cleaned, "clients") == {"P02 merge": 2, "P02 flag": 1}
    columns = "person_id birth_year is_identity_conflicting"
    assert shown(cleaned.tables["clients"], columns) == drawn("""
        person_id  birth_year  is_identity_conflicting
        bo         1990        no
        ann        1981        yes
    """)


def test_periods_that_cannot_be_are_quarantined_by_their_own_rule():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1980        female
        """,
        benefits="""
        person_id  start_date  end_date
        ann        2020-01-01  2020-01-01
        ann        2020-02-01  2020-01-01
        ann        2025-01-01  -
        nobody     2020-01-01  -
        ann        2021-01-01  2021-01-02
        """,
    )
    assert counts(cleaned, "benefits") == {
        "B01 quarantine": 2,
        "B02 quarantine": 1,
        "B04 quarantine": 1,
    }
    assert cleaned.spells["start_date"].to_list() == [date(2021, 1, 1)]


def test_people_who_were_deterred_need_be_no_clients_but_traits_need_a_client():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1980        female
        """,
        applications="""
        application_id  person_id  application_date
        a1              deterred   2020-01-01
        """,
        traits="""
        person_id  trait      value  valid_from
        deterred   education  low    2020-01-01
        """,
    )
    assert counts(cleaned, "applications") == {}
    assert counts(cleaned, "traits") == {"B04 quarantine": 1}


def test_a_running_end_that_intake_read_is_counted():
    cleaned = clean(
        benefits="""
        person_id  start_date  end_date  is_end_repaired
        ann        2020-01-01  -         yes
        bo         2020-01-01  -         no
        """
    )
    assert counts(cleaned, "benefits") == {"B03 repair": 1}


@pytest.mark.parametrize(
    ("birth_year", "expected"),
    [
        (1953, date(2019, 5, 1)),  # 66 years and 4 months
        (1955, date(2021, 5, 1)),
        (1956, date(2022, 8, 1)),  # 66 and 7
        (1957, date(2023, 11, 1)),  # 66 and 10
        (1958, date(2025, 1, 1)),  # 67 in 2025
    ],
)
def test_the_earliest_month_in_which_a_cohort_reaches_state_pension(birth_year, expected):
    """Algemene Ouderdomswet art. 7a; the month after which nobody is sure to be below it."""
    assert earliest_aow_month(birth_year) == expected


def test_risk_ends_with_the_month_of_state_pension_or_the_cohorts_earliest():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex     aow_month
        ann        1955        female  2022-02-01
        bo         1955        male    -
        cas        1955        male    2022-02-01
        dee        1990        female  -
        eva        2003        female  -
        flo        2003        female  -
        """,
        benefits="""
        person_id  start_date  end_date    scheme
        ann        2020-01-01  -           PW
        bo         2020-01-01  -           PW
        cas        2020-01-01  2022-02-14  PW
        dee        2020-01-01  -           PW
        eva        2020-06-01  -           PW
        flo        2021-06-01  -           PW
        ann        2022-03-01  -           AIO
        """,
    )
    assert counts(cleaned, "benefits") == {"B05 flag": 3, "B09 flag": 1}
    assert shown(cleaned.spells, "person_id risk_end_date") == drawn("""
        person_id  risk_end_date
        ann        2022-03-01
        bo         2021-05-01
        cas        -
        dee        -
        eva        2020-06-01
        flo        -
    """)


def test_out_of_scope_schemes_are_kept_but_are_no_spell():
    cleaned = clean(
        benefits="""
        person_id  scheme     start_date  end_date
        ann        Tozo       2020-04-01  2020-10-01
        ann        PW         2020-10-05  2021-01-01
        bo         bijzonder  2020-04-01  -
        """
    )
    assert counts(cleaned, "benefits") == {"B09 flag": 2}
    assert cleaned.tables["benefits"].height == 3
    assert shown(cleaned.spells, "person_id scheme") == drawn("""
        person_id  scheme
        ann        PW
    """)


def test_an_exit_that_lies_with_the_partner_is_partner_work_only_if_the_partner_left_for_work():
    cleaned = clean(
        benefits="""
        person_id  benefit_id  start_date  end_date    exit_reason
        ann        b1          2020-01-01  2021-01-01  97
        bo         b1          2020-01-01  2021-01-15  11
        cas        b2          2020-01-01  2021-01-01  97
        dee        b2          2020-01-01  2021-01-01  02
        eva        b3          2020-01-01  2021-01-01  97
        flo        b4          2020-01-01  2021-01-01  97
        gus        b4          2018-01-01  2019-01-01  11
        """
    )
    assert counts(cleaned, "benefits") == {"B07 repair": 4}
    assert shown(cleaned.spells, "person_id exit_reason exit_destination") == drawn("""
        person_id  exit_reason  exit_destination
        ann        97           partner_work
        bo         11           work
        cas        97           household
        dee        02           household
        eva        97           household
        flo        97           household
        gus        11           work
    """)


def test_a_partner_who_was_back_within_the_gap_did_not_leave_for_work():
    cleaned = clean(
        benefits="""
        person_id  benefit_id  start_date  end_date    exit_reason
        ann        b1          2020-01-01  2021-01-01  97
        bo         b1          2020-01-01  2021-01-01  11
        bo         b2          2021-01-10  -           -
        """
    )
    assert cleaned.spells["exit_destination"].to_list() == ["household", None]


def test_of_monthly_snapshots_the_latest_stays_and_one_that_vanished_leaves_risk():
    cleaned = clean(
        window=("2020-01", "2020-02"),
        benefits="""
        person_id  benefit_id  start_date  end_date    report_month
        ann        b1          2020-01-01  -           2020-01-01
        ann        b1          2020-01-01  2020-02-15  2020-02-01
        bo         b2          2020-01-01  -           2020-01-01
        cas        b3          2020-01-01  -           2020-01-01
        cas        b3          2020-01-01  -           2020-02-01
        """,
    )
    assert counts(cleaned, "benefits") == {"B10 merge": 2, "B10 flag": 1}
    assert shown(cleaned.spells, "person_id end_date risk_end_date") == drawn("""
        person_id  end_date    risk_end_date
        ann        2020-02-15  -
        bo         -           2020-02-01
        cas        -           -
    """)


def test_a_vanished_benefit_does_not_swallow_the_next_one():
    cleaned = clean(
        benefits="""
        person_id  benefit_id  start_date  end_date  report_month
        ann        b1          2020-01-01  -         2020-01-01
        ann        b2          2021-01-01  -         2021-01-01
        """
    )
    assert cleaned.spells["start_date"].to_list() == [date(2020, 1, 1), date(2021, 1, 1)]


def starts(n_migrated: int) -> pl.DataFrame:
    """A start on every first of the month from 2019 to 2023, and ``n_migrated`` on 2021-07-01."""
    monthly = pl.date_range(date(2019, 1, 1), date(2023, 12, 1), "1mo", eager=True).to_list()
    days = monthly * 2 + [date(2021, 7, 1)] * n_migrated
    return pl.DataFrame(
        {"person_id": [f"p{i:03d}" for i in range(len(days))], "start_date": days}
    ).with_columns(end_date=pl.col("start_date") + timedelta(days=300))


def test_a_start_shared_by_more_than_a_year_of_others_to_either_side_is_left_censored():
    cleaned = clean(benefits=starts(n_migrated=60))
    assert counts(cleaned, "benefits") == {"B11 flag": 62}
    assert cleaned.spells.filter("is_left_censored")["start_date"].unique().to_list() == [
        date(2021, 7, 1)
    ]


def test_a_busy_first_of_the_month_is_no_migration():
    assert counts(clean(benefits=starts(n_migrated=40)), "benefits") == {}


def test_a_migration_that_the_old_period_shows_through_is_no_start():
    migrated = starts(n_migrated=60)
    before = migrated.tail(60).with_columns(
        start_date=pl.lit(date(2018, 3, 3)), end_date=pl.lit(date(2021, 7, 1))
    )
    before = before.with_columns(
        start_date=pl.col("start_date") + pl.duration(days=pl.int_range(60) * 5)
    )
    cleaned = clean(benefits=pl.concat([migrated, before]))
    assert counts(cleaned, "benefits") == {"B08 merge": 60}

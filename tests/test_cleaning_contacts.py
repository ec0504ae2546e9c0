"""C01-C05: contacts, and whether their registration can be trusted."""

from datetime import date, timedelta

import polars as pl

from cleaning_tables import clean, counts, drawn, shown

SPELLS = """
    person_id  start_date  end_date
    ann        2020-01-01  2020-06-01
    ann        2021-01-01  -
"""


def test_a_contact_booked_twice_is_one_and_the_booking_that_reached_the_client_stays():
    cleaned = clean(
        contacts="""
        contact_id  person_id  caseworker_id  contact_date  channel  is_reached  registered_date
        c1          ann        w1             2020-01-01    phone    no          2020-01-01
        c2          ann        w1             2020-01-01    phone    yes         2020-01-09
        c3          ann        w1             2020-01-01    phone    yes         2020-01-05
        c4          ann        w2             2020-01-01    phone    yes         2020-01-01
        c5          ann        -              2020-01-01    phone    no          2020-01-01
        c6          ann        -              2020-01-01    phone    no          2020-01-01
        c7          ann        w1             2020-01-01    email    yes         2020-01-01
        """
    )
    assert counts(cleaned, "contacts") == {"C02 merge": 3}
    assert cleaned.tables["contacts"]["contact_id"].to_list() == ["c3", "c4", "c5", "c7"]


def test_phase_is_told_by_the_last_spell_that_had_begun():
    cleaned = clean(
        benefits=SPELLS,
        contacts="""
        contact_id  person_id  contact_date  channel
        c1          ann        2019-12-31    phone
        c2          ann        2020-01-01    phone
        c3          ann        2020-05-31    email
        c4          ann        2020-06-01    phone
        c5          ann        2020-12-31    home_visit
        c6          ann        2024-01-01    portal
        c7          bo         2020-01-01    video
        """,
    )
    assert counts(cleaned, "contacts") == {"C03 flag": 3}
    assert shown(cleaned.tables["contacts"], "contact_id phase is_personal") == drawn("""
        contact_id  phase   is_personal
        c1          before  yes
        c2          during  yes
        c3          during  no
        c4          after   yes
        c5          after   yes
        c6          during  no
        c7          none    yes
    """)


def test_orphans_go_and_late_ones_are_flagged():
    cleaned = clean(
        clients="""
        person_id  birth_year  sex
        ann        1980        female
        """,
        benefits="""
        person_id  start_date
        ann        2019-01-01
        """,
        contacts="""
        person_id  contact_date  registered_date
        ann        2020-01-01    2020-03-31
        ann        2020-01-02    2020-04-02
        nobody     2020-01-02    2020-01-02
        """,
    )
    assert counts(cleaned, "contacts") == {"C01 quarantine": 1, "C04 flag": 1}
    assert cleaned.tables["contacts"]["is_late"].to_list() == [False, True]


def test_a_register_that_does_not_say_who_was_reached_holds_contacts_that_took_place():
    contacts = "person_id contact_date\nann 2020-01-01"
    assert clean(contacts=contacts).tables["contacts"]["is_reached"].all()
    unsaid = clean(contacts="person_id contact_date is_reached\nann 2020-01-01 -")
    assert unsaid.tables["contacts"]["is_reached"].to_list() == [None]


def busy_team(n_persons: int, silent: set[date], **columns: pl.Expr) -> pl.DataFrame:
    """Everyone is phoned in the second week of every month of 2019-2020, but for silent months."""
    months = pl.date_range(date(2019, 1, 1), date(2020, 12, 1), "1mo", eager=True)
    persons = [f"p{i}" for i in range(n_persons)]
    rows = [(p, m + timedelta(days=8)) for m in months if m not in silent for p in persons]
    frame = pl.DataFrame(rows, schema=["person_id", "contact_date"], orient="row")
    return frame.with_columns(channel=pl.lit("phone"), **columns)


def running(n_persons: int, **columns: pl.Expr) -> pl.DataFrame:
    """Everyone on benefit, or assigned, since 2018, one on each day."""
    days = [date(2018, 1, 1) + timedelta(days=i) for i in range(n_persons)]
    frame = pl.DataFrame({"person_id": [f"p{i}" for i in range(n_persons)], "start_date": days})
    return frame.with_columns(**columns)


def test_months_in_which_registration_fell_away_are_named_not_counted_as_zero():
    silent = {date(2019, 1, 1), date(2020, 4, 1)}
    cleaned = clean(
        window=("2019-01", "2020-12"), benefits=running(30), contacts=busy_team(30, silent)
    )
    assert counts(cleaned, "contacts") == {"C05 flag": 2}
    registration = cleaned.tables["registration"]
    assert registration.height == 24
    columns = "team_id month n_contacts n_clients"
    assert shown(registration.filter("is_collapsed"), columns) == drawn("""
        team_id  month       n_contacts  n_clients
        -        2019-01-01  0           30
        -        2020-04-01  0           30
    """)


def test_too_few_contacts_to_be_expected_may_stay_away_by_chance():
    cleaned = clean(
        window=("2019-01", "2020-12"),
        benefits=running(15),
        contacts=busy_team(15, {date(2020, 4, 1)}),
    )
    assert counts(cleaned, "contacts") == {}


def test_a_contact_is_its_caseworkers_teams_else_the_clients():
    other = pl.when(pl.col("contact_date").dt.year() == 2019).then(pl.lit("w2"))
    cleaned = clean(
        window=("2019-01", "2020-12"),
        benefits=running(30),
        caseworkers="""
        caseworker_id  start_date  team_id
        w1             2018-01-01  north
        w2             2018-01-01  south
        w2             2019-07-01  north
        """,
        assignments=running(30, caseworker_id=pl.lit("w1")),
        contacts=busy_team(30, set(), caseworker_id=other),
    )
    registration = cleaned.tables["registration"]
    assert registration["team_id"].unique().to_list() == ["north"]  # south has no clients
    assert registration["n_contacts"].to_list() == [0] * 6 + [30] * 18
    assert registration["n_clients"].to_list() == [30] * 24
    assert counts(cleaned, "contacts") == {"C05 flag": 6}

"""S01, S02 and J01."""

from cleaning_tables import clean, counts, drawn, shown

ANN = """
    person_id  birth_year  sex
    ann        1980        female
"""


def test_services_of_nobody_or_backward_in_time_go_and_the_series_break_is_flagged():
    cleaned = clean(
        clients=ANN,
        services="""
        service_id  person_id  type      start_date  end_date
        s1          ann        training  2020-02-01  2020-01-31
        s2          ann        training  2020-02-01  2020-02-01
        s3          nobody     training  2020-02-01  -
        s4          ann        training  2022-11-30  2023-01-31
        s5          ann        training  2022-12-01  -
        s6          ann        training  2023-02-01  -
        """,
    )
    assert counts(cleaned, "services") == {"S01 quarantine": 1, "S02 quarantine": 1, "S02 flag": 2}
    assert shown(cleaned.tables["services"], "service_id is_in_series_break") == drawn("""
        service_id  is_in_series_break
        s2          no
        s4          yes
        s5          yes
        s6          no
    """)


def test_jobs_of_nobody_or_outside_the_window_go():
    cleaned = clean(
        clients=ANN,
        jobs="""
        person_id  month
        ann        2018-12-01
        ann        2019-01-01
        ann        2024-12-01
        ann        2025-01-01
        nobody     2020-01-01
        """,
    )
    assert counts(cleaned, "jobs") == {"J01 quarantine": 3}

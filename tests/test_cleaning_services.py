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


def test_the_latest_report_on_a_provision_counts_and_one_reported_no_more_has_ended():
    """Up to 2022-11: since the break an unchanged provision need not be reported again."""
    cleaned = clean(
        clients=ANN,
        services="""
        service_id  person_id  type         start_date  end_date    report_month
        s1          ann        training     2020-02-03  2020-04-01  2020-03-01
        s1          ann        wage_subsidy 2020-02-01  -           2020-02-01
        s2          ann        training     2020-02-01  -           2020-05-01
        s2          ann        training     2020-02-01  -           2020-04-01
        s3          ann        training     2020-02-01  -           2022-11-01
        s4          ann        training     2020-02-01  -           2022-12-01
        s5          ann        training     2020-02-01  -           2023-02-01
        s6          ann        training     2020-02-01  2026-01-01  2020-05-01
        """,
    )
    assert counts(cleaned, "services") == {"B10 merge": 2, "B10 repair": 3, "S02 flag": 1}
    services = cleaned.tables["services"].sort("service_id")
    assert shown(services, "service_id start_date end_date") == drawn("""
        service_id  start_date  end_date
        s1          2020-02-03  2020-04-01
        s2          2020-02-01  2020-06-01
        s3          2020-02-01  2022-12-01
        s4          2020-02-01  -
        s5          2020-02-01  -
        s6          2020-02-01  2020-06-01
    """)


def test_provisions_still_reported_in_the_last_month_run_on():
    cleaned = clean(
        clients=ANN,
        services="""
        service_id  person_id  type      start_date  report_month
        s1          ann        training  2020-02-01  2020-03-01
        s2          ann        training  2020-02-01  2020-03-01
        """,
    )
    assert counts(cleaned, "services") == {}


def test_the_latest_report_on_a_trait_counts():
    cleaned = clean(
        clients=ANN,
        traits="""
        person_id  trait                   value  valid_from  report_month
        ann        labour_market_distance  2      2020-01-01  2020-05-01
        ann        labour_market_distance  3      2020-01-01  2020-04-01
        ann        labour_market_distance  4      2020-06-01  2020-06-01
        """,
    )
    assert counts(cleaned, "traits") == {"B10 merge": 1}
    assert sorted(cleaned.tables["traits"]["value"]) == ["2", "4"]


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

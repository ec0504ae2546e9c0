"""Caseloads as clients were in them, and the months of caseworkers behind the warnings."""

import polars as pl
import pytest

from analysis_panels import EXACT, panel
from disclosure_tables import cells_of, drawn
from panel_tables import table
from watwerkt.analysis.caseload import _add_target, caseload_distribution, realised_against_target
from watwerkt.analysis.caseload_warnings import caseworker_months, naive_slopes
from watwerkt.disclosure.gap import NO_CASELOAD


@pytest.mark.parametrize(
    ("caseload", "band"),
    [
        (0.5, "0–24"),
        (24.9, "0–24"),
        (25, "25–49"),
        (149.9, "125–149"),
        (200, "200+"),
        (900, "200+"),
    ],
)
def test_a_band_ends_before_its_last_caseload(caseload, band):
    rows = pl.concat(
        panel(
            "person_id month\nann 2021-01-01", caseload_fte=float(caseload), caseworker_id=w
        ).with_columns(pl.col("person_id") + w)
        for w in ("w1", "w2", "w3")
    )
    found = caseload_distribution(rows, EXACT, per="fte").frame
    assert found["band"].tolist() == [band]


def test_the_distribution_is_of_months_of_clients_and_not_of_caseworkers():
    found = caseload_distribution(
        panel("""
            person_id month      caseworker_id caseload_fte caseload_head
            ann       2021-01-01 w1            60           60
            bo        2021-01-01 w2            60           60
            cy        2021-01-01 w3            60           60
            ann       2021-02-01 w4            80           60
            bo        2021-02-01 w5            80           60
            cy        2021-02-01 w6            80           60
            dee       2021-02-01 w6            80           -
            eve       2021-02-01 w6            80           60
            fay       2021-02-01 -             80           60
            gil       2021-02-01 w6            -            60
        """),
        EXACT,
        per="fte",
    ).frame
    assert found["n_client_months"].tolist() == [30, 50]
    assert found["share"].tolist() == pytest.approx([0.4, 0.6], abs=0.05)


TARGETS = """
    start_date team_id target_caseload
    2021-03-01 -       90
    2021-06-01 t1      60
    2021-09-01 -       80
    2021-10-01 t1      50
    2021-11-01 t1      -
"""


@pytest.mark.parametrize(
    ("month", "team", "target"),
    [
        ("2021-02-01", "t1", None),  # nothing in force yet
        ("2021-03-01", "t1", 90),  # from the day itself
        ("2021-05-01", "t1", 90),  # the municipality's while the team has none
        ("2021-06-01", "t1", 60),  # the team's before the municipality's
        ("2021-09-01", "t1", 60),
        ("2021-09-01", "t2", 80),
        ("2021-12-01", "t1", 50),  # a change without a target changes no target
        ("2021-12-01", "-", 80),
    ],
)
def test_the_target_is_that_of_the_team_then_of_the_municipality(month, team, target):
    clients = panel(f"person_id month team_id\nann {month} {team}", times=1)
    found = _add_target(clients, table(TARGETS).cast({"target_caseload": pl.Float64}).lazy())
    assert found.collect()["target_caseload"].to_list() == [target]


def test_realised_stands_beside_the_target_of_its_year():
    found = realised_against_target(
        panel("""
            person_id month      caseworker_id team_id caseload_fte caseload_head
            ann       2020-12-01 w1            t1      100          80
            bo        2020-12-01 w2            t1      100          80
            cy        2020-12-01 w3            t1      100          80
            ann       2021-12-01 w1            t1      60           50
            bo        2021-12-01 w2            t1      60           50
            cy        2021-12-01 w3            t2      90           80
            dee       2021-12-01 w3            t2      -            -
        """),
        table(TARGETS).cast({"target_caseload": pl.Float64}).lazy(),
        EXACT,
    ).frame
    assert drawn(found.round(1).astype(object)) == cells_of("""
        year n_persons caseload_fte caseload_head target_caseload
        2020 30        100.0        80.0          -
        2021 30        70.0         60.0          60.0
    """)


def test_without_a_policy_table_there_is_no_column_of_targets():
    rows = panel("""
        person_id month      caseworker_id caseload_fte caseload_head
        ann       2020-12-01 w1            100          80
        bo        2020-12-01 w2            100          80
        cy        2020-12-01 w3            100          80
    """)
    found = realised_against_target(rows, None, EXACT).frame
    assert list(found) == ["year", "n_persons", "caseload_fte", "caseload_head"]


WORKERS = """
    person_id month      caseworker_id caseload_fte caseload_head exit_destination
    ann       2021-01-01 w1            40           30            work
    bo        2021-01-01 w1            40           30            moved
    cy        2021-01-01 w1            40           30            stay
    dee       2021-01-01 w1            40           30            stay
    ann       2021-02-01 w2            50           40            stay
    bo        2021-02-01 -             50           40            work
    cy        2021-02-01 w2            -            40            work
"""


def test_a_month_of_a_caseworker_counts_clients_exits_and_the_caseload_left_over():
    found = caseworker_months(panel(WORKERS, times=1), "fte").drop(columns="month")
    assert drawn(found) == cells_of("""
        caseworker_id caseload n_clients n_exits caseload_end
        w1            40.0     4         1       20.0
        w2            50.0     1         0       50.0
    """)


def test_the_caseload_is_the_one_that_was_asked_for():
    found = caseworker_months(panel(WORKERS, times=1), "head")
    assert found["caseload"].tolist() == [30, 40]
    assert found["n_clients"].tolist() == [4, 2]


def test_slopes_that_cannot_be_had_are_rows_of_warnings_without_a_figure():
    found = naive_slopes(panel(WORKERS), EXACT, "fte", 0.95).frame
    assert found["term"].tolist() == ["start_of_month", "end_of_month", "within_caseworker"]
    assert found["status"].unique().tolist() == ["warning"]
    assert found[["estimate", "conf_low", "conf_high", "n_obs", "mde"]].isna().all(axis=None)


def test_without_caseworkers_there_is_no_slope():
    assert naive_slopes(panel("person_id month\nann 2021-01-01"), EXACT, "fte", 0.95) is NO_CASELOAD

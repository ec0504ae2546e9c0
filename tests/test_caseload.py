"""Caseload and staffing shock, drawn and against counting by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings

from panel_tables import clean, drawn, panel, shown
from test_panel import deliveries
from watwerkt.panel.build import build_panel
from watwerkt.panel.holdings import ROLE_ORDER, caseload_source

SPELLS = """
    person_id  start_date  end_date    risk_end_date
    ann        2019-11-01  2020-03-01  -
    bo         2019-12-15  -           -
    cy         2020-02-01  2020-02-20  -
    di         2019-01-01  -           2020-02-01
"""
CASEWORKERS = """
    caseworker_id  team_id  role  fte   start_date  end_date  leave_reason
    w1             t1       work  0.5   2018-01-01  -         -
"""
EVERYONE = """
    person_id  caseworker_id  start_date  end_date
    ann        w1             2019-11-01  -
    bo         w1             2019-12-15  -
    cy         w1             2020-02-10  -
    di         w1             2019-01-01  -
"""
QUARTER = ("2020-01", "2020-03")
LOADS = ["caseload_head", "caseload_fte", "caseload_others", "caseload_fte_mean_3m"]


def test_who_counts_is_at_risk_on_the_first_day_whatever_the_assignment_says():
    frame = panel(SPELLS, window=QUARTER, assignments=EVERYONE, caseworkers=CASEWORKERS)
    assert shown(frame, "person_id", "month", *LOADS) == drawn("""
        person_id month   caseload_head caseload_fte caseload_others caseload_fte_mean_3m
        ann       2020-01 3             6            4               6
        ann       2020-02 2             4            2               5
        bo        2020-01 3             6            4               6
        bo        2020-02 2             4            2               5
        bo        2020-03 1             2            0               4
        cy        2020-02 -             -            -               -
        di        2020-01 3             6            4               6
    """)


def test_without_fte_there_is_a_caseload_per_head_only():
    unknown = CASEWORKERS.replace("0.5", "-")
    for caseworkers in ({"caseworkers": unknown}, {}):
        frame = panel(SPELLS, window=QUARTER, assignments=EVERYONE, **caseworkers)
        assert frame["caseload_head"].to_list() == [3, 2, 3, 2, 1, None, 3]
        assert frame.select("caseload_fte", "caseload_others").null_count().row(0) == (7, 7)


def test_fte_is_summed_over_what_runs_on_the_first_day():
    caseworkers = """
        caseworker_id  team_id  role  fte   start_date  end_date
        w1             t1       work  0.5   2018-01-01  2020-03-01
        w1             t2       work  0.25  2020-01-02  -
    """
    frame = panel(SPELLS, window=QUARTER, assignments=EVERYONE, caseworkers=caseworkers)
    bo = frame.filter(pl.col("person_id") == "bo")
    assert bo["caseload_fte"].to_list() == pytest.approx([3 / 0.5, 2 / 0.75, 1 / 0.25])
    assert bo["team_id"].to_list() == ["t1", "t2", "t2"]


def test_fte_of_which_a_part_is_unknown_is_unknown():
    caseworkers = """
        caseworker_id  fte   start_date  end_date
        w1             0.5   2018-01-01  -
        w1             -     2020-03-01  -
    """
    frame = panel(SPELLS, window=QUARTER, assignments=EVERYONE, caseworkers=caseworkers)
    assert frame["caseload_fte"].to_list() == [6, 4, 6, 4, None, None, 6]


def test_of_caseworkers_at_once_the_one_nearest_to_work_and_latest_is_the_panels():
    frame = panel(
        "person_id start_date end_date\n bo 2020-01-01 -",
        window=("2020-01", "2020-06"),
        assignments="""
            person_id  caseworker_id  start_date  end_date
            bo         income         2020-01-01  -
            bo         participation  2020-02-01  -
            bo         mixed          2020-03-01  -
            bo         work           2020-03-10  2020-04-02
            bo         a_new_mixed    2020-05-01  -
            bo         work           2020-05-10  2020-05-20
        """,
        caseworkers="""
            caseworker_id  role           start_date
            income         income         2018-01-01
            participation  participation  2018-01-01
            work           work           2018-01-01
            mixed          mixed          2018-01-01
            a_new_mixed    mixed          2018-01-01
        """,
    )
    held = ["income", "participation", "mixed", "work", "a_new_mixed", "a_new_mixed"]
    assert frame["caseworker_id"].to_list() == held
    assert frame["role"].to_list() == [*held[:4], "mixed", "mixed"]


def test_without_assignments_the_last_contact_of_twelve_months_stands_in():
    contacts = """
        person_id  caseworker_id  contact_date
        bo         w1             2019-01-31
        bo         w2             2020-02-01
        di         w1             2019-06-01
        di         -              2019-07-01
    """
    tables = {"contacts": contacts, "caseworkers": CASEWORKERS}
    frame = panel(
        "person_id start_date end_date\n bo 2018-12-15 -\n di 2019-01-01 -",
        window=QUARTER,
        **tables,
    )
    assert shown(frame, "person_id", "month", "caseworker_id", "caseload_head") == drawn("""
        person_id  month    caseworker_id  caseload_head
        bo         2020-01  w1             2
        bo         2020-02  -              -
        bo         2020-03  w2             1
        di         2020-01  w1             2
        di         2020-02  w1             1
        di         2020-03  w1             1
    """)


@pytest.mark.parametrize(
    ("tables", "source"),
    [
        ({"assignments": EVERYONE, "contacts": "person_id contact_date"}, "assignments"),
        ({"contacts": "person_id caseworker_id contact_date\n bo w1 2020-01-01"}, "contacts"),
        ({"contacts": "person_id caseworker_id contact_date\n bo - 2020-01-01"}, "none"),
        ({"contacts": "person_id contact_date\n bo 2020-01-01"}, "none"),
        ({}, "none"),
    ],
)
def test_where_caseload_comes_from_is_said(tables, source):
    cleaned = clean(SPELLS, **tables)
    assert caseload_source(cleaned.tables) == source
    known = pl.concat(build_panel(cleaned))["caseload_head"].count() > 0
    assert known == (source != "none")


TEAM = """
    caseworker_id  team_id  role  fte   start_date  end_date    leave_reason
    stays          t1       work  0.5   2018-01-01  -           -
    leaves         t1       work  1.0   2018-01-01  2020-08-16  left
    rests          t1       work  0.7   2018-01-01  2020-08-01  leave
    elsewhere      t2       work  0.9   2018-01-01  -           -
"""
HELD = """
    person_id  caseworker_id  start_date  end_date
    ann        leaves         2019-01-01  2020-08-16
    ann        stays          2020-08-16  -
    bo         leaves         2019-01-01  2020-08-16
    bo         elsewhere      2020-08-16  -
    cy         leaves         2019-01-01  2020-08-15
    di         stays          2019-01-01  -
    ed         rests          2019-01-01  2020-08-01
"""
FIVE = "person_id start_date end_date" + "".join(
    f"\n{p} 2019-01-01 -" for p in ("ann", "bo", "cy", "di", "ed")
)
YEAR = ("2020-01", "2021-03")


def shocks(person: str, **changes: object) -> list[float | None]:
    tables = {"assignments": HELD, "caseworkers": TEAM} | changes
    frame = panel(FIVE, window=YEAR, **tables)
    return frame.filter(pl.col("person_id") == person)["staffing_shock"].to_list()


def test_a_departure_falls_on_the_team_for_the_six_months_after_it():
    inherited = [2 / 0.5] * 6  # ann and bo, over what is left of the team: cy had gone before
    assert shocks("di") == [None] * 6 + [0.0] * 2 + inherited + [0.0]
    assert shocks("bo")[6:] == [0.0] * 9


def test_a_departure_at_the_end_of_a_month_counts_from_the_next_month_on():
    assert shocks("di", caseworkers=TEAM.replace("2020-08-16", "2020-08-01"))[6:9] == [0, 6.0, 6.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"ledger": "table rule n_rows\nassignments A04 6"},
        {"caseworkers": "caseworker_id team_id fte start_date\nstays t1 0.5 2018-01-01"},
        {"assignments": "person_id caseworker_id start_date end_date"},
    ],
)
def test_no_shock_where_departures_cannot_be_dated(changes):
    assert set(shocks("di", **changes)) == {None}


def test_a_team_of_which_no_known_fte_remains_has_no_shock():
    assert shocks("di", caseworkers=TEAM.replace("0.5", "-"))[8:14] == [None] * 6


def runs(period: dict, day: date) -> bool:
    """Whether a half-open period holds ``day``."""
    return period["start_date"] <= day and (period["end_date"] is None or day < period["end_date"])


@given(deliveries())
@settings(max_examples=12)
def test_caseload_equals_counting_one_by_one(cleaned):
    held = cleaned.tables["assignments"].rows(named=True)
    staff = cleaned.tables["caseworkers"].rows(named=True)
    spells = cleaned.spells.rows(named=True)
    roles = {s["caseworker_id"]: ROLE_ORDER.index(s["role"]) for s in staff}
    starts = {s["spell_id"]: s["start_date"] for s in spells}

    def at_risk(person: str, day: date) -> bool:
        return any(s["person_id"] == person and runs(s, day) for s in spells)

    for row in pl.concat(build_panel(cleaned)).rows(named=True):
        day = max(row["month"], starts[row["spell_id"]])
        own = sorted(
            (roles[a["caseworker_id"]], -a["start_date"].toordinal(), a["caseworker_id"])
            for a in held
            if a["person_id"] == row["person_id"] and runs(a, day)
        )
        assert row["caseworker_id"] == (own[0][2] if own else None)
        clients = [
            a["person_id"]
            for a in held
            if own
            and a["caseworker_id"] == own[0][2]
            and runs(a, row["month"])
            and at_risk(a["person_id"], row["month"])
        ]
        assert (row["caseload_head"] or 0) == len(clients)
        fte = sum(
            s["fte"]
            for s in staff
            if own and s["caseworker_id"] == own[0][2] and runs(s, row["month"])
        )
        others = len(clients) - (row["person_id"] in clients)
        expected = (len(clients) / fte, others / fte) if clients and fte else (None, None)
        assert (row["caseload_fte"], row["caseload_others"]) == pytest.approx(expected)

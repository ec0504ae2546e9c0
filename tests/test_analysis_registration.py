"""How contacts are registered: per team, never of fewer caseworkers than the policy allows."""

import polars as pl
import pytest

from analysis_panels import EXACT, panel
from prepared_towns import prepare
from watwerkt.analysis import registration
from watwerkt.disclosure.gap import NO_CONTACTS, NO_TEAMS

COVERED = """
    person_id month      n_contacts_month team_id caseworker_id is_contact_known
    ann       2021-01-01 2                t1      w1            yes
    bo        2021-01-01 0                t1      w2            yes
    cy        2021-01-01 1                t1      w3            no
    dee       2021-01-01 0                -       w4            yes
"""
CALM = pl.LazyFrame({"team_id": ["t1"] * 12, "is_collapsed": [True] + [False] * 11})


def test_contact_is_shown_by_team_and_never_of_two_caseworkers():
    (row,) = registration.contacts_by_team(panel(COVERED), CALM, EXACT).frame.to_dict("records")
    assert (row["team_id"], row["n_persons"]) == ("t1", 30)
    assert row["contacts_per_100"] == pytest.approx(100)
    assert row["share_without"] == pytest.approx(1 / 3, abs=0.1)  # in fifths of 30 people
    assert row["known_months_share"] == pytest.approx(2 / 3, abs=0.1)
    assert row["collapsed_months_year"] == 1
    pair = panel(COVERED).filter(pl.col("caseworker_id") != "w3")
    hidden = registration.contacts_by_team(pair, CALM, EXACT).frame
    assert hidden["contacts_per_100"].isna().all()
    assert hidden["collapsed_months_year"].isna().all()


def test_contact_by_team_and_month_hides_a_month_with_two_caseworkers():
    rows = COVERED + "\n ann 2021-02-01 4 t1 w1 yes\n bo 2021-02-01 4 t1 w2 yes"
    found = registration.contacts_by_team_month(panel(rows), EXACT).frame
    assert found["contacts_per_100"].tolist()[0] == pytest.approx(100)
    assert found["contacts_per_100"].isna().tolist() == [False, True]


def test_of_many_teams_the_least_even_are_shown():
    teams = [f"t{i:02}" for i in range(30)]
    months = [f"2021-{m:02}-01" for m in range(1, 7)]
    lines = [
        f"{t}{w} {m} {0 if t == 't27' and m < '2021-03' else 1} {t} {t}{w} yes"
        for t in teams
        for w in "abc"
        for m in months
    ]
    header = COVERED.strip().splitlines()[0]
    found = registration.contacts_by_team_month(panel("\n".join([header, *lines])), EXACT).frame
    shown = found["team_id"].unique().tolist()
    assert len(shown) == registration.MOST_TEAMS
    assert shown == sorted(shown)
    assert "t27" in shown


def test_nothing_delivered_is_said_once_and_first():
    assert registration.contacts_by_team(panel(COVERED), None, EXACT) is NO_CONTACTS
    nothing = panel("person_id month team_id\nann 2021-01-01 t1")
    assert registration.contacts_by_team_month(nothing, EXACT) is NO_CONTACTS
    teamless = panel("person_id month n_contacts_month\nann 2021-01-01 1")
    assert registration.contacts_by_team_month(teamless, EXACT) is NO_TEAMS


BENEFITS = "person_id start_date end_date exit_reason\nann 2019-01-01 2021-06-20 11"
CONTACTS = """
    person_id contact_date registered_date channel caseworker_id is_reached
    ann       2021-02-01   2021-02-01      phone   w1            yes
    ann       2021-03-01   2021-09-01      phone   w2            yes
    ann       2021-06-02   2021-06-02      phone   w3            yes
    ann       2021-07-01   2021-07-01      phone   w1            yes
    ann       2021-04-01   2021-04-01      unknown -             -
"""
CASEWORKERS = """
    caseworker_id team_id start_date
    w1            t1      2019-01-01
    w2            t1      2019-01-01
    w3            t1      2019-01-01
"""


def flaws(prepared, by_team: bool = False) -> dict[str, float]:
    found = registration.flaws_by_team if by_team else registration.flaws_by_year
    frame = found(prepared, EXACT).frame
    return dict(zip(frame["flaw"], frame["share_flawed"], strict=True))


def test_flaws_by_hand():
    """Five talks: one late, one after the exit, one in its month, one without a caseworker."""
    prepared = prepare(benefits=BENEFITS, contacts=CONTACTS, caseworkers=CASEWORKERS)
    assert flaws(prepared) == pytest.approx(
        {"late": 0.2, "outside": 0.2, "exit_month": 0.2, "no_caseworker": 0.2, "no_channel": 0.2}
        | {"no_outcome": 0.0}
    )
    of_team = {"late": 0.3, "outside": 0.3, "exit_month": 0.3, "no_channel": 0.0}  # of four
    assert flaws(prepared, by_team=True) == pytest.approx(of_team)


def test_a_flaw_that_cannot_be_told_is_left_out():
    bare = "person_id contact_date channel\nann 2021-02-01 phone\nann 2021-07-01 phone"
    prepared = prepare(benefits=BENEFITS, contacts=bare)
    assert set(flaws(prepared)) == {"outside", "exit_month", "no_channel"}
    assert registration.flaws_by_team(prepared, EXACT) is NO_TEAMS
    assert registration.flaws_by_year(prepare(benefits=BENEFITS), EXACT) is NO_CONTACTS


def test_a_team_of_two_caseworkers_has_no_row():
    pair = "\n".join(CASEWORKERS.splitlines()[:-2])
    prepared = prepare(benefits=BENEFITS, contacts=CONTACTS, caseworkers=pair)
    assert registration.flaws_by_team(prepared, EXACT) is NO_TEAMS

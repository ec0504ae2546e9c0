"""How much contact there was, with whom, and how soon."""

from datetime import date

import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis_panels import EXACT, multiply, panel
from panel_tables import CONTACT, table
from watwerkt.analysis.contact import (
    CONTACT as TALK,
)
from watwerkt.analysis.contact import (
    _first_contacts,
    contacts_by_group,
    contacts_by_quarter,
    time_to_first_contact,
)
from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.estimators.survival_curves import aalen_johansen

WINDOW = Window(date(2021, 1, 1), date(2022, 1, 1))
DAYS = {"rtol": 1e-12}
MONTHS = """
    person_id month
    ann       2021-02-01
    bo        2021-02-01
    ann       2021-03-01
    bo        2021-03-01
"""


def contacts(text: str, times: int = 1) -> pl.LazyFrame:
    drawn = table(text)
    rest = {name: value for name, value in CONTACT.items() if name not in drawn.columns}
    return multiply(drawn.with_columns(**rest).lazy(), times)


def spells(text: str, times: int = 1) -> pl.LazyFrame:
    drawn = table(text)
    rest = {"is_left_censored": pl.lit(False), "risk_end_date": pl.lit(None, pl.Date)}
    rest = {name: value for name, value in rest.items() if name not in drawn.columns}
    rows = drawn.with_columns(spell_id="person_id", **rest)
    return multiply(rows.lazy(), times)


def test_channels_count_reached_personal_talks_in_months_that_are_observed():
    held = contacts(
        """
        person_id contact_date channel   is_personal is_reached phase
        ann       2021-02-03   phone     yes         yes        during
        ann       2021-03-31   phone     yes         yes        during
        bo        2021-02-10   in_person yes         yes        during
        bo        2021-01-10   in_person yes         yes        during
        bo        2021-04-01   in_person yes         yes        during
        bo        2021-02-11   in_person no          yes        during
        bo        2021-02-12   in_person yes         no         during
        bo        2021-02-13   in_person yes         yes        after
    """,
        times=10,
    )
    found = contacts_by_quarter(held, panel(MONTHS), EXACT, "channel").frame
    assert found["quarter"].astype(str).unique().tolist() == ["2021-01-01"]
    per_100 = dict(zip(found["channel"], found["contacts_per_100"], strict=True))
    assert per_100 == {"phone": 50.0, "in_person": 25.0}  # over 40 months of clients
    assert found["n_persons"].tolist() == [10, 10]


def test_groups_are_of_known_months_and_a_missing_trait_is_a_group():
    found = contacts_by_group(
        panel("""
            person_id month      months_since_entry is_contact_known n_contacts_3m sex
            ann       2021-12-01 3                  yes              3             female
            bo        2021-12-01 9                  yes              0             female
            cy        2021-12-01 9                  yes              1             -
            dee       2021-12-01 2                  yes              9             female
            eve       2021-12-01 9                  no               9             female
        """),
        EXACT,
        by="sex",
    ).frame.set_index("sex")
    assert found["contacts_past_3_months"].to_dict() == {"female": 1.5, "unknown": 1.0}
    assert found.loc["female", "share_contacted"] == pytest.approx(0.5)
    assert found["n_persons"].to_dict() == {"female": 20, "unknown": 10}


@pytest.mark.parametrize(
    ("talks", "end", "risk_end", "days", "destination"),
    [
        (["2021-03-01"], "-", "-", 28, TALK),
        (["2021-05-01", "2021-03-01"], "-", "-", 28, TALK),  # the first one
        (["2021-01-15"], "-", "-", 334, ""),  # before the start
        (["2021-02-01"], "-", "-", 0.5, TALK),  # on the day itself
        ([], "2021-04-01", "-", 59, "left"),
        (["2021-04-01"], "2021-04-01", "-", 59, "left"),  # the benefit has ended by then
        (["2021-03-01"], "2021-04-01", "-", 28, TALK),
        ([], "2021-06-01", "2021-04-01", 59, ""),  # out of risk: nothing more is known
        ([], "2022-03-01", "-", 334, ""),
        (["2022-02-01"], "-", "-", 334, ""),  # after the window
    ],
)
def test_the_first_talk_the_exit_or_the_last_that_is_known(talks, end, risk_end, days, destination):
    spell = spells(f"""
        person_id start_date end_date risk_end_date
        ann       2021-02-01 {end}    {risk_end}
    """)
    held = contacts(
        "\n".join(["person_id contact_date", "bo 2021-02-02", *(f"ann {t}" for t in talks)])
    )
    (row,) = _first_contacts(spell, held, WINDOW).to_dicts()
    assert row["destination"] == destination
    assert_allclose(row["duration"] * DAYS_PER_MONTH, days, **DAYS)


ENTRANTS = """
    person_id start_date end_date   is_left_censored
    ann       2021-02-01 -          no
    bo        2021-02-01 2021-03-01 no
    cy        2021-02-01 -          no
    early     2020-12-01 -          no
    stayer    2018-01-01 -          no
    converted 2021-02-01 -          yes
"""
TALKS = """
    person_id contact_date
    stayer    {begun}
    ann       2021-06-01
    early     2021-07-01
    converted 2021-08-01
"""


@pytest.mark.parametrize(
    ("begun", "n_entrants"),
    [
        ("2018-02-01", 60),  # ann, bo, cy: those of before the window are known by their staying
        ("2020-02-01", 60),
    ],
)
def test_entrants_are_those_of_the_window_whose_start_is_their_own(begun, n_entrants):
    found = time_to_first_contact(
        spells(ENTRANTS, 20), contacts(TALKS.format(begun=begun), 20), WINDOW, EXACT, 0.95
    ).frame
    assert found["at_risk"].iloc[0] == n_entrants
    assert found["events"].sum() == 20  # ann alone
    exact = aalen_johansen([28.0, 120.0, 334.0], ["left", TALK, ""])
    talk = exact.destination.index(TALK)
    assert_allclose(found["estimate"].iloc[-1], exact.incidence[talk].max(), atol=0.1)


def test_entrants_of_the_first_year_of_registration_are_left_out():
    held = contacts(TALKS.format(begun="2020-06-01"), 20)
    assert time_to_first_contact(spells(ENTRANTS, 20), held, WINDOW, EXACT, 0.95) is NO_CONTACTS


def test_contacts_that_nobody_had_are_a_gap():
    none = contacts(TALKS.format(begun="2018-02-01")).clear()
    assert time_to_first_contact(spells(ENTRANTS), none, WINDOW, EXACT, 0.95) is NO_CONTACTS
    assert contacts_by_quarter(none, panel(MONTHS), EXACT, "channel") is NO_CONTACTS

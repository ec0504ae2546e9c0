"""Contact history: only what happened strictly before the month, and whether it is known."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings

from panel_tables import clean, drawn, panel, shown
from test_panel import deliveries
from watwerkt.panel.build import build_panel

SPELLS = """
    person_id  start_date  end_date
    ann        2019-06-01  2020-03-31
    ann        2020-05-15  -
    bo         2019-01-01  -
"""
CONTACTS = """
    person_id  contact_date  channel     initiative    is_reached  registered_date
    ann        2019-10-01    phone       municipality  yes         2019-10-01
    ann        2020-01-31    in_person   client        yes         2020-06-30
    ann        2020-02-01    home_visit  municipality  yes         2020-02-01
    ann        2020-03-30    phone       client        yes         2020-03-30
    ann        2020-05-16    phone       client        no          2020-05-16
"""
BEGUN = """
    bo         2018-01-01    video       -             yes         2018-01-01
"""


def of_ann(text: str = CONTACTS + BEGUN, **tables: object) -> pl.DataFrame:
    frame = panel(SPELLS, window=("2020-01", "2020-08"), contacts=text, **tables)
    return frame.filter(pl.col("person_id") == "ann")


def test_windows_are_calendar_months_before_this_one_over_earlier_spells_too():
    names = ["n_contacts_1m", "n_contacts_3m", "n_contacts_6m", "n_contacts_12m"]
    columns = ["month", "n_contacts_month", *names, "n_contacts_lag_2_4", "months_since_contact"]
    assert shown(of_ann(), *columns) == drawn("""
        month n_contacts_month n_contacts_1m n_contacts_3m n_contacts_6m n_contacts_12m \
n_contacts_lag_2_4 months_since_contact
        2020-01  1  0  1  1  1  1  3
        2020-02  1  1  1  2  2  1  1
        2020-03  1  1  2  3  3  1  1
        2020-05  0  0  2  3  4  3  2
        2020-06  0  0  1  3  4  2  3
        2020-07  0  0  0  3  4  1  4
        2020-08  0  0  0  2  4  0  5
    """)


def test_kinds_are_told_apart():
    kinds = ["phone", "in_person", "client"]
    columns = ["month", *(f"n_contacts_{kind}_3m" for kind in kinds), "n_no_show_3m"]
    assert shown(of_ann(), *columns) == drawn("""
        month n_contacts_phone_3m n_contacts_in_person_3m n_contacts_client_3m n_no_show_3m
        2020-01  1  0  0  0
        2020-02  0  1  1  0
        2020-03  0  2  1  0
        2020-05  1  1  1  0
        2020-06  1  0  1  1
        2020-07  0  0  0  1
        2020-08  0  0  0  1
    """)


@pytest.mark.parametrize("change", ["is_personal", "is_reached", "phase"])
def test_letters_missed_calls_and_talks_off_benefit_are_no_exposure(change):
    value = "after" if change == "phase" else "no"
    contacts = f"""
        person_id  contact_date  {change}
        ann        2020-01-15    {value}
    """
    frame = of_ann(contacts)
    assert frame["n_contacts_12m"].sum() == 0
    assert frame["months_since_contact"].null_count() == frame.height
    assert frame["n_contacts_month"].sum() == (change == "phase")


def test_a_register_without_reach_knows_of_no_no_show():
    contacts = """
        person_id  contact_date  is_reach_assumed
        ann        2020-01-15    yes
    """
    frame = of_ann(contacts)
    assert frame["n_no_show_3m"].null_count() == frame.height
    assert frame["n_contacts_1m"].sum() == 1


def test_history_is_known_twelve_months_after_registration_began():
    contacts = """
        person_id  contact_date
        bo         2019-03-31
    """
    assert shown(of_ann(contacts), "month", "is_contact_known") == drawn("""
        month    is_contact_known
        2020-01  no
        2020-02  no
        2020-03  yes
        2020-05  yes
        2020-06  yes
        2020-07  yes
        2020-08  yes
    """)


TEAMS = {
    "assignments": """
        person_id  caseworker_id  start_date  end_date
        ann        w1             2019-06-01  2020-05-20
        ann        w2             2020-05-20  -
    """,
    "caseworkers": """
        caseworker_id  team_id  start_date
        w1             t1       2018-01-01
        w2             t2       2018-01-01
    """,
}
REGISTRATION = "team_id month n_contacts n_clients is_collapsed\n"


@pytest.mark.parametrize(
    ("team_month", "known"),
    [
        ("t1 2019-12-01", [True] * 7),  # before the window: registration is not judged there
        ("t1 2020-01-01", [True, False, False, False, False, False, True]),
        ("t1 2020-03-01", [True, True, True, False, False, False, False]),
        ("t2 2020-03-01", [True] * 7),  # not her team then
        ("t2 2020-06-01", [True] * 5 + [False, False]),
    ],
)
def test_history_is_not_known_for_six_months_after_her_own_team_collapsed(team_month, known):
    registration = REGISTRATION + f"{team_month} 0 9 yes\nt1 2020-02-01 9 9 no"
    assert of_ann(registration=registration, **TEAMS)["is_contact_known"].to_list() == known


def test_a_collapse_of_the_municipality_as_one_team_counts_for_everyone():
    registration = REGISTRATION + "- 2020-06-01 0 9 yes"
    assert of_ann(registration=registration)["is_contact_known"].to_list()[-3:] == [
        True,
        False,
        False,
    ]


@given(deliveries())
@settings(max_examples=12)
def test_windows_equal_counting_one_by_one(cleaned):
    contacts = cleaned.tables["contacts"].rows(named=True)
    for row in pl.concat(build_panel(cleaned)).rows(named=True):
        ages = [
            (row["month"].year - c["contact_date"].year) * 12
            + (row["month"].month - c["contact_date"].month)
            for c in contacts
            if c["person_id"] == row["person_id"] and c["is_reached"] and c["phase"] == "during"
        ]
        for months in (1, 3, 6, 12):
            assert row[f"n_contacts_{months}m"] == sum(1 <= age <= months for age in ages)
        assert row["n_contacts_lag_2_4"] == sum(2 <= age <= 4 for age in ages)
        assert row["months_since_contact"] == min((age for age in ages if age >= 1), default=None)


@given(deliveries())
@settings(max_examples=12)
def test_what_happens_in_the_month_or_later_leaves_its_history_as_it_was(cleaned):
    """The property that keeps exit talks out: history looks back only."""
    cut = date(2020, 6, 1)
    windows = ("1m", "3m", "6m", "12m", "lag_2_4", "phone_3m", "client_3m")
    columns = ["person_id", "month", *(f"n_contacts_{window}" for window in windows)]

    def until_cut(contacts: pl.DataFrame) -> list[tuple]:
        tables = {**cleaned.tables, "contacts": contacts}
        frame = pl.concat(build_panel(clean(cleaned.spells, **tables)))
        return frame.filter(pl.col("month") <= cut).select(columns).rows()

    contacts = cleaned.tables["contacts"]
    assert until_cut(contacts) == until_cut(contacts.filter(pl.col("contact_date") < cut))

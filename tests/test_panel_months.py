"""Who is at risk in which month, and how the month ends."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel_tables import drawn, panel, shown
from watwerkt.panel.columns import PANEL_COLUMNS

SPELLS = """
    person_id  start_date  end_date
    ann        2020-01-31  2020-03-01
    bo         2020-02-29  2020-03-02
    cy         2018-07-15  2020-02-01
    di         2020-11-15  -
"""


def test_a_month_is_a_row_when_a_day_of_it_is_on_benefit_and_the_last_day_is_the_exit():
    assert shown(
        panel(SPELLS),
        "person_id",
        "month",
        "months_since_entry",
        "is_entry_observed",
        "exit_destination",
    ) == drawn("""
        person_id  month    months_since_entry  is_entry_observed  exit_destination
        ann        2020-01  0                   yes                stay
        ann        2020-02  1                   yes                work
        bo         2020-02  0                   yes                stay
        bo         2020-03  1                   yes                work
        cy         2020-01  18                  no                 work
        di         2020-11  0                   yes                stay
        di         2020-12  1                   yes                stay
    """)


def test_columns_are_the_promised_ones_also_where_only_the_required_tables_came():
    frame = panel(SPELLS)
    assert dict(frame.schema) == PANEL_COLUMNS
    empty = {name for name in frame.columns if frame[name].null_count() == frame.height}
    assert {"caseload_fte", "n_contacts_3m", "is_contact_known", "is_exempt"} <= empty


@pytest.mark.parametrize(
    ("observed_until", "last"),
    [("2020-11-30", "2020-10"), ("2020-12-01", "2020-11"), ("2021-06-01", "2020-12")],
)
def test_a_month_counts_once_an_exit_on_its_last_day_would_be_known(observed_until, last):
    spells = "person_id start_date end_date\n ann 2020-01-01 -"
    frame = panel(spells, observed_until=date.fromisoformat(observed_until))
    assert frame["month"].max().strftime("%Y-%m") == last


def test_an_exit_within_the_month_of_the_pension_age_counts_and_a_later_one_is_censored():
    spells = """
        person_id  start_date  end_date    risk_end_date
        ann        2020-01-01  2020-02-20  2020-03-01
        bo         2020-01-01  2020-03-20  2020-03-01
        cy         2020-01-01  -           2020-02-15
        di         2020-01-01  2020-06-01  2019-05-01
        ed         2020-01-01  2020-01-20  2020-01-15
    """
    assert shown(panel(spells), "person_id", "month", "exit_destination") == drawn("""
        person_id  month    exit_destination
        ann        2020-01  stay
        ann        2020-02  work
        bo         2020-01  stay
        bo         2020-02  stay
        cy         2020-01  stay
        cy         2020-02  stay
        ed         2020-01  stay
    """)


def test_of_two_spells_that_meet_in_a_month_the_earlier_has_the_row():
    spells = """
        person_id  start_date  end_date
        ann        2020-01-01  2020-02-05
        ann        2020-02-25  2020-04-01
    """
    columns = ["month", "spell_id", "months_since_entry", "n_benefits_earlier"]
    assert shown(panel(spells), *columns) == drawn("""
        month    spell_id  months_since_entry  n_benefits_earlier
        2020-01  ann-0     0                   0
        2020-02  ann-0     1                   0
        2020-03  ann-1     1                   1
    """)


def test_a_start_shared_by_the_stock_is_not_an_observed_entry():
    spells = """
        person_id  start_date  end_date  is_left_censored
        ann        2020-03-01  -         yes
    """
    assert not panel(spells)["is_entry_observed"].any()


def test_sustained_is_missing_while_the_follow_up_runs_and_after_a_move():
    spells = """
        person_id  start_date  end_date    exit_destination
        ann        2020-01-01  2020-02-01  work
        ann        2020-07-31  2020-08-15  work
        bo         2020-01-01  2020-02-01  work
        bo         2020-08-01  -           -
        cy         2020-01-01  2020-02-01  moved
    """
    frame = panel(spells, observed_until=date(2021, 2, 1))
    exits = frame.filter(pl.col("exit_destination") != "stay")
    assert shown(exits, "person_id", "month", "is_sustained_6", "is_sustained_12") == drawn("""
        person_id  month    is_sustained_6  is_sustained_12
        ann        2020-01  no              no
        ann        2020-08  -               -
        bo         2020-01  yes             no
        cy         2020-01  -               -
    """)


days = st.dates(date(2019, 6, 1), date(2021, 3, 31))
lives = st.lists(st.lists(days, min_size=1, max_size=6, unique=True), min_size=1, max_size=5)


def spells_of(lives: list[list[date]]) -> pl.DataFrame:
    """Each life's days taken in turn as the start and the end of a spell; an odd last one runs."""
    rows = [
        (f"p{person}", *sorted(life)[at : at + 2], None)[:3]
        for person, life in enumerate(lives)
        for at in range(0, len(life), 2)
    ]
    return pl.DataFrame(
        rows, {"person_id": pl.String, "start_date": pl.Date, "end_date": pl.Date}, orient="row"
    )


@given(lives)
def test_every_day_on_benefit_is_in_a_month_at_risk_and_every_exit_is_one_row(lives):
    spells = spells_of(lives)
    on_benefit, exits = set(), 0
    for person, start, end in spells.rows():
        last = date(2020, 12, 31) if end is None else end - timedelta(days=1)
        exits += end is not None and date(2020, 1, 1) <= last <= date(2020, 12, 31)
        while start <= last:
            if start.year == 2020:
                on_benefit.add((person, start.replace(day=1)))
            start += timedelta(days=1)
    frame = panel(spells)
    rows = frame.select("person_id", "month").rows()
    assert sorted(rows) == sorted(on_benefit)
    same_month = spells.filter(
        pl.col("start_date").dt.month_start()
        == pl.col("end_date").shift(1).over("person_id").dt.offset_by("-1d").dt.month_start(),
        pl.col("end_date").dt.offset_by("-1d").dt.month_start()
        == pl.col("start_date").dt.month_start(),
    )  # a spell within the month of the exit before has no row of its own
    n_exits = frame.filter(pl.col("exit_destination") != "stay").height
    assert exits - same_month.height <= n_exits <= exits

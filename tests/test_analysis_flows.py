"""Stock, flows, exits and what a comparison of municipalities needs of them."""

import polars as pl
import pytest

from analysis_panels import EXACT, multiply, panel, town
from disclosure_tables import cells_of, drawn
from watwerkt.analysis.aggregates import exits_by_year
from watwerkt.analysis.destination import GROUPS, destination_group, is_exit_to
from watwerkt.analysis.flows import monthly_stock, quarterly_flows, work_share_bounds, yearly_exits
from watwerkt.disclosure.gap import NO_REASON_KNOWN

YEARS = """
    person_id month      exit_destination
    ann       2021-01-01 work
    bo        2021-02-01 work
    cy        2021-03-01 other
    dee       2021-03-01 education
    eve       2021-12-01 pension
    fay       2022-01-01 stay
    gil       2022-01-01 partner_work
"""


@pytest.mark.parametrize(
    ("destination", "group", "is_exit"),
    [
        ("stay", "stay", False),
        ("work", "work", True),
        ("partner_work", "other_income", True),
        ("ineligible", "administrative", True),
        ("moved", "outside", False),
        ("pension", "outside", False),
        ("death", "outside", False),
        ("other", "unexplained", True),
        ("no such code", "unexplained", True),
        (None, "unexplained", True),
    ],
)
def test_who_is_outside_policy_did_not_leave_by_it(destination, group, is_exit):
    row = pl.DataFrame({"exit_destination": [destination]}, schema={"exit_destination": pl.String})
    assert row.select(destination_group(), all=is_exit_to("all")).row(0) == (group, is_exit)


def test_stock_counts_persons_per_month():
    found = monthly_stock(
        panel("""
            person_id month
            ann       2021-01-01
            ann       2021-02-01
            bo        2021-02-01
        """),
        EXACT,
    )
    assert [(str(m)[:7], n) for m, n in found.frame.itertuples(index=False)] == [
        ("2021-01", 10),
        ("2021-02", 20),
    ]


def test_flows_leave_out_quarters_that_are_not_whole_and_entries_that_were_not_seen():
    found = quarterly_flows(
        panel("""
            person_id month      months_since_entry is_entry_observed exit_destination
            ann       2021-02-01 0                  yes               stay
            ann       2021-03-01 1                  yes               stay
            ann       2021-04-01 2                  yes               stay
            ann       2021-05-01 3                  yes               work
            bo        2021-04-01 0                  yes               stay
            bo        2021-05-01 1                  yes               death
            cy        2021-04-01 0                  no                stay
            dee       2021-06-01 0                  yes               stay
            dee       2021-07-01 1                  yes               work
        """),
        EXACT,
    ).frame
    assert found["quarter"].astype(str).unique().tolist() == ["2021-04-01"]
    assert dict(zip(found["flow"], found["n_persons"], strict=True)) == {
        "inflow": 20,  # bo and dee
        "outflow": 20,  # ann and bo: whoever leaves, for whatever reason
    }


def test_exits_per_year_stand_in_the_order_of_the_groups_with_their_total():
    found = yearly_exits(panel(YEARS), EXACT).frame
    first = found[found["year"] == 2021].drop(columns="year").astype(str)
    assert drawn(first) == cells_of("""
        destination_group n_exits
        work              20
        other_income      0
        education         10
        outside           10
        unexplained       10
        total             50
    """)


def test_the_share_to_work_lies_between_no_unknown_reason_and_every_one():
    found = work_share_bounds(panel(YEARS), EXACT).frame.set_index("year").loc[2021]
    assert found["n_exits"] == 40  # without the pension
    assert (found["n_work"], found["n_work_or_unknown"]) == (20, 30)
    assert found["share_at_least"] == pytest.approx(0.5)
    assert found["share_at_most"] == pytest.approx(0.8)  # 0.75, in the one decimal of 40 people


def test_the_share_to_work_is_not_shown_where_no_reason_is_known():
    other = panel("person_id month exit_destination\nann 2021-01-01 other\nbo 2021-02-01 other")
    assert work_share_bounds(other, EXACT) is NO_REASON_KNOWN


def test_exits_by_band_add_up_to_the_exits_of_the_year():
    tens = multiply(town(n_persons=60).lazy(), times=10)
    yearly = yearly_exits(tens, EXACT).frame.query("destination_group != 'total'")
    by_band = exits_by_year(tens, EXACT).frame
    is_total = by_band["destination"] == "total"
    within = by_band[~is_total & (by_band["destination"] != "outside")]
    both = [rows.groupby(["year", "band"])["n_exits"].sum() for rows in (within, by_band[is_total])]
    assert both[0].to_dict() == both[1].to_dict()
    by_band = by_band[~is_total]
    assert set(by_band["destination"]) == set(GROUPS)
    sums = by_band.groupby(["year", "destination"])["n_exits"].sum()
    wanted = yearly.set_index(["year", "destination_group"])["n_exits"]
    assert wanted.sum() > 0
    assert sums[sums > 0].to_dict() == wanted[wanted > 0].to_dict()


@pytest.mark.parametrize(
    ("months", "band"), [(0, "0-11"), (11, "0-11"), (12, "12-35"), (35, "12-35"), (36, "36+")]
)
def test_a_band_ends_before_its_last_month(months, band):
    one = panel("person_id month\nann 2021-01-01", months_since_entry=months)
    assert exits_by_year(one, EXACT).frame["band"].unique().tolist() == [band]

"""Shares, distributions and means say nothing that the protected counts do not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from disclosure_tables import POLICY, cells_of, drawn, policy, table
from watwerkt.disclosure import protect_distribution, protect_means, protect_shares
from watwerkt.disclosure.proportions import share_step
from watwerkt.errors import DataError, DisclosureError

WORK = {"work_share": ("n_work", "n_exits")}


def test_a_share_is_protected_by_protected():
    counts = table("""
        year  n_work  n_exits
        2019  213     1002
        2020  17      52
        2021  12      21
        2022  118     402
    """)
    made = protect_shares(counts, WORK, POLICY, by=["year"])
    assert drawn(made.frame) == cells_of("""
        year  n_work  n_exits  work_share
        2019  210     1000     0.21
        2020  -       50       -
        2021  -       20       -
        2022  115     400      0.29
    """)
    assert made.kind == "shares"
    assert made.n_suppressed == 2


def test_of_records_none_and_all_may_be_said_and_a_few_may_not():
    contacts = table("""
        year  n_late  n_contacts  n_persons
        2019  0       500         90
        2020  3       500         90
        2021  500     500         90
        2022  20      500         9
        2023  80      900         90
    """)
    late = {"late_share": ("n_late", "n_contacts")}
    made = protect_shares(
        contacts, late, POLICY, by=["year"], n_persons="n_persons", of="records"
    ).frame
    assert made["late_share"].fillna(-1).tolist() == [0, -1, 1, -1, 0.089]
    assert made["n_contacts"].fillna(-1).tolist() == [500, -1, 500, -1, 900]
    with pytest.raises(DisclosureError, match="n_persons="):
        protect_shares(contacts.drop(columns="n_persons"), late, POLICY, by=["year"])


def test_a_share_is_what_its_shown_counts_give_in_the_decimals_they_support():
    """OpenSAFELY turns down unrounded percentages under rounded counts."""
    counts = pd.DataFrame({"year": range(300), "n_work": range(20, 320), "n_exits": 400})
    frame = protect_shares(counts, WORK, POLICY, by=["year"]).frame
    shown = frame["n_work"].to_numpy(float) / frame["n_exits"].to_numpy(float)
    assert np.abs(frame["work_share"] - shown).max() <= 0.00501
    assert frame.groupby("n_work")["work_share"].nunique().max() == 1


@pytest.mark.parametrize(
    ("n_work", "is_shown"), [(0, 0), (9, 0), (10, 1), (40, 1), (41, 0), (50, 0)]
)
def test_a_share_near_nobody_or_everybody_is_hidden(n_work, is_shown):
    counts = pd.DataFrame({"year": [2020], "n_work": [n_work], "n_exits": [50]})
    frame = protect_shares(counts, WORK, POLICY, by=["year"]).frame
    assert frame["work_share"].notna().tolist() == [bool(is_shown)]
    assert frame["n_work"].notna().tolist() == [bool(is_shown)]


@pytest.mark.parametrize(
    ("n_missing", "share"), [(0, 0.0), (3, None), (20, 0.4), (47, None), (50, 1.0)]
)
def test_of_the_register_it_may_be_said_that_nothing_is_missing(n_missing, share):
    """None or all of fifty fields filled is about the register; three are somebody's."""
    fields = pd.DataFrame({"trait": ["education"], "n_missing": [n_missing], "n_clients": [50]})
    missing = {"missing_share": ("n_missing", "n_clients")}
    found = protect_shares(fields, missing, POLICY, by=["trait"], of="records").frame.iloc[0]
    assert (None if pd.isna(found["missing_share"]) else found["missing_share"]) == share


def test_a_share_of_nobody_is_no_share():
    fields = pd.DataFrame({"trait": ["education"], "n_missing": [0], "n_clients": [0]})
    missing = {"missing_share": ("n_missing", "n_clients")}
    found = protect_shares(fields, missing, POLICY, by=["trait"], of="records").frame
    assert found["missing_share"].isna().all()


def test_one_category_is_a_distribution_too():
    one = pd.DataFrame({"band": pd.Categorical(["0–24"], ordered=True), "n_clients": [20]})
    assert protect_distribution(one, "n_clients", POLICY, by=["band"]).frame["share"].tolist() == [
        1
    ]


def test_two_shares_of_one_whole_agree_on_it():
    counts = table("""
        year  n_low  n_high  n_exits
        2020  21     38      88
        2021  3      38      88
    """)
    shares = {"at_least": ("n_low", "n_exits"), "at_most": ("n_high", "n_exits")}
    made = protect_shares(counts, shares, POLICY, by=["year"])
    assert drawn(made.frame) == cells_of("""
        year  n_low  n_exits  n_high  at_least  at_most
        2020  -      90       40      -         0.44
        2021  -      90       40      -         0.44
    """)


def test_a_count_that_one_share_hides_no_other_share_shows():
    counts = table("""
        year  n_work  n_exits  n_all
        2020  40      45       100
    """)
    shares = {"of_exits": ("n_work", "n_exits"), "of_all": ("n_work", "n_all")}
    for order in (shares, dict(reversed(shares.items()))):
        row = protect_shares(counts, order, POLICY, by=["year"]).frame.loc[0]
        assert row[["n_work", "of_exits", "of_all"]].isna().all()
        assert row[["n_exits", "n_all"]].tolist() == [45, 100]


def test_more_in_the_part_than_in_the_whole_is_an_error():
    counts = pd.DataFrame({"year": [2020], "n_work": [60], "n_exits": [50]})
    with pytest.raises(DataError, match="1 rows have more n_work than n_exits"):
        protect_shares(counts, WORK, POLICY, by=["year"])


def test_shares_need_their_caseworkers_and_their_persons():
    counts = table("""
        team_id  n_work  n_exits  n_workers
        north    20      50       2
        south    20      50       3
        east     90      150      3
    """)
    how = {"by": ["team_id"], "n_caseworkers": "n_workers"}
    assert protect_shares(counts, WORK, POLICY, **how).frame["n_exits"].tolist() == [
        150,
        pd.NA,
        pd.NA,
    ]
    months = table("""
        year  n_work_months  n_months  n_persons
        2020  40             90        9
        2021  40             90        10
        2022  70             190       20
    """)
    shares = {"month_share": ("n_work_months", "n_months")}
    with pytest.raises(DisclosureError, match="n_persons="):
        protect_shares(months, shares, POLICY, by=["year"])
    frame = protect_shares(months, shares, POLICY, by=["year"], n_persons="n_persons").frame
    assert frame["month_share"].notna().tolist() == [False, False, True]


def test_a_distribution_hides_a_second_band_beside_a_small_one():
    counts = table("""
        year  band  n_clients
        2020  a     100
        2020  b     3
        2020  c     40
        2021  a     50
        2021  b     30
        2021  c     20
    """)
    made = protect_distribution(counts, "n_clients", POLICY, by=["year", "band"])
    assert drawn(made.frame) == cells_of("""
        year  band  n_clients  share
        2020  a     100        0.69
        2020  b     -          -
        2020  c     -          -
        2021  a     50         0.5
        2021  b     -          -
        2021  c     -          -
    """)


def test_the_bands_of_a_distribution_stay_in_order():
    bands = pd.Categorical(["high", "low"], ["low", "high"], ordered=True)
    counts = pd.DataFrame({"band": bands, "n_clients": [40, 60]})
    frame = protect_distribution(counts, "n_clients", POLICY, by=["band"]).frame
    assert frame["band"].tolist() == ["low", "high"]


def test_a_mean_needs_persons_and_caseworkers_behind_it():
    means = table("""
        team_id  contacts  n_persons  n_workers
        east     2.34567   41         3
        north    2.34567   9          3
        south    2.34567   41         2
    """)
    how = {"by": ["team_id"], "n_persons": "n_persons", "n_caseworkers": "n_workers"}
    made = protect_means(means, ["contacts"], POLICY, **how)
    assert drawn(made.frame) == cells_of("""
        team_id  n_persons  contacts
        east     40         2.35
        north    -          -
        south    -          -
    """)
    assert made.kind == "means"
    assert made.n_suppressed == 4


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_a_mean_has_the_policys_digits(digits):
    means = pd.DataFrame({"year": [2020], "days": [1234.5678], "n_persons": [400]})
    pol = policy(mean_digits=digits)
    frame = protect_means(means, ["days"], pol, by=["year"], n_persons="n_persons").frame
    assert frame["days"].tolist() == [{2: 1200, 3: 1230, 4: 1235}[digits]]


@pytest.mark.parametrize(
    ("n", "quantile", "is_shown"),
    [(20, 0.5, 1), (19, 0.5, 0), (100, 0.9, 1), (99, 0.9, 0), (100, 0.1, 1), (99, 0.1, 0)],
)
def test_a_quantile_needs_persons_on_either_side(n, quantile, is_shown):
    rows = pd.DataFrame({"year": [2020], "days": [31.0], "n_persons": [n]})
    how = {"by": ["year"], "n_persons": "n_persons", "quantiles": {"days": quantile}}
    frame = protect_means(rows, [], POLICY, **how).frame
    assert frame["days"].notna().tolist() == [bool(is_shown)]


@pytest.mark.parametrize("quantile", [0, 1])
def test_the_first_and_the_last_are_no_quantiles(quantile):
    rows = pd.DataFrame({"year": [2020], "days": [31.0], "n_persons": [500]})
    how = {"by": ["year"], "n_persons": "n_persons", "quantiles": {"days": quantile}}
    with pytest.raises(DisclosureError, match="one person's figure"):
        protect_means(rows, [], POLICY, **how)


def test_a_share_among_the_means_is_rounded_as_a_count_is():
    means = table("""
        year  share_spoken  n_persons
        2019  0.23333       60
        2020  0.02000       200
        2021  0.98000       200
        2022  0.09000       105
    """)
    frame = protect_means(means, ["share_spoken"], POLICY, by=["year"], n_persons="n_persons").frame
    assert frame["share_spoken"].tolist() == pytest.approx(
        [0.2, np.nan, np.nan, np.nan], nan_ok=True
    )


@pytest.mark.parametrize(
    ("n", "step"), [(10, 0.5), (50, 0.1), (60, 0.1), (400, 0.02), (5000, 0.001)]
)
def test_a_share_is_never_finer_than_one_base_of_its_persons(n, step):
    assert share_step(np.array([n]), 5) == pytest.approx([step])
    assert step * n >= 5


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=6))
def test_shares_protected_twice_are_protected_once(pairs):
    counts = pd.DataFrame(
        [(year, work, work + rest) for year, (work, rest) in enumerate(pairs)],
        columns=["year", "n_work", "n_exits"],
    )
    once = protect_shares(counts, WORK, POLICY, by=["year"]).frame
    twice = protect_shares(once.drop(columns="work_share"), WORK, POLICY, by=["year"]).frame
    assert_frame_equal(once, twice)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.floats(0, 1), st.floats(-1e4, 1e4)),
        min_size=1,
        max_size=6,
    )
)
def test_means_protected_twice_are_protected_once(rows):
    means = pd.DataFrame(rows, columns=["n_persons", "spoken_share", "euros"]).reset_index(
        names="k"
    )
    how = {"by": ["k"], "n_persons": "n_persons"}
    once = protect_means(means, ["spoken_share", "euros"], POLICY, **how).frame
    twice = protect_means(once, ["spoken_share", "euros"], POLICY, **how).frame
    assert_frame_equal(once, twice)
    assert once.loc[means["n_persons"] < POLICY.threshold, "euros"].isna().all()

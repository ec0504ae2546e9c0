"""Counts: threshold, caseworkers, rounding with additive totals; protecting twice is once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from disclosure_tables import POLICY, as_matrix, cells_of, drawn, policy, table
from watwerkt.disclosure import TOTAL, protect_counts
from watwerkt.disclosure.grid import MAX_CELLS
from watwerkt.errors import DataError, DisclosureError

LENIENT = policy(zeros_are_disclosive=False)


def shown(counts: pd.DataFrame, pol=POLICY, **how) -> list:
    return protect_counts(counts, ["n_exits"], pol, **how).frame["n_exits"].tolist()


@pytest.mark.parametrize(
    ("count", "expected"), [(1, pd.NA), (9, pd.NA), (10, 10), (12, 10), (13, 15), (1003, 1005)]
)
def test_a_count_below_the_threshold_is_hidden_and_the_others_are_rounded(count, expected):
    assert shown(pd.DataFrame({"year": [2020], "n_exits": [count]}), by=["year"]) == [expected]


@pytest.mark.parametrize("threshold", [5, 10, 15, 30])
def test_the_threshold_is_the_policys(threshold):
    counts = pd.DataFrame({"year": range(60), "n_exits": range(60)})
    frame = protect_counts(counts, ["n_exits"], policy(threshold=threshold), by=["year"]).frame
    assert frame["n_exits"].isna().tolist() == [n < threshold for n in range(60)]


@pytest.mark.parametrize("base", [2, 5, 10])
def test_the_rounding_base_is_the_policys(base):
    counts = pd.DataFrame({"year": range(40), "n_exits": range(20, 60)})
    frame = protect_counts(counts, ["n_exits"], policy(round_base=base), by=["year"]).frame
    assert (frame["n_exits"] % base == 0).all()
    assert (frame["n_exits"] - counts["n_exits"]).abs().max() <= base / 2


def test_a_count_of_nobody_is_hidden_unless_the_policy_shows_it_or_records_are_counted():
    counts = table("""
        year  n_exits
        2020  0
        2021  20
        2022  40
    """)
    assert shown(counts, by=["year"]) == [pd.NA, pd.NA, 40]
    assert shown(counts, LENIENT, by=["year"]) == [0, 20, 40]
    assert shown(counts, by=["year"], of="records") == [0, 20, 40]
    strict = policy(zero_records_are_disclosive=True)
    assert shown(counts, strict, by=["year"], of="records") == [pd.NA, pd.NA, 40]


def test_a_combination_that_is_absent_does_not_say_that_it_is_empty():
    counts = table("""
        year  destination  n_exits
        2020  work         20
        2020  education    30
        2021  work         40
    """)
    frame = protect_counts(counts, ["n_exits"], POLICY, by=["year", "destination"]).frame
    assert drawn(frame) == cells_of("""
            year  destination  n_exits
            2020  education    30
            2020  work         20
            2021  education    -
            2021  work         -
        """)


def test_keys_in_one_tuple_are_not_multiplied():
    ledger = table("""
        table     rule  n_rows
        benefits  B01   40
        clients   P01   20
    """)
    frame = protect_counts(ledger, ["n_rows"], POLICY, by=[("table", "rule")], of="records").frame
    assert frame["n_rows"].tolist() == [40, 20]


def test_totals_are_the_sum_of_the_shown_parts():
    counts = table("""
        year  destination  n_exits
        2020  education    11
        2020  other        12
        2020  work         13
        2021  education    31
        2021  other        24
        2021  work         51
    """)
    both = ["year", "destination"]
    frame = protect_counts(counts, ["n_exits"], POLICY, by=both, totals=both).frame
    assert drawn(frame) == cells_of("""
        year   destination  n_exits
        2020   education    10
        2020   other        10
        2020   work         15
        2020   total        35
        2021   education    30
        2021   other        25
        2021   work         50
        2021   total        105
        total  education    40
        total  other        35
        total  work         65
        total  total        140
    """)


def test_totals_are_nearest_to_their_own_where_parts_would_rather_not():
    counts = pd.DataFrame(
        [(row, part, n) for row, n in (("a", 13), ("b", 11)) for part in range(4)],
        columns=["row", "part", "n_exits"],
    )
    both = ["row", "part"]
    frame = protect_counts(counts, ["n_exits"], POLICY, by=both, totals=both).frame
    assert frame.loc[frame["part"] == TOTAL, "n_exits"].tolist() == [50, 45, 95]


def test_a_lone_hidden_part_takes_another_with_it():
    counts = table("""
        destination  n_exits
        education    3
        moved        17
        work         52
    """)
    frame = protect_counts(
        counts, ["n_exits"], POLICY, by=["destination"], totals=["destination"]
    ).frame
    assert frame["n_exits"].tolist() == [pd.NA, pd.NA, 50, 70]


def test_hidden_parts_that_are_few_together_take_another_with_them():
    counts = table("""
        destination  n_exits
        death        1
        education    2
        moved        27
        work         52
    """)
    frame = protect_counts(
        counts, ["n_exits"], POLICY, by=["destination"], totals=["destination"]
    ).frame
    assert frame["n_exits"].tolist() == [pd.NA, pd.NA, pd.NA, 50, 80]


def test_a_total_goes_when_the_parts_cannot_hide_each_other():
    counts = table("""
        destination  n_exits
        death        1
        work         52
    """)
    frame = protect_counts(
        counts, ["n_exits"], POLICY, by=["destination"], totals=["destination"]
    ).frame
    assert frame["n_exits"].tolist() == [pd.NA, pd.NA, 55]
    alone = protect_counts(
        counts[:1], ["n_exits"], POLICY, by=["destination"], totals=["destination"]
    ).frame
    assert alone["n_exits"].tolist() == [pd.NA, pd.NA]


def test_columns_that_add_up_are_rounded_and_hidden_together():
    accounts = table("""
        table     rows_read  rows_kept  rows_set_aside
        benefits  1003       901        102
        clients   503        500        3
        contacts  77         77         0
    """)
    columns = ["rows_read", "rows_kept", "rows_set_aside"]
    frame = protect_counts(
        accounts, columns, POLICY, by=["table"], sums={"rows_read": columns[1:]}, of="records"
    ).frame
    assert drawn(frame) == cells_of("""
            table     rows_read  rows_kept  rows_set_aside
            benefits  1005       -          -
            clients   -          -          -
            contacts  -          -          0
        """)


@pytest.mark.parametrize(("n_caseworkers", "expected"), [(2, pd.NA), (3, 40)])
def test_a_team_of_too_few_caseworkers_is_hidden(n_caseworkers, expected):
    counts = table("""
        team_id  n_exits  n_workers
        north    40       5
    """).assign(n_workers=n_caseworkers)
    made = protect_counts(counts, ["n_exits"], POLICY, by=["team_id"], n_caseworkers="n_workers")
    assert list(made.frame) == ["team_id", "n_exits"]
    assert made.frame["n_exits"].tolist() == [expected]


def test_a_total_counts_the_caseworkers_of_its_largest_part_unless_it_brings_its_own():
    counts = table("""
        team_id  n_exits  n_workers
        north    40       2
        south    40       2
    """)
    how = {"by": ["team_id"], "totals": ["team_id"], "n_caseworkers": "n_workers"}
    assert shown(counts, **how) == [pd.NA, pd.NA, pd.NA]
    own = pd.concat([counts, table("""
        team_id  n_exits  n_workers
        total    80       4
    """)])  # fmt: skip
    assert shown(own.reset_index(drop=True), **how) == [pd.NA, pd.NA, 80]


def test_what_one_person_can_have_several_of_needs_the_persons_behind_it():
    counts = table("""
        year  n_contacts  n_persons
        2019  900         40
        2020  400         4
        2021  400         40
    """)
    with pytest.raises(DisclosureError, match="n_persons="):
        protect_counts(counts.drop(columns="n_persons"), ["n_contacts"], POLICY, by=["year"])
    frame = protect_counts(counts, ["n_contacts"], POLICY, by=["year"], n_persons="n_persons").frame
    assert list(frame) == ["year", "n_contacts"]
    assert frame["n_contacts"].tolist() == [900, pd.NA, pd.NA]


def test_wrong_totals_missing_and_impossible_counts_are_refused():
    wrong = table("""
        year   n_exits
        2020   40
        total  50
    """)
    with pytest.raises(DataError, match="1 totals are not the sum of their parts"):
        shown(wrong, by=["year"], totals=["year"])
    with pytest.raises(DisclosureError, match="name it in totals="):
        shown(wrong, by=["year"])
    two = table("""
        year  n_exits
        2020  40
        2021  41
    """)
    for impossible, error, says in [
        ([40, -1], DataError, "below zero"),
        ([40, 41.5], DataError, "no count"),
        ([40, None], DisclosureError, "1 counts are missing"),
    ]:
        with pytest.raises(error, match=says):
            shown(two.assign(n_exits=impossible), by=["year"], totals=["year"])
    for by_hand in ([41, None], [5, None]):
        with pytest.raises(DisclosureError, match="leave suppression to the policy"):
            shown(two.assign(n_exits=by_hand), by=["year"])


def test_suppressing_by_hand_is_no_way_in():
    by_hand = table("""
        destination  n_exits
        death        -
        work         50
        other        20
        total        75
    """)
    with pytest.raises(DisclosureError, match="leave suppression to the policy"):
        shown(by_hand, by=["destination"], totals=["destination"])


def test_three_totals_at_once_are_refused():
    counts = pd.DataFrame({"a": ["x"], "b": ["y"], "c": ["z"], "n_exits": [40]})
    with pytest.raises(DisclosureError, match="at most 2"):
        shown(counts, by=["a", "b", "c"], totals=["a", "b", "c"])


def test_keys_that_multiply_without_end_are_refused():
    wide = pd.DataFrame({k: range(30) for k in "abc"}).assign(n_exits=40)
    assert MAX_CELLS < 30**3
    with pytest.raises(DisclosureError, match="27000 combinations"):
        shown(wide, by=["a", "b", "c"])


def test_dates_and_the_order_of_categories_are_kept():
    counts = pd.DataFrame({
        "month": pd.to_datetime(["2020-02-01", "2020-01-01"]).repeat(2),
        "band": pd.Categorical(["low", "high"] * 2, ["low", "high"], ordered=True),
        "n_exits": [10, 20, 30, 40],
    })  # fmt: skip
    frame = protect_counts(counts, ["n_exits"], POLICY, by=["month", "band"]).frame
    assert frame["month"].dtype == counts["month"].dtype
    assert frame["n_exits"].tolist() == [30, 40, 10, 20]
    assert frame["band"].tolist() == ["low", "high"] * 2


sizes = st.integers(0, 12) | st.integers(0, 80)


@st.composite
def tables(draw, n_keys: int):
    """A table by ``n_keys`` keys with some combinations absent."""
    shape = [draw(st.integers(1, 5)) for _ in range(n_keys)]
    cells = [index for index in np.ndindex(*shape) if draw(st.integers(0, 9)) > 0]
    rows = [{f"k{d}": f"v{i}" for d, i in enumerate(index)} | {"n_exits": draw(sizes)}
            for index in cells or [(0,) * n_keys]]  # fmt: skip
    return pd.DataFrame(rows)


@settings(max_examples=60)
@given(tables(2), st.sets(st.sampled_from(["k0", "k1"])), st.sampled_from(["persons", "records"]))
def test_protecting_twice_is_protecting_once(counts, totals, of):
    how = {"by": ["k0", "k1"], "totals": sorted(totals), "of": of}
    once = protect_counts(counts, ["n_exits"], POLICY, **how)
    twice = protect_counts(once.frame, ["n_exits"], POLICY, **how)
    assert_frame_equal(once.frame, twice.frame)
    assert once.n_suppressed == twice.n_suppressed == once.frame["n_exits"].isna().sum()


@settings(max_examples=60)
@given(tables(2), st.sampled_from([2, 5, 10]))
def test_every_figure_is_next_to_its_own_and_totals_add_up(counts, base):
    keys = ["k0", "k1"]
    pol = policy(round_base=base, threshold=10)
    frame = protect_counts(counts, ["n_exits"], pol, by=keys, totals=keys).frame
    exact = counts.pivot_table(
        index="k0", columns="k1", values="n_exits", aggfunc="sum", fill_value=0,
        margins=True, margins_name=TOTAL, observed=True,
    )  # fmt: skip
    order = [*sorted(set(exact.index) - {TOTAL}), TOTAL]
    exact = exact.loc[order, [*sorted(set(exact.columns) - {TOTAL}), TOTAL]].to_numpy()
    got = as_matrix(frame, keys, "n_exits")
    known = ~np.isnan(got)
    assert (got[known] % base == 0).all()
    assert (np.abs(got - exact)[known] < base).all()
    assert (exact[known] >= 10).all()
    for matrix in (got, got.T):
        full = known.all(axis=0) if matrix is got else known.all(axis=1)
        assert (matrix[:-1, full].sum(axis=0) == matrix[-1, full]).all()

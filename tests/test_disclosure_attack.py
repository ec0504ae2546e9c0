"""An attacker who subtracts, in one-way and two-way tables with totals, finds no small count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure_tables import POLICY, policy, possible_range
from watwerkt.disclosure import protect_shares, suppression
from watwerkt.disclosure.cells import protect_cells
from watwerkt.disclosure.suppression import MAX_ROWS, hide_more, ranges

TOLERANCE = 1e-6  # of linear programming


def with_totals(cells: np.ndarray) -> np.ndarray:
    for axis in range(cells.ndim):
        cells = np.concatenate([cells, cells.sum(axis=axis, keepdims=True)], axis=axis)
    return cells.astype(float)


def protect(cells: np.ndarray, pol=POLICY) -> np.ndarray:
    """The shown figures of a table with totals over every key; zeros count as ``pol`` says."""
    exact = with_totals(cells)
    hidden = (exact < pol.threshold) & ((exact > 0) | pol.zeros_are_disclosive)
    return protect_cells(exact, hidden, list(range(cells.ndim)), pol)


def assert_nothing_recoverable(shown: np.ndarray, width: float):
    for cell in zip(*np.nonzero(np.isnan(shown)), strict=True):
        low, high = possible_range(shown, cell)
        assert high - low >= width - TOLERANCE, f"{cell} must lie in [{low}, {high}]"


def test_the_attacker_is_a_good_one():
    """What she does find where only the small cells are hidden."""
    one_way = np.array([np.nan, 20, 50, 75])
    assert possible_range(one_way, (0,)) == pytest.approx((5, 5))
    two_way = np.array([[np.nan, np.nan, 25], [np.nan, np.nan, 20], [15, 30, 45]])
    assert possible_range(two_way, (0, 0)) == pytest.approx((0, 15))


small = st.lists(st.integers(0, 14) | st.integers(0, 60), min_size=1, max_size=8)
matrices = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.integers(0, 14) | st.integers(0, 60),
        min_size=shape[0] * shape[1],
        max_size=shape[0] * shape[1],
    ).map(lambda cells: np.reshape(cells, shape))
)


@settings(max_examples=150)
@given(small, st.sampled_from([True, False]))
def test_nothing_is_recoverable_in_one_way(cells, hides_zero):
    pol = policy(zeros_are_disclosive=hides_zero)
    assert_nothing_recoverable(protect(np.array(cells), pol), pol.threshold)


@settings(max_examples=100)
@given(matrices, st.booleans(), st.sampled_from([5, 10, 20]), st.sampled_from([1, MAX_ROWS]))
def test_nothing_is_recoverable_in_two_ways(cells, hides_zero, threshold, n_rows_looked_at):
    pol = policy(zeros_are_disclosive=hides_zero, threshold=threshold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suppression, "MAX_ROWS", n_rows_looked_at)
        assert_nothing_recoverable(protect(cells, pol), threshold)


@settings(max_examples=60)
@given(matrices)
def test_the_range_that_suppression_counts_on_is_never_too_wide(cells):
    """Its lower bound against linear programming, on patterns that nobody chose for safety."""
    table = with_totals(cells)
    hidden = (table.astype(int) % 3 == 0) | (table < 10)
    bound = ranges(table, hidden, width=10)
    shown = np.where(hidden, np.nan, table)
    for cell in zip(*np.nonzero(hidden), strict=True):
        low, high = possible_range(shown, cell)
        assert min(high - low, 20) >= bound[cell].clip(max=20) - TOLERANCE


@settings(max_examples=25)
@given(small.map(lambda counts: counts[:5]), st.data())
def test_a_share_never_gives_back_a_small_numerator_or_rest(denominators, data):
    numerators = [data.draw(st.integers(0, n)) for n in denominators]
    counts = pd.DataFrame(
        {"year": range(len(numerators)), "n_work": numerators, "n_exits": denominators}
    )
    frame = protect_shares(
        counts, {"work_share": ("n_work", "n_exits")}, POLICY, by=["year"], totals=["year"]
    ).frame
    shown = frame[["n_work", "n_exits"]].to_numpy(float, na_value=np.nan)
    rest = shown[:, 1] - shown[:, 0]
    full = np.column_stack([shown[:, 0], rest, shown[:, 1]])
    assert_nothing_recoverable(full, POLICY.threshold)
    known = ~np.isnan(rest)
    exact = np.array([[*numerators, sum(numerators)], [*denominators, sum(denominators)]])
    assert (exact[0][known] >= POLICY.threshold).all()
    assert ((exact[1] - exact[0])[known] >= POLICY.threshold).all()


def test_the_pattern_that_hides_least_is_taken():
    """A column of small counts needs one other column beside it, and no totals."""
    table = with_totals(np.array([[100, 30, 3], [120, 40, 4], [90, 20, 5], [110, 30, 2]]))
    hidden = hide_more(table, table < 10, (True, True), width=10)
    assert not hidden[-1].any()
    assert not hidden[:, -1].any()
    assert not hidden[:, 0].any()


def test_hidden_in_one_table_stays_hidden_beside_rounded_totals_of_another():
    """The grand total is rounded to the nearest in every table, so tables agree on it."""
    cells = np.array([[31, 14, 22], [17, 28, 13]])
    two_way = protect(cells)
    assert two_way[-1, -1] == protect(cells.sum(axis=0))[-1] == protect(cells.sum(axis=1))[-1]

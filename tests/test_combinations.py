"""Combinations of values, however many there could be."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from watwerkt.estimators import combinations

COLUMNS = {
    "sex": st.sampled_from(["f", "m"]),
    "month": st.integers(-3, 3),
    "style": st.sampled_from([0.1, 0.25, 7.0]),
}


@given(
    rows=st.lists(st.tuples(*COLUMNS.values()), min_size=1, max_size=40),
    largest=st.sampled_from([1, 4, 2**62]),
)
def test_each_row_has_the_number_that_pandas_gives_it(rows, largest):
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"sex": "category"})
    usual, combinations.LARGEST = combinations.LARGEST, largest  # small: renumbered at each column
    try:
        found = combinations.find_combinations(table)
    finally:
        combinations.LARGEST = usual
    by = table.groupby([*table], observed=True)
    np.testing.assert_array_equal(found.number, by.ngroup())
    np.testing.assert_array_equal(found.count, by.size())
    assert table.iloc[found.first].duplicated().sum() == 0

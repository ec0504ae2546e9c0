"""Exits by dose: another implementation, a planted effect, refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from shock_worlds import shock_world
from watwerkt.errors import DataError
from watwerkt.estimators.dose_response import dose_response

LEVELS = ["none", "some", "much"]
TWO_NEWTONS = {"rtol": 1e-6}  # each stopped at its own tolerance


def world(seed: int = 1, **given: object) -> pd.DataFrame:
    rows = shock_world(np.random.default_rng(seed), **given)
    edges = [-np.inf, 0.0, 15.0, np.inf]
    return rows.assign(dose=pd.cut(rows["shock"], edges, labels=LEVELS))


def test_every_dose_equals_statsmodels_with_every_column_written_out():
    rows = world(3, n_teams=7, n_months=30, elasticity=-0.5)
    found = dose_response(rows, 100).tidy()
    columns = pd.get_dummies(rows[["cell", "month", "team"]].astype(str), drop_first=True)
    columns = columns.assign(some=rows["dose"] == "some", much=rows["dose"] == "much")
    poisson = sm.GLM(
        rows["n_exits"],
        sm.add_constant(columns.astype(float)),
        sm.families.Poisson(),
        exposure=rows["n_months"],
    ).fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": rows["team"]})
    n, k = columns.shape[0], columns.shape[1] + 1
    plain = np.sqrt((n - k) / (n - 1))  # statsmodels counts columns too
    assert found["term"].tolist() == LEVELS[1:]
    assert_allclose(found["estimate"], poisson.params[LEVELS[1:]], **TWO_NEWTONS)
    assert_allclose(found["std_error"], plain * poisson.bse[LEVELS[1:]], **TWO_NEWTONS)


def test_a_larger_rise_does_more_where_caseload_works():
    rows = pd.concat(
        [dose_response(world(s, elasticity=-0.8), 100).tidy() for s in range(20)]
    ).groupby("term")["estimate"]
    some, much = rows.median()["some"], rows.median()["much"]
    assert much < some < 0
    none = np.array([dose_response(world(s), 100).estimate for s in range(20)])
    monte_carlo_error = none.std(axis=0, ddof=1) / len(none) ** 0.5
    assert (np.abs(none.mean(axis=0)) < 2 * monte_carlo_error).all()


def test_neither_the_order_of_rows_nor_the_names_of_teams_matter():
    rows = world(2)
    moved = rows.sample(frac=1, random_state=0).assign(team=lambda d: 100 - d["team"])
    pd.testing.assert_frame_equal(dose_response(rows, 1).tidy(), dose_response(moved, 1).tidy())


@pytest.mark.parametrize(
    ("kept", "message"),
    [(["none"], "does not vary"), (["some", "much"], "nothing can be compared")],
)
def test_one_dose_alone_is_refused(kept, message):
    rows = world(2)
    with pytest.raises(DataError, match=message):
        dose_response(rows[rows["dose"].isin(kept)], 1)

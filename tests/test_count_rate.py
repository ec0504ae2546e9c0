"""The count model against statsmodels on person-months, and against the planted ratio."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from analysis_panels import EXACT, town
from contact_worlds import contact_world
from watwerkt.analysis.contact_errors import NO_ERRORS, error_ratio, fit_errors
from watwerkt.analysis.contact_months import EXPOSURE, build_months
from watwerkt.errors import DataError
from watwerkt.estimators.count_rate import rate_ratio

ROW_LEVEL = {"rtol": 1e-8, "atol": 1e-10}  # another implementation of the same likelihood
TERMS = ["lagged", "band[b]"]


def person_months(seed: int = 0, **planted: object) -> pd.DataFrame:
    rows = contact_world(np.random.default_rng(seed), selection="near", **planted)
    rows = rows[rows["position"] >= 4]
    rng = np.random.default_rng(seed)
    return rows.assign(band=rng.choice(["a", "b"], len(rows)))


def fitted(rows: pd.DataFrame, exposure=("lagged", "band"), n_persons=4000):
    covariates = rows[["lagged", "band", "is_near", "month"]].astype({"month": "category"})
    return rate_ratio(covariates, rows["n_errors"], rows["cluster"], list(exposure), n_persons)


def test_cells_give_the_fit_of_the_person_months():
    rows = person_months(log_rr=-0.4)
    ours = fitted(rows)
    levels = rows[["lagged", "band", "is_near", "month"]].astype("category")
    design = sm.add_constant(pd.get_dummies(levels, drop_first=True, dtype=float))
    model = sm.GLM(rows["n_errors"].astype(float), design, sm.families.Poisson())
    groups = rows["cluster"].to_numpy()
    other = model.fit(tol=1e-14, cov_type="cluster", cov_kwds={"groups": groups})
    names = ["lagged_True", "band_b"]
    assert ours.term == ("lagged", "band[b]")
    assert_allclose(ours.estimate, other.params[names], **ROW_LEVEL)
    assert_allclose(ours.std_error, other.bse[names], **ROW_LEVEL)
    assert (ours.n_obs, ours.n_events) == (len(rows), rows["n_errors"].sum())
    assert ours.degrees_of_freedom == rows["cluster"].nunique() - 1


@pytest.mark.parametrize("truth", [0.0, -0.4])
def test_the_planted_ratio_is_found(truth):
    """Seeds 0-7: contact goes to whoever makes few errors, which the crude ratio takes for it."""
    fits = [fitted(person_months(seed, log_rr=truth), ["lagged"]) for seed in range(8)]
    estimates = np.array([fit.estimate[0] for fit in fits])
    rows = [person_months(seed, log_rr=truth) for seed in range(8)]
    crude = [np.log(r.groupby("lagged")["n_errors"].mean()).diff().iloc[1] for r in rows]
    noise = 2 * 1.25 * estimates.std() / np.sqrt(len(estimates))
    assert abs(np.median(estimates) - truth) < noise
    assert np.median(crude) < truth - 0.05
    covered = [fit.tidy()["conf_low"][0] <= truth <= fit.tidy()["conf_high"][0] for fit in fits]
    assert sum(covered) >= 6


def test_the_order_of_the_rows_does_not_matter():
    rows = person_months()
    first, second = (fitted(r).tidy() for r in (rows, rows.sample(frac=1, random_state=1)))
    assert_allclose(first["estimate"], second["estimate"], **ROW_LEVEL)


def test_no_errors_and_no_variation_are_refused():
    rows = person_months()
    with pytest.raises(DataError, match="0 exits"):
        fitted(rows.assign(n_errors=0))
    with pytest.raises(DataError, match="does not vary"):
        fitted(rows.assign(lagged=True), ["lagged"])


ERRORS = np.random.default_rng(3).poisson(0.05, 20_000).astype(np.int32)


def erring_town() -> pl.LazyFrame:
    rows = town(n_persons=400)
    return rows.with_columns(n_errors_month=pl.Series(ERRORS[: len(rows)])).lazy()


def test_errors_are_recorded_with_what_could_be_seen():
    row = error_ratio(fit_errors(build_months(erring_town(), None)), EXACT, 0.999).frame.iloc[0]
    assert row["conf_low"] < 0 < row["conf_high"]
    assert row["mde"] > 0
    named = ["analysis", "outcome", "scale", "term", "status", "is_primary"]
    assert row[named].tolist() == ["P6", "admin_errors", "log RR", EXPOSURE, "indicative", True]


def test_without_errors_or_too_few_of_them():
    silent = town(n_persons=60).lazy()
    unknown = fit_errors(build_months(silent, None))
    assert error_ratio(unknown, EXACT, 0.95) is NO_ERRORS
    none = silent.with_columns(n_errors_month=pl.lit(0, pl.Int32))
    row = error_ratio(fit_errors(build_months(none, None)), EXACT, 0.95).frame.iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("not estimable")

"""The rows of the emulated trials, the rule that judges them, and what the page then shows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis_panels import EXACT, panel, town
from watwerkt.analysis.contact_effect import fit_outcomes
from watwerkt.analysis.contact_hidden import e_values
from watwerkt.analysis.contact_months import build_months
from watwerkt.analysis.contact_rows import trial_rows
from watwerkt.analysis.contact_trials import (
    FEW_FOLLOWED,
    LOOSE_WEIGHTS,
    fit_trials,
    judge_trials,
    negative_control,
    risk_differences,
    shown_differences,
    unknown_reason_bounds,
    weights_table,
)
from watwerkt.disclosure import Gap
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import ParameterError
from watwerkt.estimators.sensitivity import e_value, e_value_of_interval
from watwerkt.estimators.sequential_trials import NEVER, OFTEN

PRINTED = {"atol": 5e-3}  # published with two decimals
ROUNDED = {"rtol": 1e-4}
OUTCOMES = ["all", "work", "other_income", "education", "administrative", "unexplained"]


def spoken_town() -> pl.LazyFrame:
    """A town in which nothing works, with months since the last talk."""
    rows = town(n_persons=1500, n_caseworkers=12)
    talked = pl.when(pl.col("n_contacts_month").shift(1) > 0).then("place").forward_fill()
    place = rows.with_columns(place=pl.int_range(pl.len()).over("person_id"))
    since = (pl.col("place") - talked.over("person_id") + 1).cast(pl.Int32)
    return place.with_columns(months_since_contact=since).drop("place").lazy()


TOWN = spoken_town()
FOUND = fit_trials(TOWN)


def test_a_talk_is_read_from_the_month_after_and_a_gap_ends_a_stretch():
    found = trial_rows(
        panel(
            """
            person_id month      months_since_entry is_contact_known n_contacts_1m exit_destination
            ann       2021-01-01 0                  yes              0             stay
            ann       2021-02-01 1                  yes              0             stay
            ann       2021-03-01 2                  yes              2             stay
            ann       2021-04-01 3                  yes              0             stay
            ann       2021-06-01 5                  yes              1             stay
            bo        2021-06-01 5                  no               1             stay
            bo        2022-03-01 9                  yes              1             work
            """,
            times=1,
            n_contacts_12m=0,
        )
    )
    assert found["person"].tolist() == [0, 0, 0, 0, 1]
    assert found["position"].tolist() == [0, 1, 2, 0, 0]
    assert found["taken"].tolist() == [True, False, False, False, False]
    assert found["is_start"].tolist() == [True, True, True, False, False]
    assert found["to_work"].tolist() == [False] * 4 + [True]
    assert found["since_band"].tolist() == ["7+"] * 5


def test_the_cluster_is_the_first_caseworker():
    found = trial_rows(
        panel(
            """
            person_id month      caseworker_id
            ann       2021-02-01 w1
            ann       2021-03-01 w2
            bo        2021-02-01 w2
            """,
            times=1,
            n_contacts_12m=0,
            n_contacts_1m=0,
            months_since_entry=3,
            is_contact_known=True,
        )
    )
    assert found["cluster"].tolist() == ["w1", "w1", "w2"]


def test_every_destination_is_recorded_with_its_verdict():
    rows = risk_differences(FOUND, EXACT, 0.95).frame
    assert rows["outcome"].tolist() == OUTCOMES
    assert set(rows["term"]) == {"often_against_never"}
    assert rows.loc[rows["outcome"] == "all", "note"].tolist() == ["chance_within_background"]
    assert (rows["is_primary"] & (rows["horizon_months"] == 12)).all()
    fit = FOUND.fits["all"]
    assert_allclose(rows["estimate"].iloc[0], fit.estimate[0], **ROUNDED)
    assert_allclose(fit.estimate[0], fit.risk[OFTEN][-1] - fit.risk[NEVER][-1], **ROUNDED)


def test_where_nothing_works_the_interval_holds_none():
    row = shown_differences(FOUND, EXACT, 0.999).frame.iloc[0]
    assert row["conf_low"] < 0 < row["conf_high"]
    assert row["status"] == "indicative"


def test_bounds_lie_around_the_estimate_by_what_is_unknown():
    rows = unknown_reason_bounds(FOUND, EXACT).frame.set_index("outcome")
    work, unknown = FOUND.fits["work"], FOUND.fits["unexplained"]
    assert_allclose(
        rows.loc["work", ["lower_bound", "upper_bound"]].to_numpy(dtype=float),
        [
            work.estimate[0] - unknown.risk[NEVER][-1],
            work.estimate[0] + unknown.risk[OFTEN][-1],
        ],
        rtol=0.01,
    )


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, ("indicative", "chance_within_background")),
        ({"n_uncensored": 99}, ("warning", "few_followed")),
        ({"effective_n": 99.0}, ("warning", "weights")),
        ({"mean_weight": 0.7}, ("warning", "weights")),
        ({"mean_weight": 1.3}, ("warning", "weights")),
    ],
)
def test_the_rule_that_judges(change, verdict):
    sound = {"n_uncensored": 100, "effective_n": 100.0, "mean_weight": 1.0}
    weights = pd.DataFrame([sound, sound | change], index=[OFTEN, NEVER])
    assert judge_trials(FOUND.fits["all"], weights) == verdict


def test_few_exits_under_either_rule_are_no_answer():
    weights = FOUND.weights
    few = replace(FOUND.fits["all"], events={OFTEN: 500, NEVER: 9})
    assert judge_trials(few, weights) == ("warning", "few_followed")


def test_the_page_says_why_it_shows_no_figure():
    loose = replace(FOUND, weights=FOUND.weights.assign(effective_n=20.0))
    few = replace(FOUND, weights=FOUND.weights.assign(n_uncensored=20))
    assert shown_differences(loose, EXACT, 0.95) is LOOSE_WEIGHTS
    assert shown_differences(few, EXACT, 0.95) is FEW_FOLLOWED
    assert unknown_reason_bounds(loose, EXACT) is LOOSE_WEIGHTS
    assert unknown_reason_bounds(few, EXACT) is FEW_FOLLOWED
    for found in (loose, few):
        recorded = risk_differences(found, EXACT, 0.95).frame
        assert (recorded["status"] == "warning").all()
        assert recorded["estimate"].notna().any()


def test_without_contacts_every_part_says_so():
    unknown = TOWN.with_columns(is_contact_known=pl.lit(None, pl.Boolean))
    found = fit_trials(unknown)
    assert found is None
    for show in (risk_differences, shown_differences, negative_control):
        assert show(found, EXACT, 0.95) is NO_CONTACTS
    assert weights_table(found, EXACT) is NO_CONTACTS
    assert unknown_reason_bounds(found, EXACT) is NO_CONTACTS
    assert e_values({}, found, EXACT, 0.95) is NO_CONTACTS


def test_a_town_too_small_to_follow_anyone_records_that_and_shows_a_gap():
    found = fit_trials(town(n_persons=40).lazy())
    recorded = risk_differences(found, EXACT, 0.95).frame
    assert recorded["outcome"].tolist() == OUTCOMES
    assert recorded["estimate"].isna().all()
    assert (recorded["status"] == "warning").all()
    assert isinstance(shown_differences(found, EXACT, 0.95), Gap)
    assert weights_table(found, EXACT) is FEW_FOLLOWED


@pytest.mark.parametrize(
    ("ratio", "published"),
    [(3.9, 7.26), (1 / 3.9, 7.26), (0.80, 1.81), (1.0, 1.0)],
)
def test_published_e_values(ratio, published):
    """VanderWeele and Ding (2017): smoking of mothers, RR 3.9 (1.8 to 8.7), 7.26 and 3.0."""
    assert_allclose(e_value(ratio), published, **PRINTED)


def test_published_e_values_of_intervals():
    assert_allclose(e_value_of_interval(1.8, 8.7), 3.0, **PRINTED)
    assert_allclose(e_value_of_interval(0.71, 0.91), 1.43, **PRINTED)
    assert e_value_of_interval(0.9, 1.2) == 1.0


@pytest.mark.parametrize("ratio", [0.0, -1.0, np.nan, np.inf])
def test_an_e_value_needs_a_ratio(ratio):
    with pytest.raises(ParameterError):
        e_value(ratio)


def test_e_values_stand_beside_both_designs():
    odds = fit_outcomes(build_months(TOWN, None), ["all", "work"])
    rows = e_values(odds, FOUND, EXACT, 0.999).frame
    assert rows["analysis"].tolist() == ["P4 E-value", "P5 E-value"] * 2
    assert (rows["estimate"] >= 1).all()
    assert (rows["conf_low"] == 1).all()  # nothing works, so nothing is needed
    assert not rows["is_primary"].any()

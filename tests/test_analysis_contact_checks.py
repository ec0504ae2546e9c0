"""Bounds hold what is planted where a talk makes the reason known; nothing happens to the dead."""

import numpy as np
import polars as pl

from analysis_panels import EXACT, town
from watwerkt.analysis.contact_checks import READINGS, bounds, fit_checks, negative_control
from watwerkt.analysis.contact_effect import fit_outcomes, odds_ratios
from watwerkt.analysis.contact_months import EXPOSURE, build_months
from watwerkt.disclosure.gap import NO_CONTACTS

TOWN = town(n_persons=900, n_caseworkers=12)
LEFT = pl.col("exit_destination") != "stay"
TALK = pl.col("n_contacts_lag_2_4") > 0


def readings(panel, level=0.95):
    months = build_months(panel.lazy(), None)
    known = fit_outcomes(months, ["work"])["work"]
    rows = bounds(fit_checks(months, known), EXACT, level).frame
    return rows.set_index("term")


def with_exits(to_work, forgotten):
    """Every exit is to work or to other income, by lot; of some, as drawn, nobody knows which."""
    rng = np.random.default_rng(3)
    lot = [pl.Series(rng.random(len(TOWN))) for _ in range(2)]
    reason = (
        pl.when(lot[1] < forgotten)
        .then(pl.lit("unknown"))
        .otherwise(pl.when(lot[0] < to_work).then(pl.lit("work")).otherwise(pl.lit("partner_work")))
    )
    destination = pl.when(LEFT).then(reason).otherwise(pl.lit("stay"))
    return TOWN.with_columns(exit_destination=destination)


def test_a_reason_that_a_talk_makes_known_looks_like_work_and_lies_within_the_bounds():
    forgetful = with_exits(to_work=0.7, forgotten=pl.when(TALK).then(0.1).otherwise(0.6))
    found = readings(forgetful)
    assert found.loc["work_known", "conf_low"] > 0  # a talk does nothing: naive, and wrong
    assert found.loc["work_least", "estimate"] < 0 < found.loc["work_most", "estimate"]
    order = found.loc[["work_least", "work_known", "work_most"], "estimate"]
    assert order.is_monotonic_increasing


def test_where_every_reason_is_known_the_three_readings_are_one():
    found = readings(with_exits(to_work=0.7, forgotten=pl.lit(0.0)))
    assert list(found.index) == list(READINGS)
    assert np.ptp(found["estimate"]) < 1e-5
    assert set(found["analysis"]) == {"P4 bounds"}
    assert not found["is_primary"].any()


def test_what_is_known_is_the_estimate_of_the_chapter():
    panel = with_exits(to_work=0.7, forgotten=pl.lit(0.3))
    fits = fit_outcomes(build_months(panel.lazy(), None), ["work"])
    (estimate,) = odds_ratios(fits, EXACT, 0.95).frame["estimate"]
    assert readings(panel).loc["work_known", "estimate"] == estimate


def test_a_death_by_lot_is_no_effect_of_a_talk():
    lot = pl.Series(np.random.default_rng(5).random(len(TOWN)))
    dying = TOWN.with_columns(
        exit_destination=pl.when(LEFT & (lot < 0.5))
        .then(pl.lit("death"))
        .otherwise("exit_destination")
    )
    fits = fit_checks(build_months(dying.lazy(), None), None)
    (row,) = negative_control(fits, EXACT, 0.999).frame.to_dict("records")
    assert row["conf_low"] < 0 < row["conf_high"]
    assert (row["term"], row["outcome"]) == (EXPOSURE, "death")
    assert np.isfinite(row["mde"])


def test_what_cannot_be_estimated_is_recorded_as_such():
    nobody_dies = TOWN.with_columns(exit_destination=pl.lit("stay"))
    fits = fit_checks(build_months(nobody_dies.lazy(), None), None)
    for found in (bounds(fits, EXACT, 0.95), negative_control(fits, EXACT, 0.95)):
        assert found.frame["estimate"].isna().all()
        assert found.frame["note"].str.startswith("not estimable").all()


def test_without_contacts_there_is_nothing_to_check():
    unknown = TOWN.with_columns(is_contact_known=pl.lit(False))
    fits = fit_checks(build_months(unknown.lazy(), None), None)
    assert bounds(fits, EXACT, 0.95) is NO_CONTACTS
    assert negative_control(fits, EXACT, 0.95) is NO_CONTACTS

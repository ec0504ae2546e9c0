"""Which months the staffing-shock design compares, the rule of its verdict, what is recorded."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis_panels import EXACT, panel
from disclosure_tables import POLICY
from shock_worlds import shock_world
from watwerkt.analysis import caps, shock
from watwerkt.analysis.evidence import NOT_ESTIMABLE
from watwerkt.analysis.shock_rows import AFTER_HAND_OVER, OUTCOMES, WITH_HAND_OVER, shock_rows
from watwerkt.estimators.power import mde
from watwerkt.estimators.shock_iv import ShockFit, shock_elasticity
from watwerkt.panel.columns import PANEL_COLUMNS

ROUNDED = {"rtol": 1e-5}  # six significant digits are recorded


def fitted(n_teams: int = 12, **given: object) -> ShockFit:
    return shock_elasticity(shock_world(np.random.default_rng(1), n_teams, **given), 5000)


FIT = fitted()
WEAK = replace(FIT, first_stage=FIT.first_stage / 20)
BOTH = {(span, o): FIT for span in (WITH_HAND_OVER, AFTER_HAND_OVER) for o in OUTCOMES}


def months(n: int, **columns: object) -> pl.LazyFrame:
    """One team over ``n`` months; the shock of month i is i."""
    rows = [f"ann {date(2021 + i // 12, i % 12 + 1, 1)} {30 + i} {i}" for i in range(n)]
    text = "\n".join(["person_id month months_since_entry staffing_shock", *rows])
    drawn = panel(text, times=10, team_id="t0", caseload_fte=80.0, role="work", age_years=40)
    return drawn.with_columns(pl.col("staffing_shock").cast(pl.Float64), **columns)


def test_months_0_to_6_are_the_mean_of_this_months_shock_and_the_last_ones():
    rows, n_persons = shock_rows(months(12), WITH_HAND_OVER)
    assert rows["shock"].tolist() == [i - 0.5 for i in range(1, 12)]
    assert rows["shock_later"].tolist()[:5] == [7.0, 8.0, 9.0, 10.0, 11.0]
    assert rows["shock_later"].isna().sum() == 6
    assert (n_persons, rows["n_months"].unique().tolist()) == (10, [10])
    assert_allclose(rows["log_caseload"], np.log(80))


def test_months_4_to_9_are_the_shock_of_four_months_ago():
    rows, _ = shock_rows(months(12), AFTER_HAND_OVER)
    assert rows["shock"].tolist() == [float(i) for i in range(8)]


@pytest.mark.parametrize(("span", "first"), [(WITH_HAND_OVER, 7), (AFTER_HAND_OVER, 10)])
def test_only_who_was_there_before_the_earliest_departure_counts(span, first):
    recent = months(20, months_since_entry=pl.int_range(pl.len(), dtype=pl.Int32) // 10)
    kept, _ = shock_rows(recent, span)
    assert kept["month"].min().date() == date(2021, 1, 1).replace(month=first + 1)


def test_months_without_team_caseload_or_shock_are_left_out():
    for name in ("team_id", "caseload_fte", "staffing_shock"):
        absent = pl.lit(None).cast(PANEL_COLUMNS[name]).alias(name)
        rows, n_persons = shock_rows(months(12).with_columns(absent), WITH_HAND_OVER)
        assert (len(rows), n_persons) == (0, 0)


@pytest.mark.parametrize(
    ("fit", "without", "status", "reason"),
    [
        (FIT, FIT, "evidence", "sound"),
        (FIT, WEAK, "indicative", "hand_over"),
        (FIT, None, "indicative", "hand_over"),
        (replace(FIT, n_moved=9), FIT, "indicative", "few_teams"),
        (fitted(n_teams=9), FIT, "indicative", "few_teams"),
        (fitted(n_teams=5), FIT, "warning", "unbounded"),
        (WEAK, FIT, "warning", "weak"),
    ],
)
def test_the_rule_decides_how_an_estimate_may_be_read(fit, without, status, reason):
    assert shock.judge_shock(fit, without, 0.95) == (status, reason)


def test_a_row_has_both_stages_and_the_smallest_effect_that_could_be_seen():
    rows = shock.elasticities(BOTH, EXACT, 0.95).frame
    assert rows["term"].tolist() == [WITH_HAND_OVER] * 3 + [AFTER_HAND_OVER] * 3
    assert rows["horizon_months"].tolist() == [7] * 3 + [10] * 3
    assert rows["estimand"].iloc[3] == "exit hazard per log caseload, months 4-9"
    row = rows.iloc[0]
    assert (row["analysis"], row["status"], row["grade"]) == ("P1", "indicative", 3)
    assert_allclose(row["reduced_form"] / row["first_stage"], row["estimate"], **ROUNDED)
    smallest = mde(FIT.std_error_at_no_effect, degrees_of_freedom=11)
    assert_allclose(row["mde"], smallest, **ROUNDED)


def test_what_a_hand_over_can_deceive_unseen_is_never_evidence(monkeypatch):
    capped = shock.elasticities(BOTH, EXACT, 0.95).frame
    assert capped["status"].unique().tolist() == ["indicative"]
    assert capped["note"].unique().tolist() == ["hand_over"]
    monkeypatch.setattr(caps, "read_caps", lambda: {f"P1 {WITH_HAND_OVER}": "hand_over"})
    free = shock.elasticities(BOTH, EXACT, 0.95).frame.iloc[3:]
    assert free["status"].unique().tolist() == ["evidence"]
    assert free["grade"].unique().tolist() == [4]
    assert free["note"].unique().tolist() == ["sound"]


def test_a_number_without_an_interval_is_recorded_and_not_shown():
    fits = BOTH | {(AFTER_HAND_OVER, "all"): WEAK, (AFTER_HAND_OVER, "work"): None}
    recorded = shock.elasticities(fits, EXACT, 0.95).frame
    shown = shock.shown_elasticities(fits, EXACT, 0.95).frame
    assert recorded["estimate"].notna().tolist() == [True] * 4 + [False, True]
    assert shown["estimate"].notna().tolist() == [True] * 3 + [False, False, True]
    assert recorded["note"].tolist() == [
        "hand_over",
        "hand_over",
        "hand_over",
        "weak",
        NOT_ESTIMABLE,
        "hand_over",
    ]
    assert np.isnan(recorded["mde"].iloc[3])
    assert_allclose(recorded["first_stage"].iloc[3], WEAK.first_stage, **ROUNDED)


def test_without_any_shock_there_is_a_sentence_and_a_row_without_figures_for_each_estimate():
    fits, placebos = shock.fit_shocks(months(12))
    assert (fits, placebos) == ({}, {})
    assert shock.shown_elasticities(fits, POLICY, 0.95) is shock.NO_SHOCKS
    assert shock.first_stages(fits, POLICY, 0.95) is shock.NO_SHOCKS
    assert shock.placebo(placebos, POLICY, 0.95) is shock.NO_SHOCKS
    rows = shock.elasticities(fits, POLICY, 0.95).frame
    assert rows["note"].unique().tolist() == [NOT_ESTIMABLE]
    assert rows["estimate"].isna().all()
    assert rows["is_primary"].tolist() == [True, True, False] * 2


def test_what_cannot_have_an_effect_is_shown_with_what_it_could_have_seen():
    placebos = {("later_departures", "all"): FIT, ("departures_so_far", "death"): FIT}
    rows = shock.placebo(placebos, EXACT, 0.95).frame
    assert rows["term"].tolist() == ["later_departures", "departures_so_far"]
    assert rows["outcome"].tolist() == ["all", "death"]
    assert rows["mde"].notna().all()
    assert not rows["is_primary"].any()


def test_a_placebo_without_an_interval_shows_no_number():
    five = fitted(n_teams=5)  # too few to have an interval
    placebos = {("departures_so_far", "death"): five, ("later_departures", "all"): WEAK}
    rows = shock.placebo(placebos, EXACT, 0.95).frame
    assert np.isnan(rows["estimate"].iloc[0])
    assert rows["mde"].notna().tolist() == [True, False]

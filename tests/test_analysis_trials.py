"""Trials: who counts in which arm, what became of them, and a sentence wherever nothing can be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from disclosure_tables import POLICY
from prepared_towns import prepare
from watwerkt.analysis import balance, prevention, trial_effect, trial_flow, trial_rows
from watwerkt.analysis.trial_outcomes import add_outcomes
from watwerkt.analysis.trial_verdict import (
    MARGIN_LABELS,
    POWER_LABELS,
    STATUS_LABELS,
    margin_sentence,
    power_sentence,
    status_sentence,
)
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.gap import TOO_FEW
from watwerkt.estimators.trial_rows import Mechanism

LEVEL = 0.95
EXACT = {"rtol": 1e-5}  # six significant digits are recorded
CLIENTS = """
    person_id birth_year
    ann       1980
    bo        1985
    cy        1990
"""
BENEFITS = """
    person_id benefit_id scheme start_date end_date   exit_reason
    ann       a1         PW     2020-01-01 2021-07-01 11
    bo        b1         PW     2020-01-01 -          -
    cy        c1         PW     2020-01-01 2021-03-01 32
"""


def drawn():
    town = prepare(times=1, clients=CLIENTS, benefits=BENEFITS)
    rows = pd.DataFrame(
        {
            "person_id": ["ann.0", "bo.0", "cy.0", "nobody"],
            "assigned_date": pd.to_datetime(["2021-01-01"] * 4),
        }
    )
    trial = trial_rows.Trial("t", "person", "usual", ("new",), Mechanism("person", False), rows)
    return add_outcomes(trial, town, [12]).set_index("person_id")


def test_outcomes_count_from_the_draw_and_a_move_is_no_exit():
    found = drawn()
    assert found["all_12"].tolist() == [100, 0, 0, 0]
    assert found["work_12"].tolist() == [100, 0, 0, 0]
    assert found["benefit_days_12"].tolist() == [181, 365, 59, 0]
    assert found["known_12"].tolist() == [True, True, False, True]
    assert found["entry_12"].tolist() == [100, 100, 100, 0]


def made(n=400, effect=0.0, n_arms=2, seed=3):
    """A trial made by lot, followed already."""
    rng = np.random.default_rng(seed)
    arms = ["usual", "new", "other"][:n_arms]
    arm = rng.choice(arms, n)
    leaves = rng.random(n) < 0.3 + effect * (arm == "new")
    rows = pd.DataFrame(
        {
            "trial_id": "t",
            "person_id": [f"p{i}" for i in range(n)],
            "unit_id": [f"p{i}" for i in range(n)],
            "arm": arm,
            "stratum": rng.choice(["far", "near"], n),
            "probability": 1 / n_arms,
            "took_up": arm != "usual",
            "age_years": rng.integers(20, 60, n),
            "sex": rng.choice(["female", "male"], n),
            "household_type": "unknown",
            "labour_market_distance": "unknown",
            "n_benefits_earlier": 0,
            "months_since_entry": rng.integers(1, 90, n),
        }
    )
    for months in (12, 24):
        rows = rows.assign(
            **{
                f"all_{months}": 100.0 * leaves,
                f"work_{months}": 100.0 * leaves,
                f"benefit_days_{months}": 365.0 - 200 * leaves + rng.normal(0, 9, n),
                f"known_{months}": True,
            }
        )
    rows = rows.assign(entry_6=100.0 * ~leaves)
    others = tuple(name for name in arms if name != "usual")
    return trial_rows.Trial("t", "person", "usual", others, Mechanism("person", True), rows)


def of(trial, keep):
    return replace(trial, rows=trial.rows[keep(trial.rows)].reset_index(drop=True))


TOWN = made()
DEGENERATE = {
    "twelve persons": of(TOWN, lambda r: r.index < 12),
    "everybody treated": of(TOWN, lambda r: r["arm"] == "new"),
    "an empty arm": replace(TOWN, arms=("new", "gone")),
    "an arm empty in one stratum": of(
        TOWN, lambda r: (r["arm"] == "usual") | (r["stratum"] == "far")
    ),
    "nobody leaves": replace(TOWN, rows=TOWN.rows.assign(all_12=0.0, work_12=0.0)),
    "everybody leaves": replace(TOWN, rows=TOWN.rows.assign(all_12=100.0, all_24=100.0)),
    "not followed yet": replace(TOWN, rows=TOWN.rows.drop(columns=["all_24", "work_24"])),
}


@pytest.mark.parametrize("is_adjusted", [False, True])
@pytest.mark.parametrize("name", DEGENERATE)
def test_a_trial_that_cannot_be_estimated_is_a_row_and_a_sentence(name, is_adjusted):
    found = trial_effect.fit_trials([DEGENERATE[name]], LEVEL, is_adjusted)
    for scale, months in (("pp", 12), ("pp", 24), ("days", 12)):
        shown = trial_effect.effects(found, POLICY, scale, months)
        figures = shown.frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
        assert len(shown.frame)
        assert not np.isinf(figures).any()
        assert status_sentence(shown) in STATUS_LABELS.values()
        assert power_sentence(shown, 23.0) in POWER_LABELS.values()
    assert isinstance(balance.arms_compared([DEGENERATE[name]], POLICY), Protected | Gap)


def test_without_a_trial_there_is_a_sentence_everywhere():
    town = prepare(times=1, clients=CLIENTS, benefits=BENEFITS)
    none = trial_rows.find_trials(town, "usual")
    assert none == []
    gone = trial_effect.effects(trial_effect.fit_trials(none, LEVEL), POLICY)
    assert gone is trial_rows.NO_TRIAL
    assert trial_flow.answers(none, town, POLICY) is trial_rows.NO_TRIAL
    assert trial_flow.arms(none, town, POLICY) is trial_rows.NO_TRIAL
    assert balance.arms_compared(none, POLICY) is trial_rows.NO_TRIAL
    entry = prevention.entry_effects(none, POLICY, LEVEL, "entry")
    assert entry is trial_rows.NO_PREVENTION
    assert status_sentence(gone) == STATUS_LABELS[""]


def test_an_effect_is_found_and_is_evidence():
    found = trial_effect.fit_trials([made(2000, 0.2)], LEVEL)
    row = found.query("outcome == 'all' and horizon_months == 12").iloc[0]
    assert row["conf_low"] < 20 < row["conf_high"]
    assert row[["analysis", "term", "status", "grade"]].tolist() == ["P7", "new", "evidence", 5]
    assert row["is_primary"]


def test_holm_runs_over_the_arms_and_outcomes_of_a_trial():
    found = trial_effect.fit_trials([made(n_arms=3)], LEVEL)
    assert set(found["term"]) == {"new", "other"}
    assert (found["p_adjusted"] >= found["p_value"]).all()
    smallest = found["p_value"].min() * len(found)
    np.testing.assert_allclose(found["p_adjusted"].min(), min(1, smallest), **EXACT)


def test_few_units_or_destinations_lost_in_one_arm_make_it_an_indication():
    assert trial_effect.judge_design(TOWN, "new", "work", 12) == "evidence"
    lost = TOWN.rows.assign(known_12=(TOWN.rows["arm"] == "usual") | (TOWN.rows.index % 4 > 0))
    lossy = replace(TOWN, rows=lost)
    assert trial_effect.judge_design(lossy, "new", "work", 12) == "indicative"
    assert trial_effect.judge_design(lossy, "new", "all", 12) == "evidence"
    few = of(TOWN, lambda r: r.index < 12)
    assert trial_effect.judge_design(few, "new", "all", 12) == "indicative"


def test_the_margin_decides_the_sentence():
    days = trial_effect.effects(trial_effect.fit_trials([TOWN], LEVEL), POLICY, "days")
    assert power_sentence(days, 0.5) == POWER_LABELS["alone"]
    assert power_sentence(days, 300.0) == POWER_LABELS["able"]
    assert margin_sentence(days, 300.0) == MARGIN_LABELS["falls_short"]
    assert margin_sentence(days, 0.01) == MARGIN_LABELS["open"]


def test_comparing_only_those_who_entered_is_a_warning():
    trial = replace(TOWN, unit="application")
    row = prevention.exits_of_entrants([trial], POLICY, LEVEL).frame.iloc[0]
    assert row[["status", "analysis"]].tolist() == ["warning", "naive_entrants_only"]
    entry = prevention.entry_effects([trial], POLICY, LEVEL, "entry").frame.iloc[0]
    assert entry[["analysis", "horizon_months", "status"]].tolist() == ["P8", 6, "evidence"]


def test_standardised_difference_by_hand():
    values, first = pd.Series([1.0, 3.0, 2.0, 4.0]), pd.Series([True, True, False, False])
    np.testing.assert_allclose(balance.standardised_difference(values, first), -1 / 2**0.5)
    alike = balance.arms_compared([TOWN], POLICY)
    assert balance.balance_sentence(alike) == balance.LIKE_LABEL
    assert balance.balance_sentence(TOO_FEW) == balance.UNKNOWN_LABEL


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    from pathlib import Path

    from watwerkt.panel.prepared import read_prepared
    from watwerkt.params import read_params
    from watwerkt.runtime.prepare import run_prepare

    root = Path(__file__).parents[1]
    folder = tmp_path_factory.mktemp("prepared") / "GM9901"
    delivery = root / "data" / "sample" / "GM9901"
    run_prepare(delivery, folder, read_params(root / "papermill_params", "GM9901"))
    truth = yaml.safe_load((delivery / "truth.yaml").read_text(encoding="utf-8"))
    return read_prepared(folder), pd.DataFrame(truth["estimands"])


def test_the_planted_effects_lie_in_the_intervals(sample):
    town, truth = sample
    trials = trial_rows.find_trials(town, "gebruikelijk")
    found = trial_effect.fit_trials(trial_effect.follow_trials(trials, town), 0.999)
    keys = ["analysis", "outcome", "horizon_months", "term"]
    both = found.merge(truth[truth["analysis"] == "P7"], on=keys, suffixes=("", "_true"))
    assert len(both) == 6
    assert both["estimate_true"].between(both["conf_low"], both["conf_high"]).all()
    applied = prevention.follow_applications(trials, town)
    entry = prevention.entry_effects(applied, POLICY, 0.999, "entry").frame.iloc[0]
    planted = truth.loc[truth["analysis"] == "P8", "estimate"].iloc[0]
    assert entry["conf_low"] < planted < entry["conf_high"]
    asked = trial_rows.trials_of(trials, False)
    flow = trial_flow.answers(asked, town, POLICY).frame.set_index("branch")["n_persons"]
    assert flow["total"] == 600
    assert {"declined", "excluded", "gebruikelijk", "intensief"} <= set(flow.index)

"""What holds for every estimator: each is matched by another implementation, and invariances."""

import ast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit

from watwerkt.errors import DataError
from watwerkt.estimators.bounds import lee_bounds
from watwerkt.estimators.hazard import average_difference, discrete_hazard
from watwerkt.estimators.takeup import estimate_cace
from watwerkt.estimators.trials import Mechanism

ROUNDING = {"rtol": 1e-9, "atol": 1e-12}
SUMS = {"rtol": 1e-6}  # of fitted shares: Newton's method stops at its own tolerance
PERSONS = Mechanism("person", has_strata=False)

MATCHED = {  # module → the test that sets it beside other code, or other arithmetic
    "assignments": ("group_time", "few_assignments_are_all_tried"),
    "bounds": ("trial_families", "lee_errors_are_those_of_his_formula"),
    "cells": ("hazard", "cells_give_the_fit_of_the_person_months"),
    "clustered_shares": (
        "clustered_shares",
        "each_by_itself_is_kaplan_meier_with_greenwoods_error",
    ),
    "combinations": ("combinations", "each_row_has_the_number_that_pandas_gives_it"),
    "cost_benefit": ("costs", "years_on_benefit_are_the_sum_of_who_is_left_day_by_day"),
    "count_rate": ("count_rate", "cells_give_the_fit_of_the_person_months"),
    "design_columns": ("hazard", "cells_give_the_fit_of_the_person_months"),
    "dose_response": ("dose_response", "every_dose_equals_statsmodels_with_every_column"),
    "effects": ("shock_iv", "both_stages_equal_statsmodels_with_every_column_written_out"),
    "equivalence": ("trial_families", "equivalence_is_that_of_statsmodels"),
    "estimates": ("hazard", "tidy_holds_the_counts_and_a_t_interval_with_one_degree_less"),
    "group_effects": ("group_effects", "a_pair_of_two_groups_is_a_plain_difference"),
    "group_time": ("group_time", "the_published_panel_gives_csdids_figures"),
    "hazard": ("hazard", "cells_give_the_fit_of_the_person_months"),
    "least_squares": ("trials", "clusters_are_bell_and_mccaffrey"),
    "logit": ("hazard", "cells_give_the_fit_of_the_person_months"),
    "lottery": ("design", "everybody_has_the_chance_that_is_stated"),
    "multiplicity": ("trial_families", "romano_wolf_step_by_step"),
    "naive": ("naive", "slopes_are_least_squares_of_what_their_names_say"),
    "planted_hazard": ("design", "the_planted_ratio_saves_the_days_that_are_asked"),
    "pooled_ratio": ("pooling", "ratios_of_differing_towns_differ_and_their_mean_is_a_ratio"),
    "pooling": ("pooling", "the_mean_and_its_error_against_statsmodels"),
    "power": ("power", "needed_number_against_r_and_statsmodels"),
    "propensity": ("sequential_trials", "statsmodels_on_written_out_clones_gives_the_same"),
    "proportions": ("power", "difference_against_statsmodels"),
    "randomisation": ("trial_families", "lottery_of_persons_is_the_permutation_test_of_scipy"),
    "ratio": ("start_effects", "fieller_has_two_ends_only_above_zero"),
    "reassign": ("group_time", "minimum_wages_lower_youth_employment_as_published"),
    "relative_bounds": ("group_time", "bounds_widen_by_the_largest_move_before"),
    "risk_difference": ("sequential_trials", "statsmodels_on_written_out_clones"),
    "sensitivity": ("analysis_contact_trials", "published_e_values"),
    "sequential_trials": ("sequential_trials", "statsmodels_on_written_out_clones"),
    "shock_iv": ("shock_iv", "departures_to_come_equal_statsmodels_with_the_shock_so_far"),
    "shock_stages": ("shock_iv", "both_stages_equal_statsmodels_with_every_column_written_out"),
    "start_balance": ("start_effects", "weights_make_the_others_like_those_who_start"),
    "start_effects": ("start_effects", "it_equals_the_same_by_hand_with_statsmodels"),
    "survival_curves": ("survival_curves", "kaplan_meier_against_r_on_the_leukaemia_trial"),
    "takeup": ("trial_families", "cace_is_two_stage_least_squares"),
    "trial_power": ("design", "what_is_simulated_is_what_will_be_analysed"),
    "trials": ("trials", "adjusted_is_the_interacted_regression_of_statsmodels"),
    "two_arms": ("trials", "strata_are_weighted_by_their_persons"),
    "wedge_power": ("design", "the_orders_are_as_many_as_counting_them_gives"),
    "weights": ("sequential_trials", "statsmodels_on_written_out_clones"),
}


@pytest.mark.parametrize("module", MATCHED)
def test_every_estimator_is_matched(root, module):
    file, words = MATCHED[module]
    tree = ast.parse((root / "tests" / f"test_{file}.py").read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert any(name.startswith(f"test_{words}") for name in names)


def test_no_estimator_is_left_out(root):
    folder = root / "lib" / "watwerkt" / "estimators"
    assert {path.stem for path in folder.glob("[a-z]*.py")} == set(MATCHED)


def trial(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    talk = rng.permutation(60) < 30
    outcome = rng.normal(size=60) + 0.5 * talk
    return pd.DataFrame(
        {
            "arm": np.where(talk, "talk", "usual"),
            "outcome": np.where(rng.random(60) < 0.1 + 0.1 * talk, np.nan, outcome),
            "took_up": talk & (rng.random(60) < 0.8),
            "probability": 0.5,
        }
    )


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_bounds_and_taking_part_know_no_order_and_no_names(seed, random):
    rows = trial(seed)
    order = random.sample(range(len(rows)), len(rows))
    other = rows.iloc[order].assign(arm=lambda f: f["arm"].map({"talk": "a", "usual": "z"}))
    first, second = (
        lee_bounds(rows, "talk", "usual", PERSONS),
        lee_bounds(other, "a", "z", PERSONS),
    )
    assert_allclose([first.low, first.high], [second.low, second.high], **ROUNDING)
    assert 0 <= first.trimmed_share <= 1
    assert first.low <= first.high
    known = rows["outcome"].notna()
    one = estimate_cace(rows[known], "talk", "usual", PERSONS)
    two = estimate_cace(other[other["outcome"].notna()], "a", "z", PERSONS)
    assert_allclose(one.tidy().drop(columns="term"), two.tidy().drop(columns="term"), rtol=1e-8)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_hazards_are_probabilities_and_destinations_add_up_to_all_exits(seed):
    rng = np.random.default_rng(seed)
    months = pd.DataFrame({"contact": rng.random(900) < 0.4, "band": rng.choice(["a", "b"], 900)})
    place = np.where(rng.random(900) < 0.15, rng.choice(["work", "other"], 900), "")
    cluster = rng.integers(0, 12, 900)
    sums = {}
    for name, event in {
        "all": place != "",
        "work": place == "work",
        "other": place == "other",
    }.items():
        try:
            fit = discrete_hazard(months, event, cluster, ["contact"], 300)
        except DataError:  # too few exits to one place
            return
        found = average_difference(fit)
        assert 0 <= found.baseline[0] <= 100
        assert 0 <= found.baseline[0] + found.estimate[0] <= 100
        sums[name] = float(fit.cells.trials @ expit(fit.cells.design @ fit.coefficient))
    assert_allclose(sums["work"] + sums["other"], sums["all"], **SUMS)

"""Trials: who counts in which arm, what became of them, and a sentence wherever nothing can be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from disclosure_tables import POLICY
from prepared_towns import prepare
from watwerkt.analysis import (
    balance,
    prevention,
    trial_bounds,
    trial_chance,
    trial_effect,
    trial_flow,
    trial_margin,
    trial_path,
    trial_rows,
    trial_subgroups,
    trial_takeup,
)
from watwerkt.analysis.trial_margin import MARGIN_LABELS, margin_sentence
from watwerkt.analysis.trial_outcomes import add_exits_by_month, add_outcomes
from watwerkt.analysis.trial_verdict import (
    POWER_LABELS,
    STATUS_LABELS,
    power_sentence,
    status_sentence,
)
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.gap import TOO_FEW
from watwerkt.errors import DataError
from watwerkt.estimators.randomisation import randomisation_test
from watwerkt.estimators.trials import estimate_itt
from watwerkt.estimators.two_arms import Mechanism

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


def checks(trials):
    """Everything that stands beside a trial's estimates."""
    found = trial_effect.fit_trials(trials, LEVEL)
    groups = trial_subgroups.fit_groups(trials, LEVEL)
    return [
        trial_chance.beside(found, trial_chance.redraw_lotteries(trials, found), POLICY),
        trial_takeup.taking_part(trials, POLICY, LEVEL),
        trial_bounds.attrition(trials, POLICY),
        trial_bounds.bounds(trials, POLICY, LEVEL),
        trial_margin.compare_with_margin(trials, POLICY, 23.0),
        trial_subgroups.within(groups, POLICY),
        trial_subgroups.between(groups, POLICY),
    ]


@pytest.mark.parametrize("name", DEGENERATE)
def test_what_stands_beside_a_trial_that_cannot_be_estimated(name):
    for shown in checks([DEGENERATE[name]]):
        figures = shown.frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
        assert len(shown.frame)
        assert not np.isinf(figures).any()
    tested = trial_margin.compare_with_margin([DEGENERATE[name]], POLICY, 23.0)
    assert margin_sentence(tested, 23.0) in MARGIN_LABELS.values()


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
    assert trial_flow.flows(none, town, POLICY) is trial_rows.NO_TRIAL
    assert trial_takeup.received(none, town, POLICY) is trial_rows.NO_TRIAL
    assert trial_path.path_by_month(none, town, POLICY, LEVEL) is trial_rows.NO_TRIAL
    for shown in checks([]):
        assert shown is trial_rows.NO_TRIAL
    assert balance.arms_compared(none, POLICY) is trial_rows.NO_TRIAL
    nobody = prevention.fit_applications(none, LEVEL)
    entry = prevention.entry_effects(nobody, POLICY, "pp")
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


def test_the_lottery_is_drawn_again_for_all_questions_at_once():
    trials = [made(n_arms=3, effect=0.25)]
    found = trial_effect.fit_trials(trials, LEVEL)
    redrawn = trial_chance.redraw_lotteries(trials, found)
    keys = ["term", "outcome", "horizon_months"]
    both = found.merge(redrawn, on=keys, suffixes=("", "_drawn"))
    np.testing.assert_allclose(both["p_value_drawn"], both["p_value"], atol=0.05)
    assert (both["p_adjusted_drawn"] >= both["p_value_drawn"]).all()
    assert (both["p_adjusted_drawn"] <= both["p_adjusted"] + 0.05).all()  # never far above Holm's
    assert not redrawn["is_primary"].any()
    single = trials[0].rows.dropna(subset=["all_12"])
    lottery = randomisation_test(
        single, "new", "usual", trials[0].mechanism, trial_chance.N_DRAWS, 1, outcome="all_12"
    )
    row = redrawn.query("term == 'new' and outcome == 'all' and horizon_months == 12").iloc[0]
    np.testing.assert_allclose(row["p_value"], lottery, atol=0.02)


def test_people_followed_for_less_long_get_draws_of_their_own():
    rows = TOWN.rows
    late = rows.assign(all_24=rows["all_24"].where(rows.index % 3 > 0))
    trial = replace(TOWN, rows=late)
    found = trial_effect.fit_trials([trial], LEVEL)
    redrawn = trial_chance.redraw_lotteries([trial], found)
    assert redrawn["p_value"].notna().sum() == found["p_value"].notna().sum()


def test_taking_part_is_the_effect_over_the_share_that_was_moved():
    arm = TOWN.rows["arm"] == "new"
    half = replace(TOWN, rows=TOWN.rows.assign(took_up=arm & (TOWN.rows.index % 2 == 0)))
    row = trial_takeup.taking_part([half], POLICY, LEVEL).frame.iloc[0]
    np.testing.assert_allclose(row["estimate"], row["reduced_form"] / row["first_stage"], **EXACT)
    assert row[["status", "grade"]].tolist() == ["indicative", 4]
    nobody = replace(TOWN, rows=TOWN.rows.assign(took_up=False))
    assert trial_takeup.taking_part([nobody], POLICY, LEVEL).frame["estimate"].isna().all()
    unknown = replace(TOWN, rows=TOWN.rows.assign(took_up=None))
    assert trial_takeup.taking_part([unknown], POLICY, LEVEL).frame["estimate"].isna().all()


def test_bounds_hold_the_effect_and_meet_where_nothing_is_lost():
    low, high = trial_bounds.bounds([TOWN], POLICY, LEVEL).frame["estimate"]
    np.testing.assert_allclose(low, high, **EXACT)
    lost = TOWN.rows.assign(known_12=(TOWN.rows["arm"] == "usual") | (TOWN.rows.index % 4 > 0))
    frame = trial_bounds.bounds([replace(TOWN, rows=lost)], POLICY, LEVEL).frame
    assert frame["estimate"].iloc[0] < frame["estimate"].iloc[1]
    assert (frame["conf_low"] < frame["estimate"]).all()
    assert frame["p_value"].isna().all()


def test_one_rule_for_the_margin():
    """Days saved: the interval of 90 % beside the margin, on either side."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 30, len(TOWN.rows))
    arm = TOWN.rows["arm"] == "new"

    def said(saved, margin):
        rows = TOWN.rows.assign(benefit_days_12=200 - saved * arm + noise)
        tested = trial_margin.compare_with_margin([replace(TOWN, rows=rows)], POLICY, margin)
        return margin_sentence(tested, margin)

    assert said(60, 23.0) == MARGIN_LABELS["pays"]
    assert said(0, 23.0) == MARGIN_LABELS["nil"]
    assert said(23, 23.0) == MARGIN_LABELS["open"]
    assert said(-60, 23.0) == MARGIN_LABELS["falls_short"]
    assert margin_sentence(TOO_FEW, 23.0) == MARGIN_LABELS[""]


def test_groups_are_secondary_and_their_difference_is_that_of_the_two():
    found = trial_subgroups.fit_groups([TOWN], LEVEL)
    assert not found["is_primary"].any()
    own = found[found["known_before"] == "sex"].set_index("group")
    difference = own.loc["women", "estimate"] - own.loc["men", "estimate"]
    np.testing.assert_allclose(own.loc["both", "estimate"], difference, **EXACT)
    errors = np.hypot(own.loc["women", "std_error"], own.loc["men", "std_error"])
    np.testing.assert_allclose(own.loc["both", "std_error"], errors, **EXACT)
    tests = found[(found["design"] == "interaction") & found["p_value"].notna()]
    assert (tests["p_adjusted"] >= tests["p_value"]).all()
    assert found.loc[found["known_before"] == "household_type", "estimate"].isna().all()
    women = TOWN.rows["sex"] == "female"
    only_women = TOWN.rows["all_12"].where(~(women & (TOWN.rows["arm"] == "new")), 100.0)
    planted = trial_subgroups.fit_groups(
        [replace(TOWN, rows=TOWN.rows.assign(all_12=only_women))], LEVEL
    )
    row = planted[(planted["known_before"] == "sex") & (planted["group"] == "both")].iloc[0]
    assert row["conf_low"] > 0
    assert row["p_adjusted"] < 0.01


TEAMS = """
    caseworker_id team_id role          fte start_date end_date leave_reason
    w1            t1      participation 1.0 2019-01-01 -        -
    w2            t2      participation 1.0 2019-01-01 -        -
"""
HANDLED = """
    person_id caseworker_id start_date end_date
    ann       w1            2020-01-01 -
    bo        w2            2020-01-01 -
    cy        w2            2020-01-01 -
"""
DRAWN_TEAMS = """
    trial_id unit_id unit arm   assigned_date probability
    load     t1      team usual 2021-01-01    0.5
    load     t2      team small 2021-01-01    0.5
"""
TARGETS = """
    team_id start_date name target_caseload
    t1      2019-01-01 old  80
    t2      2019-01-01 old  80
    t2      2021-01-15 new  50
"""


@pytest.mark.parametrize(
    ("targets", "wanted"),
    [
        (TARGETS, {"small": 50.0, "usual": 80.0}),
        (TARGETS.replace("2021-01-15", "2021-02-01"), {}),  # after the month of the draw
        (TARGETS.replace("50", "80"), {}),
        (TARGETS.replace("t1", "t9"), {}),  # of one arm nothing is known
    ],
)
def test_a_caseload_by_lot_is_the_target_of_an_arms_teams(targets, wanted):
    tables = {"caseworkers": TEAMS, "assignments": HANDLED, "trials": DRAWN_TEAMS}
    town = prepare(times=1, clients=CLIENTS, benefits=BENEFITS, policies=targets, **tables)
    (trial,) = trial_rows.find_trials(town, "usual")
    assert trial.caseloads == wanted
    assert trial.rows["person_id"].str[:2].tolist() == ["an", "bo", "cy"]


def test_a_trial_of_caseloads_is_recorded_as_such():
    third = 100.0 * (TOWN.rows.index % 3 == 0)
    rows = TOWN.rows.assign(administrative_12=third, administrative_24=third)
    trial = replace(TOWN, rows=rows, caseloads={"new": 50.0, "usual": 80.0})
    found = trial_effect.fit_trials([trial], LEVEL)
    assert set(found["analysis"]) == {"P3"}
    assert {"all", "work", "benefit_days", "administrative"} <= set(found["outcome"])
    assert set(trial_subgroups.fit_groups([trial], LEVEL)["analysis"]) == {"P3"}
    assert set(trial_effect.fit_trials([TOWN], LEVEL)["analysis"]) == {"P7"}
    again = trial_effect.compare_caseloads([TOWN, trial], POLICY, LEVEL).frame
    assert set(again["analysis"]) == {"P3"}
    assert not again["is_primary"].any()
    assert trial_effect.compare_caseloads([TOWN], POLICY, LEVEL) is trial_rows.NO_CASELOAD_LOTTERY


def test_two_trials_stay_apart_in_what_is_recorded():
    other = replace(TOWN, trial_id="second")
    found = trial_effect.fit_trials([TOWN, other], LEVEL)
    assert set(found["subgroup"]) == {"t", "second"}


def test_a_trial_of_clusters_is_not_estimated_as_one_of_persons():
    rows = TOWN.rows.assign(cluster=TOWN.rows["arm"] + (TOWN.rows.index % 20).astype(str))
    clustered = replace(TOWN, rows=rows.drop(columns="stratum").assign(stratum="all"))
    as_persons = replace(clustered, mechanism=Mechanism("person", False))
    as_clusters = replace(clustered, mechanism=Mechanism("cluster", False))
    with pytest.raises(DataError, match="drawn by cluster"):
        estimate_itt(as_persons.rows, "new", "usual", as_persons.mechanism, outcome="all_12")
    assert trial_effect.fit_trials([as_persons], LEVEL)["estimate"].isna().all()
    assert trial_effect.fit_trials([as_clusters], LEVEL)["estimate"].notna().all()


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


def test_comparing_only_those_who_entered_is_a_warning():
    trial = replace(TOWN, unit="application")
    row = prevention.exits_of_entrants([trial], POLICY, LEVEL).frame.iloc[0]
    assert row[["status", "analysis"]].tolist() == ["warning", "naive_entrants_only"]
    fits = prevention.fit_applications([trial], LEVEL)
    entry = prevention.entry_effects(fits, POLICY, "pp").frame.iloc[0]
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
    asked = trial_effect.follow_trials(trials, town)
    by_month = add_exits_by_month(asked[0], town, [12, 24])
    for months in (12, 24):
        assert by_month[f"all_{months}"].equals(asked[0].rows[f"all_{months}"])
    path = trial_path.path_by_month(asked, town, POLICY, LEVEL).frame.set_index("time")
    year = found.query("outcome == 'all' and horizon_months == 12")["estimate"].iloc[0]
    np.testing.assert_allclose(path.loc[12, "estimate"], year, **EXACT)
    applied = prevention.follow_applications(trials, town)
    fits = prevention.fit_applications(applied, 0.999)
    entry = prevention.entry_effects(fits, POLICY, "pp").frame.iloc[0]
    planted = truth.loc[truth["analysis"] == "P8", "estimate"].iloc[0]
    assert entry["conf_low"] < planted < entry["conf_high"]
    asked = trial_rows.trials_of(trials, False)
    flow = trial_flow.flows(trial_effect.follow_trials(asked, town), town, POLICY).frame
    first = flow[flow["step"] == "invited"].set_index("branch")["n_persons"]
    assert first["total"] == 600
    assert {"declined", "excluded", "gebruikelijk", "intensief"} <= set(first.index)
    assert {"took_up", "followed", "analysed"} <= set(flow["step"])

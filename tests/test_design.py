"""A trial planned from a delivery, held, and delivered back: it has the power that was promised."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml
from numpy.testing import assert_allclose
from rich.console import Console

import design_world
from disclosure_tables import POLICY
from prepared_towns import prepare
from watwerkt.analysis.eligible import Moment, eligible_at
from watwerkt.analysis.targets import find_targets, number_of
from watwerkt.analysis.trial_effect import fit_trials, follow_trials
from watwerkt.analysis.trial_plan import Wanted, draw_list, plan_lottery
from watwerkt.analysis.trial_rows import find_trials
from watwerkt.analysis.trial_strata import find_strata
from watwerkt.analysis.wedge_plan import WedgePlan, wedge_lists
from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.lottery import draw_arms
from watwerkt.estimators.planted_hazard import PastYear, draw_year, expected_saving, find_ratio
from watwerkt.estimators.trial_power import PlannedLottery, draw_trial, simulate_power
from watwerkt.estimators.trials import estimate_itt
from watwerkt.estimators.wedge_power import (
    SPAN,
    Teams,
    count_orders,
    plan_steps,
    share_found,
)
from watwerkt.panel.prepared import read_prepared
from watwerkt.params import check_params
from watwerkt.paths import Workspace
from watwerkt.runtime.design import STEPPED_WEDGE, Asked, write_design
from watwerkt.runtime.prepare import run_prepare

PARAMS = check_params({"municipality_id": design_world.CODE, "language": "en"}, source="test")
LOG_OR, N_HELD, N_SIMULATED = 0.8, 120, 400
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def town():
    return design_world.build_town(700, LOG_OR, seed=5)


@pytest.fixture(scope="module")
def eve(town, tmp_path_factory):
    """The delivery on the eve of the draw, and its prepared data."""
    folder = tmp_path_factory.mktemp("eve")
    design_world.deliver(town.register, folder / "delivery")
    run_prepare(folder / "delivery", folder / "prepared" / design_world.CODE, PARAMS)
    return folder


@pytest.fixture(scope="module")
def place(eve, root):
    return Workspace(root, eve / "prepared", eve / "reports", eve / "restricted")


@pytest.fixture(scope="module")
def written(place, eve):
    asked = Asked(seed=11, effect_days=25.0, n_draws=40)
    return write_design(place, PARAMS, eve / "delivery", asked, QUIET).parent


@pytest.mark.e2e
def test_a_trial_has_the_power_that_was_promised(town, eve):
    prepared = read_prepared(eve / "prepared" / design_world.CODE)
    wanted = Wanted(town.draw_day, 15.0, "gebruikelijk")
    plan = plan_lottery(prepared, wanted, POLICY)
    held = [design_world.hold(town, prepared, plan, luck) for luck in range(N_HELD)]
    truth, found = design_world.share_found(held, "benefit_days")
    ratio = find_ratio(plan.past, -truth, plan.weight)
    promised = simulate_power(plan.past, plan.lottery, ratio, N_SIMULATED, seed=2).power[0]
    error = np.sqrt(promised * (1 - promised) * (1 / N_HELD + 1 / N_SIMULATED))
    assert 0.5 < promised < 0.97  # where power can be told from none and from certainty
    assert found == pytest.approx(promised, abs=2.5 * error)


@pytest.mark.e2e
def test_the_list_goes_back_unchanged_and_chapter_seven_reads_it(town, eve, written, tmp_path):
    drawn = pl.read_csv(
        eve / "restricted" / design_world.CODE / "design" / "lottery" / "trials.csv"
    )
    drawn = drawn.with_columns(pl.col("assigned_date").str.to_date())
    history = design_world.live_on(town, drawn.to_pandas(), luck=1)
    months = design_world.DRAWN_IN + design_world.AFTER
    register = design_world.read_register(town.start, history, months, town.seed)
    design_world.deliver(register, tmp_path / "delivery", trials=drawn)
    run_prepare(tmp_path / "delivery", tmp_path / design_world.CODE, PARAMS)
    prepared = read_prepared(tmp_path / design_world.CODE)
    trials = follow_trials(find_trials(prepared, "gebruikelijk"), prepared)
    plan = yaml.safe_load((written / "design.yaml").read_text(encoding="utf-8"))
    assert [(t.trial_id, t.control, t.arms) for t in trials] == [
        (plan["trial_id"], "gebruikelijk", ("intensief",))
    ]
    assert len(trials[0].rows) == drawn.height
    assert trials[0].mechanism.has_strata
    year = fit_trials(trials, 0.95).query("horizon_months == 12").set_index("outcome")
    assert year.loc["benefit_days", "status"] == "evidence"
    planned = plan["mde_80"]["benefit_days"] / 2.80  # in standard errors
    assert year.loc["benefit_days", "std_error"] == pytest.approx(planned, rel=0.25)
    assert year.loc["benefit_days", "conf_high"] < 0  # the planted effect is large


@pytest.mark.e2e
def test_the_same_seed_gives_the_same_bytes_and_no_person_is_published(place, eve, written):
    folders = [place.reports / design_world.CODE, place.restricted / design_world.CODE]
    before = {p: p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file()}
    again = Asked(seed=11, effect_days=25.0, n_draws=40)
    write_design(place, PARAMS, eve / "delivery", again, QUIET)
    assert {p: p.read_bytes() for p in before} == before
    listed = pl.read_csv(
        eve / "restricted" / design_world.CODE / "design" / "lottery" / "trials.csv"
    )
    public = b"".join(p.read_bytes() for p in written.iterdir() if p.suffix != ".pdf").decode()
    assert not [person for person in listed["unit_id"] if person in public]
    plan = yaml.safe_load((written / "design.yaml").read_text(encoding="utf-8"))
    assert min(plan["participants"].values()) >= 2 * POLICY.threshold
    assert plan["design_sha256"] in (written / "design.html").read_text(encoding="utf-8")


def years(n=4000, seed=1):
    """Past years of two strata with monthly hazards of one and three in a hundred."""
    rng = np.random.default_rng(seed)
    stratum = np.arange(n) % 2
    months = rng.exponential(1 / np.array([0.01, 0.03])[stratum])
    seen = np.minimum(months, 12.0)
    return PastYear(stratum, seen, months < 12, seen * 365 / 12)


def test_the_planted_ratio_saves_the_days_that_are_asked():
    past, weight = years(), np.ones(4000)
    ratio = find_ratio(past, 20.0, weight)
    assert expected_saving(past, ratio, weight) == pytest.approx(20.0, abs=1e-6)
    people = np.repeat(np.arange(4000), 25)
    everybody = np.ones(len(people), dtype=bool)
    rng = np.random.default_rng(3)
    left, days = draw_year(past, people, everybody, ratio, rng)
    assert past.days.mean() - days.mean() == pytest.approx(20.0, abs=0.8)  # 5 errors of 100,000
    assert left.mean() > 100 * past.has_left.mean()


def test_without_an_effect_nothing_is_planted():
    past, people = years(), np.arange(4000)
    treated = people % 3 == 0
    left, days = draw_year(past, people, treated, 1.0, np.random.default_rng(1))
    assert_allclose(days, past.days)
    assert_allclose(left, 100.0 * past.has_left)
    plan = PlannedLottery(np.arange(300) % 2, 0.5)
    false_alarms = simulate_power(past, plan, 1.0, 300, seed=1).power
    assert_allclose(false_alarms, 0.05, atol=0.04)  # three errors of 300 draws


def test_what_is_simulated_is_what_will_be_analysed():
    past, plan = years(), PlannedLottery(np.arange(300) % 2, 0.4)
    found = simulate_power(past, plan, 2.0, 1, seed=9)
    rows = draw_trial(past, plan, 2.0, np.random.default_rng([9, 0]))
    for place_, outcome in enumerate(("benefit_days", "all")):
        fit = estimate_itt(rows, "drawn", "usual", plan.mechanism, outcome=outcome)
        assert_allclose(found.estimate[place_], fit.estimate[0])
        assert_allclose(found.std_error[place_], fit.std_error[0])


def test_everybody_has_the_chance_that_is_stated():
    stratum = np.repeat([0, 1], [7, 20])  # 2.1 and 6 places
    rng = np.random.default_rng(1)
    drawn = np.array([draw_arms(stratum, 0.3, rng) for _ in range(20_000)])
    assert_allclose(drawn.mean(axis=0), 0.3, atol=0.015)  # 4.6 errors
    assert set(drawn[:, :7].sum(axis=1)) == {2, 3}
    assert set(drawn[:, 7:].sum(axis=1)) == {6}


CLIENTS = """
    person_id birth_year
    ann       1980
    bo        1985
    cy        1990
    di        1975
    ed        1976
"""
BENEFITS = """
    person_id benefit_id scheme start_date end_date   end_registered_date exit_reason exemption
    ann       a1         PW     2019-01-01 -          -                   -           none
    bo        b1         PW     2019-01-01 2020-06-15 2020-07-20          11          none
    cy        c1         PW     2019-01-01 2020-06-15 2020-06-20          11          none
    di        d1         PW     2019-01-01 -          -                   -           none
    ed        d1         PW     2019-01-01 -          -                   -           none
"""


def test_who_can_be_drawn_is_whom_nobody_knew_to_have_left():
    town = prepare(times=1, clients=CLIENTS, benefits=BENEFITS)
    moment = Moment(date(2020, 7, 1), date(2020, 6, 1), date(2020, 6, 30))
    found = eligible_at(town, moment)["person_id"].tolist()
    assert found == ["ann.0", "bo.0", "di.0"]  # cy's end was booked; of partners one


def test_strata_are_taken_together_where_they_are_small():
    people = prepare(times=1, clients=CLIENTS, benefits=BENEFITS).panel.collect().to_pandas()
    rows = people.iloc[:60].assign(
        months_since_entry=[5] * 25 + [50] * 35, labour_market_distance=["2"] * 30 + ["5"] * 30
    )
    assert find_strata(rows, rows, 5).names == ["long_far", "long_near", "short_far"]
    assert find_strata(rows, rows, 20).names == ["long", "short"]
    assert find_strata(rows, rows, 30).names == ["all"]
    with pytest.raises(DataError, match="at least 61 people"):
        find_strata(rows, rows, 61)


def test_a_plan_refuses_what_it_cannot_promise(town, eve):
    prepared = read_prepared(eve / "prepared" / design_world.CODE)
    wanted = Wanted(town.draw_day, 15.0, "gebruikelijk")
    with pytest.raises(ParameterError, match="fewer people could take part"):
        plan_lottery(prepared, replace(wanted, n_clients=100_000), POLICY)
    with pytest.raises(DataError, match="at least 25 people"):
        plan_lottery(prepared, replace(wanted, n_clients=12), POLICY)
    with pytest.raises(DataError, match="name a smaller --effect"):
        plan_lottery(prepared, replace(wanted, effect_days=340.0), POLICY)


def test_another_seed_draws_another_list(town, eve):
    prepared = read_prepared(eve / "prepared" / design_world.CODE)
    wanted = Wanted(town.draw_day, 15.0, "gebruikelijk")
    lists = [
        draw_list(plan_lottery(prepared, replace(wanted, seed=seed), POLICY)) for seed in (1, 1, 2)
    ]
    assert lists[0].equals(lists[1])
    assert not lists[0]["arm"].equals(lists[2]["arm"])
    assert sorted(lists[0]["unit_id"]) == lists[0]["unit_id"].tolist()


def wedge_teams(n_teams, size=200):
    return Teams(
        np.full(n_teams, size), np.full(n_teams, 0.02), np.zeros(n_teams, dtype=np.int64), 0.05
    )


def test_every_team_that_changes_meets_teams_that_have_not_for_a_year():
    for n_teams in (2, 3, 5, 8, 13):
        steps = np.sort(plan_steps(n_teams))
        early = steps[: (n_teams + 1) // 2]
        assert early.max() < SPAN
        assert set(steps[len(early) :]) == {early.max() + SPAN}


def test_the_orders_are_as_many_as_counting_them_gives():
    for n_teams in (2, 4, 6):
        orders = set(permutations(plan_steps(n_teams).tolist()))
        assert count_orders(np.zeros(n_teams, dtype=np.int64)) == len(orders)
    two_roles = np.array([0, 0, 0, 1, 1])
    by_role = [len(set(permutations(plan_steps(n).tolist()))) for n in (3, 2)]
    assert count_orders(two_roles) == by_role[0] * by_role[1]


def test_a_wedge_of_few_teams_answers_nothing_and_of_many_does():
    assert count_orders(np.zeros(4, dtype=np.int64)) < 40 <= count_orders(np.zeros(5, dtype=int))
    assert share_found(wedge_teams(4), 2.0, 20, seed=1) == 0
    assert share_found(wedge_teams(12), 2.0, 20, seed=1) > 0.9
    assert share_found(wedge_teams(12), 1.0, 120, seed=1) == pytest.approx(0.05, abs=0.05)


def test_a_wedge_without_teams_is_a_word_and_with_two_a_page_without_an_order(place, root, eve):
    asked = Asked(kind=STEPPED_WEDGE, n_draws=100)
    bare = root / "data" / "sample" / "GM9902"
    params = check_params({"municipality_id": "GM9902"}, source="test")
    with pytest.raises(DataError, match="--kind lottery"):
        write_design(place, params, bare, asked, QUIET)
    page = write_design(place, PARAMS, eve / "delivery", asked, QUIET)
    plan = yaml.safe_load(page.with_name("design.yaml").read_text(encoding="utf-8"))
    assert plan["verdict"] == "none"
    assert "cannot be answered" in page.read_text(encoding="utf-8")
    assert not list((place.restricted / design_world.CODE / "design" / STEPPED_WEDGE).iterdir())


def test_the_order_of_teams_is_a_trial_and_a_policy():
    rows = pd.DataFrame({"team_id": list("abcdef"), "role": "work", "n_clients": 200})
    plan = WedgePlan(rows, wedge_teams(6), date(2025, 3, 1), 20.0, 2.0, seed=4)
    lists = wedge_lists(plan, (100.0, 50.0))
    trials = lists["trials.csv"]
    assert trials.groupby("arm").size().to_dict() == {
        "start 2025-03": 1,
        "start 2025-07": 1,
        "start 2025-11": 1,
        "start 2026-11": 3,
    }
    assert_allclose(trials["probability"], trials.groupby("arm")["arm"].transform("size") / 6)
    policies = pl.from_pandas(lists["policies.csv"]).lazy()
    targets = find_targets(policies, list("abcdef"))
    starts = trials.set_index("unit_id")["arm"].str.removeprefix("start ")
    months = {team: number_of(date.fromisoformat(f"{month}-01")) for team, month in starts.items()}
    assert targets.lowered.to_dict() == months  # as chapter 03 reads them

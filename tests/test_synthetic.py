"""A synthetic municipality keeps what the tables promise, and the same seed gives the same rows."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from watwerkt.codebook import codes
from watwerkt.errors import ParameterError
from watwerkt.schemas import tables
from watwerkt.synthetic import Scenario, Simulated, read_scenario, simulate
from watwerkt.synthetic.clock import Clock
from watwerkt.synthetic.draws import Draws
from watwerkt.synthetic.hazards import choose_cause
from watwerkt.synthetic.population import aow_dates, build_people

N_CLIENTS, N_MONTHS, SEED = 600, 60, 4
EXTRACT = date(2023, 12, 31)
PROBABILITY = 0.01  # of a draw among 40,000: three standard errors
ABOUT_PERSONS = [
    *("benefits", "traits", "assignments", "contacts", "services", "jobs"),
    *("admin_errors", "surveys"),
]


@pytest.fixture(scope="module")
def town() -> Simulated:
    return simulate(Scenario(), "GM9904", N_CLIENTS, N_MONTHS, SEED, counterfactuals=False)


def test_the_size_is_the_size_asked_for(town):
    stock = town.truth["described"]["stock"]["2019-01"]
    assert stock == pytest.approx(N_CLIENTS, rel=0.1)


@pytest.mark.parametrize("name", list(tables()))
def test_every_table_is_delivered_and_keeps_its_promise(town, name):
    table, frame = tables()[name], town.tables[name]
    table.pandera().validate(frame)
    assert len(frame) > 0
    assert frame.select(table.required_columns).null_count().sum_horizontal().item() == 0
    assert frame.select(table.key).is_duplicated().sum() == 0
    for column in (c for c in table.columns.values() if c.codes):
        assert set(frame[column.name].drop_nulls()) <= set(codes(column.codes)) - {"unknown"}


@pytest.mark.parametrize("name", ABOUT_PERSONS)
def test_rows_are_about_clients(town, name):
    column = "respondent_id" if name == "surveys" else "person_id"
    assert set(town.tables[name][column]) <= set(town.tables["clients"]["person_id"])


def test_caseworkers_are_known(town):
    known = set(town.tables["caseworkers"]["caseworker_id"])
    for name in ("assignments", "contacts"):
        assert set(town.tables[name]["caseworker_id"].drop_nulls()) <= known


def test_nothing_is_known_that_was_not_booked_by_the_extract(town):
    for name, frame in town.tables.items():
        dates = [c for c, kind in frame.schema.items() if kind == pl.Date and c != "aow_month"]
        assert all(frame[c].max() <= EXTRACT for c in dates), name


def test_periods_run_forward(town):
    for name in ("benefits", "assignments", "caseworkers", "services"):
        frame = town.tables[name]
        assert frame.filter(pl.col("end_date") <= pl.col("start_date")).is_empty(), name


def test_one_caseworker_at_a_time_within_a_role(town):
    roles = town.tables["caseworkers"].select("caseworker_id", "role").unique()
    held = town.tables["assignments"].join(roles, on="caseworker_id").sort("start_date")
    until = pl.col("end_date").shift().over("person_id", "role")
    is_next = pl.int_range(pl.len()).over("person_id", "role") > 0
    overlaps = held.filter(is_next & (until.is_null() | (until > pl.col("start_date"))))
    assert overlaps.is_empty()


def test_partners_leave_one_benefit_on_one_day(town):
    benefits = town.tables["benefits"]
    follow = benefits.filter(pl.col("exit_reason") == "97")
    pairs = follow.join(benefits, on=["benefit_id", "end_date"], suffix="_other")
    others = pairs.filter(pl.col("person_id") != pl.col("person_id_other"))
    assert len(follow) > 0
    assert set(others["person_id"]) == set(follow["person_id"])


def test_the_same_seed_gives_the_same_rows_and_another_does_not(town):
    again = simulate(Scenario(), "GM9904", N_CLIENTS, N_MONTHS, SEED, counterfactuals=False)
    for name, frame in town.tables.items():
        assert_frame_equal(frame, again.tables[name])
    other = simulate(Scenario(), "GM9905", N_CLIENTS, N_MONTHS, SEED, counterfactuals=False)
    shared = set(town.tables["clients"]["person_id"]) & set(other.tables["clients"]["person_id"])
    assert not shared


def test_what_a_scenario_leaves_out_is_not_delivered():
    scenario = Scenario(trial=None, prevention=None, assignment_history=False)
    town = simulate(scenario, "GM9904", 200, 24, SEED, counterfactuals=False)
    assert not {"trials", "trial_flow"} & town.tables.keys()
    keys = town.tables["assignments"].join(
        town.tables["caseworkers"].select("caseworker_id", "role").unique(), on="caseworker_id"
    )
    assert keys.select("person_id", "role").is_duplicated().sum() < len(keys) // 20


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("contakt: {rate: 0.1}", "contakt"),
        ("contact: {rate: -1.0}", "contact.rate"),
        ("contact: {selection: nearby}", "contact.selection"),
        ('contact: {rate: "0.1"}', "contact.rate"),
        ("first_month: 2019-13", "first_month"),
        ("a: [", "not a readable YAML"),
    ],
)
def test_a_scenario_with_an_unknown_name_or_value_is_refused(tmp_path, text, problem):
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=problem):
        read_scenario(path)


def test_what_a_scenario_file_does_not_name_keeps_its_default(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text("caseload: {elasticity_work: -0.5}\ncontact: {effects: []}", encoding="utf-8")
    scenario = read_scenario(path)
    assert (scenario.caseload.elasticity_work, scenario.contact.effects) == (-0.5, ())
    assert scenario.caseload.elasticity_other == Scenario().caseload.elasticity_other


def test_a_person_draws_the_same_number_in_every_world():
    draws = Draws((1, 2), 5)
    assert (draws.uniform("exit", 3) == Draws((1, 2), 5).uniform("exit", 3)).all()
    for other in (draws.uniform("exit", 4), draws.uniform("return", 3), draws.uniform("exit", -3)):
        assert (draws.uniform("exit", 3) != other).all()


def test_causes_are_drawn_by_their_odds():
    odds = np.repeat([[1.0], [0.5], [0.5]], 40_000, axis=1)  # of three causes, against staying
    cause = choose_cause(odds, np.random.default_rng(1).random(40_000))
    shares = {c: (cause == c).mean() for c in (-1, 0, 1, 2)}
    expected = {-1: 1 / 3, 0: 1 / 3, 1: 1 / 6, 2: 1 / 6}
    assert shares == {c: pytest.approx(p, abs=PROBABILITY) for c, p in expected.items()}


@pytest.mark.parametrize(
    ("born", "reached"),  # Algemene Ouderdomswet art. 7a
    [
        ("1953-01", "2019-05"),
        ("1955-08", "2021-12"),
        ("1955-10", "2022-05"),
        ("1956-06", "2023-04"),
        ("1957-03", "2024-03"),
        ("1962-07", "2029-07"),
    ],
)
def test_state_pension_age(born, reached):
    clock = Clock(born, 1)
    assert str(aow_dates(np.array([0]), clock)[0])[:7] == reached


def test_partners_share_scheme_place_and_day_of_arrival():
    scenario, clock = Scenario(couple_share=1.0), Clock("2019-01", 12)
    people = build_people(np.zeros(500, int), scenario, clock, np.random.default_rng(2))
    partner = people.partner()
    assert len(people) == 1000
    for column in (people.unit, people.scheme, people.place, people.entry_day):
        assert (column == column[partner]).all()
    assert (people.is_female != people.is_female[partner]).all()

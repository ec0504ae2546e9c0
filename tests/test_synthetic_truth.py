"""The truth of a scenario: zero where nothing is planted, what was planted where something is."""

from pathlib import Path

import pytest

from realism import measure_country, municipality_sizes, table_lines
from watwerkt import synthetic
from watwerkt.synthetic import Scenario, read_scenario, simulate
from watwerkt.synthetic.calibration import join_towns, read_targets
from watwerkt.synthetic.scenario import Caseload, Contact, ContactWindow, Prevention

NO_EFFECT = Path(synthetic.__file__).parent / "no_effect.yaml"
KEYS = [
    *("chapter", "analysis", "outcome", "horizon_months"),
    *("estimand", "scale", "term", "subgroup", "estimate"),
]
MARGINAL = 0.02  # a marginal log odds ratio is nearer to zero than the planted, conditional one
AT_ONCE = 0.03  # elasticity of the hazard against that of the odds
POINTS = 1.5  # percentage points of a few hundred applications


def estimands(scenario: Scenario, n_clients: int = 700) -> dict[tuple, float]:
    town = simulate(scenario, "GM9904", n_clients, 60, 3)
    rows = town.truth["estimands"]
    assert all(list(row) == KEYS for row in rows)
    return {(r["analysis"], r["outcome"], r["horizon_months"]): r["estimate"] for r in rows}


def test_without_effects_every_estimand_is_zero():
    truth = estimands(read_scenario(NO_EFFECT))
    assert {analysis for analysis, *_ in truth} == {"P1", "P4", "P5", "P6", "P7", "P8"}
    assert set(truth.values()) == {0.0}


def test_what_is_planted_comes_back():
    window = ContactWindow(first_lag=2, last_lag=4, log_or_work=0.5, log_or_other=0.3)
    scenario = Scenario(
        caseload=Caseload(elasticity_work=-0.5, elasticity_other=-0.5),
        contact=Contact(effects=(window,), caseload_elasticity=0.0),
        prevention=Prevention(first_month=12, last_month=47, deterred_share=0.4, later_share=0.5),
    )
    truth = estimands(scenario, n_clients=1500)  # of whom some 160 join the trial
    assert truth["P4", "work", 1] == pytest.approx(0.5, abs=MARGINAL)
    assert truth["P4", "administrative", 1] == pytest.approx(0.3, abs=MARGINAL)
    assert 0.3 < truth["P4", "all", 1] < 0.5
    assert truth["P1", "all", 1] == pytest.approx(-0.5, abs=AT_ONCE)
    assert truth["P1", "all", 1] < truth["P1", "all", 7] < -0.3  # who is near leaves first
    assert truth["P5", "all", 12] > 1
    assert truth["P7", "work", 12] > 0 > truth["P7", "benefit_days", 12]
    granted = 1 - scenario.applications_refused
    assert truth["P8", "entry", 6] == pytest.approx(-100 * 0.4 * 0.5 * granted, abs=2 * POINTS)


def test_a_contact_that_matters_elsewhere_is_no_exposure_of_two_to_four_months():
    window = ContactWindow(first_lag=6, last_lag=12, log_or_work=1.0)
    truth = estimands(Scenario(contact=Contact(effects=(window,))))
    assert truth["P4", "work", 1] == 0.0
    assert truth["P5", "work", 12] > 0


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    town = simulate(Scenario(), "GM9901", 5000, 72, 1, counterfactuals=False)
    return measure_country(join_towns([town]), municipality_sizes(30))


@pytest.mark.parametrize("name", [n for n, target in read_targets().items() if "low" in target])
def test_the_default_municipality_is_near_the_published_figures(figures, name):
    """Bounds and sources are in calibration.yaml."""
    target = read_targets()[name]
    if name in figures:
        assert target["low"] <= figures[name] <= target["high"]
    else:
        assert name.endswith("_deviation"), "only what needs the CBS series may go unmeasured"


def test_every_figure_has_a_place_and_every_place_a_source(figures):
    targets = read_targets()
    assert figures.keys() <= targets.keys()
    for name, target in targets.items():
        assert target["what"]
        assert target["source"]
        assert ("no_target" in target) != ({"low", "high"} <= target.keys()), name


def test_a_missed_target_is_said():
    lines = table_lines(dict.fromkeys(read_targets(), -1.0))
    said = [line for line in lines if line.endswith("| out |")]
    assert len(said) == sum("low" in target for target in read_targets().values())

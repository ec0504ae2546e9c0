"""The analysis plan: made before outcomes are read, kept, and held against the report."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis_panels import town
from disclosure_tables import POLICY
from prepared_towns import prepare
from watwerkt import cli
from watwerkt.analysis.blind import Outflow, blind_panel
from watwerkt.analysis.deviations import compare_with_plan, find_departures
from watwerkt.analysis.planned import plan_estimates, plan_margins, primary_keys, read_outflow
from watwerkt.analysis.planned_trials import spread_of_days
from watwerkt.disclosure import protect_estimates
from watwerkt.disclosure.released import read_released
from watwerkt.errors import WatwerktError
from watwerkt.params import ReportParams
from watwerkt.plan import Plan, PlannedEstimate, plan_text, read_plan
from watwerkt.prices import read_prices
from watwerkt.publish.language import Translator

GM = "GM9901"
OUTFLOW = Outflow(month_share=0.05, work_share=0.5)
ESTIMATE = {
    "analysis": "P4", "design": "lagged hazard", "outcome": "all", "horizon_months": 1,
    "estimand": "odds", "scale": "log OR", "term": "contact", "subgroup": "", "estimate": 0.1,
    "std_error": 0.1, "conf_low": -0.1, "conf_high": 0.3, "conf_level": 0.95, "p_value": 0.3,
    "n_obs": 500, "n_persons": 500, "n_events": 50, "n_clusters": 20, "mde": 0.3, "grade": 2,
    "status": "indicative", "is_primary": True, "note": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def prices(root):
    return read_prices(root / "papermill_params", GM)


@pytest.fixture
def plan(prices):
    """A plan of one estimate, for the parameters that every report starts from."""
    params = ReportParams(municipality_id=GM)
    one = PlannedEstimate(
        analysis="P4", chapter="04", outcome="all", horizon_months=1, scale="log OR",
        mde=0.2, basis="simulated",
    )  # fmt: skip
    return Plan(
        municipality_id=GM,
        data_until="2024-12-31",
        delivery_sha256="a" * 64,
        library_version="0.1.0",
        assumed={},
        settings=params.settings,
        margins=plan_margins(prices, params.caseload_pairs),
        primaries=[one],
    )


def blind(panel: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    return blind_panel(panel.lazy(), OUTFLOW, np.random.default_rng(seed)).collect()


def test_outcomes_change_nothing_in_a_blinded_panel():
    panel = town()
    other = panel.with_columns(exit_destination=pl.lit("work"), n_errors_month=pl.lit(9, pl.Int32))
    assert blind(panel).equals(blind(other))


def test_who_leaves_in_a_blinded_panel_is_drawn_at_the_assumed_rate_and_stays_away():
    panel = town(n_persons=600)
    found = blind(panel)
    exits = found.filter(pl.col("exit_destination") != "stay")
    assert exits.height / found.height == pytest.approx(0.05, abs=0.01)
    share = exits.select((pl.col("exit_destination") == "work").mean()).item()
    assert share == pytest.approx(0.5, abs=0.06)
    last = (
        found.sort("month")
        .group_by("spell_id")
        .agg(left=(pl.col("exit_destination") != "stay").slice(0, pl.len() - 1).any())
    )
    assert not last["left"].any()
    assert found.height < panel.height


def test_the_national_rate_is_that_of_a_month():
    assert (1 - read_outflow().month_share) ** 3 == pytest.approx(1 - 0.054)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_spread_of_days_on_benefit_is_that_of_a_simulation(share):
    rng = np.random.default_rng(1)
    rate = -np.log1p(-OUTFLOW.month_share) / 30.4375
    stay = np.minimum(rng.exponential(1 / rate, 400_000), 12 * 30.4375)
    days = np.where(rng.random(len(stay)) < share, stay, 0)
    assert spread_of_days(OUTFLOW, 12, share) == pytest.approx(days.std(), rel=0.005)


def test_every_primary_estimate_of_the_sample_is_planned(root):
    rows = read_released(root / "data" / "sample" / "released" / GM / "estimates.parquet").frame
    rows = rows[rows["is_primary"].astype(bool)]
    found = set(zip(rows["analysis"], rows["outcome"], rows["horizon_months"], strict=True))
    assert found <= primary_keys()
    assert {analysis for analysis, _, _ in primary_keys() - found} <= {"P3"}  # no such lottery


def test_margins_are_those_of_chapter_10(prices):
    margins = plan_margins(prices, "150-100 100-50")
    assert [(m.pair, m.cost_eur) for m in margins] == [("150 → 100", 300.0), ("100 → 50", 900.0)]
    assert [m.days for m in margins] == [7.8, 23.5]


def test_a_plan_is_read_as_it_was_written(plan, tmp_path):
    (tmp_path / "plans").mkdir()
    file = tmp_path / "plans" / f"{GM}.yaml"
    file.write_text(plan_text(plan), encoding="utf-8")
    assert read_plan(tmp_path, GM) == plan
    assert plan_text(read_plan(tmp_path, GM)) == plan_text(plan)
    assert read_plan(tmp_path, "GM9902") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a list", "is not an analysis plan"),
        ("schema_version: 1\nmunicipality_id: GM9901", "data_until: Field required"),
        ("schema_version: 9", "of schema_version 9"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_by_name(tmp_path, text, said):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / f"{GM}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WatwerktError, match=rf"plans/{GM}\.yaml.*{said}"):
        read_plan(tmp_path, GM)


def estimates(**changed):
    return protect_estimates(pd.DataFrame([ESTIMATE | changed]), POLICY)


@pytest.mark.parametrize(
    ("settings", "estimate", "departures"),
    [
        ({}, {}, []),
        ({"max_gap_days": 60}, {}, ["max_gap_days"]),
        ({"conf_level": 0.9, "control_arm": "anders"}, {}, ["conf_level", "control_arm"]),
        ({}, {"outcome": "work"}, ["P4 work"]),
        ({}, {"outcome": "work", "is_primary": False}, []),
        ({"a_new_setting": 1}, {}, ["a_new_setting"]),
    ],
)
def test_departures_are_named(plan, prices, settings, estimate, departures):
    given = plan.settings | settings
    assert find_departures(plan, given, prices, estimates(**estimate)) == departures


def test_other_prices_than_planned_are_a_departure(plan, prices):
    wage = prices.caseworker_fte.model_copy(update={"value": 100_000.0})
    dearer = prices.model_copy(update={"caseworker_fte": wage})
    assert find_departures(plan, plan.settings, dearer, estimates()) == ["prices"]


SAID = [
    (None, "Er is vooraf geen analyseplan vastgelegd.", "ligt het plan er eerst"),
    ("2024-12-31", "al deze gegevens, tot en met 31 december 2024", "nergens van het plan af"),
    ("2025-12-31", "Voor wat daarna kwam, lag het vooraf vast", "nergens van het plan af"),
]


@pytest.mark.parametrize(("extract_day", "first", "second"), SAID)
def test_what_a_report_says_of_its_plan(plan, prices, extract_day, first, second):
    own = plan if extract_day else None
    agreed = compare_with_plan(own, plan.settings, prices, estimates(), extract_day or "")
    day = {"data_until": plan.last_day} if own else {}
    assert first in Translator("nl").text(agreed.sentence, **day)
    assert second in Translator("nl").text(agreed.departed, departures=agreed.departures)


@pytest.mark.e2e
def test_a_plan_is_registered_once_and_stands(root, tmp_path, monkeypatch, capsys):
    """The command on the smallest town; a second plan needs --replace, the same one does not."""
    monkeypatch.setenv("WATWERKT_ROOT", str(tmp_path))
    folder = tmp_path / "papermill_params"
    folder.mkdir()
    for name in ("defaults.yaml", "prices.yaml"):
        (folder / name).write_bytes((root / "papermill_params" / name).read_bytes())

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["watwerkt", "plan", "GM9902", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, capsys.readouterr()

    delivery = ["--delivery", str(root / "data" / "sample" / "GM9902")]
    first = run(*delivery)
    made = (folder / "plans" / "GM9902.yaml").read_bytes()
    assert first[0] == 0
    assert run(*delivery) == first
    assert (folder / "plans" / "GM9902.yaml").read_bytes() == made
    (folder / "GM9902.yaml").write_text("conf_level: 0.9\n", encoding="utf-8")
    code, said = run(*delivery)
    assert code == 2
    assert "a plan stands once it is made" in said.err
    assert run(*delivery, "--replace")[0] == 0
    assert (folder / "plans" / "GM9902.yaml").read_bytes() != made


def test_a_town_without_contacts_or_lotteries_has_a_plan_too():
    prepared = prepare(benefits="person_id start_date end_date\nann 2021-01-01 -")
    planned = plan_estimates(prepared, ReportParams(municipality_id=GM), POLICY)
    assert {p.mde for p in planned} == {None}
    assert {p.basis for p in planned} == {"not_possible", "no_rate", "description"}

"""The worlds that designs are held to: the planted effect is the one the table calls truth."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import contact_draws
import end_to_end
import policy_draws
import truth_tables
from contact_worlds import true_risk_difference
from policy_worlds import true_effect
from prevention_worlds import prevention_truth, prevention_world
from replications import CAPS, HERE, draw_all, list_worlds, name_file
from shock_worlds import SPANS, draw_shock, shock_world
from trial_worlds import COMES, trial_world
from watwerkt.analysis.caps import cap_verdict, read_caps
from watwerkt.errors import DataError
from worlds import Draw, World

PAGE = """
| world | violated | truth | draws | median | bias | coverage | flagged | verdict |
|---|---|---|---|---|---|---|---|---|
| P1 early: four in a hundred lost | hand_over | 0.000 | 9 of 9 | 0 | 0 | 75.4% | 12.0% | capped |
| P1 late: four in a hundred lost | hand_over | 0.000 | 9 of 9 | 0 | 0 | 94.0% | 12.0% | as judged |
"""


@pytest.mark.parametrize("cluster_size", [0, 50])
def test_the_lottery_does_what_is_planted_and_who_comes_is_selected(cluster_size):
    worlds = [
        trial_world(np.random.default_rng(seed), 20_000, 0.10, cluster_size) for seed in range(20)
    ]
    rows = pd.concat(worlds)
    by_arm = rows.groupby("arm")["outcome"].mean()
    assert by_arm["intensive"] - by_arm["usual"] == pytest.approx(0.10 * COMES, abs=0.005)
    came = rows.groupby("took_up")["outcome"].mean()
    assert came[True] - came[False] > 0.10 + 0.01  # those who come are nearer to work


def test_a_search_period_keeps_off_benefit_whom_the_truth_says():
    rows = pd.concat(prevention_world(np.random.default_rng(seed), 20_000) for seed in range(10))
    by_arm = rows.groupby("arm")[["entry", "days"]].mean()
    found = by_arm.loc["intensive"] - by_arm.loc["usual"]
    assert found["entry"] == pytest.approx(prevention_truth()["P8 entry"], abs=0.5)
    assert found["days"] == pytest.approx(prevention_truth()["P8 benefit-days"], abs=3)


def test_a_talk_every_three_months_does_what_the_table_says():
    planted = {"log_or": contact_draws.OR, "selection": "near"}
    found = true_risk_difference(n_persons=15_000, **planted)
    assert found == pytest.approx(contact_draws.OFTEN_AGAINST_NEVER, abs=0.3)  # its noise is 0.1


def test_a_smaller_target_does_what_the_table_says():
    for truth, planted in policy_draws.CHANGES.values():
        found = true_effect(range(3), **planted)
        assert found == pytest.approx(truth, abs=1.2)  # of three draws


def test_shocks_of_both_spans_are_those_of_the_months_they_are_named_for():
    rows = shock_world(np.random.default_rng(1), n_teams=3, n_months=30)
    team = rows[(rows["team"] == 0) & (rows["cell"] == 0)].set_index("month")
    half_a_year = team["shock_after"]  # of departures, four months and more ago
    assert half_a_year.nunique() > 3
    to_come, recent = half_a_year.shift(-10), half_a_year.shift(-4)
    assert_allclose(team["shock_later"][:20], to_come[:20])
    assert_allclose(team["shock"][1:20], (recent + recent.shift())[1:20] / 2)
    assert set(draw_shock(0, n_teams=12)) == {f"P1 {span}" for span in SPANS}


def draw_or_refuse(seed: int) -> dict[str, Draw]:
    if seed == 2:
        raise DataError("this draw states nothing")
    drawn: Draw = {"low": -1.0, "high": 1.0, "p": 0.5, "naive": 2.0, "status": "evidence"}
    return {"P1": {"estimate": float(seed), **drawn}}


def test_a_run_goes_on_where_it_was_and_counts_draws_that_state_nothing(tmp_path):
    asked = []

    def draw(seed: int) -> dict[str, Draw]:
        asked.append(seed)
        return draw_or_refuse(seed)

    world, kept = World("world", {"P1": 0.5}, draw), tmp_path / "draws.parquet"
    with ThreadPoolExecutor(1) as pool:
        draw_all(world, 2, kept, pool)
        draws = draw_all(world, 4, kept, pool)
    assert asked == [0, 1, 2, 3]
    line = " | ".join(truth_tables.describe(world, "P1", draws))
    assert "P1: world | 0.500 | 3 of 4 | 1.000 | 1.333 | +0.500" in line
    assert line.count("100.0%") == 3  # covers, is evidence, and covers among the evidence


def test_pooled_is_the_ratio_of_sums_with_an_error_by_municipality():
    draws = pd.DataFrame({"numerator": [1.0, 3.0, 2.0], "denominator": [2.0, 2.0, 4.0]})
    estimate, error = truth_tables.pool(draws)
    assert estimate == 6 / 8
    rest = np.array([1 - 1.5, 3 - 1.5, 2 - 3.0])
    assert error == pytest.approx(np.sqrt(1.5 * (rest**2).sum()) / 8)


@pytest.mark.parametrize(
    ("coverage", "is_flagged", "verdict"),
    [(0.9, False, "capped"), (0.9, True, "as judged"), (0.95, False, "as judged")],
)
def test_what_deceives_unseen_is_capped(coverage, is_flagged, verdict):
    covers = np.arange(100) < 100 * coverage
    draws = pd.DataFrame({"estimate": 0.1, "low": np.where(covers, -1.0, 0.05), "high": 1.0})
    draws = draws.assign(p=0.5, naive=0.0, is_flagged=is_flagged)
    line = truth_tables.describe_violation(
        World("w", {"P1": 0.0}, draw_or_refuse, "x"), "P1", draws
    )
    assert line[-1] == verdict


def test_the_caps_of_a_page_are_its_capped_designs():
    assert "\nP1 early: hand_over\n" in truth_tables.caps_yaml(PAGE)
    assert "late" not in truth_tables.caps_yaml(PAGE)


def test_the_verdicts_read_the_caps_of_the_table():
    page = (HERE / "table.md").read_text(encoding="utf-8")
    assert CAPS.read_text(encoding="utf-8") == truth_tables.caps_yaml(page)
    for design, reason in read_caps().items():
        assert cap_verdict(design, "evidence", "sound") == ("indicative", reason)
        assert cap_verdict(design, "warning", "weak") == ("warning", "weak")


def test_every_world_of_the_run_has_a_line_in_the_table():
    page = (HERE / "table.md").read_text(encoding="utf-8")
    for _, world in list_worlds():
        for design in world.truths:
            assert f"| {design}: {world.name} |" in page
    names = [name_file(module, world) for module, world in list_worlds()]
    assert len(names) == len(set(names))


def test_a_town_is_set_beside_its_own_truth_and_the_naive_figure():
    columns = ["analysis", "outcome", "horizon_months", "scale", "term", "is_primary", "estimate"]
    estimates = pd.DataFrame(
        [
            ("P4", "all", 1, "log OR", "contact", True, 0.2),
            ("P4", "all", 1, "pp", "contact", False, 0.1),
            ("naive_same_month", "all", 1, "log OR", "same_month", False, 1.9),
            ("P9", "return", 12, "share", "all", True, 0.5),
            ("P9", "return", 12, "share", "work", True, 0.3),
        ],
        columns=columns,
    ).assign(conf_low=0.0, conf_high=0.25, status="indicative")
    truth = pd.DataFrame(
        [("P4", "all", 1, "log OR", 0.1), ("P9", "return", 12, "share", 0.31)],
        columns=[*end_to_end.KEYS, "truth"],
    )
    found = end_to_end.compare(estimates, truth)
    assert found["estimate"].tolist() == [0.2, 0.3]
    assert found["naive"].fillna(0).tolist() == [1.9, 0.0]
    lines = [end_to_end.describe(found.iloc[[i]]) for i in range(2)]
    assert [line[4] for line in lines] == ["1 of 1", "0 of 1"]
    assert lines[0][3] == "+0.100 ± 0.000"

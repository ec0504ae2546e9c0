"""Group-time effects: other implementations, published figures, planted truth, refusals.

``golden/group_time`` holds csdid's figures (with diff-diff in agreement) and the script.
"""

from functools import cache
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from policy_worlds import OUTCOMES, SPAN, policy_world, true_effect
from watwerkt.errors import DataError
from watwerkt.estimators.group_time import (
    NEVER,
    Windows,
    average_effects,
    build_windows,
    find_cells,
)
from watwerkt.estimators.reassign import Reassigned, reassign
from watwerkt.estimators.relative_bounds import widen_interval

GOLDEN = Path(__file__).parent / "golden" / "group_time"
EXACT = {"rtol": 1e-8, "atol": 1e-10}
PRINTED = {"atol": 5e-5}  # R did prints four decimals
N_DRAWS = 12
SMALL = {"size": 150, "n_months": 62}
UNEVEN = {"effect": 0.1, "growth": 0.5, "per_team": 0.1, **SMALL}  # grows, and differs by team


def yearly(panel: pd.DataFrame) -> Windows:
    rows = panel.assign(stratum="all", month=panel["year"])
    group = panel.groupby("unit")["change"].first().replace(0, NEVER)
    return build_windows(rows, ["y"], 1, group)[0]


def effects_by_year(windows: Windows) -> pd.DataFrame:
    found = find_cells(windows, range(-5, 5))
    rows = [(c.group, c.group + c.event_time, c.effect[0], c.weight) for c in found]
    table = pd.DataFrame(rows, columns=["group", "year", "estimate", "weight"])
    return table.sort_values(["group", "year"], ignore_index=True)


def read_golden(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.txt").sort_values(["group", "year"], ignore_index=True)


def mpdta() -> pd.DataFrame:
    """Each group of counties is one unit, with as many persons as it has counties."""
    means = pd.read_csv(GOLDEN / "mpdta_means.txt")
    return means.assign(unit=means["change"], y=means["mean"], weight=means["size"])


def test_the_published_panel_gives_csdids_figures():
    found = effects_by_year(yearly(mpdta()))
    assert_allclose(found["estimate"], read_golden("mpdta_effects")["estimate"], **EXACT)


def test_minimum_wages_lower_youth_employment_as_published():
    """Callaway and Sant'Anna's panel as R ``did`` prints it: controls that never change."""
    panel = mpdta()
    alone = [panel[panel["change"].isin([0, group])] for group in (2004, 2006, 2007)]
    found = pd.concat([effects_by_year(yearly(rows)) for rows in alone], ignore_index=True)
    after = found[found["year"] >= found["group"]].assign(since=found["year"] - found["group"])
    weighted = after["estimate"] * after["weight"]
    assert_allclose(weighted.sum() / after["weight"].sum(), -0.0400, **PRINTED)
    by_time = weighted.groupby(after["since"]).sum() / after.groupby("since")["weight"].sum()
    assert_allclose(by_time, [-0.0199, -0.0510, -0.1373, -0.1008], **PRINTED)
    assert_allclose(by_time.mean(), -0.0772, **PRINTED)


def windows(seed: int = 0, **planted) -> Windows:
    rows, group = policy_world(np.random.default_rng(seed), **planted)
    return build_windows(rows, list(OUTCOMES), SPAN, group)[0]


def fitted(seed: int = 0, **planted) -> Reassigned:
    return reassign(windows(seed, **planted), OUTCOMES)


def two_way(seed: int, **planted) -> float:
    """The usual regression: exits on being changed, with an effect for each team and month."""
    rows, group = policy_world(np.random.default_rng(seed), **planted)
    since = rows["month"] - rows["unit"].map(group).fillna(10_000)
    rows = rows[(since >= 0) | (since <= -SPAN)].assign(on=(since >= 0).astype(float))
    columns = pd.get_dummies(rows[["unit", "month"]].astype(str), drop_first=True, dtype=float)
    design = np.column_stack([rows["on"], np.ones(len(rows)), columns])
    return float(np.linalg.lstsq(design, rows["all"], rcond=None)[0][0])


@cache
def draws(**planted) -> pd.DataFrame:
    return pd.DataFrame([
        fitted(seed, **planted).event(0, 100, 100).tidy().iloc[0] for seed in range(N_DRAWS)
    ])  # fmt: skip


def test_an_uneven_effect_comes_back_and_the_usual_regression_misses_it():
    truth, found = true_effect(range(N_DRAWS), **UNEVEN), draws(**UNEVEN)
    noise = 2 * 1.25 * found["estimate"].std() / N_DRAWS**0.5
    assert abs(found["estimate"].median() - truth) < noise
    assert (
        (found["conf_low"] <= truth) & (truth <= found["conf_high"])
    ).mean() > 0.7  # 95 % in truth
    usual = np.median([two_way(seed, **UNEVEN) for seed in range(N_DRAWS)])
    assert abs(usual - truth) > 3 * noise


def test_where_nothing_works_little_is_found():
    found = draws(**SMALL)
    assert abs(found["estimate"].median()) < 2 * 1.25 * found["estimate"].std() / N_DRAWS**0.5
    assert (found["p_value"] < 0.05).mean() <= 0.17  # 5 % in truth: more happens once in 50 runs


def test_teams_that_went_another_way_are_seen_to_have_done_so():
    """A trend of their own looks like an effect: why years before are shown, with their power."""
    drifts = [fitted(seed, own_trend=0.25, **SMALL) for seed in range(8)]
    assert np.median([f.event(0, 9, 9).estimate[0] for f in drifts]) > 2.0
    assert np.mean([f.trend(9, 9).p_value(0) <= 0.05 for f in drifts]) > 0.6
    first = drifts[0]
    assert first.before == [-3, -2]
    assert first.trend(9, 9).tidy()["conf_low"].iloc[0] > 0
    early = [first.event(e, 9, 9).estimate[0] for e in (-2, -3)]
    assert_allclose(first.trend(9, 9).estimate[0], -(early[0] + 2 * early[1]) / 5, **EXACT)


def test_the_average_is_that_of_the_groups_weighted_by_persons():
    w = windows(3, size=200)
    cells = find_cells(w, range(-5, 1))
    averaged = average_effects(w, w.group[None], range(-5, 1))[0]
    for event_time in (-3, -2, 0):
        chosen = [c for c in cells if c.event_time == event_time]
        by_hand = np.average([c.effect for c in chosen], axis=0, weights=[c.weight for c in chosen])
        assert_allclose(averaged[event_time + 5], by_hand, **EXACT)
        assert all(np.allclose(c.parts.sum(axis=0), c.effect) for c in chosen)
    assert_allclose(averaged[4], 0.0)


def test_few_assignments_are_all_tried_and_the_interval_holds_what_is_not_rejected():
    fit = fitted(1, n_teams=8, n_changed=2, apart=0)
    event = fit.event(0, 100, 100)
    assert fit.n_assignments == comb(8, 2) == len(event.drawn)
    row = event.tidy(0.9).iloc[0]
    assert event.p_value(0) * comb(8, 2) == pytest.approx(round(event.p_value(0) * comb(8, 2)))
    for end, outside in (("conf_low", -1e-3), ("conf_high", 1e-3)):
        assert event.p_value(0, row[end] + outside) <= 0.1 < event.p_value(0, row[end] - outside)
    assert event.p_value(0, row["estimate"]) == 1.0
    by_hand = [
        average_effects(fit.windows, fit.windows.group[None, order], range(1))[0, 0, 0]
        for order in ([0, 1, *range(2, 8)], [2, 1, 0, *range(3, 8)])
    ]
    assert np.isclose(event.drawn[:, 0][:, None], by_hand).any(axis=0).all()


def test_signs_are_changed_with_the_null_imposed():
    assert fitted(0, effect=0.6).event(0, 9, 9).p_flipped[0] < 0.05
    lone = fitted(0, n_teams=9, n_changed=1, effect=0.6).event(0, 9, 9)
    assert lone.p_flipped[0] > 0.05  # one team alone can always be turned around


@settings(max_examples=6, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(-50, 50), st.floats(0.1, 10))
def test_order_names_levels_and_common_months_do_not_matter(random, level, scale):
    rows, group = policy_world(np.random.default_rng(2), size=100)
    names = dict(zip(sorted(rows["unit"].unique()), random.sample(range(100), 12), strict=True))
    months = rows["month"].map(lambda m: np.sin(m) * level)
    own = rows["unit"].map(names) * scale
    moved = rows.assign(**{o: scale * rows[o] + months + own for o in OUTCOMES})
    moved = moved.assign(unit=rows["unit"].map(names)).sample(frac=1, random_state=names["team 00"])
    again, _ = build_windows(moved, list(OUTCOMES), SPAN, group.rename(names))
    one, other = (
        average_effects(w, w.group[None], range(-3, 1)) for w in (windows(2, size=100), again)
    )
    assert_allclose(other, scale * one, rtol=1e-7, atol=1e-7)


def test_bounds_widen_by_the_largest_move_before():
    wider = widen_interval(-1.0, 3.0, [0.5, -0.3], [0.0, 0.5, 2.0])
    assert wider["conf_low"].tolist() == pytest.approx([-1.0, -1.4, -2.6])
    assert wider["conf_high"].tolist() == pytest.approx([3.0, 3.4, 4.6])
    with pytest.raises(DataError, match="before the base"):
        widen_interval(-1.0, 3.0, [], [1.0])


@pytest.mark.parametrize(
    "change",
    [
        lambda rows, group: (rows[rows["unit"] == "team 00"], group),
        lambda rows, group: (rows, pd.Series(30.0, index=sorted(rows["unit"].unique()))),
        lambda rows, group: (rows[rows["month"] < 30], group),
        lambda rows, group: (rows, group[:0]),
        lambda rows, group: (rows.assign(stratum=rows["unit"].isin(group.index)), group * 0 + 30),
    ],
    ids=["one team", "all at once", "too short", "no change", "all of a role at once"],
)
def test_without_anybody_to_compare_with_nothing_is_estimated(change):
    rows, group = change(*policy_world(np.random.default_rng(0), size=50))
    with pytest.raises(DataError, match="can be compared"):
        reassign(build_windows(rows, list(OUTCOMES), SPAN, group)[0], OUTCOMES)


def test_without_exits_there_is_no_standard_error():
    rows, group = policy_world(np.random.default_rng(0), size=50)
    nobody = rows.assign(**dict.fromkeys(OUTCOMES, 0.0))
    with pytest.raises(DataError, match="no standard error"):
        reassign(build_windows(nobody, list(OUTCOMES), SPAN, group)[0], OUTCOMES).event(0, 9, 9)
    none_to_work = build_windows(rows.assign(work=0.0), list(OUTCOMES), SPAN, group)[0]
    assert reassign(none_to_work, OUTCOMES).event(0, 9, 9).term == ("all", "other")
    for bad in (rows[:0], pd.concat([rows, rows[:1]])):
        with pytest.raises(DataError, match="one row for each unit and window"):
            build_windows(bad, list(OUTCOMES), SPAN, group)

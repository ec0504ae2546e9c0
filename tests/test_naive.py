"""Each published mistake lies far from a truth of no effect, and for the reason it is named for."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from naive_worlds import caseload_world, contact_world
from watwerkt.errors import DataError
from watwerkt.estimators import naive

SEEDS = range(10)
CLOSED_FORM = {"rtol": 1e-8}


def contact_estimates(figure, **world) -> pd.DataFrame:
    rows = [figure(contact_world(np.random.default_rng(s), **world)).tidy() for s in SEEDS]
    return pd.concat(rows)


def slopes(figure, **world) -> pd.DataFrame:
    rows = [figure(caseload_world(np.random.default_rng(s), **world), 5000).tidy() for s in SEEDS]
    return pd.concat(rows)


def test_ever_contacted_looks_harmful_by_immortal_time():
    found = contact_estimates(naive.ever_contacted_difference)
    assert (found["conf_high"] < -50).all()


def test_same_month_odds_count_the_exit_talk():
    """Evidence base, simulation A: 7.06 with talks at 60% of exits."""
    found = contact_estimates(naive.same_month_odds)
    assert_allclose(np.exp(found["estimate"].median()), 7, atol=0.5)
    assert (found["conf_low"] > np.log(5)).all()


def test_lag_one_odds_count_the_exit_talk_held_early():
    """Evidence base: 2.7 when half of the talks are a month early; nothing when none are."""
    early = contact_estimates(naive.lag_one_odds, early=0.5)
    assert_allclose(np.exp(early["estimate"].median()), 2.7, atol=0.3)
    assert (early["conf_low"] > np.log(2)).all()
    late = contact_estimates(naive.lag_one_odds, early=0.0)
    assert (late["estimate"].abs() < 0.25).all()


@pytest.mark.parametrize(
    ("selection", "low", "high"), [("near", 1.3, 2.0), ("far", 0.45, 0.75), ("none", 0.85, 1.1)]
)
def test_unadjusted_lag_odds_take_selection_for_an_effect(selection, low, high):
    """Evidence base: 1.67 and 0.64 at no effect; near 1 where caseworkers do not choose."""
    found = contact_estimates(naive.unadjusted_lag_odds, selection=selection)
    assert low < np.exp(found["estimate"].median()) < high
    if selection == "near":
        assert (found["conf_low"] > 0).all()
    if selection == "far":
        assert (found["conf_high"] < 0).all()


def test_unadjusted_lag_odds_turn_a_true_effect_around():
    found = contact_estimates(naive.unadjusted_lag_odds, selection="far", odds_ratio=1.3)
    assert (found["conf_high"] < 0).all()


@pytest.mark.parametrize("elasticity", [0.0, -0.3])
def test_log_log_slope_is_about_minus_one_whatever_the_truth(elasticity):
    found = slopes(naive.log_log_slope, elasticity=elasticity)
    assert_allclose(found["estimate"].median(), -1, atol=0.15)
    assert (found["conf_high"] < -0.7).all()


def test_end_of_month_slope_is_worse():
    found = slopes(naive.end_of_month_slope, inflow=0.5)
    assert (found["conf_high"] < -0.7).all()
    start = slopes(
        lambda months, n: naive.end_of_month_slope(
            months.assign(caseload_end=months["caseload"]), n
        ),
        inflow=0.5,
    )
    assert (found["estimate"].to_numpy() < start["estimate"].to_numpy()).all()


def test_fixed_effects_slope_makes_large_caseloads_look_helpful():
    found = slopes(naive.fixed_effects_slope)
    assert (found["conf_low"] > 0.3).all()


def test_ever_contacted_drawn_by_hand():
    """Spell e was running before, f began too late to be followed: neither counts."""
    drawn = """
        spell  began  entry  months  contact_in  leaves
        a      0      0      1       -           yes
        b      0      0      2       1           yes
        c      0      0      14      5           yes
        d      2      0      12      -           no
        e      0      3      14      2           yes
        f      3      0      3       0           yes
    """
    months = []
    for line in drawn.strip().splitlines()[1:]:
        spell, began, entry, n, contact_in, leaves = line.split()
        for i in range(int(n)):
            last = i == int(n) - 1
            facts = (spell, int(began) + i, int(entry) + i, contact_in == str(i))
            months.append((*facts, leaves == "yes" and last))
    columns = ["spell_id", "month", "months_since_entry", "n_contacts_month", "is_exit"]
    frame = pd.DataFrame(months, columns=columns).sample(frac=1, random_state=1)
    row = naive.ever_contacted_difference(frame).tidy().iloc[0]
    assert_allclose(row["estimate"], 100 * (1 / 2 - 1 / 2), atol=1e-12)  # b of b, c; a of a, d
    assert (row["n_obs"], row["n_events"]) == (4, 2)


def test_crude_odds_are_those_of_the_two_by_two_table():
    world = contact_world(np.random.default_rng(0), n_persons=2000)
    table = pd.crosstab(world["n_contacts_month"] > 0, world["is_exit"]).to_numpy()
    expected = np.log(table[1, 1] * table[0, 0] / (table[0, 1] * table[1, 0]))
    row = naive.same_month_odds(world).tidy().iloc[0]
    assert_allclose(row["estimate"], expected, **CLOSED_FORM)
    assert (row["n_persons"], row["n_clusters"]) == (2000, 40)


def test_slopes_are_least_squares_of_what_their_names_say():
    world = caseload_world(np.random.default_rng(1), n_caseworkers=12, n_months=24)
    by = world.groupby("caseworker_id").sum()
    rate = np.log(by["n_exits"] / by["n_clients"])
    expected = np.polyfit(np.log(by["caseload"] / 24), rate, 1)[0]
    ours = naive.log_log_slope(world, 900).tidy().iloc[0]
    assert_allclose(ours["estimate"], expected, **CLOSED_FORM)
    assert (ours["n_obs"], ours["n_clusters"], ours["n_persons"]) == (12, 12, 900)
    rate = (world["n_exits"] / world["n_clients"]) / (
        world["n_exits"].sum() / world["n_clients"].sum()
    )
    dummies = np.eye(12)[world["caseworker_id"]]
    design = np.column_stack([np.log(world["caseload"]), dummies])
    dummies = sm.OLS(rate.to_numpy(), design).fit(
        cov_type="cluster", cov_kwds={"groups": world["caseworker_id"].to_numpy()}
    )
    within = naive.fixed_effects_slope(world, 900)
    counted = np.sqrt((len(world) - 13) / (len(world) - 2))  # dummies count as parameters there
    assert_allclose(within.estimate[0], dummies.params[0], **CLOSED_FORM)
    assert_allclose(within.std_error[0], dummies.bse[0] * counted, **CLOSED_FORM)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda w: w[w["caseworker_id"] < 2],
        lambda w: w.assign(n_exits=0),
        lambda w: w.assign(caseload=50.0, caseload_end=50.0),
        lambda w: w.assign(n_clients=0),
        lambda w: w.head(0),
    ],
    ids=["two caseworkers", "no exits", "equal caseloads", "no clients", "nothing"],
)
@pytest.mark.parametrize(
    "figure", [naive.log_log_slope, naive.end_of_month_slope, naive.fixed_effects_slope]
)
@pytest.mark.filterwarnings("error")
def test_slopes_without_variation_are_refused(figure, spoil):
    world = caseload_world(np.random.default_rng(0), n_caseworkers=8, n_months=12)
    with pytest.raises(
        DataError, match=r"caseworkers with exits and a caseload|caseloads do not differ"
    ):
        figure(spoil(world), 500)

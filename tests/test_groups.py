"""For whom does it work: groups named beforehand, differences as one family, and who is missed."""

from functools import partial

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_panels import EXACT, panel, town
from watwerkt.analysis import group_effects, group_fits, group_reach, groups
from watwerkt.analysis.contact_effect import fit_outcomes
from watwerkt.analysis.contact_months import build_months
from watwerkt.disclosure import Gap
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.group_differences import (
    draw_together,
    joint_level,
    largest_difference,
)
from watwerkt.params import TRAITS, ReportParams, check_params

ERROR = np.full(3, 0.1)
find = partial(groups.find_groups, chosen=TRAITS)


def traits(n_persons: int = 400, **planted: pl.Expr) -> pl.LazyFrame:
    """A town in which nothing works, with a trait that says nothing."""
    rows = town(n_persons=n_persons)
    number = pl.col("person_id").rank("dense").cast(pl.Int32)
    coin = pl.when(number % 2 == 0).then(pl.lit("female")).otherwise(pl.lit("male"))
    return rows.with_columns(**{"sex": coin} | planted).lazy()


def test_groups_are_those_of_the_month_and_in_order():
    found = find(drawn(), chosen=["age", "sex", "distance", "duration", "origin"])
    assert found.levels == {
        "age": ["under_27", "27_to_44", "45_or_older"],
        "sex": ["female", "male"],
        "distance": ["far", "halfway", "near"],
        "duration": ["under_2_years", "2_to_5_years", "5_years_or_longer"],
    }
    assert found.lacking == ["origin"]
    levels = found.panel.collect().filter(pl.col("person_id").str.starts_with("dee"))
    assert levels["distance_level"].to_list() == [None] * 10


def drawn() -> pl.LazyFrame:
    return panel(
        """
        person_id month      age_years sex    labour_market_distance months_since_entry
        ann       2021-01-01 26        female 1                      10
        bo        2021-01-01 27        male   4                      30
        cy        2021-01-01 60        male   6                      70
        dee       2021-01-01 44        male   -                      70
        """
    )


@pytest.mark.parametrize(
    ("chosen", "said"),
    [(["age"], "some"), (["origin"], "all"), (["sex"], "none")],
)
def test_what_is_lacking_is_said(chosen, said):
    wanted = {"age": ["age", "origin"], "origin": ["origin"], "sex": ["sex"]}[chosen[0]]
    found = find(drawn(), chosen=wanted)
    assert groups.lacking_sentence(found) == groups.LACKING_LABELS[said]


@pytest.mark.parametrize("wrong", ["shoe_size", "age,sex", "", "age  sex"])
def test_only_traits_that_are_known_may_be_asked_for(wrong):
    with pytest.raises(ParameterError, match="subgroups"):
        check_params({"municipality_id": "GM9901", "subgroups": wrong}, source="GM9901.yaml")
    assert ReportParams(municipality_id="GM9901").subgroups.split() == list(TRAITS)


def test_in_a_world_without_differences_few_families_find_one():
    """Nine traits of three groups: of 2,000 families at 95% at most 5% find a difference."""
    rng = np.random.default_rng(0)
    found = [
        any(
            one.low > 0 or one.high < 0
            for one in (
                largest_difference(rng.normal(0, ERROR), ERROR, 0.95, n_pairs=27) for _ in range(9)
            )
        )
        for _ in range(2000)
    ]
    assert 0.02 < np.mean(found) < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)


def test_a_difference_that_is_there_is_found_and_named():
    rng = np.random.default_rng(1)
    truth = np.array([0.0, 0.0, 0.6])
    found = [largest_difference(rng.normal(truth, ERROR), ERROR, 0.95, 27) for _ in range(500)]
    assert np.mean([(one.high < 0) & (one.second == 2) for one in found]) > 0.8
    covered = [one.low <= -0.6 <= one.high for one in found if one.second == 2]
    assert np.mean(covered) > 0.95


@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=6),
    st.floats(0.05, 2),
)
def test_drawing_together_never_leaves_the_range_nor_turns_the_order(effects, error):
    effect = np.array(effects)
    found = draw_together(effect, np.full(len(effect), error))
    assert found.min() >= effect.min() - 1e-9
    assert found.max() <= effect.max() + 1e-9
    assert (np.diff(found[np.argsort(effect)]) >= -1e-9).all()


def test_groups_that_differ_by_chance_only_get_the_mean_and_others_keep_their_own():
    alike = draw_together(np.array([0.10, 0.12, 0.08]), ERROR)
    assert alike == pytest.approx(np.full(3, 0.10), abs=1e-6)
    apart = np.array([-2.0, 0.0, 2.0])
    assert draw_together(apart, ERROR) == pytest.approx(apart, abs=0.02)


def test_a_difference_takes_two_groups():
    with pytest.raises(DataError, match="takes two groups"):
        largest_difference(np.array([0.1]), np.array([0.1]), 0.95, 1)


def test_joint_intervals_are_wider_the_more_there_are():
    assert joint_level(0.95, 1) == 0.95
    assert 1 - joint_level(0.95, 3) == pytest.approx(0.05 / 3, rel=0.02)


def test_in_a_group_the_estimate_is_that_of_its_months_alone_with_a_wider_interval():
    rows = traits()
    found = group_fits.contact_effects(find(rows), None, 0.95)
    women = rows.filter(pl.col("sex") == "female")
    alone = fit_outcomes(build_months(women, None), ["all"])["all"].tidy(joint_level(0.95, 2))
    row = found.within[found.within["client_group"] == "sex.female"].iloc[0]
    for column in ("estimate", "conf_low", "conf_high"):
        assert row[column] == pytest.approx(alone[column].iloc[0], abs=1e-9)


def test_an_effect_in_one_group_only_is_found_there_and_nowhere_else():
    """Women leave more often after a talk; nothing else is planted."""
    rng = np.random.default_rng(3)
    rows = traits(1500).sort("person_id", "month").collect()
    talk = (rows["n_contacts_lag_2_4"].fill_null(0) > 0) & (rows["sex"] == "female")
    leaves = rng.random(rows.height) < np.where(talk, 0.12, 0.02)
    exits = pl.Series(np.where(leaves, "work", "stay"))
    found = group_fits.contact_effects(
        find(rows.with_columns(exit_destination=exits).lazy()), None, 0.95
    )
    shown = group_effects.between(found, EXACT)
    row = shown.frame.iloc[group_effects.widest(shown)]
    assert (row["asked_trait"], row["first"], row["second"]) == ("sex", "sex.female", "sex.male")
    assert group_effects.verdict_sentence(shown) == group_effects.VERDICT_LABELS["differs"]
    assert row["conf_low"] > 0


def test_without_an_effect_no_difference_is_claimed():
    shown = group_effects.between(group_fits.contact_effects(find(traits()), None, 0.95), EXACT)
    assert group_effects.verdict_sentence(shown) == group_effects.VERDICT_LABELS["open"]
    named = group_effects.names_widest(shown, lambda column, codes: f"{column}: {codes[0]}")
    assert named.keys() == {"first", "second"}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(town(n_persons=12).lazy(), id="12 clients"),
        pytest.param(town(n_persons=60, n_caseworkers=1).lazy(), id="one caseworker"),
        pytest.param(
            town(n_persons=60).with_columns(exit_destination=pl.lit("stay")).lazy(), id="no exits"
        ),
        pytest.param(
            town(n_persons=60).with_columns(is_contact_known=pl.lit(False)).lazy(), id="no contacts"
        ),
        pytest.param(traits(60).filter(pl.col("month") < pl.date(2000, 1, 1)), id="nobody"),
    ],
)
def test_too_little_gives_a_sentence(rows):
    found = find(rows)
    for fits in (
        group_fits.contact_effects(found, None, 0.95),
        group_fits.departure_effects(found, 0.95),
        group_fits.trial_effects(found, [], 0.95),
    ):
        shown = group_effects.between(fits, EXACT)
        assert group_effects.verdict_sentence(shown) == group_effects.VERDICT_LABELS["open"]
        within = group_effects.estimated(group_effects.within(fits, EXACT))
        if not isinstance(within, Gap):
            assert within.frame[["conf_low", "conf_high"]].notna().all(axis=None)


MISSED = """
    person_id month      labour_market_distance months_since_entry n_contacts_12m
    ann       2021-01-01 1                      40                 0
    bo        2021-01-01 2                      40                 2
    cy        2021-01-01 5                      40                 0
    dee       2021-01-01 5                      40                 5
    new       2021-01-01 1                      3                  0
"""


def last_month() -> pl.LazyFrame:
    """The drawn people, and themselves half a year earlier, when their contacts were known too."""
    now = panel(MISSED, is_contact_known=True)
    return pl.concat([now, now.with_columns(pl.col("month").dt.offset_by("-6mo"))])


def services() -> pl.LazyFrame:
    held = [f"ann.{i}" for i in range(10)]
    return pl.LazyFrame({"person_id": held}).with_columns(
        start_date=pl.date(2020, 6, 1), end_date=pl.date(2020, 9, 1)
    )


def test_who_is_missed_by_hand():
    shown = group_reach.missed(find(last_month()), services(), EXACT).frame.set_index("rung")
    assert shown.loc["far", "share_not_spoken_to"] == pytest.approx(0.5)
    assert shown.loc["far", "n_clients"] == 20
    assert shown.loc["far", "share_neither"] == pytest.approx(0.0)
    assert shown.loc["near", "share_neither"] == pytest.approx(0.5)


def test_reach_by_group_by_hand():
    shown = group_reach.reach_by_group(find(last_month(), chosen=["distance"]), services(), EXACT)
    shares = shown.frame.set_index(["client_group", "reach"])["share_reached"]
    assert shares["distance.far", "spoken_to"] == pytest.approx(0.5)
    assert shares["distance.far", "with_provision"] == pytest.approx(0.5)
    assert shares["distance.near", "neither"] == pytest.approx(0.5)


def test_without_services_only_conversations_are_counted():
    shown = group_reach.reach_by_group(find(last_month(), chosen=["distance"]), None, EXACT)
    assert set(shown.frame["reach"]) == {"spoken_to"}
    unknown = last_month().with_columns(is_contact_known=pl.lit(False))
    assert group_reach.reach_by_group(find(unknown), None, EXACT) is NO_CONTACTS
    no_ladder = last_month().with_columns(labour_market_distance=pl.lit(None, pl.String))
    assert group_reach.missed(find(no_ladder), None, EXACT) is group_reach.NO_LADDER

"""Caseworker style and steps on the ladder: planted effects, and what is refused."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, logit

from analysis_panels import EXACT, town
from watwerkt.analysis import contact_steps
from watwerkt.analysis.contact_months import _style, build_months
from watwerkt.analysis.contact_steps import NOT_DATED, fit_steps, odds_of_steps
from watwerkt.analysis.contact_style import FEW_STYLES, fit_styles, odds_by_style
from watwerkt.disclosure.gap import NO_CONTACTS

LEVEL = 0.95
TOWN = town(n_persons=400, n_caseworkers=12)


def styles(panel: pl.DataFrame) -> pl.DataFrame:
    return panel.with_columns(style=_style())


def leaving_with(style_effect: float, seed: int = 0) -> pl.LazyFrame:
    """The town, with exits by lot: the more, the more talkative the client's caseworker is."""
    rng = np.random.default_rng(seed)
    rate = (0.1 + 0.05 * np.arange(12))[np.arange(400) % 12]
    person = pl.col("person_id").rle_id()
    drawn = TOWN.sort("person_id", "month").with_columns(person=person)
    n = drawn.height
    log_odds = logit(0.04) + style_effect * 10 * (rate - rate.mean())
    chance = expit(log_odds)[drawn["person"] % 400]
    spoken = rng.random(n) < rate[drawn["person"] % 400]
    return (
        drawn.with_columns(
            n_contacts_1m=pl.Series(spoken.astype(np.int32)),
            caseworker_id=pl.format("c{}", pl.col("person") % 12),
            team_id=pl.lit("t"),
            exit_destination=pl.when(pl.Series(rng.random(n) < chance))
            .then(pl.lit("work"))
            .otherwise(pl.lit("stay")),
        )
        .drop("person")
        .lazy()
    )


def test_a_style_is_that_of_the_other_clients():
    one, many = styles(TOWN), TOWN.filter(pl.col("is_contact_known"))
    client = one.filter(pl.col("style").is_not_null())[0]
    others = many.filter(
        pl.col("caseworker_id") == client["caseworker_id"].item(),
        pl.col("person_id") != client["person_id"].item(),
    )
    assert_allclose(client["style"].item(), 10 * (others["n_contacts_1m"] > 0).mean(), atol=0.0501)


def test_a_caseworker_with_few_other_clients_has_no_style():
    alone = TOWN.filter(pl.col("person_id") == pl.col("person_id").first().over("caseworker_id"))
    assert styles(alone)["style"].is_null().all()


@pytest.mark.parametrize("effect", [0.0, 0.15])
def test_a_planted_effect_of_style_comes_back(effect):
    found = [fit_styles(build_months(leaving_with(effect, seed), None)) for seed in range(8)]
    estimates = [fits["style_adjusted"].tidy()["estimate"].item() for fits in found]
    monte_carlo_error = np.std(estimates, ddof=1) / len(estimates) ** 0.5
    assert abs(np.mean(estimates) - effect) < 2 * monte_carlo_error


def test_both_rows_are_shown_and_called_an_indication():
    shown = odds_by_style(fit_styles(build_months(leaving_with(0.15), None)), EXACT, LEVEL).frame
    assert shown["term"].tolist() == ["style_adjusted", "style_plain"]
    assert set(shown["status"]) == {"indicative"}
    assert shown["n_clusters"].tolist() == [10, 10]  # twelve, rounded


def test_fewer_than_ten_caseworkers_are_too_few():
    few = TOWN.filter(pl.col("caseworker_id").rank("dense") < 10).lazy()
    assert odds_by_style(fit_styles(build_months(few, None)), EXACT, LEVEL) is FEW_STYLES


def climbing(up: float, down: float, seed: int = 0) -> pl.LazyFrame:
    """The town with rungs by lot: after a talk steps are so many times as likely."""
    rng = np.random.default_rng(seed)
    rows = TOWN.sort("person_id", "month")
    spoken = (rows["n_contacts_lag_2_4"] > 0).to_numpy()
    draw = rng.random(rows.height)
    step = np.where(draw < 0.03 * np.where(spoken, up, 1), 1, 0)
    step = np.where(draw > 1 - 0.03 * np.where(spoken, down, 1), -1, step)
    risen = pl.Series(step).shift(1, fill_value=0)  # is seen a month later
    frame = rows.with_columns(step=risen).with_columns(
        rung=pl.col("step").cum_sum().over("spell_id")
    )
    rung = (3 + pl.col("rung")).clip(1, 6).cast(pl.String)
    return frame.with_columns(labour_market_distance=rung).drop("rung", "step").lazy()


def test_planted_steps_come_back_in_either_direction():
    found = odds_of_steps(
        fit_steps(build_months(climbing(up=2.0, down=1.0), None)), pl.LazyFrame(), EXACT, LEVEL
    ).frame
    up, down = found.set_index("outcome").loc[list(contact_steps.STEPS)].itertuples()
    assert up.conf_low > 0
    assert_allclose(up.estimate, np.log(2), atol=0.25)
    assert down.conf_low < 0 < down.conf_high


def test_distances_that_never_change_say_nothing():
    assert (
        odds_of_steps(fit_steps(build_months(TOWN.lazy(), None)), pl.LazyFrame(), EXACT, LEVEL)
        is NOT_DATED
    )
    silent = TOWN.with_columns(is_contact_known=pl.lit(None, pl.Boolean)).lazy()
    assert odds_of_steps(fit_steps(build_months(silent, None)), None, EXACT, LEVEL) is NO_CONTACTS
    assert odds_by_style(fit_styles(build_months(silent, None)), EXACT, LEVEL) is NO_CONTACTS

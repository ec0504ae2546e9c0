"""Surveys: who answered, what was said with its interval, and by arm of a trial."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis_panels import EXACT, panel
from watwerkt.analysis import surveys, trial_surveys
from watwerkt.analysis.trial_rows import NO_TRIAL, Trial
from watwerkt.disclosure import Gap
from watwerkt.estimators.two_arms import Mechanism

PEOPLE = """
    person_id month      age_years labour_market_distance caseworker_id
    ann       2021-03-01 26        1                      w1
    bo        2021-03-01 50        5                      w1
"""
WAVE = date(2021, 3, 15)


def asked(times: int = 20) -> pl.LazyFrame:
    return panel(PEOPLE, times)


def answers(scores: dict[str, float], item: str = "vertrouwen", **changed: object) -> pl.LazyFrame:
    """One answer per person; the respondent is a client unless ``changed``."""
    rows = pl.LazyFrame({"respondent_id": [*scores], "score": [*scores.values()]})
    given = {"respondent": "client", "wave_date": WAVE, "item": item} | changed
    return rows.with_columns(pl.lit(value).alias(name) for name, value in given.items())


def test_who_could_be_asked_and_who_answered():
    said = answers({f"ann.{i}": 4.0 for i in range(10)} | {"stranger": 1.0})
    shown = surveys.response(surveys.read_answers(said, asked()), asked(), EXACT).frame
    assert shown[["respondent", "n_asked", "n_answered"]].to_numpy().tolist() == [
        ["client", 40, 10]
    ]
    assert shown["share_answered"].item() == pytest.approx(0.25, abs=0.06)


def test_the_mean_is_that_of_answers_and_the_weighted_one_that_of_people():
    """Ten of the young say 5, twenty of the old 2; there are as many of each."""
    said = {f"ann.{i}": 5.0 for i in range(10)} | {f"bo.{i}": 2.0 for i in range(20)}
    read = surveys.read_answers(answers(said), asked())
    shown = surveys.item_means(read, asked(), surveys.CLIENT, EXACT, 0.95).frame
    means = dict(zip(shown["term"], shown["estimate"], strict=True))
    assert means == {"as_answered": pytest.approx(3.0), "weighted": pytest.approx(3.5)}
    assert (shown["conf_low"] < shown["estimate"]).all()


def test_the_interval_covers_the_mean_of_all_who_could_be_asked():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(120):
        score = {f"ann.{i}": float(x) for i, x in enumerate(rng.normal(3.2, 0.9, 40))}
        read = surveys.read_answers(answers(score), asked(40))
        row = surveys.item_means(read, asked(40), surveys.CLIENT, EXACT, 0.95).frame.iloc[0]
        found.append(row["conf_low"] <= 3.2 <= row["conf_high"])
    assert np.mean(found) == pytest.approx(0.95, abs=2 * np.sqrt(0.05 * 0.95 / 120))


def test_caseworkers_count_where_they_have_clients_and_few_are_hidden():
    said = answers({"w1": 4.0, "w9": 2.0}, respondent="caseworker", item="werkplezier")
    read = surveys.read_answers(said, asked())
    assert read["respondent_id"].to_list() == ["w1"]
    shown = surveys.item_means(read, asked(), surveys.CASEWORKER, EXACT, 0.95).frame
    assert shown[["estimate", "conf_low", "n_persons"]].isna().all(axis=None)


def test_nothing_delivered_nothing_answered():
    assert surveys.read_answers(None, asked()) is None
    assert surveys.response(None, asked(), EXACT) is surveys.NO_SURVEYS
    assert surveys.item_means(None, asked(), surveys.CLIENT, EXACT, 0.95) is surveys.NO_SURVEYS
    nobody = surveys.read_answers(answers({"stranger": 1.0}), asked())
    assert surveys.response(nobody, asked(), EXACT) is surveys.NO_ANSWERS
    assert surveys.item_means(nobody, asked(), surveys.CLIENT, EXACT, 0.95) is surveys.NO_ANSWERS


def trial(n: int = 200, **changed: object) -> Trial:
    rows = pd.DataFrame(
        {
            "person_id": [f"p{i}" for i in range(n)],
            "unit_id": [f"p{i}" for i in range(n)],
            "arm": ["intensief", "gebruikelijk"] * (n // 2),
            "stratum": "",
            "probability": 0.5,
            "assigned_date": pd.Timestamp(2021, 1, 1),
        }
    )
    made = Trial(
        "proef", "person", "gebruikelijk", ("intensief",), Mechanism("person", False), rows
    )
    return replace(made, **changed)


def scores(rng: np.random.Generator, effect: float, drawn: Trial) -> dict[str, float]:
    shift = effect * (drawn.rows["arm"] == "intensief").to_numpy()
    return dict(zip(drawn.rows["person_id"], 3 + shift + rng.normal(0, 1, len(shift)), strict=True))


@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_a_planted_difference_between_arms_is_found(effect):
    rng, drawn = np.random.default_rng(1), trial()
    said = answers(scores(rng, effect, drawn))
    row = trial_surveys.survey_effects([drawn], said, EXACT, 0.95).frame.iloc[0]
    assert row["conf_low"] <= effect <= row["conf_high"]
    assert (row["conf_low"] > 0) == (effect > 0)
    assert (row["outcome"], row["scale"], row["status"]) == ("vertrouwen", "points", "indicative")
    assert not row["is_primary"]


def test_only_the_latest_answer_after_the_draw_counts():
    drawn = trial()
    people = drawn.rows["person_id"]
    before = answers(dict.fromkeys(people, 1.0), wave_date=date(2020, 12, 1))
    first = answers(dict.fromkeys(people, 2.0))
    last = answers(scores(np.random.default_rng(2), 0.8, drawn), wave_date=date(2021, 9, 1))
    found = trial_surveys.survey_effects([drawn], pl.concat([last, before, first]), EXACT, 0.95)
    alone = trial_surveys.survey_effects([drawn], last, EXACT, 0.95)
    assert found.frame["estimate"].tolist() == alone.frame["estimate"].tolist()
    assert (
        trial_surveys.survey_effects([drawn], before, EXACT, 0.95) is trial_surveys.NO_LATER_ANSWERS
    )


def test_items_are_corrected_as_one_family_and_response_is_told_per_arm():
    rng, drawn = np.random.default_rng(3), trial()
    said = pl.concat([answers(scores(rng, 0.3, drawn), item) for item in ("a", "b", "c")])
    found = trial_surveys.survey_effects([drawn], said, EXACT, 0.95).frame
    assert (found["p_adjusted"] >= found["p_value"]).all()
    one_arm = drawn.rows["person_id"][drawn.rows["arm"] == "intensief"]
    half = said.filter(pl.col("respondent_id").is_in(one_arm.to_list()[:50]))
    shown = trial_surveys.survey_response([drawn], half, EXACT).frame.set_index("arm")
    assert shown.loc["intensief", "share_answered"] == pytest.approx(0.5)
    assert shown.loc["gebruikelijk", "share_answered"] == pytest.approx(0.0)


def test_a_trial_over_teams_is_compared_by_team():
    """Everybody in a team says the same: by person the error would be a fifth of what it is."""
    drawn = trial(200)
    team = drawn.rows.index // 20
    rows = drawn.rows.assign(cluster=team, unit_id=[f"t{t}" for t in team])
    rows["arm"] = np.where(team % 2 == 0, "intensief", "gebruikelijk")
    clustered = replace(
        drawn, unit="team", mechanism=Mechanism("cluster", has_strata=False), rows=rows
    )
    by_team = np.random.default_rng(4).normal(3, 1, 10)
    said = answers(dict(zip(rows["person_id"], by_team[team], strict=True)))
    row = trial_surveys.survey_effects([clustered], said, EXACT, 0.95).frame.iloc[0]
    assert row["std_error"] > 0.4 or np.isnan(row["std_error"])


@pytest.mark.parametrize("asks", [trial_surveys.survey_response])
def test_without_a_trial_or_a_survey_it_is_said(asks):
    assert asks([], answers({}), EXACT) is NO_TRIAL
    assert asks([trial()], None, EXACT) is surveys.NO_SURVEYS
    assert isinstance(trial_surveys.survey_effects([], None, EXACT, 0.95), Gap)

"""Whole deliveries with a known truth: what the page for the council then says of the trial."""

import re

import pytest

from watwerkt.analysis import findings
from watwerkt.analysis.trial_effect import effects, fit_trials, follow_trials
from watwerkt.analysis.trial_rows import find_trials
from watwerkt.disclosure.policy import read_policy
from watwerkt.panel.prepared import read_prepared
from watwerkt.params import ReportParams
from watwerkt.publish.page import Page
from watwerkt.runtime.prepare import run_prepare
from watwerkt.synthetic import Scenario, simulate, write_delivery

GM = "GM9905"
MARGIN = 23.0  # days a year
SCENARIOS = {  # truth → log odds of leaving for those who take part, and who is invited
    "positive": (1.6, 0.95),
    "negative": (-2.5, 0.95),
    "none": (0.0, 0.95),
    "underpowered": (0.1, 0.1),
}
SAID = {
    "positive": ("better", "dagen korter in de bijstand", "days less in the first year"),
    "negative": ("worse", "dagen langer in de bijstand", "days more in the first year"),
    "none": ("small", "zijn uitgesloten", "is ruled out"),
    "underpowered": ("open", "kan de vraag niet alleen", "alone cannot answer the question"),
}


@pytest.mark.e2e
@pytest.mark.parametrize("truth", SCENARIOS)
def test_a_delivery_with_a_known_truth_is_told_as_it_is(truth, tmp_path):
    log_or, invited = SCENARIOS[truth]
    lottery = {
        "month": 12, "months": 3, "invited_share": invited, "consent_share": 0.9,
        "no_show_share": 0.05, "crossover_share": 0.02, "withdrawal_rate": 0.0,
        "log_or_work": log_or, "log_or_other": log_or,
    }  # fmt: skip
    town = simulate(Scenario.model_validate({"trial": lottery}), GM, 1500, 36, seed=3)
    write_delivery(town, tmp_path / GM, dirt=0, seed=3)
    run_prepare(tmp_path / GM, tmp_path / "prepared", ReportParams(municipality_id=GM))
    answers = answers_of(tmp_path / "prepared")
    row = answers.frame[answers.frame["question"] == "trial_days"]
    light, dutch, english = SAID[truth]
    assert row["light"].tolist() == [light]
    assert dutch in read(answers, "nl")
    assert english in read(answers, "en")


def answers_of(folder):
    prepared = read_prepared(folder)
    policy = read_policy(is_synthetic=True)
    trials = follow_trials(find_trials(prepared, "gebruikelijk"), prepared)
    days = effects(fit_trials(trials, 0.95), policy, scale="days")
    return findings.find_answers(days, {"trial_days": MARGIN})


def read(answers, language):
    page = Page(language, is_synthetic=True).points(answers).data
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))

"""Effects by group: a planted difference is found, one that is not there is seldom claimed."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, logit
from scipy.stats import t as student_t

from watwerkt.analysis.contact_months import ADJUSTED_FOR, EXPOSURE, ContactMonths
from watwerkt.analysis.group_contact import fit_months
from watwerkt.analysis.group_fits import DIFFERS, GroupFits, join_division, judge_division
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.group_effects import join_groups, largest_difference

LEVEL = 0.95
DIVISIONS = {"age": 5, "sex": 2, "origin": 3, "health": 3, "duration": 4}


def effect(estimate: float, std_error: float = 0.1, n_clusters: int = 40) -> Estimates:
    return Estimates(
        term=("talk",),
        estimate=np.array([estimate]),
        std_error=np.array([std_error]),
        degrees_of_freedom=n_clusters - 1.0,
        n_obs=1000,
        n_persons=500,
        n_events=100,
        n_clusters=n_clusters,
    )


def draw_divisions(rng: np.random.Generator, gap: float) -> GroupFits:
    """Five divisions of which one, health, has a group whose effect lies ``gap`` off the rest."""
    divisions = {}
    for name, k in DIVISIONS.items():
        truth = np.full(k, 0.2)
        truth[-1] += gap * (name == "health")
        levels = [f"{name}_{i}" for i in range(k)]
        parts = {
            level: effect(float(rng.normal(mean, 0.1)))
            for level, mean in zip(levels, truth, strict=True)
        }
        divisions[name] = join_division(parts, levels)
    return GroupFits(divisions)


def findings(fits: GroupFits) -> dict[str, str]:
    return {name: judge_division(one) for name, one in fits.differences(LEVEL).items()}


def test_no_difference_is_seldom_claimed_over_all_divisions_and_a_planted_one_is_found():
    """100 draws: five claim anything where nothing differs (more than 11 would be p = 0.004)."""
    rng = np.random.default_rng(1)
    nothing = [findings(draw_divisions(rng, 0.0)) for _ in range(100)]
    assert sum(DIFFERS in found.values() for found in nothing) <= 11
    planted = [findings(draw_divisions(rng, 0.8)) for _ in range(20)]
    assert sum(found["health"] == DIFFERS for found in planted) >= 18
    others = [name for found in planted for name, say in found.items() if say == DIFFERS]
    assert len(others) - others.count("health") <= 4


def test_intervals_of_groups_alone_would_claim_far_more():
    """The test above can fail: any pair of own intervals that part is a false claim here."""
    rng = np.random.default_rng(1)
    width = student_t(39).ppf(0.975) * 0.1 * np.sqrt(2)
    claims = 0
    for _ in range(150):
        effects = draw_divisions(rng, 0.0).known.values()
        claims += any(np.ptp(one.estimate) > width for one in effects)
    assert claims > 60


def test_a_pair_of_two_groups_is_a_plain_difference():
    """Two groups, covariance 0.004: variance 0.01 + 0.04 - 2 * 0.004."""
    covariance = np.array([[0.01, 0.004], [0.004, 0.04]])
    both = join_groups([("a", effect(0.1)), ("b", effect(0.5, 0.2))], covariance, 60.0)
    found = largest_difference(both, LEVEL, n_divisions=1)
    assert (found.first, found.second) == ("b", "a")
    assert_allclose([found.estimate, found.std_error], [0.4, np.sqrt(0.042)])
    law = student_t(60)
    assert_allclose(found.conf_low, 0.4 - law.ppf(0.975) * np.sqrt(0.042), atol=0.005)
    assert_allclose(found.p_value, 2 * law.sf(0.4 / np.sqrt(0.042)), atol=0.006)  # 20,000 draws
    assert_allclose(found.mde, (law.ppf(0.975) + law.ppf(0.8)) * np.sqrt(0.042), atol=0.005)
    family = largest_difference(both, LEVEL, n_divisions=9)
    assert family.conf_low < found.conf_low
    assert family.mde > found.mde


def test_one_group_is_no_comparison():
    with pytest.raises(DataError, match="a comparison takes 2"):
        join_groups([("a", effect(0.1))])


def test_what_is_drawn_together_lies_between_the_group_and_the_mean():
    """A group of which little is known is drawn furthest; one that stands out stays apart."""
    parts = [("a", effect(0.2)), ("b", effect(0.3)), ("c", effect(0.9, 0.5))]
    shrunken, error = join_groups(parts).shrunken(spread=0.2)
    assert 0.2 < shrunken[0] < shrunken[1] < shrunken[2] < 0.5
    assert (error < [0.1, 0.1, 0.5]).all()
    apart, _ = join_groups([("a", effect(0.2)), ("b", effect(0.2)), ("c", effect(2.0))]).shrunken(1)
    assert apart[2] > 1.9


def test_drawn_together_covers_the_truth_of_groups_that_are_alike_and_that_are_not():
    """100 draws of four groups; intervals of 95 % hold it in 91 % or more (chance: 3)."""
    rng = np.random.default_rng(2)
    for spread in (0.0, 0.15):
        held = []
        for _ in range(100):
            truth = rng.normal(0.2, spread, 4)
            parts = [(str(i), effect(float(rng.normal(mean, 0.1)))) for i, mean in enumerate(truth)]
            found, error = join_groups(parts).shrunken(0.2)
            held.append(np.abs(found - truth) < student_t(39).ppf(0.975) * error)
        assert np.mean(held) >= 0.91, spread


def months(rng: np.random.Generator, log_or: tuple[float, float], n: int = 12_000) -> ContactMonths:
    """Person-months of women and men by lot, with an odds ratio of a talk of their own."""
    woman, talk = rng.random(n) < 0.5, rng.random(n) < 0.3
    cluster = rng.integers(0, 40, n)
    odds = logit(0.05) + np.where(woman, *log_or) * talk + rng.normal(0, 0.2, 40)[cluster]
    rows = pd.DataFrame(
        {
            "person_id": np.arange(n) // 4,
            "cluster": cluster,
            EXPOSURE: talk,
            "to_all": rng.random(n) < expit(odds),
            "duration_band": "0-2",
            "month": pd.Timestamp(date(2024, 1, 1)),
            "group_sex": np.where(woman, "female", "male"),
            "group_age": rng.choice(["18–26", "27–34", "55+"], n),
            "group_health": "none",
            **dict.fromkeys(ADJUSTED_FOR, "same"),
        }
    )
    return ContactMonths(rows, None)


def test_the_hazard_by_group_finds_who_differs_and_says_when_there_is_one_group_only():
    """Women 1.2 and men 0.0 (log odds); 8 draws each way, alike in both groups: 0.4."""
    rng = np.random.default_rng(3)
    names = ["sex", "age", "health"]
    apart = [fit_months(months(rng, (1.2, 0.0)), names) for _ in range(8)]
    assert [findings(fits)["sex"] for fits in apart] == [DIFFERS] * 8
    women = np.array([fits.known["sex"].estimate[0] for fits in apart])
    assert_allclose(women.mean(), 1.2, atol=3 * 0.1 / np.sqrt(8))
    alike = [fit_months(months(rng, (0.4, 0.4)), names) for _ in range(8)]
    assert sum(DIFFERS in findings(fits).values() for fits in alike) <= 1
    one = apart[0].divisions["health"]
    assert one.effects is None
    assert one.few == ("none", "some", "severe")
    assert apart[0].divisions["age"].few == ("35–44", "45–54")

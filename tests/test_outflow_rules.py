"""What the rules for booking lag, gaps and Tozo recover of registers in which these are planted.

The truth is what was simulated, counted by hand month by month; the finding is what the pipeline
makes of the files. Each check also has to fail when its rule is broken.
"""

from collections.abc import Callable
from functools import cache

import pandas as pd
import polars as pl
import pytest

from planted_registers import (
    EXTRACT,
    NO_GAP_RULE,
    NO_LAG_RULE,
    NO_RULES,
    NO_START_RULE,
    NO_TOZO_RULE,
    POPULATIONS,
    WITH_RULES,
    Reading,
    Town,
    bias,
    book_resumptions_as_starts,
    build_town,
    clean_town,
    compare_flows,
    found_flows,
    stamp_old_booking_dates,
    true_flows,
)
from watwerkt.cleaning import booking_lag, clean, spells

N_CLIENTS, SEED = 600, 3
START_LAG = (30, 120)
COUNTS = ["n_persons", "n_exits", "n_work", "n_entries"]
NOT_BOOKED = 0.05  # of ends at most, on the last day that counts as observed: what p95 means
LAG_ERROR = {0.5: 0.15, 0.95: 0.25}  # of some 250 lags: two standard errors and more


@cache
def town(population: str) -> Town:
    built = build_town(POPULATIONS[population], N_CLIENTS, SEED)
    if population == "late resumption":
        return book_resumptions_as_starts(built, START_LAG, SEED)
    return built


def flows(population: str, reading: Reading = WITH_RULES) -> pd.DataFrame:
    planted = town(population)
    return compare_flows(found_flows(clean_town(planted, reading)), true_flows(planted))


def assert_recovered(population: str) -> None:
    """Every count of every month is the true one."""
    both = flows(population)
    assert len(both) > 48
    found, true = both[COUNTS].to_numpy(), both[[f"{c}_true" for c in COUNTS]].to_numpy()
    assert (found == true).all()


def assert_nearly_recovered(population: str) -> None:
    """No exit too many; of the last quarter at most those that p95 leaves out, before it few."""
    both = flows(population)
    assert (both["n_exits"] <= both["n_exits_true"]).all()
    assert -NOT_BOOKED < bias(both.tail(3), "n_exits") < NOT_BOOKED / 5
    assert abs(bias(both.head(-6), "n_exits")) < NOT_BOOKED / 20


@pytest.mark.parametrize("population", ["gaps", "Tozo", "late starts", "late resumption"])
def test_the_rules_recover_every_count(population):
    assert_recovered(population)


@pytest.mark.parametrize("population", ["late ends", "all three", "lag that shortens"])
def test_late_ends_are_recovered_but_for_what_is_not_booked_yet(population):
    assert_nearly_recovered(population)


@pytest.mark.parametrize(
    ("population", "without", "count", "months", "low", "high"),
    [
        ("late ends", NO_LAG_RULE, "n_exits", 3, -0.5, -0.1),
        ("late ends", NO_LAG_RULE, "n_exits", 12, -0.2, -0.03),
        ("late starts", NO_START_RULE, "n_entries", 3, -0.8, -0.2),
        ("gaps", NO_GAP_RULE, "n_exits", 72, 0.2, 0.5),
        ("gaps", NO_GAP_RULE, "n_work", 72, 0.2, 0.5),
        ("gaps", Reading(max_gap_days=90), "n_exits", 72, -0.2, -0.02),  # real exits merged away
        ("Tozo", NO_TOZO_RULE, "n_exits", 72, 0.2, 0.6),
        ("Tozo", NO_TOZO_RULE, "n_work", 72, -0.2, -0.02),
        ("all three", NO_RULES, "n_exits", 72, 0.3, 0.9),
    ],
)
def test_without_its_rule_outflow_is_wrong(population, without, count, months, low, high):
    assert low < bias(flows(population, without).tail(months), count) < high


def assert_lag_recovered(population: str, reading: Reading = WITH_RULES) -> None:
    """The lag of the last two years, booked and unbooked."""
    recent = pl.col("end") > EXTRACT.replace(year=EXTRACT.year - 2)
    true = town(population).lags.filter(recent)["lag"]
    found = clean_town(town(population), reading).booking_lag_days
    for name, probability in (("median", 0.5), ("p95", 0.95)):
        error = LAG_ERROR[probability]
        assert found[name] == pytest.approx(true.quantile(probability), rel=error)


@pytest.mark.parametrize("population", ["late ends", "lag that shortens", "lag that lengthens"])
def test_the_lag_is_that_of_the_last_two_years(population):
    assert_lag_recovered(population)


def test_a_conversion_that_books_everything_anew_is_not_taken_for_a_lag():
    assert_lag_recovered("late ends", Reading(change=stamp_old_booking_dates))


merge = spells._merge_spells
BROKEN: list[tuple[object, str, object, Callable[..., None]]] = [
    (spells, "_merge_spells", lambda p, by, gap: merge(p, by, min(gap, 0)), assert_recovered),
    (spells, "_merge_spells", lambda p, by, gap: merge(p, by, gap - 1), assert_recovered),
    (spells, "_merge_spells", lambda p, by, gap: merge(p, by, gap + 30), assert_recovered),
    (spells, "is_in_scope", lambda: pl.lit(True), assert_recovered),
    (clean, "start_lag_p95", lambda *given: 0.0, assert_recovered),
    (clean, "start_lag_p95", lambda *given: 0.0, assert_recovered),
    (clean, "last_observed_day", lambda day, *given: day, assert_nearly_recovered),
]
POPULATION_OF = ["gaps", "gaps", "gaps", "Tozo", "late starts", "late resumption", "late ends"]


@pytest.mark.parametrize(
    ("broken", "population"), list(zip(BROKEN, POPULATION_OF, strict=True)), ids=POPULATION_OF
)
def test_a_broken_rule_does_not_pass(monkeypatch, broken, population):
    module, name, mutant, check = broken
    monkeypatch.setattr(module, name, mutant)
    with pytest.raises(AssertionError):
        check(population)


def test_a_lag_that_forgets_recency_does_not_pass(monkeypatch):
    monkeypatch.setattr(booking_lag, "RECENT_DAYS", 10_000)
    with pytest.raises(AssertionError):
        assert_lag_recovered("lag that lengthens")


def test_a_lag_that_forgets_conversions_does_not_pass(monkeypatch):
    monkeypatch.setattr(booking_lag, "CONVERSION_SHARE", 1.0)
    with pytest.raises(AssertionError):
        assert_lag_recovered("late ends", Reading(change=stamp_old_booking_dates))

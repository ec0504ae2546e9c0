"""Chapter 06: whose months are compared, the rule that judges, and what cannot be said."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis_panels import EXACT, panel, town
from watwerkt.analysis import instrument_combinations as combinations
from watwerkt.analysis import instrument_costs, instrument_path, instrument_use
from watwerkt.analysis import instruments as chapter
from watwerkt.analysis.instrument_checks import (
    chance_of_start,
    e_values,
    ever_against_never,
    overlap_table,
)
from watwerkt.analysis.instrument_rows import client_months, increments
from watwerkt.disclosure import Gap, Protected

LEVEL = 0.95
ROWS = town(n_persons=1600, n_caseworkers=12)


def started(rows: pl.DataFrame, kinds: tuple[str, ...], rate: float, **more: float) -> pl.LazyFrame:
    """Services that begin by lot in months of these rows."""
    rng = np.random.default_rng(5)
    kind = rng.choice(len(kinds), len(rows))
    begun = rows.select("person_id", "month").with_columns(
        type=pl.Series([kinds[k] for k in kind]),
        chosen=pl.Series(rng.random(len(rows)) < rate),
    )
    return (
        begun.filter("chosen")
        .select(
            "person_id",
            "type",
            service_id=pl.format("v{}", pl.int_range(pl.len())),
            start_date=pl.col("month").dt.offset_by("20d"),
            end_reason=pl.lit("completed"),
            **{name: pl.lit(value) for name, value in more.items()},
        )
        .lazy()
    )


SERVICES = started(ROWS, ("training", "job_coach", "work_experience"), 0.06, cost_eur=1000.0)
FOUND = chapter.fit_instruments(ROWS.lazy(), SERVICES)


def test_a_start_is_compared_with_not_yet_and_exits_count_from_the_month_after():
    months = "\n".join(
        f"{person} {2021 + m // 12}-{m % 12 + 1:02}-01 {m} {'work' if m == last else 'stay'}"
        for person, last in (("ann", 5), ("bo", 99))
        for m in range(min(last + 1, 28))
    )
    rows = panel(f"person_id month months_since_entry exit_destination\n{months}", times=1)
    services = pl.LazyFrame(
        {
            "person_id": ["ann.0", "bo.0"],
            "type": ["training", "training"],
            "start_date": [date(2021, 3, 9), date(2021, 2, 3)],
            "cost_eur": [700.0, 300.0],
        }
    )
    found = client_months(rows, services)
    assert found.rows["month_no"].tolist() == [24253, 24254, 24255, 24256] * 2
    assert found.rows["left_after"].tolist() == [5, 4, 3, 2, 0, 0, 0, 0]
    assert found.first_start(["training"]).tolist() == [24255] * 4 + [24254] * 4
    chosen = found.choose(np.ones(8, bool), found.rows["month_no"].to_numpy() == 24255)
    assert chosen["is_start"].sum() == 2
    assert set(found.rows.assign(cost=found._cost(np.arange(8)))["cost"][:2]) == {700.0}


def test_increments_add_up_to_exits():
    rows = pd.DataFrame({"left_after": [0, 3, 24], "is_work": [False, True, False]})
    found = increments(rows.assign(cost_eur=[0.0, 5.0, 0.0])).toarray()
    assert found[:, :24].sum(axis=1).tolist() == [0, 1, 1]
    assert found[:, 24:48].sum(axis=1).tolist() == [0, 1, 0]
    assert found[:, 48].tolist() == [0, 5, 0]


def test_every_kind_is_recorded_as_p10_whatever_its_verdict():
    frame = chapter.effects(FOUND, EXACT, LEVEL).frame
    assert set(frame["term"]) == {"training", "job_coach", "work_experience"}
    assert len(frame) == 3 * 2 * 2
    assert frame["is_primary"].all()
    assert set(frame["analysis"]) == {"P10"}
    assert set(frame["status"]) <= {"indicative", "warning"}  # observational: never evidence
    known = frame[frame["note"] == chapter.SOUND]
    inside = (known["conf_low"] <= 0) & (known["conf_high"] >= 0)
    assert len(known) >= 6
    assert inside.mean() > 0.7  # nothing works here


@pytest.mark.parametrize(
    ("starts", "effective", "exits", "verdict"),
    [
        (500, 5000.0, 50, ("indicative", "chance_within_background")),
        (99, 5000.0, 50, ("warning", "few_starts")),
        (500, 5000.0, 9, ("warning", "few_starts")),
        (500, 50.0, 50, ("warning", "poor_overlap")),
    ],
)
def test_the_rule_that_judges(starts, effective, exits, verdict):
    class Effect:
        n_starts, share_trimmed, effective_n = starts, 0.0, effective
        events, weight = np.array([float(exits)]), np.ones(4)

    rows = pd.DataFrame({"is_start": [True, True, False, False], "sex": list("fmfm")})
    assert chapter.judge_start(Effect, rows, np.ones((1, 1)), ["sex"]) == verdict
    unlike = rows.assign(sex=list("fffm"))
    if verdict[0] == "indicative":
        judged = chapter.judge_start(Effect, unlike, np.ones((1, 1)), ["sex"])
        assert judged == ("warning", "poor_overlap")


def test_kinds_with_few_starts_share_a_comparison_and_are_named():
    rare = ("job_coach", "transport")
    services = pl.concat([SERVICES.filter(pl.col("type") == "training"),
                          started(ROWS, rare, 0.004, cost_eur=1.0)])  # fmt: skip
    found = chapter.fit_instruments(ROWS.lazy(), services)
    assert found.pooled == rare
    assert set(found.fits) == {"training", "few_starts"}
    named = instrument_use.pooled_table(found, EXACT).frame
    assert named["service_type"].tolist() == list(rare)
    assert instrument_use.pooled_table(FOUND, EXACT) == instrument_use.NONE_POOLED


def test_the_naive_figure_is_a_warning_and_far_off():
    row = ever_against_never(ROWS.lazy(), SERVICES, EXACT, LEVEL).frame.iloc[0]
    assert row["status"] == "warning"
    assert row["conf_high"] < -5


def test_all_of_the_chapter_is_protected_or_a_sentence():
    fits = combinations.fit_combinations(FOUND)
    recorded = combinations.combination_effects(fits, EXACT, LEVEL)
    path = instrument_path.path_by_month(FOUND, "all", EXACT, LEVEL)
    shown = [
        recorded,
        combinations.shown_combinations(recorded, EXACT),
        path,
        instrument_path.at_moments(path, EXACT),
        instrument_costs.cost_per_exit(FOUND, EXACT, LEVEL),
        instrument_use.uses_table(SERVICES, EXACT),
        instrument_use.who_starts(FOUND, EXACT),
        instrument_use.selection_table(FOUND, EXACT),
        overlap_table(FOUND, EXACT),
        chance_of_start(FOUND, EXACT),
        e_values(FOUND, EXACT, LEVEL),
    ]
    assert all(isinstance(one, Protected | Gap) for one in shown)
    assert set(recorded.frame["term"]) == set(fits)


def test_costs_that_are_not_delivered_have_no_price():
    services = SERVICES.drop("cost_eur")
    found = chapter.fit_instruments(ROWS.lazy(), services)
    assert instrument_costs.cost_per_exit(found, EXACT, LEVEL) == instrument_costs.NO_COSTS
    assert "mean_cost_eur" not in instrument_use.uses_table(services, EXACT).frame


NO_EXITS = ROWS.with_columns(exit_destination=pl.lit("stay"))
DEGENERATE = {
    "no services": (ROWS, None),
    "no starts": (ROWS, SERVICES.filter(pl.lit(False))),
    "one month": (ROWS.filter(pl.col("month").dt.year() > 2022), SERVICES),
    "twelve clients": (ROWS.filter(pl.col("person_id") < "p012"), SERVICES),
    "no exits": (NO_EXITS, SERVICES),
    "one caseworker": (ROWS.with_columns(caseworker_id=pl.lit("w1")), SERVICES),
    "everybody starts": (ROWS, started(ROWS, ("training",), 1.0)),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_deliveries_give_sentences(name):
    rows, services = DEGENERATE[name]
    found = chapter.fit_instruments(rows.lazy(), services)
    recorded = chapter.effects(found, EXACT, LEVEL)
    assert isinstance(chapter.shown_effects(recorded, "all", EXACT), Gap)
    fits = combinations.fit_combinations(found)
    combined = combinations.combination_effects(fits, EXACT, LEVEL)
    path = instrument_path.path_by_month(found, "all", EXACT, LEVEL)
    assert isinstance(combinations.shown_combinations(combined, EXACT), Gap)
    assert isinstance(instrument_path.at_moments(path, EXACT), Gap)
    assert isinstance(instrument_costs.cost_per_exit(found, EXACT, LEVEL), Gap)
    for table in (overlap_table, chance_of_start, instrument_use.selection_table):
        assert isinstance(table(found, EXACT), Protected | Gap)
    assert isinstance(ever_against_never(rows.lazy(), services, EXACT, LEVEL), Protected | Gap)
    assert isinstance(instrument_use.uses_table(services, EXACT), Protected | Gap)

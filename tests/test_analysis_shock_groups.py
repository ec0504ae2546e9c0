"""Departures of colleagues by group and by dose: who is in each, what is said of too little."""

from datetime import date

import numpy as np
import polars as pl
from numpy.testing import assert_allclose

from analysis_panels import EXACT, panel
from shock_worlds import shock_world
from watwerkt.analysis import shock, shock_bounds, shock_groups
from watwerkt.analysis.shock import NO_SHOCKS
from watwerkt.analysis.shock_rows import WITH_HAND_OVER, shock_rows
from watwerkt.panel.columns import complete_columns

LEVEL = 0.95


def months_of(seed: int = 1, n_teams: int = 12, elasticity: float = -0.8) -> pl.LazyFrame:
    """The teams of ``shock_world`` as person-months: a row per client of a smaller world."""
    world = shock_world(np.random.default_rng(seed), n_teams, n_months=40, elasticity=elasticity)
    drawn = pl.from_pandas(world).with_columns(
        month=pl.date(2015, 1, 1).dt.offset_by(pl.format("{}mo", "month")),
        team_id=pl.format("t{}", "team"),
        person=pl.int_ranges(0, "n_months"),
    )
    rows = drawn.explode("person").select(
        "team_id",
        "month",
        person_id=pl.format("{}-{}-{}", "team", "cell", "person"),
        spell_id=pl.format("{}-{}-{}", "team", "cell", "person"),
        caseworker_id=pl.format("c{}-{}", "team", pl.col("person") % 5),
        months_since_entry=30 - 20 * (pl.col("cell") == 0).cast(pl.Int32),
        caseload_fte="load",
        staffing_shock="shock",
        exit_destination=pl.when(pl.col("person") < pl.col("n_exits"))
        .then(pl.lit("work"))
        .otherwise(pl.lit("stay")),
    )
    return complete_columns(rows.sort("person_id", "month").lazy())


def test_groups_are_by_time_on_benefit_and_by_who_kept_the_caseworker():
    rows = [f"ann {date(2021 + i // 12, i % 12 + 1, 1)} {15 + i} c{i // 10}" for i in range(20)]
    text = "\n".join(["person_id month months_since_entry caseworker_id", *rows])
    given = panel(text, times=10, team_id="t0", caseload_fte=80.0, role="work")
    given = given.with_columns(staffing_shock=pl.lit(0.0))
    found = {
        name: shock_rows(given, WITH_HAND_OVER, chosen)[0]["month"].dt.month.tolist()
        for name, chosen in shock_groups.GROUPS.items()
    }
    assert len(found["under_2_years"]) == 8  # months 16 to 23; the first has no shock a month ago
    assert len(found["2_years_or_more"]) == 11
    kept = shock_rows(given, WITH_HAND_OVER, shock_groups.GROUPS["kept_caseworker"])[0]
    dates = [stamp.date() for stamp in kept["month"]]
    assert dates == [
        date(2021, 8, 1),
        date(2021, 9, 1),
        date(2021, 10, 1),
        date(2022, 6, 1),
        date(2022, 7, 1),
        date(2022, 8, 1),
    ]  # seven months after the change again


def test_groups_and_doses_say_what_is_planted_and_how_much_stands_behind_it():
    given = months_of()
    groups = shock_groups.by_group(shock_groups.fit_groups(given), EXACT, LEVEL).frame
    assert groups["term"].tolist() == list(shock_groups.GROUPS)
    assert (groups["estimate"].dropna() < 0).all()
    assert not groups["is_primary"].any()
    assert set(groups["status"]) <= {"indicative", "warning"}
    doses = shock_groups.by_dose(given, EXACT, LEVEL).frame
    assert doses["term"].tolist() == shock_groups.DOSES[1:][: len(doses)]
    rows, _ = shock_rows(given, WITH_HAND_OVER)
    with_shock = rows.loc[rows["shock"] > 0, "n_months"].sum()
    assert_allclose(doses["n_obs"].sum(), with_shock, atol=5 * len(doses))  # to the ten


def test_fewer_than_ten_teams_are_no_ground_for_doses():
    few = months_of(n_teams=9)
    assert shock_groups.by_dose(few, EXACT, LEVEL) is shock_groups.NO_DOSES
    none = few.with_columns(staffing_shock=pl.lit(None, pl.Float64))
    assert shock_groups.by_dose(none, EXACT, LEVEL) is NO_SHOCKS
    assert shock_groups.by_group(shock_groups.fit_groups(none), EXACT, LEVEL) is NO_SHOCKS


def test_readings_recover_what_lost_reasons_hide():
    """Reasons lost in months with a departure only: known reasons mislead, one reading does not."""
    given = months_of()
    lost = (pl.col("staffing_shock") > 0) & (pl.col("person_id").hash(seed=1) % 2 == 0)
    gone = pl.col("exit_destination") == "work"
    hidden = given.with_columns(
        exit_destination=pl.when(gone & lost).then(pl.lit("unknown")).otherwise("exit_destination")
    )
    rows, n_persons = shock_rows(given, WITH_HAND_OVER)
    truth = shock.fit_elasticity(rows, n_persons, "work").estimate[0]
    fits = shock_bounds.fit_readings(hidden)
    found = {name: fit.estimate[0] for name, fit in fits.items()}
    assert found["departure_known"] < truth - 0.5
    assert_allclose(found["departure_all"], truth, rtol=1e-9)
    assert_allclose(found["departure_with"], truth, rtol=1e-9)  # that is where they were lost
    assert found["departure_without"] < truth
    assert fits["departure_all"].n_events == rows["n_work"].sum()
    shown = shock_bounds.elasticity_bounds(fits, EXACT, LEVEL).frame
    assert shown["term"].tolist() == list(shock_bounds.READINGS)
    assert shock_bounds.elasticity_bounds({}, EXACT, LEVEL) is NO_SHOCKS

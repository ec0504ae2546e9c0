"""Which teams got a smaller target, who is followed, how it is judged, what is shown."""

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis_panels import EXACT, panel
from panel_tables import table
from watwerkt.analysis import target_change, target_checks, target_unknown
from watwerkt.analysis.evidence import NOT_ESTIMABLE
from watwerkt.analysis.target_rows import OUTCOMES, team_windows
from watwerkt.analysis.targets import NO_CHANGE, NO_TARGETS, Targets, find_targets, number_of
from watwerkt.disclosure import Gap
from watwerkt.panel.columns import complete_columns

N_MONTHS, CHANGES, SIZE = 72, {f"t{i:02}": 36 + 3 * i for i in range(4)}, 80
DIAGNOSTICS = (
    target_checks.caseload_change,
    target_checks.before_change,
    target_checks.by_month,
    target_checks.robust_bounds,
)


def policies(text: str) -> pl.LazyFrame:
    rows = table("start_date target_caseload team_id\n" + text)
    return rows.with_columns(pl.col("target_caseload").cast(pl.Float64)).lazy()


def month(text: str) -> int:
    return number_of(date.fromisoformat(f"{text}-01"))


def test_the_first_lowering_of_each_team_is_found_and_a_raise_is_set_apart():
    found = find_targets(
        policies("""
            2019-01-01  100  -
            2020-01-01  80   north
            2021-01-01  60   north
            2020-03-15  90   south
            2020-05-01  120  west
            2022-01-01  90   -
        """),
        ["east", "north", "south", "west"],
    )
    assert found.lowered.to_dict() == {
        "east": month("2022-01"),  # the municipality's own target
        "north": month("2020-01"),
        "south": month("2020-04"),  # in the course of March: from April on
    }
    assert found.raised == {"west"}


@pytest.mark.parametrize(
    ("delivered", "reason"),
    [
        (None, NO_TARGETS),
        (pl.LazyFrame({"start_date": [date(2020, 1, 1)]}), NO_TARGETS),
        (policies("2019-01-01  100  -"), NO_CHANGE),
        (policies("2019-01-01  100  -\n2020-01-01  120  north"), NO_CHANGE),
    ],
)
def test_without_a_lower_target_a_sentence_says_so(delivered, reason):
    assert find_targets(delivered, ["north"]) is reason


def test_clients_are_followed_from_each_month_in_their_team_for_a_year():
    months = [date(2021 + i // 12, i % 12 + 1, 1) for i in range(14)]
    stays = [f"bo {m} stay" for m in months]
    leaves = [f"ann {m} {'work' if i == 4 else 'stay'}" for i, m in enumerate(months[:5])]
    drawn = panel(
        "\n".join(["person_id month exit_destination", *stays, *leaves]),
        team_id="t0", role="work", caseload_fte=80.0,
    )  # fmt: skip
    rows = team_windows(drawn, Targets(lowered=None, raised=frozenset()))
    assert rows["month"].tolist() == [month(f"2021-0{i}") for i in (1, 2, 3)]
    assert rows["weight"].tolist() == [20, 20, 20]
    assert rows["all_4"].tolist() == [0.0, 50.0, 50.0]  # in the fifth month, fourth, third
    assert rows["work_12"].tolist() == [50.0] * 3
    assert rows["administrative_12"].tolist() == [0.0] * 3
    assert_allclose(rows["caseload"], 80.0)
    assert team_windows(drawn, Targets(None, frozenset({"t0"}))).empty


@cache
def town(n_teams: int = 14, gain: float = 0.8, load: float = 0.6) -> pl.LazyFrame:
    """Teams with ``SIZE`` places; those in CHANGES get smaller caseloads and more exits."""
    rng = np.random.default_rng(5)
    frames = []
    for team in range(n_teams):
        change = CHANGES.get(f"t{team:02}", N_MONTHS)
        after = np.arange(N_MONTHS) >= change
        leaves = rng.random((SIZE, N_MONTHS)) < 0.02 * np.exp(gain * after)
        spell = np.cumsum(leaves, axis=1) - leaves
        kind = np.where(rng.random(leaves.shape) < 0.6, "work", "household")
        place, number = np.indices(leaves.shape)
        clients = zip(place.flat, spell.flat, strict=True)
        frames.append(
            pl.DataFrame(
                {
                    "person_id": [f"t{team:02}.{p}.{s}" for p, s in clients],
                    "month_number": number.ravel(),
                    "exit_destination": np.where(leaves, kind, "stay").ravel(),
                    "caseload_fte": np.tile(np.where(after, load, 1.0) * 80, SIZE)
                    + rng.normal(0, 1, leaves.size),
                }
            ).with_columns(team_id=pl.lit(f"t{team:02}"), role=pl.lit("work"))
        )
    rows = pl.concat(frames).with_columns(
        spell_id="person_id",
        month=pl.lit(date(2018, 1, 1)).dt.offset_by(pl.format("{}mo", "month_number")),
    )
    return complete_columns(rows.drop("month_number").lazy())


def targets(changes: dict[str, int] = CHANGES) -> pl.LazyFrame:
    lower = [
        f"{date(2018 + m // 12, m % 12 + 1, 1)} 60 {team}" for team, m in sorted(changes.items())
    ]
    return policies("\n".join(["2018-01-01 100 -", *lower]))


@cache
def fitted(**given) -> target_change.ChangeFit:
    return target_change.fit_changes(town(**given), targets())


def test_a_planted_effect_is_recorded_and_shown_with_its_verdict_and_mde():
    rows = target_change.effects(fitted(), EXACT, 0.95).frame
    assert rows["outcome"].tolist() == list(OUTCOMES)
    row = rows.iloc[0]
    assert (row["analysis"], row["status"], row["note"]) == ("P2", "evidence", "sound_change")
    assert row["conf_low"] < 17 < row["conf_high"]  # 1 - 0.98^12 = 22 % against 1 - 0.955^12 = 42 %
    assert row["conf_low"] > 0
    assert 0 < row["mde"] < row["estimate"]
    assert row["n_persons"] == 14 * SIZE
    assert np.isnan(rows.set_index("outcome")["estimate"]["administrative"])  # nobody: hidden
    assert target_change.shown_effects(fitted(), EXACT, 0.95).frame.equals(rows)


def test_what_holds_it_up_is_shown():
    fall, before, path, bounds = (shown(fitted(), EXACT, 0.95).frame for shown in DIAGNOSTICS)
    assert -40 < fall["conf_low"].iloc[0] < fall["conf_high"].iloc[0] < -20
    assert before["term"].tolist() == ["before_3", "before_2", "before_1", "trend"][-len(before) :]
    assert before["mde"].notna().all()
    assert path["time"].tolist() == list(range(1, 13)) * 2
    last = path[(path["outcome"] == "all") & (path["time"] == 12)]["estimate"].iloc[0]
    rows = target_change.effects(fitted(), EXACT, 0.95).frame
    assert last == rows["estimate"].iloc[0]
    widths = bounds["conf_high"] - bounds["conf_low"]
    assert widths[:3].is_monotonic_increasing
    assert widths[0] > (rows["conf_high"] - rows["conf_low"])[0]


def judged(fit: target_change.ChangeFit) -> tuple[str, str]:
    return target_change.judge_change(fit, "all")


def test_the_rule_decides_how_an_estimate_may_be_read():
    fit = fitted()
    assert judged(replace(fit, found=replace(fit.found, n_assignments=39)))[1] == "few_assignments"
    assert judged(replace(fit, caseload=None)) == ("indicative", "target_missed")
    assert judged(fitted(load=1.0)) == ("indicative", "target_missed")
    assert judged(fitted(n_teams=8)) == ("indicative", "few_changed")
    moved = fit.found.effects.copy()
    moved[0, :3] += np.array([-60.0, -40.0, -20.0])[:, None]  # years before: running ahead
    running = replace(fit, found=replace(fit.found, effects=moved))
    assert judged(running) == ("warning", "trend_before")
    silent = fit.found.effects.copy()
    silent[:, :4] = np.nan
    assert judged(replace(fit, found=replace(fit.found, effects=silent)))[1] == "no_years_before"


def work_effect(fit: target_change.ChangeFit) -> float:
    row = target_change.pick_row(fit.event(0).tidy(), "work", 12)
    return float(row["estimate"].iloc[0])


@pytest.mark.parametrize("share_after", [0.3, 1.0], ids=["as often", "all of them, after it"])
def test_bounds_hold_the_effect_whatever_reasons_were_lost(share_after):
    """Reasons are lost of a third of exits; of more in teams that changed, from then on."""
    whole = town()
    changed = pl.col("team_id").replace_strict(CHANGES, default=10_000)
    number = 12 * (pl.col("month").dt.year() - 2018) + pl.col("month").dt.month() - 1
    lot = pl.col("spell_id").hash(seed=1) % 100 / 100
    share = pl.when(number >= changed).then(share_after).otherwise(0.3)
    lost = (pl.col("exit_destination") == "work") & (lot < share)
    hidden = whole.with_columns(
        exit_destination=pl.when(lost).then(pl.lit("unknown")).otherwise("exit_destination")
    )
    fit = target_change.fit_changes(hidden, targets())
    truth = work_effect(fitted())
    found = target_unknown.unknown_reason_bounds(fit, EXACT).frame
    rows = found[found["outcome"] == "work"].set_index("term")
    assert rows.loc["unknown_any", "lower_bound"] < truth < rows.loc["unknown_any", "upper_bound"]
    steady = rows.loc["unknown_steady"]
    if share_after == 0.3:
        assert steady["lower_bound"] - 1 < truth < steady["upper_bound"] + 1
    else:
        assert work_effect(fit) < truth - 2
    wide, narrow = (rows.loc[r, "upper_bound"] - rows.loc[r, "lower_bound"] for r in
                    ("unknown_any", "unknown_steady"))  # fmt: skip
    assert wide > narrow


def test_bounds_are_the_shares_of_unknown_reasons_worked_by_hand():
    fit = fitted()
    changes = fit.rows["unit"].map(CHANGES) + number_of(date(2018, 1, 1))
    rows = fit.rows.assign(unexplained_12=np.where(fit.rows["month"] >= changes, 6.0, 4.0))
    assert target_unknown.find_limits(replace(fit, rows=rows)) == {
        "unknown_any": (-8.0, 10.0),  # 4 before and 4 of the others; 6 after and 4 of the others
        "unknown_steady": (0.0, 2.0),
    }


@pytest.mark.parametrize(
    ("n_teams", "changes", "reason"),
    [
        (14, {f"t{i:02}": 36 for i in range(14)}, target_change.NOT_IDENTIFIED),
        (1, {"t00": 36}, target_change.NOT_IDENTIFIED),
        (14, {"t00": 5}, target_change.TOO_SHORT),
        (2, {"t00": 36}, target_change.TOO_FEW_TEAMS),
    ],
    ids=["all at once", "one team", "too short", "two teams"],
)
def test_without_a_comparison_there_is_a_sentence_and_a_row_without_figures(
    n_teams, changes, reason
):
    fit = target_change.fit_changes(town(n_teams=n_teams), targets(changes))
    assert fit is reason
    rows = target_change.effects(fit, EXACT, 0.95).frame
    assert rows["note"].unique().tolist() == [NOT_ESTIMABLE]
    assert rows["estimate"].isna().all()
    assert rows["is_primary"].all()
    assert target_change.shown_effects(fit, EXACT, 0.95) is reason
    assert all(isinstance(shown(fit, EXACT, 0.95), Gap) for shown in DIAGNOSTICS)


def test_nobody_is_followed_where_no_teams_are_known():
    unknown = town().with_columns(team_id=pl.lit(None, pl.String))
    assert target_change.fit_changes(unknown, targets()) is NO_CHANGE

"""The chain: journeys drawn as text, counts by hand, planted bottlenecks and broken rules found."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis_panels import multiply
from disclosure_tables import POLICY
from panel_tables import drawn, shown, table
from watwerkt.analysis.chain import (
    HARDLY_ANY,
    NO_CHAIN,
    STEPS,
    build_journeys,
    find_chain,
    step_name,
)
from watwerkt.analysis.chain_conformance import (
    NO_CHAIN_POLICY,
    breach_label,
    breaches,
    conformance,
    judge_journeys,
    most_broken,
    rules_kept,
    verdicts,
)
from watwerkt.analysis.chain_flow import STATES, chain_flow, count_states, steps_taken
from watwerkt.analysis.chain_queues import (
    long_waits_by_team,
    longest_queue,
    moved_by_team,
    queue_by_quarter,
    queue_by_step,
    queue_by_team,
    queues,
)
from watwerkt.analysis.chain_targets import dose_by_year, placements_by_year
from watwerkt.analysis.chain_waits import wait_curves, wait_shares, waits_after
from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window
from watwerkt.chain_policy import check_chain_policy, read_chain_policy
from watwerkt.disclosure import Gap
from watwerkt.disclosure.gap import NO_QUARTERS
from watwerkt.errors import ParameterError, VersionError

WINDOW = Window(date(2020, 1, 1), date(2024, 1, 1))
LEVEL = 0.95
FEW_PERCENT = {"atol": 0.03}  # shares of some hundred are shown in steps of 0.02 or less
DAYS = {"rtol": 1e-12}  # days over days per month
STEPWISE = {"atol": 1e-9}  # Aalen-Johansen and the weighted share, without early censoring
POLICY_ON_PAPER = {
    "source": "nota",
    "required_steps": [
        {"step": "application"},
        {"step": "intake", "max_days": 30},
        {"step": "plan", "max_days": 60},
        {"step": "aftercare", "max_days": 92},
    ],
}
ON_PAPER = check_chain_policy(POLICY_ON_PAPER, "test")

# ann goes all the way; bo waits after the plan, having passed the diagnosis over; cy left after the
# intake; dee never came on benefit; eve applied again, and only the second journey got anywhere;
# fay came without an application; guy's benefit began before the first three months were over.
SPELLS = """
    person_id spell_id start_date end_date
    ann       ann-0    2021-01-10 2022-01-01
    bo        bo-0     2021-02-01 -
    cy        cy-0     2021-03-01 2021-06-01
    eve       eve-0    2021-01-01 2021-03-01
    eve       eve-1    2022-05-01 -
    fay       fay-0    2021-04-01 -
    guy       guy-0    2020-02-01 -
"""
EVENTS = """
    person_id step        event_date team_id
    ann       application 2021-01-05 north
    ann       intake      2021-01-20 north
    ann       diagnosis   2021-02-20 north
    ann       plan        2021-03-20 north
    ann       service     2021-04-20 north
    ann       placement   2022-01-01 north
    ann       exit        2022-01-01 north
    ann       aftercare   2022-02-15 south
    bo        application 2021-01-20 south
    bo        intake      2021-02-25 south
    bo        plan        2021-03-25 south
    cy        application 2021-03-15 south
    cy        intake      2021-03-20 south
    cy        plan        2021-07-20 south
    dee       application 2021-05-01 south
    eve       application 2021-01-01 north
    eve       application 2022-04-25 north
    eve       intake      2022-05-20 north
    eve       diagnosis   2022-05-10 north
    guy       intake      2020-02-10 north
"""
DRAWN_STATES = """
    chain_state       n_journeys
    application_left    2
    application_waiting 1
    intake_left         1
    diagnosis_waiting   1
    plan_waiting        1
    aftercare           1
"""


def spells(text: str = SPELLS) -> pl.LazyFrame:
    return (
        table(text)
        .lazy()
        .with_columns(is_left_censored=pl.lit(False), risk_end_date=pl.lit(None, pl.Date))
    )


def journeys(times: int = 1, events: str = EVENTS, text: str = SPELLS) -> pl.DataFrame:
    frames = table(events).lazy(), spells(text)
    frames = tuple(multiply(frame, times) for frame in frames) if times > 1 else frames
    return build_journeys(*frames, None, WINDOW)


def test_counts_are_those_drawn_by_hand():
    found = count_states(journeys()).filter(pl.col("n_journeys") > 0)
    expected = table(DRAWN_STATES.replace("n_journeys", "n_rows")).sort("chain_state")
    assert found.sort("chain_state").rows() == expected.rows()


def test_a_journey_begins_at_its_application_and_ends_with_benefit():
    rows = journeys().select("person_id", "opened_date", "end_date", "is_left", "team_id")
    assert rows.rows() == [
        ("ann", date(2021, 1, 5), date(2022, 1, 1), True, "south"),
        ("bo", date(2021, 1, 20), WINDOW.until, False, "south"),
        ("cy", date(2021, 3, 1), date(2021, 6, 1), True, "south"),  # applied after the start
        ("dee", date(2021, 5, 1), date(2021, 8, 1), True, "south"),  # three months without benefit
        ("eve", date(2021, 1, 1), date(2021, 3, 1), True, "north"),
        ("eve", date(2022, 4, 25), WINDOW.until, False, "north"),
        ("fay", date(2021, 4, 1), WINDOW.until, False, None),
    ]


def test_a_decision_ends_an_application_without_benefit():
    decided = table("person_id application_date decision_date\n dee 2021-05-01 2021-05-20").lazy()
    found = build_journeys(table(EVENTS).lazy(), spells(), decided, WINDOW)
    dee = found.filter(pl.col("person_id") == "dee")
    assert dee["end_date"].item() == date(2021, 5, 20)


def test_who_passed_a_step_over_came_further_and_did_not_take_it():
    shown_shares = steps_taken(journeys(times=50), POLICY).frame.set_index("chain_step")
    assert shown_shares.loc["diagnosis", ["n_reached", "n_taken"]].tolist() == [150, 100]


def test_the_next_step_the_exit_and_the_end_of_observation_end_a_wait():
    """cy's plan came after leaving, so it is none; eve's intake came after the diagnosis."""
    waits = waits_after(journeys(), "intake", WINDOW.until)
    assert waits["person_id"].to_list() == ["ann", "bo", "cy"]
    assert waits["destination"].to_list() == ["next", "next", "left"]
    assert_allclose(waits["duration"] * DAYS_PER_MONTH, [31, 28, 73], **DAYS)
    assert waits_after(journeys(), "plan", WINDOW.until)["destination"].to_list() == ["next", ""]


def town(delay_north: int, n: int = 240, share_kept: float = 1.0) -> pl.DataFrame:
    """Journeys of two teams; in the north the plan comes ``delay_north`` days after the intake."""
    rows = []
    for i in range(n):
        opened = date(2021, 6, 1) + timedelta(days=3 * i)
        team = ("north", "south")[i % 2]
        wait = delay_north if team == "north" else 20
        days = {"application": 0, "intake": 10 if i % 10 < 10 * share_kept else 45}
        days["plan"] = days["intake"] + wait
        days |= {"service": days["plan"] + 15, "placement": days["plan"] + 45}
        for step, after in days.items():
            rows.append((f"p{i}", step, opened + timedelta(days=after), team))
    events = pl.DataFrame(rows, ["person_id", "step", "event_date", "team_id"], orient="row")
    begun = events.filter(pl.col("step") == "application")
    spell = begun.select(
        "person_id", spell_id="person_id", start_date="event_date",
        end_date=pl.lit(None, pl.Date), risk_end_date=pl.lit(None, pl.Date),
        is_left_censored=pl.lit(False),
    )  # fmt: skip
    return build_journeys(events.lazy(), spell.lazy(), None, WINDOW)


def staff() -> pl.LazyFrame:
    months = pl.date_range(WINDOW.start, date(2023, 12, 1), "1mo", eager=True).alias("month")
    posts = pl.DataFrame(
        [(team, f"{team}{i}") for team in ("north", "south") for i in range(3)],
        ["team_id", "caseworker_id"],
        orient="row",
    )
    return posts.join(months.to_frame(), how="cross").lazy()


def test_a_planted_bottleneck_is_found_where_it_is():
    waiting = queues(town(delay_north=300), WINDOW, POLICY.threshold)
    at_intake = waiting.filter(pl.col("chain_step") == "intake")
    by_team = dict(at_intake.group_by("team_id").agg(pl.col("is_long").mean()).rows())
    assert by_team["north"] > 0.5 > by_team["south"] == 0
    last = waiting.filter(pl.col("quarter") <= date(2023, 4, 1))
    # In a third of all cases long, and of many people: a team with few would hide the other one.
    many = pl.concat([last] * 20).with_columns(
        pl.col("is_long") | (pl.int_range(pl.len()) % 3 == 0)
    )
    row = longest_queue(queue_by_team(many, staff(), POLICY)).frame.iloc[0]
    assert (row["team_id"], row["chain_step"]) == ("north", "intake")


def test_a_bottleneck_is_seen_month_by_month_in_the_team_that_has_it():
    found = long_waits_by_team(town(delay_north=300), WINDOW, staff(), POLICY).frame
    north = found[found["team_id"] == "north"].dropna(subset=["n_long"])
    assert len(north) > 12
    assert north["n_long"].min() >= POLICY.threshold
    assert found.loc[found["team_id"] == "south", "n_long"].fillna(0).eq(0).all()
    few = long_waits_by_team(
        town(delay_north=300), WINDOW, staff().filter(pl.col("caseworker_id") != "north0"), POLICY
    )
    assert few.frame["n_long"].isna().all()
    assert isinstance(long_waits_by_team(None, WINDOW, staff(), POLICY), Gap)


def test_of_many_teams_the_six_with_most_people_waiting_are_shown():
    waiting = queues(town(delay_north=300), WINDOW, POLICY.threshold)
    many = pl.concat(
        waiting.with_columns(pl.format("{}-{}", "team_id", pl.lit(copy)).alias("team_id"))
        for copy in range(4)
    )
    posts = staff().join(pl.LazyFrame({"copy": range(4)}), how="cross")
    posts = posts.with_columns(team_id=pl.format("{}-{}", "team_id", "copy"))
    found = moved_by_team(many, posts, POLICY).frame["team_id"].unique()
    assert sorted(found) == [*(f"north-{i}" for i in range(4)), "south-0", "south-1"]


def test_a_team_of_two_is_not_shown():
    small = staff().filter(pl.col("caseworker_id") != "north0")
    waiting = queues(town(delay_north=300), WINDOW, POLICY.threshold)
    for found in (queue_by_team(waiting, small, POLICY), moved_by_team(waiting, small, POLICY)):
        north = found.frame[found.frame["team_id"] == "north"]
        assert north["n_waiting"].isna().all()


def test_planted_departures_from_the_policy_are_found():
    asked = {"required_steps": POLICY_ON_PAPER["required_steps"][:3]}
    paper = check_chain_policy(POLICY_ON_PAPER | asked, "test")
    judged = town(delay_north=40, n=300, share_kept=0.6), paper, WINDOW.until, POLICY
    kept = rules_kept(*judged).frame.set_index("chain_step")["share_kept"]
    assert_allclose(kept["intake"], 0.6, **FEW_PERCENT)
    worst = most_broken(breaches(*judged))
    assert step_name(worst, "en") == "intake"
    assert "too late" in breach_label(worst)
    years = conformance(*judged).frame
    assert years["n_conform"].sum() / years["n_judged"].sum() == pytest.approx(0.6, abs=0.03)


RULES = """
    person_id application intake     plan       opened_date end_date   rule_application rule_intake rule_plan judgement
    kept      2021-01-01  2021-01-20 2021-03-01 2021-01-01  2024-01-01 kept             kept        kept      conform
    late      2021-01-01  2021-02-20 2021-03-01 2021-01-01  2024-01-01 kept             late        kept      broken
    never     2021-01-01  -          -          2021-01-01  2024-01-01 kept             waiting     waiting   broken
    skips     2021-01-01  -          2021-03-01 2021-01-01  2024-01-01 kept             skipped     kept      broken
    turned    2021-01-01  2021-01-20 2021-01-10 2021-01-01  2024-01-01 kept             kept        order     broken
    gone      2021-01-01  2021-01-20 -          2021-01-01  2021-02-01 kept             kept        left      left
    walked_in -           2021-01-20 2021-03-01 2021-01-01  2024-01-01 skipped          kept        kept      broken
    young     2023-11-20  2023-12-10 -          2023-11-20  2024-01-01 kept             kept        young     young
"""  # noqa: E501


def test_every_way_to_keep_and_to_break_a_rule():
    rows = table(RULES)
    steps = ["application", "intake", "plan"]
    rows = rows.with_columns(pl.col(steps).str.to_date()).with_columns(
        is_left=pl.col("end_date") < WINDOW.until,
        is_benefit=pl.lit(True),
        followed_date="end_date",
        placement=pl.lit(None, pl.Date),
        aftercare=pl.lit(None, pl.Date),
    )
    given_rules = [name for name in rows.columns if name.startswith(("rule_", "judge"))]
    found = judge_journeys(rows.drop(given_rules), ON_PAPER, WINDOW.until)
    assert shown(found, "person_id", *given_rules) == drawn(shown(rows, "person_id", *given_rules))


@pytest.mark.parametrize(
    ("aftercare", "followed", "rule"),
    [
        (date(2021, 2, 1), date(2021, 7, 1), "kept"),
        (date(2021, 6, 1), date(2021, 7, 1), "late"),
        (None, date(2021, 7, 1), "waiting"),
        (None, date(2021, 2, 1), "left"),  # back on benefit before it was due
    ],
)
def test_aftercare_is_due_after_a_placement(aftercare, followed, rule):
    one = (
        journeys()
        .head(1)
        .with_columns(
            placement=date(2021, 1, 1), aftercare=pl.lit(aftercare, pl.Date), followed_date=followed
        )
    )
    assert judge_journeys(one, ON_PAPER, WINDOW.until)["rule_aftercare"].item() == rule


def test_the_two_ways_to_count_a_wait_agree():
    """The curve and the share at a horizon: nobody is censored before it here."""
    frame = town(delay_north=70)
    shares = wait_shares(frame, WINDOW.until, POLICY, LEVEL).frame
    shares = shares[(shares["term"] == "intake") & (shares["outcome"] == "next_step")]
    curve = wait_curves(frame, WINDOW.until, POLICY, LEVEL).frame
    curve = curve[curve["chain_step"] == "intake"].set_index("time")["estimate"]
    at_horizon = shares.set_index("horizon_months")["estimate"]
    assert_allclose(at_horizon[1], curve[1], **FEW_PERCENT)
    assert_allclose(at_horizon[1], 0.5, **FEW_PERCENT)  # the south


def test_placements_are_persons_in_whole_years_beside_the_target():
    events = multiply(table(EVENTS).lazy(), 60)
    paper = check_chain_policy(POLICY_ON_PAPER | {"target_placements_year": 80}, "test")
    own = POLICY.model_copy(update={"zeros_are_disclosive": False})
    found = placements_by_year(events, paper, WINDOW, own).frame
    assert found["year"].tolist() == [2020, 2021, 2022, 2023]
    assert sorted(found["n_placed"]) == [0, 0, 0, 60]
    assert set(found["target_placements_year"]) == {80}


def days():
    return st.none() | st.integers(0, 1500).map(lambda n: WINDOW.start + timedelta(days=n))


@st.composite
def chains(draw):
    persons = [f"p{i}" for i in range(draw(st.integers(1, 6)))]
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(persons), st.sampled_from([*STEPS, "exit"]), days()),
            max_size=25,
        )
    )
    starts = draw(st.lists(st.tuples(st.sampled_from(persons), days(), st.integers(1, 900))))
    return rows, starts


@settings(max_examples=60, deadline=None)
@given(chains())
def test_counts_in_are_counts_out_waiting_and_left(drawn_chain):
    rows, starts = drawn_chain
    events = pl.DataFrame(
        [(p, s, d) for p, s, d in rows if d],
        {"person_id": pl.String, "step": pl.String, "event_date": pl.Date},
        orient="row",
    )
    begun = pl.DataFrame(
        [(p, f"s{i}", d, d + timedelta(days=n)) for i, (p, d, n) in enumerate(starts) if d],
        {"person_id": pl.String, "spell_id": pl.String, "start_date": pl.Date, "end_date": pl.Date},
        orient="row",
    ).with_columns(is_left_censored=pl.lit(False), risk_end_date=pl.lit(None, pl.Date))
    found = build_journeys(events.lazy(), begun.lazy(), None, WINDOW)
    counts = dict(count_states(found).rows())
    assert set(counts) == set(STATES)
    reached = found.height
    for place, step in enumerate(STEPS[:-1]):
        assert reached == (found["furthest"] >= place).sum()
        reached -= counts[f"{step}_waiting"] + counts[f"{step}_left"]
    assert reached == counts["aftercare"]
    assert (found["opened_date"] <= found["end_date"]).all()
    judged = judge_journeys(found, ON_PAPER, WINDOW.until)
    assert judged["judgement"].is_not_null().all()


def test_what_was_not_delivered_is_a_sentence():
    assert build_journeys(None, spells(), None, WINDOW) is None
    nothing = chain_flow(None, POLICY), steps_taken(None, POLICY)
    nothing += (wait_curves(None, WINDOW.until, POLICY, LEVEL),)
    nothing += (wait_shares(None, WINDOW.until, POLICY, LEVEL), queues(None, WINDOW, 10))
    nothing += (verdicts(None, ON_PAPER, WINDOW.until, POLICY),)
    nothing += (placements_by_year(None, None, WINDOW, POLICY),)
    assert set(nothing) == {NO_CHAIN}
    few = journeys().filter(pl.col("furthest") == 0)
    assert find_chain(few, POLICY.threshold) == HARDLY_ANY
    assert chain_flow(few, POLICY) == HARDLY_ANY
    assert verdicts(journeys(times=9), None, WINDOW.until, POLICY) == NO_CHAIN_POLICY
    short = Window(date(2023, 1, 1), WINDOW.until)
    assert queues(town(30), short, POLICY.threshold) == NO_QUARTERS


def test_a_dozen_journeys_give_no_crash():
    few = journeys(times=3)
    waiting = queues(few, WINDOW, POLICY.threshold)
    judged = few, ON_PAPER, WINDOW.until, POLICY
    for found in (
        *(chain_flow(few, POLICY), steps_taken(few, POLICY)),
        *(wait_curves(few, WINDOW.until, POLICY, LEVEL), queue_by_quarter(waiting, POLICY)),
        *(wait_shares(few, WINDOW.until, POLICY, LEVEL), queue_by_step(waiting, POLICY)),
        *(queue_by_team(waiting, staff(), POLICY), moved_by_team(waiting, staff(), POLICY)),
        *(verdicts(*judged), conformance(*judged), rules_kept(*judged), breaches(*judged)),
        *(most_broken(breaches(*judged)), longest_queue(queue_by_step(waiting, POLICY))),
    ):
        if not isinstance(found, Gap):
            figures = found.frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
            assert not np.isinf(figures).any()


def test_contacts_and_caseload_stand_beside_their_targets():
    paper = check_chain_policy(
        POLICY_ON_PAPER | {"target_contacts_year": 6.0, "target_caseload": 60.0}, "test"
    )
    panel = staff().with_columns(
        person_id=pl.format("{}-{}", "caseworker_id", pl.int_range(pl.len()) % 20),
        is_contact_known=pl.lit(True),
        n_contacts_month=pl.lit(0.25),
        caseload_fte=pl.lit(75.0),
    )
    found = dose_by_year(panel, paper, WINDOW, POLICY).frame
    assert found["contacts_year"].tolist() == [3.0] * 4
    assert found["target_caseload"].tolist() == [60.0] * 4
    assert dose_by_year(panel, None, WINDOW, POLICY) == NO_CHAIN_POLICY


STEPS_GIVEN = POLICY_ON_PAPER["required_steps"]
WRONG = {
    "unknown key": ({"target_caselaod": 60.0}, "target_caselaod"),
    "text for a number": ({"target_caseload": "60"}, "target_caseload"),
    "no limit": ({"required_steps": [STEPS_GIVEN[0], {"step": "plan"}]}, "max_days"),
    "twice": ({"required_steps": [*STEPS_GIVEN, STEPS_GIVEN[1]]}, "twice"),
    "aftercare early": ({"required_steps": STEPS_GIVEN[::-1]}, "aftercare only as the last"),
    "placement": (
        {"required_steps": [STEPS_GIVEN[0], {"step": "placement", "max_days": 9}]},
        "required_steps.1.step",
    ),
    "no source": ({"source": ""}, "source"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_chain_policy_is_named(name):
    entries, message = WRONG[name]
    with pytest.raises(ParameterError, match=message):
        check_chain_policy(POLICY_ON_PAPER | entries, "chain_policy/GM9901.yaml")


def test_a_chain_policy_is_read_from_its_own_folder(tmp_path, root):
    assert read_chain_policy(root / "papermill_params", "GM9901").aftercare_days == 92
    assert read_chain_policy(tmp_path, "GM9901") is None
    path = tmp_path / "chain_policy" / "GM9901.yaml"
    path.parent.mkdir()
    path.write_text("schema_version: 2\nsource: x\n")
    with pytest.raises(VersionError, match=r"chain_policy/GM9901\.yaml"):
        read_chain_policy(tmp_path, "GM9901")
    for text in ("- a\n", "a: [", "3\n"):
        path.write_text(text)
        with pytest.raises(ParameterError, match="is not a chain policy"):
            read_chain_policy(tmp_path, "GM9901")

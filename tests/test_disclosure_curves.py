"""Curves: cut, in monthly steps of at least the threshold, in shares no finer than the counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from disclosure_tables import POLICY, cells_of, drawn, policy, table
from watwerkt.disclosure import protect_curve
from watwerkt.errors import DisclosureError

SHARES = ["estimate", "conf_low", "conf_high"]


def survival(times: list[float], events: list[int], censored: list[int], n: int) -> pd.DataFrame:
    """A tidy Kaplan-Meier curve of ``n`` spells, worked out plainly."""
    gone = np.cumsum(np.add(events, censored)) - np.add(events, censored)
    at_risk = n - gone
    estimate = np.cumprod(1 - np.divide(events, at_risk))
    return pd.DataFrame(
        {
            "time": times,
            "at_risk": at_risk,
            "events": events,
            "estimate": estimate,
            "std_error": 0.01,
            "conf_low": estimate - 0.02,
            "conf_high": estimate + 0.02,
        }
    )


def test_days_become_months_and_single_exits_become_steps():
    curve = survival([0.5, 1.0, 1.2, 2.9, 3.5], [6, 7, 4, 9, 3], [0] * 5, n=200)
    made = protect_curve(curve, POLICY)
    assert drawn(made.frame) == cells_of("""
        time  at_risk  events  estimate  conf_low  conf_high
        1.0   200      15      0.95      0.9       0.95
        3.0   185      10      0.85      0.85      0.9
    """)
    assert (made.kind, made.n_suppressed) == ("curve", 2)


def test_a_curve_is_cut_where_few_are_at_risk():
    curve = survival([1, 2, 3, 4], [20, 20, 10, 10], [0, 0, 41, 0], n=101)
    assert protect_curve(curve, POLICY).frame["time"].tolist() == [1, 2, 3, 4]
    few = survival([1, 2, 3, 4], [20, 20, 10, 9], [0, 0, 41, 0], n=100)
    assert protect_curve(few, POLICY).frame["time"].tolist() == [1, 2, 3]
    assert protect_curve(few, policy(survival_threshold=60)).frame["time"].tolist() == [1, 2, 3]
    assert protect_curve(few, policy(survival_threshold=75)).frame["time"].tolist() == [1, 2]


def test_nothing_comes_back_after_the_cut():
    """Delayed entry: few at risk early on, more later."""
    curve = survival([1, 2], [15, 12], [0, 0], n=100).assign(at_risk=[9, 80])
    assert protect_curve(curve, POLICY).frame.empty


def test_a_curve_of_too_few_is_empty_and_says_so():
    made = protect_curve(survival([1, 2], [3, 2], [0, 0], n=9), POLICY)
    assert made.frame.empty
    assert list(made.frame) == ["time", "at_risk", "events", *SHARES]
    assert made.n_suppressed == 2


def test_each_destination_has_its_own_steps():
    work = survival([1, 2], [15, 20], [0, 0], n=100).assign(destination="work")
    other = survival([1, 2], [4, 20], [0, 0], n=100).assign(destination="other")
    frame = protect_curve(pd.concat([work, other]), POLICY, by=["destination"]).frame
    assert frame[["destination", "time", "events"]].to_numpy().tolist() == [
        ["work", 1, 15],
        ["work", 2, 20],
        ["other", 2, 25],
    ]


def test_curves_that_are_not_told_apart_are_refused():
    work = survival([1, 2], [15, 20], [0, 0], n=100)
    with pytest.raises(DisclosureError, match="time goes back"):
        protect_curve(pd.concat([work, work]), POLICY)


def test_a_team_of_too_few_caseworkers_has_no_curve():
    curve = survival([1, 2], [15, 20], [0, 0], n=100).assign(team_id="north")
    how = {"by": ["team_id"], "n_caseworkers": "n_workers"}
    assert len(protect_curve(curve.assign(n_workers=3), POLICY, **how).frame) == 2
    hidden = protect_curve(curve.assign(n_workers=2), POLICY, **how)
    assert hidden.frame.empty
    assert "n_workers" not in hidden.frame


def test_a_missing_interval_stays_missing():
    curve = survival([1], [15], [0], n=100).assign(conf_low=np.nan, conf_high=np.nan)
    frame = protect_curve(curve, POLICY).frame
    assert frame["estimate"].tolist() == [0.85]
    assert frame["conf_low"].isna().all()


days = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12)), min_size=1, max_size=60)


@settings(max_examples=60)
@given(days, st.integers(0, 300), st.sampled_from([10, 20]))
def test_what_a_curve_may_never_show(spells, more, threshold):
    events, censored = (list(column) for column in zip(*spells, strict=True))
    n = int(np.sum(spells)) + more
    if n == 0 or (n - np.cumsum(np.sum(spells, axis=1)) + np.sum(spells, axis=1) <= 0).any():
        return
    curve = survival([(i + 1) * 0.25 for i in range(len(spells))], events, censored, n)
    pol = policy(threshold=threshold, survival_threshold=threshold)
    frame = protect_curve(curve, pol).frame
    assert (frame["time"] % 1 == 0).all()
    assert (frame["events"] >= threshold).all()
    assert (frame["at_risk"] >= threshold).all()
    assert (frame[["at_risk", "events"]] % 5 == 0).all(axis=None)
    if not frame.empty:
        finest = 5 / frame["at_risk"].max()
        apart = np.diff(np.unique(frame[SHARES].to_numpy()))
        assert (apart >= finest - 1e-9).all()
        assert abs(frame["events"].sum() - curve["events"].sum()) <= curve["events"].sum()
    assert_frame_equal(protect_curve(frame, pol).frame, frame)


def test_shown_events_stay_close_to_the_exact_ones():
    """Rounding runs on: each sum of events up to a step is within half a base of the exact one."""
    curve = survival(list(range(1, 31)), [13] * 30, [0] * 30, n=1000)
    shown = protect_curve(curve, POLICY).frame["events"].cumsum()
    assert (shown - 13 * np.arange(1, 31)).abs().max() <= 2.5


def test_a_curve_by_hand():
    curve = table("""
        time  at_risk  events  estimate  conf_low  conf_high
        1     400      40      0.90123   0.85123   0.95123
    """)
    assert protect_curve(curve, POLICY).frame.loc[0, SHARES].tolist() == [0.9, 0.86, 0.96]

"""Kaplan-Meier and Aalen-Johansen against R, other libraries, closed forms and a plain loop."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import survival
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from statsmodels.duration.survfunc import CumIncidenceRight

from watwerkt.errors import DataError
from watwerkt.estimators.survival_curves import aalen_johansen, kaplan_meier

EXACT = {"rtol": 1e-10, "atol": 1e-12}  # another implementation: only rounding may differ
PRINTED = {"atol": 5e-5}  # R prints four decimals
INTERVALS = ["estimate", "std_error", "conf_low", "conf_high"]


def spells(seed: int, n: int = 300, late: bool = True) -> pd.DataFrame:
    """Monthly durations with many ties, three destinations and "" for censored."""
    rng = np.random.default_rng(seed)
    entry = rng.integers(0, 12, n) * (rng.random(n) < 0.5 if late else 0)
    place = rng.choice(["", "work", "education", "other"], n, p=[0.3, 0.4, 0.1, 0.2])
    return pd.DataFrame(
        {"entry": entry, "duration": entry + rng.integers(1, 15, n), "destination": place}
    )


def drawn(text: str) -> pd.DataFrame:
    """Read a table drawn in a test; a destination drawn as - is "" (still running)."""
    header, *rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=header)
    numbers = frame.drop(columns="destination", errors="ignore").astype(float)
    return frame.assign(**numbers).replace({"destination": {"-": ""}})


def curves(frame: pd.DataFrame):
    return aalen_johansen(frame["duration"], frame["destination"], frame["entry"])


def test_kaplan_meier_against_r_on_the_leukaemia_trial():
    """R, summary(survfit(Surv(time, status) ~ x, aml)), maintained arm (Miller 1981)."""
    printed = drawn("""
        time  at_risk  events  estimate  std_error
        9     11       1       0.909     0.0867
        13    10       1       0.818     0.1163
        18    8        1       0.716     0.1397
        23    7        1       0.614     0.1526
        31    5        1       0.491     0.1642
        34    4        1       0.368     0.1627
        48    2        1       0.184     0.1535
    """)
    aml = pd.DataFrame(survival.datasets.load_aml()).query("x == 'Maintained'")
    tidy = kaplan_meier(aml["time"], aml["status"] == 1).tidy().query("events > 0")
    columns = ["time", "at_risk", "events"]
    assert (tidy[columns].to_numpy() == printed[columns].to_numpy()).all()
    assert_allclose(tidy["estimate"], printed["estimate"], atol=5e-4)
    assert_allclose(tidy["std_error"], printed["std_error"], **PRINTED)


def test_log_log_interval_against_the_librarys_own():
    frame = spells(1)
    tidy = kaplan_meier(frame["duration"], frame["destination"] != "", frame["entry"]).tidy(0.9)
    response = survival.Surv(frame["entry"], frame["duration"], frame["destination"] != "")
    fit = survival.survfit(response, conf_type="log-log", conf_int=0.9)
    inside = (tidy["estimate"] > 0) & (tidy["estimate"] < 1)
    assert inside.sum() > 10
    assert_allclose(tidy["conf_low"][inside], np.array(fit.lower)[inside], **EXACT)
    assert_allclose(tidy["conf_high"][inside], np.array(fit.upper)[inside], **EXACT)


def test_without_censoring_it_is_one_minus_the_empirical_distribution():
    curve = kaplan_meier([1.0, 2.0, 2.0, 5.0], np.ones(4, dtype=bool))
    assert_allclose(curve.survival, [0.75, 0.25, 0.0], **EXACT)
    assert_allclose(curve.std_error[:2], np.sqrt([0.75 * 0.25 / 4] * 2), **EXACT)


def test_delayed_entry_drawn_by_hand():
    """Ann is at risk from 0, bo only after 2; cas enters at 3 and is not at risk of 3."""
    frame = drawn("""
        entry  duration  destination
        0      3         work
        2      4         -
        3      5         other
    """)
    tidy = curves(frame).tidy().query("events > 0 or time == 5")
    expected = drawn("""
        time  destination  at_risk  estimate
        5     other        1        0.5
        3     work         2        0.5
        5     work         1        0.5
    """)
    assert tidy["destination"].tolist() == expected["destination"].tolist()
    for column in ("time", "at_risk", "estimate"):
        assert_allclose(tidy[column], expected[column], **EXACT)


def plain_loop(frame: pd.DataFrame, place: str) -> pd.DataFrame:
    """Share gone to ``place`` by each time, and its variance in closed form, spell by spell.

    Variance: Choudhury (2002), eq. 2, with multinomial hazards; in exact fractions.
    """
    rows = list(zip(frame["entry"], frame["duration"], frame["destination"], strict=True))
    times = sorted({duration for _, duration, _ in rows})
    stay, gone, steps = Fraction(1), Fraction(0), []
    for time in times:
        at_risk = sum(1 for entry, duration, _ in rows if entry < time <= duration)
        ended = [went for _, duration, went in rows if duration == time and went]
        n, d, d_k = at_risk, len(ended), ended.count(place)
        gone += stay * Fraction(d_k, n)
        steps.append((n, d, d_k, stay, gone))
        stay *= 1 - Fraction(d, n)
    variance = []
    for i in range(len(steps)):
        total = Fraction(0)
        for n, d, d_k, before, so_far in steps[: i + 1]:
            later = steps[i][4] - so_far
            total += later**2 * Fraction(d, n * (n - d)) if later else 0
            total += before**2 * Fraction(d_k * (n - d_k), n**3)
            total -= 2 * later * before * Fraction(d_k, n**2)
        variance.append(float(total))
    shares = [float(step[4]) for step in steps]
    return pd.DataFrame({"time": times, "estimate": shares, "std_error": np.sqrt(variance)})


@pytest.mark.parametrize("late", [True, False], ids=["delayed entry", "seen from the start"])
@pytest.mark.parametrize("place", ["work", "education"])
def test_aalen_johansen_against_a_plain_loop(place, late):
    frame = spells(2, n=120, late=late)
    expected = plain_loop(frame, place)
    ours = curves(frame)
    row = ours.destination.index(place)
    assert_allclose(ours.overall.time, expected["time"], **EXACT)
    assert_allclose(ours.incidence[row], expected["estimate"], **EXACT)
    assert_allclose(ours.std_error[row], expected["std_error"], **EXACT)


def test_aalen_johansen_against_the_multi_state_library():
    """Its error is the infinitesimal jackknife, which is Greenwood's without delayed entry."""
    frame = spells(3, late=False)
    codes = pd.Categorical(frame["destination"], ["", "education", "other", "work"])
    data = {"duration": frame["duration"], "destination": codes}
    fit = survival.survfit("Surv(duration, destination) ~ 1", data=data, conf_type="log-log")
    tidy = aalen_johansen(frame["duration"], frame["destination"]).tidy()
    inside = (tidy["estimate"] > 0).to_numpy()
    columns = (fit.pstate, fit.std_err, fit.lower, fit.upper)
    for name, other in zip(INTERVALS, columns, strict=True):
        states = np.asarray(other)[:, -3:].T.ravel()  # the last three: without "still there"
        assert_allclose(tidy[name][inside], states[inside], **EXACT)


def test_aalen_johansen_with_delayed_entry_against_the_multi_state_library():
    frame = spells(4)
    codes = pd.Categorical(frame["destination"], ["", "education", "other", "work"])
    data = frame.assign(destination=codes, person=range(len(frame))).to_dict("list")
    data["destination"] = codes
    fit = survival.survfit("Surv(entry, duration, destination) ~ 1", data=data, id="person")
    assert_allclose(curves(frame).incidence.T, np.asarray(fit.pstate)[:, 1:], **EXACT)


def test_aalen_johansen_against_statsmodels_on_monthly_ties():
    frame = spells(5, late=False)
    ours = aalen_johansen(frame["duration"], frame["destination"])
    status = frame["destination"].map({"": 0, "education": 1, "other": 2, "work": 3})
    other = CumIncidenceRight(frame["duration"], status)
    at = np.isin(ours.overall.time, other.times)
    assert_allclose(ours.incidence[:, at], np.array(other.cinc), **EXACT)


def test_standard_errors_with_delayed_entry_are_the_spread_over_samples():
    """A spread over 250 samples is known to about 4.5%."""
    draws = [curves(spells(seed, n=200)) for seed in range(250)]
    at_ten = [
        (c.incidence[2, c.overall.time == 10], c.std_error[2, c.overall.time == 10]) for c in draws
    ]
    share, error = np.array(at_ten).squeeze().T
    assert_allclose(error.mean(), share.std(ddof=1), rtol=0.1)


def test_one_destination_has_the_errors_of_kaplan_meier():
    frame = spells(6).assign(
        destination=lambda f: f["destination"].where(f["destination"] == "", "out")
    )
    ours = curves(frame)
    known = ours.overall.survival > 0
    assert_allclose(ours.std_error[0][known], ours.overall.std_error[known], **EXACT)


def test_before_the_first_exit_nothing_is_known_of_the_error():
    tidy = kaplan_meier([1, 2, 3], [False, True, True]).tidy()
    assert tidy["estimate"].tolist() == [1.0, pytest.approx(0.5), 0.0]
    assert tidy[INTERVALS[1:]].isna().all(axis=1).tolist() == [True, False, True]


def test_a_curve_begins_where_the_risk_set_no_longer_breaks_off():
    """One early spell leaves before anyone else is seen: the curve is conditional on month 24."""
    frame = drawn("""
        entry  duration  destination
        0      2         work
        24     30        work
        24     36        -
        24     40        work
    """)
    overall = curves(frame).overall
    assert (overall.start, overall.n_spells, overall.n_left_out) == (24.0, 3, 1)
    assert_allclose(overall.survival, [2 / 3, 2 / 3, 0.0], **EXACT)


def test_a_lone_long_spell_does_not_cost_the_body_of_the_curve():
    frame = pd.concat([spells(7), drawn("entry duration destination\n 90 99 work\n 99 100 work")])
    overall = curves(frame).overall
    assert (overall.start, overall.n_left_out) == (0.0, 2)


@pytest.mark.parametrize(
    ("entry", "duration", "said"),
    [
        ([3.0], [3.0], "1 of 1 spells"),
        ([0.0], [np.nan], "missing length"),
        ([], [], "at least one"),
    ],
)
def test_impossible_spells_are_refused(entry, duration, said):
    with pytest.raises(DataError, match=said):
        kaplan_meier(duration, np.ones(len(duration), dtype=bool), entry)


def test_a_missing_destination_is_refused():
    with pytest.raises(DataError, match="1 spells have no destination"):
        aalen_johansen([1.0, 2.0], np.array(["work", None], dtype=object))


def test_nobody_left_yet():
    ours = aalen_johansen([2.0, 3.0], ["", ""])
    assert ours.overall.survival.tolist() == [1.0, 1.0]
    assert ours.tidy().empty


some_spells = st.lists(
    st.tuples(
        st.integers(0, 8),
        st.integers(1, 8),
        st.sampled_from(["", "", "work", "other", "education"]),
    ),
    min_size=1,
    max_size=40,
).map(
    lambda rows: pd.DataFrame(
        [(entry, entry + length, place) for entry, length, place in rows],
        columns=["entry", "duration", "destination"],
    )
)


@given(some_spells)
def test_shares_are_probabilities_and_add_up(frame):
    ours = curves(frame)
    stay = ours.overall.survival
    assert ((stay >= -1e-12) & (stay <= 1)).all()
    assert (ours.incidence >= 0).all()
    assert (np.diff(ours.incidence, axis=1) >= 0).all()
    assert_allclose(ours.incidence.sum(axis=0), 1 - stay, atol=1e-12)
    assert ours.overall.n_spells + ours.overall.n_left_out == len(frame)
    tidy = ours.tidy().dropna()
    assert (tidy["conf_low"] <= tidy["estimate"]).all()
    assert (tidy["conf_high"] >= tidy["estimate"]).all()


@given(some_spells, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_destinations_do_not_matter(frame, random):
    order = random.sample(range(len(frame)), len(frame))
    renamed = frame["destination"].replace({"work": "a", "other": "b", "education": "c"})
    ours = curves(frame).tidy()
    shuffled = curves(frame.iloc[order]).tidy()
    pd.testing.assert_frame_equal(ours, shuffled)
    other = curves(frame.assign(destination=renamed)).tidy().sort_values(["destination", "time"])
    back = {"a": "work", "b": "other", "c": "education"}
    other = other.assign(destination=other["destination"].map(back))
    other = other.sort_values(["destination", "time"], ignore_index=True)
    pd.testing.assert_frame_equal(ours, other)


@given(some_spells, st.integers(0, 20))
def test_splitting_spells_at_a_moment_changes_nothing(frame, moment):
    """A spell is the same evidence as its part until ``moment`` and its part thereafter."""
    across = (frame["entry"] < moment) & (moment < frame["duration"])
    before = frame[across].assign(duration=moment, destination="")
    after = frame[across].assign(entry=moment)
    whole = curves(frame).tidy()
    split = curves(pd.concat([frame[~across], before, after])).tidy()
    split = split[split["time"].isin(whole["time"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(whole, split, rtol=1e-10, atol=1e-12)

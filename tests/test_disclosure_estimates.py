"""Estimates: hidden row by row where they rest on too little, rounded, and never lost."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from disclosure_tables import POLICY, policy, table
from watwerkt.disclosure import protect_estimates
from watwerkt.errors import DisclosureError

FIGURES = ["estimate", "std_error", "conf_low", "conf_high", "p_value", "mde"]
COUNTS = ["n_obs", "n_persons", "n_events", "n_clusters"]


def estimates(**changed) -> pd.DataFrame:
    return table("""
        analysis outcome scale  term    estimate  std_error conf_low  conf_high p_value conf_level mde n_obs n_persons n_events n_clusters
        P4       work    log_OR contact 0.12345678 0.1      -0.07     0.31       0.218  0.95       0.3 4003  402       61       12
    """).assign(**changed)  # noqa: E501


def test_figures_have_six_digits_and_counts_are_rounded():
    frame = protect_estimates(estimates(), POLICY).frame
    assert frame.loc[0, "estimate"] == 0.123457
    assert frame.loc[0, COUNTS].tolist() == [4005, 400, 60, 10]
    assert protect_estimates(estimates(), policy(estimate_digits=3)).frame["estimate"][0] == 0.123


@pytest.mark.parametrize(
    ("column", "few", "enough"),
    [
        ("n_persons", 9, 12),
        ("n_obs", 9, 10),
        ("n_events", 9, 10),
        ("n_clusters", 2, 3),
        ("dof", 9, 10),
    ],
)
def test_a_row_that_rests_on_too_little_keeps_its_names_and_nothing_else(column, few, enough):
    hidden = protect_estimates(estimates(dof=100).assign(**{column: few}), POLICY)
    row = hidden.frame.loc[0]
    assert row[FIGURES].isna().all()
    assert row[COUNTS].isna().all()
    assert row[["analysis", "outcome", "term", "conf_level"]].tolist() == [
        "P4",
        "work",
        "contact",
        0.95,
    ]
    assert hidden.n_suppressed == 1
    shown = protect_estimates(estimates(dof=100).assign(**{column: enough}), POLICY)
    assert shown.frame.loc[0, FIGURES].notna().all()
    assert shown.n_suppressed == 0


def test_without_degrees_of_freedom_every_term_costs_a_person():
    model = pd.concat([estimates(n_persons=15, term=f"t{i}") for i in range(6)])
    assert protect_estimates(model, POLICY).n_suppressed == 6
    assert protect_estimates(model[:5], POLICY).n_suppressed == 0
    two = pd.concat([model, model.assign(outcome="all")])
    assert protect_estimates(two, POLICY).n_suppressed == 12
    assert protect_estimates(two[two["term"] < "t5"], POLICY).n_suppressed == 0


@pytest.mark.parametrize("n_persons", range(9, 25))
def test_a_row_that_was_shown_once_is_shown_again(n_persons):
    once = protect_estimates(estimates(n_persons=n_persons), POLICY).frame
    assert_frame_equal(protect_estimates(once, POLICY).frame, once)
    assert once["estimate"].notna().tolist() == [n_persons >= 13]


def test_few_clusters_are_never_rounded_to_none():
    pair = policy(min_caseworkers=2)
    assert protect_estimates(estimates(n_clusters=2), pair).frame["n_clusters"].tolist() == [5]


def test_missing_events_and_clusters_mean_that_there_are_none_to_count():
    rows = estimates().astype({"n_events": "Int64", "n_clusters": "Int64"})
    rows[["n_events", "n_clusters"]] = pd.NA
    frame = protect_estimates(rows, POLICY).frame
    assert frame["estimate"].notna().all()
    assert frame[["n_events", "n_clusters"]].isna().all(axis=None)
    unknown = estimates().astype({"n_persons": "Int64"})
    unknown["n_persons"] = pd.NA
    assert protect_estimates(unknown, POLICY).frame["estimate"].isna().all()


@pytest.mark.parametrize("term", ["caseworker_id[T.ann]", "C(who)[T.3f9a0c11d2e84b7790aa12cd]"])
def test_a_row_per_caseworker_is_refused(term):
    with pytest.raises(DisclosureError, match="term holds what looks like pseudonyms"):
        protect_estimates(estimates(term=term), POLICY)


@pytest.mark.parametrize("column", COUNTS)
def test_what_an_estimate_rests_on_must_be_said(column):
    with pytest.raises(DisclosureError, match=f"estimates need {column}"):
        protect_estimates(estimates().drop(columns=column), POLICY)


def test_a_plain_share_is_a_count_in_disguise():
    """0.3476 of 402 persons would give the count back: it comes in steps of 5 persons or more."""
    share = estimates(scale="share", estimate=0.3476, std_error=0.0237, conf_low=0.30)
    row = protect_estimates(share, POLICY).frame.loc[0]
    assert row[["estimate", "std_error", "conf_low"]].tolist() == [0.34, 0.02, 0.3]
    assert row["mde"] == 0.3


@pytest.mark.parametrize(
    ("share", "is_shown"), [(0.02, 0), (0.04, 1), (0.5, 1), (0.96, 1), (0.99, 0)]
)
def test_a_plain_share_near_nobody_or_everybody_is_hidden(share, is_shown):
    row = protect_estimates(estimates(scale="share", estimate=share), POLICY).frame.loc[0]
    assert pd.notna(row["estimate"]) == bool(is_shown)
    assert pd.notna(row["n_persons"]) == bool(is_shown)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.integers(0, 40), st.integers(0, 9),
            st.sampled_from(["share", "log OR"]), st.floats(0, 1),
        ),
        min_size=1,
        max_size=5,
    )
)  # fmt: skip
def test_protecting_estimates_twice_is_protecting_them_once(rows):
    tidy = pd.concat([
        estimates(outcome=f"o{i}", n_persons=n, n_events=events, n_clusters=clusters, scale=scale,
                  estimate=estimate)
        for i, (n, events, clusters, scale, estimate) in enumerate(rows)
    ])  # fmt: skip
    once = protect_estimates(tidy, POLICY)
    assert_frame_equal(protect_estimates(once.frame, POLICY).frame, once.frame)
    assert once.n_suppressed == once.frame["n_persons"].isna().sum()

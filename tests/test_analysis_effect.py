"""Who is compared with whom, what is recorded where nothing can be estimated, what is visible."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis_panels import EXACT, multiply, panel, town
from watwerkt.analysis import contact_warnings
from watwerkt.analysis.contact_effect import fit_outcomes, odds_ratios, per_hundred
from watwerkt.analysis.contact_months import EXPOSURE, build_months
from watwerkt.analysis.detectable import detectable_difference
from watwerkt.analysis.evidence import (
    NOT_ESTIMABLE,
    describe_estimates,
    naive_design,
    not_estimable,
)
from watwerkt.disclosure.gap import NO_CONTACTS, TOO_FEW
from watwerkt.estimators.power import mde, mde_proportions

ROUNDED = {"rtol": 1e-5}  # six significant digits are recorded
TWENTIETHS = {"atol": 0.025}  # 160 people are shown in steps of 0.05
FIGURES = ["estimate", "std_error", "p_value", "conf_low", "conf_high", "mde"]

TOWN = town(n_persons=240).lazy()
FITS = fit_outcomes(build_months(TOWN, None), ["all", "household"])


def test_months_are_those_whose_exposure_lies_in_the_benefit_and_is_known():
    found = build_months(
        panel(
            """
            person_id month      months_since_entry is_contact_known n_contacts_lag_2_4
            ann       2021-05-01 4                  yes              1
            bo        2021-05-01 3                  yes              2
            cy        2021-05-01 9                  no               2
            dee       2021-05-01 9                  yes              0
            eve       2021-05-01 9                  -                1
            """,
            times=1,
        ),
        None,
    ).rows.sort_values("person_id")
    assert found["person_id"].tolist() == ["ann.0", "dee.0"]
    assert found[EXPOSURE].tolist() == [True, False]
    assert found["duration_band"].astype(str).tolist() == ["3-5", "6-11"]


def test_a_missing_trait_is_a_level_of_its_own():
    (row,) = build_months(
        panel(
            "person_id month is_contact_known\nann 2021-05-01 yes",
            times=1,
            months_since_entry=9,
            n_contacts_lag_2_4=1,
            n_benefits_earlier=7,
        ),
        None,
    ).rows.to_dict("records")
    traits = ["labour_market_distance", "sex", "household_type", "age_band", "cluster"]
    assert [row[name] for name in traits] == ["unknown"] * 5
    assert row["is_exempt"] is False
    assert row["n_benefits_earlier"] == "2"  # two or more


def test_outcomes_are_exits_to_a_group_or_any_within_policy():
    found = build_months(
        panel(
            """
            person_id month      exit_destination is_contact_known
            ann       2021-05-01 work             yes
            bo        2021-05-01 moved            yes
            cy        2021-05-01 partner_work     yes
            dee       2021-05-01 stay             yes
            """,
            times=1,
            months_since_entry=9,
            n_contacts_lag_2_4=1,
        ),
        None,
    ).rows.sort_values("person_id")
    assert found["to_all"].tolist() == [True, False, True, False]
    assert found["to_work"].tolist() == [True, False, False, False]
    assert found["to_other_income"].tolist() == [False, False, True, False]


def test_the_odds_ratio_is_that_of_the_fit_with_the_smallest_that_it_could_detect():
    row = odds_ratios({"all": FITS["all"]}, EXACT, 0.95).frame.iloc[0]
    fit = FITS["all"]
    assert_allclose(row["estimate"], fit.estimate[0], **ROUNDED)
    assert_allclose(row["conf_low"], fit.tidy(0.95)["conf_low"].iloc[0], **ROUNDED)
    smallest = mde(fit.std_error[0], degrees_of_freedom=fit.n_clusters - 1)
    assert_allclose(row["mde"], smallest, **ROUNDED)
    named = ["analysis", "outcome", "scale", "status", "grade", "is_primary", "conf_level"]
    assert row[named].tolist() == ["P4", "all", "log OR", "indicative", 2, True, 0.95]


def test_where_nothing_works_the_interval_holds_none_and_percentage_points_agree():
    odds = odds_ratios({"all": FITS["all"]}, EXACT, 0.999).frame.iloc[0]
    points = per_hundred({"all": FITS["all"]}, EXACT, 0.999).frame.iloc[0]
    assert odds["conf_low"] < 0 < odds["conf_high"]
    assert points["conf_low"] < 0 < points["conf_high"]
    assert np.sign(points["estimate"]) == np.sign(odds["estimate"])
    assert not points["is_primary"]


@pytest.mark.parametrize("show", [odds_ratios, per_hundred])
def test_what_cannot_be_estimated_is_recorded_beside_what_can(show):
    found = show({"all": FITS["all"], "work": None}, EXACT, 0.95).frame.set_index("outcome")
    assert found.loc["all", FIGURES].notna().all()
    assert found.loc["work", FIGURES].isna().all()
    assert found["note"].to_dict() == {"all": "", "work": NOT_ESTIMABLE}
    assert found["conf_level"].tolist() == [0.95, 0.95]


def test_an_outcome_that_never_happens_has_no_fit():
    stay = TOWN.with_columns(exit_destination=pl.lit("stay"))
    assert fit_outcomes(build_months(stay, None), ["all"]) == {"all": None}


def test_without_contacts_there_is_no_fit_at_all():
    unknown = TOWN.with_columns(is_contact_known=pl.lit(None, pl.Boolean))
    assert fit_outcomes(build_months(unknown, None)) == {}
    assert odds_ratios({}, EXACT, 0.95) is NO_CONTACTS
    assert contact_warnings.naive_odds(unknown, EXACT, 0.95) is NO_CONTACTS
    assert contact_warnings.ever_against_never(unknown, EXACT, 0.95) is NO_CONTACTS


def test_every_naive_row_says_that_it_is_a_warning():
    naive = contact_warnings.naive_odds(TOWN, EXACT, 0.95).frame
    ever = contact_warnings.ever_against_never(TOWN, EXACT, 0.95).frame
    assert naive["term"].tolist() == ["same_month", "lag_one", "unadjusted_lag"]
    for frame in (naive, ever):
        assert frame["status"].unique().tolist() == ["warning"]
        assert frame["estimand"].unique().tolist() == ["none: a published mistake"]
        assert not frame["is_primary"].any()
    assert (ever["scale"].tolist(), ever["horizon_months"].tolist()) == (["pp"], [12])


def test_who_stays_is_spoken_to_so_ever_against_never_looks_harmful():
    assert contact_warnings.ever_against_never(TOWN, EXACT, 0.95).frame["conf_high"].iloc[0] < 0


def test_a_description_has_the_same_columns_whether_estimated_or_not():
    design = naive_design("x", "pp", 12)
    tidy = FITS["all"].tidy(0.95).assign(term="x")
    described = describe_estimates(tidy, design, "all", 0.95)
    assert set(described) == set(not_estimable(design, "all", "x", 0.95))


LAST = {"ann": (5, "work"), "bo": (7, "education"), "cy": (8, "death"), "dee": (12, "stay")}


def test_what_is_detectable_is_what_a_lottery_over_the_clients_of_a_year_ago_detects():
    rows = [
        f"{who} 2021-{month:02}-01 {destination if month == last else 'stay'}"
        for who, (last, destination) in LAST.items()
        for month in range(1, last + 1)
    ]
    others = ["late 2021-02-01 work", "early 2020-12-01 work"]  # not there a year before the end
    drawn = panel("\n".join(["person_id month exit_destination", *rows, *others]), times=40)
    found = detectable_difference(drawn, EXACT).frame.set_index("exit_kind")
    assert found["n_persons"].tolist() == [160, 160]
    assert found["share_within_year"].to_dict() == {"any": 0.5, "work": 0.25}
    for kind, rate in {"any": 0.5, "work": 0.25}.items():
        assert_allclose(found.loc[kind, "mde_share"], mde_proportions(80, 80, rate), **TWENTIETHS)


def test_less_than_a_year_of_months_detects_nothing():
    short = panel("person_id month exit_destination\nann 2021-01-01 stay\nann 2021-02-01 work")
    assert detectable_difference(short, EXACT) is TOO_FEW


def test_the_first_month_of_the_year_counts():
    rows = "person_id month exit_destination\nann 2021-01-01 work\nbo 2021-01-01 stay\n"
    whole = panel(rows + "bo 2021-12-01 stay", times=100)
    found = detectable_difference(whole, EXACT).frame.set_index("exit_kind")
    assert found["share_within_year"].to_dict() == {"any": 0.5, "work": 0.5}
    assert_allclose(found["mde_share"], mde_proportions(100, 100, 0.5), **TWENTIETHS)


def test_multiplied_people_are_more_people():
    assert multiply(TOWN, 2).select(pl.col("person_id").n_unique()).collect().item() == 480

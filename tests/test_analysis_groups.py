"""Chapter 09: who is in which group and since when, who is missed, and what the tables say."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis_panels import EXACT, panel
from disclosure_tables import POLICY
from panel_tables import table
from watwerkt.analysis import group_coverage, group_tables
from watwerkt.analysis.group_fits import GroupFits, join_division
from watwerkt.analysis.group_traits import (
    DIVISIONS,
    LEVELS,
    add_groups,
    column,
    divisions_table,
    find_divisions,
    in_order,
)
from watwerkt.analysis.instrument_rows import ClientMonths
from watwerkt.disclosure import Gap
from watwerkt.disclosure.gap import NO_CONTACTS
from watwerkt.errors import ParameterError
from watwerkt.estimators.estimates import Estimates
from watwerkt.panel.columns import complete_columns
from watwerkt.params import SUBGROUPS, check_params

LEVEL = 0.95
NO_SERVICES: pl.LazyFrame | None = None


class Held:
    """As much of prepared data as the divisions ask for."""

    def __init__(self, rows: pl.LazyFrame, *dated: str) -> None:
        self.panel, self.about = rows, {"dated_traits": list(dated)}


def test_groups_are_a_list_of_names_and_nothing_else():
    assert set(DIVISIONS) == set(SUBGROUPS) == set(LEVELS)
    given = {"municipality_id": "GM9901"}
    assert check_params(given, "x").subgroups == " ".join(SUBGROUPS)
    assert check_params(given | {"subgroups": ""}, "x").subgroups == ""
    for wrong in ("age,sex", "shoe_size", " age", "age "):
        with pytest.raises(ParameterError, match="subgroups"):
            check_params(given | {"subgroups": wrong}, "x")


def test_somebody_counts_in_the_group_that_was_known_before():
    """Ann's step is 1 until April, then 5; two months before May it was 1."""
    rows = panel(
        """
        person_id month      labour_market_distance months_since_entry
        ann       2024-03-01 1                      10
        ann       2024-04-01 5                      11
        ann       2024-05-01 5                      12
        """,
        times=1,
    ).with_columns(pl.col("labour_market_distance").cast(pl.String))
    now = add_groups(rows, ["distance", "duration"]).collect()
    assert now[column("distance")].to_list() == ["far", "near", "near"]
    assert now[column("duration")].to_list() == ["0-11", "0-11", "12-23"]
    before = add_groups(rows, ["distance"], months_before=2).collect()
    assert before[column("distance")].to_list() == [None, None, "far"]


def test_what_is_known_as_at_the_extract_describes_and_what_is_not_delivered_is_named():
    """Schooling is dated, health is not; origin was not delivered; unknown sex is no group."""
    rows = panel(
        """
        person_id month      sex     education health_limitation
        ann       2024-03-01 female  low       some
        bo        2024-03-01 unknown high      none
        """,
        times=10,
    )
    found = find_divisions(Held(rows, "education"), "sex health origin education education")
    assert found.state == {
        "sex": "estimated",
        "origin": "absent",
        "education": "estimated",
        "health": "described",
    }
    assert found.estimated == ["sex", "education"]
    assert found.described == ["sex", "education", "health"]
    shown = divisions_table(found, EXACT).frame
    assert shown["division"].tolist() == ["sex", "origin", "education", "health"]
    assert shown["n_known"].tolist() == [10, 0, 20, 20]
    assert isinstance(divisions_table(find_divisions(Held(rows), ""), EXACT), Gap)


LAST = """
    person_id sex    labour_market_distance n_contacts_3m n_contacts_12m months_since_entry
    ann       female 1                      1             2              40
    bo        female 2                      0             0              40
    cy        male   2                      0             1              40
    dee       male   5                      0             0              40
    eve       male   -                      0             0              40
    fay       male   1                      0             0              3
"""


def last_month(**constant: object) -> pl.LazyFrame:
    rows = table(LAST).with_columns(pl.col("labour_market_distance").cast(pl.String))
    history = [
        rows.with_columns(
            month=pl.lit(date(2024, 12 - back, 1)), months_since_entry=40 - back,
            is_contact_known=pl.lit(True), **{k: pl.lit(v) for k, v in constant.items()},
        ).filter((pl.col("person_id") != "fay") | (back == 0))
        for back in (6, 0)
    ]  # fmt: skip
    now = pl.concat(history).with_columns(
        months_since_entry=pl.when(pl.col("person_id") == "fay").then(3).otherwise(40)
    )
    now = now.with_columns(spell_id=pl.col("person_id"))
    many = now.join(pl.DataFrame({"copy": range(10)}), how="cross").with_columns(
        person_id=pl.format("{}.{}", "person_id", "copy"),
        spell_id=pl.format("{}.{}", "spell_id", "copy"),
    )
    return complete_columns(many.lazy())


def services() -> pl.LazyFrame:
    """Bo's ended in the year, Dee's two years ago, Cy's began in the last month itself."""
    rows = [
        ("bo", date(2022, 1, 1), date(2024, 2, 1)),
        ("dee", date(2021, 1, 1), date(2022, 12, 1)),
        ("cy", date(2024, 12, 5), None),
    ]
    return pl.LazyFrame(
        [
            {"person_id": f"{who}.{i}", "start_date": start, "end_date": end}
            for who, start, end in rows
            for i in range(10)
        ],
        schema={"person_id": pl.String, "start_date": pl.Date, "end_date": pl.Date},
    )


def test_who_is_reached_and_who_is_missed_counted_by_hand():
    """Of 50 people a year on benefit (Fay is not): spoken to Ann and Cy, provision Bo; missed Bo.

    Eve's step is unknown, so that missed is asked of 40.
    """
    reached = group_coverage.build_reached(last_month(), services(), ["sex", "distance"])
    shown = group_coverage.overall(reached, EXACT).frame.set_index("reach")
    assert shown["n_clients"].to_dict() == {
        "contact_3m": 50, "contact_12m": 50, "service_12m": 50, "neither_12m": 50, "missed": 40,
    }  # fmt: skip
    assert shown["n_covered"].to_dict() == {
        "contact_3m": 10, "contact_12m": 20, "service_12m": 10, "neither_12m": 20, "missed": 10,
    }  # fmt: skip
    sex = group_coverage.neither(reached, ["sex"], EXACT).frame.set_index("level")
    assert sex.loc[["female", "male"], "n_clients"].tolist() == [20, 30]
    missed = group_coverage.missed(reached, ["sex", "distance"], POLICY)
    assert set(missed.frame["division"]) == {"sex"}  # distance is what missed is made of


def test_a_group_that_is_hidden_cannot_be_found_from_the_others():
    """Ann and bo are 5 women: both sexes are hidden, since the total is known."""
    reached = group_coverage.build_reached(last_month(), services(), ["sex"])
    few = pl.concat([reached.filter(pl.col("group_sex") == "male"),
                     reached.filter(pl.col("group_sex") == "female")[:5]])  # fmt: skip
    shown = group_coverage.neither(few, ["sex"], POLICY).frame
    assert shown["share_covered"].isna().all()


def test_without_contacts_or_provisions_it_says_so():
    bare = last_month().with_columns(
        is_contact_known=pl.lit(None, pl.Boolean),
        n_contacts_3m=pl.lit(None, pl.Int32),
        n_contacts_12m=pl.lit(None, pl.Int32),
    )
    reached = group_coverage.build_reached(bare, NO_SERVICES, ["sex"])
    assert group_coverage.missed(reached, ["sex"], POLICY) is NO_CONTACTS
    assert group_coverage.coverage(reached, ["sex"], ["sex"], POLICY) is NO_CONTACTS
    served = group_coverage.build_reached(bare, services(), ["sex"])
    shown = group_coverage.coverage(served, ["sex"], ["sex"], EXACT).frame
    assert set(shown["reach"]) == {"service_12m"}


def made(**levels: float) -> GroupFits:
    """Effects by sex and, of schooling, of one level only."""
    parts = {
        name: Estimates(("x",), np.array([b]), np.array([0.05]), 39.0, 5000, 400, 80, 40)
        for name, b in levels.items()
    }
    return GroupFits(
        {
            "sex": join_division(parts, LEVELS["sex"]),
            "education": join_division({}, LEVELS["education"]),
        }
    )


def test_every_group_is_recorded_with_its_name_and_none_as_primary():
    found = made(female=0.6, male=0.1)
    rows = group_tables.within(found, group_tables.CONTACT, POLICY, LEVEL)
    assert rows.frame["subgroup"].tolist() == [
        "sex: female", "sex: male", "education: low", "education: middle", "education: high",
    ]  # fmt: skip
    assert not rows.frame["is_primary"].any()
    p = rows.frame.set_index("level")["p_adjusted"]
    assert p["male"] == pytest.approx(rows.frame.set_index("level")["p_value"]["male"])  # last
    assert p[["low", "middle", "high"]].isna().all()
    assert group_tables.too_few(rows).frame["level"].tolist() == ["low", "middle", "high"]
    pair = group_tables.between(found, group_tables.CONTACT, POLICY, LEVEL).frame
    assert pair[["division", "finding", "first", "second"]].to_numpy().tolist() == [
        ["sex", "differs", "female", "male"],
        ["education", "few", "nobody", "nobody"],
    ]
    alike = group_tables.between(made(female=0.1, male=0.1), group_tables.CONTACT, POLICY, LEVEL)
    assert alike.frame["finding"].tolist() == ["no_sign", "few"]


def test_intervals_on_the_page_hold_for_all_groups_at_once():
    found = made(female=0.6, male=0.1)
    own = group_tables.within(found, group_tables.CONTACT, POLICY, LEVEL).frame[:2]
    shown = group_tables.shown_within(found, group_tables.CONTACT, ["sex"], POLICY, LEVEL).frame
    assert (shown["conf_low"] < own["conf_low"]).all()
    assert (shown["mde"] > own["mde"]).all()
    none = group_tables.shown_within(found, group_tables.CONTACT, ["health"], POLICY, LEVEL)
    assert none is group_tables.NONE_OF_THESE
    nothing = GroupFits()
    for say in (group_tables.within, group_tables.between, group_tables.drawn_together):
        assert say(nothing, group_tables.CONTACT, POLICY, LEVEL) is group_tables.NO_GROUP_EFFECTS


def test_groups_stand_in_the_order_of_the_list():
    rows = pd.DataFrame({"division": ["sex", "age", "age"], "level": ["male", "55+", "18–26"]})
    assert in_order(rows)["level"].tolist() == ["18–26", "55+", "male"]


def test_a_start_of_somebody_who_is_not_followed_is_no_error():
    """Person 3 started something, and is in no row."""
    rows = pd.DataFrame({"person": [0, 1], "month_no": [5, 5]})
    starts = pd.DataFrame({"person": [1, 3], "month_no": [5, 6], "kind": "training"})
    assert ClientMonths(rows, starts).first_start(["training"]).tolist() == [10**6, 5]

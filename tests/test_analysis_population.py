"""Who is on benefit, for how long, and whom the register does not know: counted by hand."""

import itertools
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis_panels import EXACT, WINDOW, multiply, panel, spells_of, town
from disclosure_tables import POLICY, as_matrix, cells_of, drawn, possible_range
from panel_tables import table
from watwerkt.analysis import durations, layers, population, target_groups, unknown
from watwerkt.analysis.bands import AGE_BANDS, DURATION_BANDS, band_of
from watwerkt.analysis.contact import clients_without_contact
from watwerkt.analysis.incidence import Window
from watwerkt.disclosure import Gap, Protected
from watwerkt.disclosure.gap import NO_CONTACTS, NO_MONTHS
from watwerkt.panel.columns import complete_columns
from watwerkt.publish.language import Translator

MEDIAN = {"abs": 0.5}  # months: a median of whole months lies on one of them, or halfway
ROUNDED = {"abs": 0.05}  # shares of a few dozen people are given in one decimal

TOWN = """
    person_id month      months_since_entry is_entry_observed exit_destination benefit_id
    ann       2021-12-01 30                 no                stay             b1
    bo        2021-12-01 30                 no                stay             b1
    cy        2021-12-01 0                  yes               stay             b2
    dee       2021-01-01 0                  yes               stay             b3
    dee       2021-02-01 1                  yes               work             b3
    eve       2021-12-01 2                  no                stay             b4
    fay       2020-12-01 0                  yes               moved            b5
    gil       2021-03-01 40                 no                death            b6
"""


def build(text: str, times: int = 10, months: int = 12, **constant: object) -> pl.DataFrame:
    """The people of a drawn panel; whoever entered before it is known by the months since."""
    rows = panel(text, times, **constant).collect()
    return people_of(rows, months)


def people_of(rows: pl.DataFrame, months: int = 12) -> pl.DataFrame:
    people = population.build_people(rows.lazy(), spells_of(rows), months)
    return target_groups.add_exemption(people, None, None)


def shares(protected: Protected, key: str) -> dict[tuple[str, str], float]:
    frame = protected.frame
    return dict(zip(zip(frame["population"], frame[key], strict=True), frame["share"], strict=True))


def numbers(protected: Protected, *keys: str, count: str = "n_persons") -> dict[tuple, int]:
    frame = protected.frame
    return dict(
        zip(frame[list(keys)].itertuples(index=False, name=None), frame[count], strict=True)
    )


def test_stock_inflow_and_outflow_are_three_populations():
    """Bo is in the last month, cy also new, dee came and went; fay a month too long ago."""
    people = build(TOWN)
    found = people.group_by("population").agg(pl.col("person_id").str.head(3).unique().sort())
    assert dict(found.iter_rows()) == {
        "stock": ["ann", "bo.", "cy.", "eve"],
        "inflow": ["cy.", "dee"],
        "outflow": ["dee", "gil"],
    }
    assert population.reference_month(people) == date(2021, 12, 1)
    assert "fay" in " ".join(build(TOWN, months=13)["person_id"])


def test_a_person_counts_once_in_a_population_as_last_seen():
    people = build("""
        person_id month      months_since_entry household_type
        ann       2021-05-01 0                  single
        ann       2021-06-01 1                  couple
        ann       2021-12-01 0                  single_parent
    """)
    assert people.filter(pl.col("population") == "inflow")["household_type"].unique().to_list() == [
        "single_parent"
    ]
    assert people.group_by("population").len().sort("population").rows() == [
        ("inflow", 10),
        ("stock", 10),
    ]


def test_a_couple_is_one_benefit_and_two_persons():
    rows = panel(TOWN).with_columns(  # each of the ten couples has a benefit of its own
        pl.concat_str("benefit_id", pl.col("person_id").str.extract(r"(\.\d+)"))
    )
    people = people_of(rows.collect())
    found = population.benefits_and_persons(people, EXACT).frame
    assert drawn(found) == cells_of("""
        population n_persons n_benefits n_partners
        stock      40        30         10
        inflow     20        20         0
    """)


def test_where_nobody_shares_a_benefit_they_are_not_told_from_persons():
    alone = TOWN.replace("b1", "b7", 1)
    rows = panel(alone).with_columns(benefit_id=pl.col("person_id"))
    people = people_of(rows.collect())
    assert population.benefits_and_persons(people, EXACT) is population.NO_PARTNERS


@pytest.mark.parametrize(
    ("value", "bands", "band"),
    [
        (26, AGE_BANDS, "18–26"),
        (27, AGE_BANDS, "27–34"),
        (70, AGE_BANDS, "55+"),
        (11, DURATION_BANDS, "0-11"),
        (12, DURATION_BANDS, "12-23"),
        (120, DURATION_BANDS, "120+"),
        (None, AGE_BANDS, "unknown"),
    ],
)
def test_a_band_ends_before_its_upper_end(value, bands, band):
    frame = pl.DataFrame({"value": [value]}, schema={"value": pl.Int32})
    assert frame.select(band_of(pl.col("value"), bands)).item() == band


def test_the_pyramid_has_every_total():
    people = build("""
        person_id month      age_years sex
        ann       2021-12-01 26        female
        bo        2021-12-01 27        male
        cy        2021-12-01 34        male
    """)
    assert drawn(population.by_sex_and_age(people, "stock", EXACT).frame) == cells_of("""
        age_band sex    n_persons
        18–26    male   0
        18–26    female 10
        18–26    total  10
        27–34    male   20
        27–34    female 0
        27–34    total  20
        total    male   20
        total    female 10
        total    total  30
    """)


def test_an_unknown_trait_is_a_category_and_stands_last():
    people = build("""
        person_id month      labour_market_distance
        ann       2021-12-01 -
        bo        2021-12-01 6
        cy        2021-12-01 1
        dee       2021-12-01 unknown
    """)
    found = population.composition(people, "labour_market_distance", EXACT, of=["stock"]).frame
    assert found["labour_market_distance"].tolist() == ["1", "6", "unknown"]
    assert found["n_persons"].tolist() == [10, 10, 20]
    assert found["share"].tolist() == [0.3, 0.3, 0.5]  # one decimal of 40 people, halves upward


def steady_town() -> pl.DataFrame:
    """A town in balance: every month ten singles come for two months, ten of a couple for 30."""
    kinds = pl.LazyFrame({"household_type": ["single", "couple"], "stays": [2, 30]})
    months = pl.int_ranges("start", pl.col("start") + pl.col("stays"))
    at = pl.col("at")
    return (
        kinds.join(pl.LazyFrame({"start": range(-30, 36)}), how="cross")
        .with_columns(person_id=pl.format("{}{}", "household_type", "start"), at=months)
        .explode("at")
        .filter(at.is_between(0, 35))
        .with_columns(
            spell_id="person_id",
            month=pl.date(2021 + at // 12, at % 12 + 1, 1),
            months_since_entry=at - pl.col("start"),
            is_entry_observed=pl.col("start") >= 0,
            exit_destination=pl.when(at == pl.col("start") + pl.col("stays") - 1)
            .then(pl.lit("work"))
            .otherwise(pl.lit("stay")),
        )
        .pipe(complete_columns)
        .pipe(multiply, 10)
        .collect()
    )


STEADY = steady_town()
STEADY_SPELLS = spells_of(STEADY)
STEADY_PEOPLE = people_of(STEADY)


def test_the_stock_is_length_biased_and_the_inflow_is_not():
    """Half of who enter stay for thirty months; of the stock it is thirty in thirty-two."""
    found = shares(population.composition(STEADY_PEOPLE, "household_type", EXACT), "household_type")
    assert found["inflow", "couple"] == pytest.approx(0.5)
    assert found["stock", "couple"] == pytest.approx(30 / 32, abs=0.005)


def test_of_entrants_half_stay_a_year_and_of_the_stock_more_have():
    """Of the couples in the stock those in their 13th to 30th month: 18 of 32 × 10."""
    found = durations.longer_than(STEADY_PEOPLE, STEADY_SPELLS, WINDOW, EXACT).frame
    year = found[found["horizon"] == "1"].set_index("population")
    assert year.loc["stock", "share"] == pytest.approx(18 / 32, abs=0.005)
    assert year.loc["inflow", "share"] == pytest.approx(0.5)
    assert year.loc["inflow", "n_spells"] == 24 * 20 + 20  # of 2021 and 2022, and of January
    assert found["horizon"].astype(str).tolist().count("5") == 1, "nobody was followed for 5 years"


def test_current_and_completed_durations_are_of_other_people():
    found = numbers(
        durations.current_and_completed(STEADY_PEOPLE, EXACT), "population", "duration_band"
    )
    assert {band: n for (who, band), n in found.items() if who == "stock"} == {
        "0-11": 140,
        "12-23": 120,
        "24-59": 60,
    }
    assert {band: n for (who, band), n in found.items() if who == "outflow"} == {
        "0-11": 120,
        "12-23": 0,
        "24-59": 120,
    }


def test_medians_are_of_the_time_so_far_and_of_the_whole():
    found = durations.median_durations(STEADY_PEOPLE, EXACT).frame.set_index("population")
    assert found["n_persons"].to_dict() == {"stock": 320, "outflow": 240}
    # months 0 … 29 of a couple occur as often, and 0 and 1 of a single: half lies below 14
    assert found.loc["stock", "median_months"] == pytest.approx(13.5, **MEDIAN)
    assert found.loc["outflow", "median_months"] == pytest.approx(15, **MEDIAN)


def test_a_start_that_a_conversion_set_is_not_known():
    rows = panel("person_id month months_since_entry\nann 2021-12-01 40\nbo 2021-12-01 2").collect()
    spells = spells_of(rows).with_columns(
        is_left_censored=pl.col("person_id").str.starts_with("ann")
    )
    people = population.build_people(rows.lazy(), spells, months=12)
    found = numbers(durations.current_and_completed(people, EXACT), "population", "duration_band")
    assert found == {("stock", "0-11"): 10, ("stock", "unknown"): 10}
    layer = layers.layered_stock(rows.lazy(), spells, EXACT, by="cohort").frame
    assert layer["cohort"].tolist() == ["2021", "unknown", "total"]
    people = target_groups.add_exemption(people, None, None)
    groups = target_groups.target_groups(people, EXACT).frame
    assert groups.set_index("target_group").loc["longer_than_2", "n_known"] == 10


LAYERS = """
    person_id month      months_since_entry
    ann       2021-03-01 40
    ann       2021-06-01 43
    bo        2021-05-01 3
    bo        2021-06-01 4
    ann       2022-03-01 52
    cy        2022-03-01 2
    dee       2022-04-01 0
"""


def test_layers_are_years_of_entry_and_begin_in_their_own():
    """May is no third month; in March 2022 bo's layer is empty, and the last month is shown."""
    rows = panel(LAYERS).collect()
    found = layers.layered_stock(rows.lazy(), spells_of(rows), EXACT, by="cohort").frame
    lines = [(str(m)[:7], c, n) for m, c, n in found.itertuples(index=False)]
    assert lines == [
        ("2021-03", "≤ 2020", 10), ("2021-03", "2021", 0), ("2021-03", "total", 10),
        ("2021-06", "≤ 2020", 10), ("2021-06", "2021", 10), ("2021-06", "total", 20),
        ("2022-03", "≤ 2020", 10), ("2022-03", "2021", 0), ("2022-03", "2022", 10),
        ("2022-03", "total", 20),
        ("2022-04", "≤ 2020", 0), ("2022-04", "2021", 0), ("2022-04", "2022", 10),
        ("2022-04", "total", 10),
    ]  # fmt: skip


def test_layers_by_duration_stand_in_the_order_of_their_bands():
    rows = panel(LAYERS).collect()
    found = layers.layered_stock(rows.lazy(), spells_of(rows), EXACT, by="duration_band").frame
    assert found[:3]["duration_band"].tolist() == ["0-11", "24-59", "total"]
    assert found["n_persons"].tolist()[:3] == [0, 10, 10]


def test_a_hidden_layer_cannot_be_found_by_subtraction():
    """Four of the 2021 intake are left: with the total shown, another layer is hidden too."""
    rows = pl.concat(
        multiply(panel(text, times=1), times).collect()
        for text, times in (
            ("person_id month months_since_entry\nann 2021-12-01 40", 30),
            ("person_id month months_since_entry\nbo 2021-12-01 4", 4),
        )
    )
    found = layers.layered_stock(rows.lazy(), spells_of(rows), POLICY, by="cohort")
    assert numbers(found, "cohort") == {("≤ 2020",): pd.NA, ("2021",): pd.NA, ("total",): 35}


GROUPS = """
    person_id month      months_since_entry age_years is_status_holder has_part_time_work is_exempt
    ann       2021-12-01 0                  26        -                yes                -
    bo        2021-12-01 23                 27        -                no                 -
    cy        2021-12-01 24                 45        -                -                  -
    dee       2021-12-01 60                 44        -                no                 -
"""


def test_target_groups_overlap_and_are_shares_of_those_of_whom_it_is_known():
    found = target_groups.target_groups(build(GROUPS), EXACT)
    frame = found.frame[found.frame["population"] == "stock"]
    assert drawn(frame.drop(columns=["population", "share"])) == cells_of("""
        target_group   n_persons n_known
        young          10        40
        older          10        40
        part_time_work 10        30
        longer_than_2  20        40
        longer_than_5  10        40
    """)
    new = found.frame[found.frame["population"] == "inflow"]
    assert new["target_group"].tolist() == ["young", "older", "part_time_work"]


def test_a_group_that_gives_back_what_a_figure_hides_is_left_out():
    """Seven are 55 or older: in the pyramid they and another band are hidden."""
    ages = {"a": (26, 30), "b": (30, 40), "c": (50, 35), "d": (60, 7)}
    rows = pl.concat(
        panel(f"person_id month age_years\n{name} 2021-12-01 {age}", times, sex="female").collect()
        for name, (age, times) in ages.items()
    )
    people = people_of(rows)
    plain = POLICY.model_copy(update={"zeros_are_disclosive": False})
    shown = population.by_sex_and_age(people, "stock", plain).frame
    assert shown["n_persons"].isna().sum() >= 2
    groups = target_groups.target_groups(people, plain)
    named = [] if isinstance(groups, Gap) else groups.frame["target_group"].tolist()
    assert not {"young", "older"} & set(named)


def test_small_categories_are_hidden_so_that_none_can_be_worked_out():
    sizes = {"single": 60, "couple": 12, "single_parent": 4}
    rows = pl.concat(
        panel(f"person_id month household_type\n{name} 2021-12-01 {name}", times).collect()
        for name, times in sizes.items()
    )
    people = people_of(rows)
    found = population.composition(people, "household_type", POLICY, of=["stock"]).frame
    assert found["n_persons"].isna().tolist() == [False, True, True]
    assert found["share"].isna().tolist() == [False, True, True]
    total = pd.DataFrame({"household_type": ["total"], "n_persons": [75]})
    matrix = as_matrix(pd.concat([found, total]), ["household_type"], "n_persons")
    low, high = possible_range(matrix, (1,))
    assert high - low >= POLICY.threshold


def test_an_exemption_has_the_ground_that_was_valid_on_the_first_of_the_month():
    people = build("""
        person_id month      is_exempt months_since_entry
        ann       2021-12-01 yes       20
        bo        2021-12-01 no        20
        cy        2021-12-01 -         20
        dee       2021-12-01 yes       20
    """, times=1)  # fmt: skip
    traits = table("""
        person_id trait     value                valid_from
        ann.0     exemption single_parent        2020-01-01
        ann.0     exemption urgent_reasons       2021-06-01
        ann.0     exemption permanent_incapacity 2021-12-02
        bo.0      exemption urgent_reasons       2020-01-01
        dee.0     education low                  2020-01-01
    """)
    found = target_groups.add_exemption(people, traits.lazy(), None)
    assert found["exemption"].to_list() == ["urgent_reasons", "none", None, "unknown"]
    before = people.drop("exemption")
    assert_frame_equal(found.drop("exemption"), before, check_row_order=False)


def test_without_dated_traits_payment_periods_give_the_ground():
    people = build("person_id month is_exempt\nann 2021-12-01 yes", times=1)
    periods = table("person_id start_date exemption\nann.0 2021-12-01 single_parent")
    traits = table("person_id trait value valid_from\nann.0 education low 2020-01-01")
    for given in (None, traits.lazy()):
        found = target_groups.add_exemption(people, given, periods.lazy())
        assert found["exemption"].unique().to_list() == ["single_parent"]
    assert target_groups.add_exemption(people, None, None)["exemption"].unique().to_list() == [
        "unknown"
    ]


CONTACTS = """
    person_id month      months_since_entry is_contact_known in_3 in_6 in_12
    ann       2021-12-01 12                 yes              0    0    0
    ann       2021-06-01 6                  yes              0    0    0
    bo        2021-12-01 3                  yes              0    0    0
    cy        2021-12-01 2                  yes              0    0    0
    dee       2021-12-01 40                 no               0    0    0
    dee       2021-06-01 34                 yes              0    0    0
    eve       2021-12-01 40                 yes              0    1    1
    eve       2021-06-01 34                 no               0    0    0
    fay       2021-12-01 40                 yes              1    1    3
    fay       2021-06-01 34                 yes              0    0    0
""".replace("in_3 in_6 in_12", "n_contacts_3m n_contacts_6m n_contacts_12m")


def test_without_contact_asks_those_on_benefit_that_long_and_whose_registration_is_known():
    """Cy came too late for three months, bo for six; eve's team collapsed eight months ago."""
    found = clients_without_contact(panel(CONTACTS), EXACT).frame
    assert drawn(found.drop(columns="share_without")) == cells_of("""
        past_months n_without n_clients
        3           30        40
        6           10        30
        12          10        20
    """)


def test_what_is_not_registered_is_unknown_and_not_a_silence():
    rows = panel(CONTACTS, is_entry_observed=False)
    people = people_of(rows.collect())
    found = unknown.unknown_traits(people, EXACT).frame.set_index("trait").loc["contact"]
    assert (found["n_unknown_stock"], found["n_stock"]) == (10, 60)
    silent = rows.with_columns(is_contact_known=pl.lit(False))
    assert clients_without_contact(silent, EXACT) is NO_CONTACTS


def test_unknown_traits_are_counted_in_stock_and_inflow_and_nought_may_be_shown():
    """It is the register that is counted: none missing says nothing of anybody."""
    people = build("""
        person_id month      months_since_entry education language_level labour_market_distance
        ann       2021-12-01 30                 low       -              unknown
        bo        2021-12-01 30                 high      -              1
        cy        2021-12-01 0                  low       -              -
    """)
    found = unknown.unknown_traits(people, POLICY).frame.set_index("trait")
    assert found.loc["education", ["n_unknown_stock", "n_unknown_inflow"]].tolist() == [0, 0]
    assert found.loc["education", "share_unknown_stock"] == 0
    distance = found.loc["labour_market_distance"]
    assert (distance["n_unknown_stock"], distance["n_stock"]) == (20, 30)
    assert (distance["n_unknown_inflow"], distance["n_inflow"]) == (10, 10)
    assert found["is_delivered"].to_dict() == {
        "labour_market_distance": True, "education": True, "health_limitation": False,
        "language_level": False, "household_type": False, "entry_reason": True,
        "exemption": False, "contact": False,
    }  # fmt: skip


def test_few_unknown_are_hidden_with_the_share():
    rows = pl.concat(
        panel(f"person_id month education\n{name} 2021-12-01 {value}", times).collect()
        for name, value, times in (("a", "low", 40), ("b", "-", 3))
    )
    people = people_of(rows)
    found = unknown.unknown_traits(people, POLICY).frame.set_index("trait").loc["education"]
    assert pd.isna(found["n_unknown_stock"])
    assert pd.isna(found["share_unknown_stock"])


STEPS = """
    person_id trait                  value   valid_from
    ann.0     labour_market_distance 1       2015-01-01
    ann.0     labour_market_distance 2       2021-06-01
    ann.0     labour_market_distance 3       2021-12-02
    bo.0      labour_market_distance 4       2019-12-02
    cy.0      labour_market_distance 4       2019-11-01
    dee.0     labour_market_distance 1       2010-01-01
    eve.0     labour_market_distance unknown 2021-01-01
    fay.0     education              low     2021-01-01
"""


def test_the_step_is_as_old_as_the_last_that_was_valid():
    people = build(
        "person_id month months_since_entry\n"
        + "\n".join(f"{name} 2021-12-01 30" for name in ("ann", "bo", "cy", "dee", "eve", "fay")),
        times=1,
    )
    dated = unknown._date_distance(people, table(STEPS).lazy()).sort("person_id")
    assert dated["years_ago"].to_list() == ["< 1", "1–2", "2–5", "5+", "unknown", "unknown"]
    assert unknown.distance_dates(people, None, EXACT) is unknown.NO_DATES
    other = table(STEPS).filter(pl.col("trait") == "education").lazy()
    assert unknown.distance_dates(people, other, EXACT) is unknown.NO_DATES


def test_out_of_sight_is_neither_spoken_to_nor_assessed():
    people = build(CONTACTS)
    dated = [("ann", "2010-01-01"), ("fay", "2021-01-01"), ("eve", "2010-01-01")]
    traits = pl.concat(
        multiply(
            table(
                "person_id trait value valid_from\n"
                f"{name} labour_market_distance 1 {day}"
            ).lazy(),
            10,
        )
        for name, day in dated
    )  # fmt: skip
    found = unknown.out_of_sight(people, panel(CONTACTS), traits, EXACT)
    assert numbers(found, "is_recent", "is_spoken") == {
        (False, False): 10, (False, True): 0, (False, "total"): 10,
        (True, False): 0, (True, True): 10, (True, "total"): 10,
        ("total", False): 10, ("total", True): 10, ("total", "total"): 20,
    }  # fmt: skip


ABSENT = {
    "contacts": ["is_contact_known", "n_contacts_3m", "n_contacts_6m", "n_contacts_12m"],
    "traits": ["labour_market_distance", "education", "is_status_holder", "language_level"],
    "terms": ["is_exempt", "has_part_time_work"],
    "households": ["household_type", "benefit_id"],
}
PART_TOWN = town(60)


def of_people(rows: pl.DataFrame, traits: pl.LazyFrame | None) -> dict[str, Protected | Gap]:
    """Every figure on traits."""
    people = people_of(rows)
    return {
        "benefits": population.benefits_and_persons(people, POLICY),
        "stock": population.by_sex_and_age(people, "stock", POLICY),
        **{
            key: population.composition(people, key, POLICY)
            for key in ("household_type", "entry_reason", "labour_market_distance")
        },
        "exemptions": target_groups.exemptions(people, POLICY),
        "groups": target_groups.target_groups(people, POLICY),
        "without": clients_without_contact(rows.lazy(), POLICY),
        "unknown": unknown.unknown_traits(people, POLICY),
        "dates": unknown.distance_dates(people, traits, POLICY),
        "sight": unknown.out_of_sight(people, rows.lazy(), traits, POLICY),
    }


def of_spells(rows: pl.DataFrame) -> dict[str, Protected | Gap]:
    """Every figure on time."""
    people, spells = people_of(rows), spells_of(rows)
    return {
        "durations": durations.current_and_completed(people, POLICY),
        "medians": durations.median_durations(people, POLICY),
        "longer": durations.longer_than(people, spells, WINDOW, POLICY),
        "cohort": layers.layered_stock(rows.lazy(), spells, POLICY, by="cohort"),
        "band": layers.layered_stock(rows.lazy(), spells, POLICY, by="duration_band"),
    }


COMBINATIONS = [
    absent for n in range(len(ABSENT) + 1) for absent in itertools.combinations(ABSENT, n)
]


@pytest.mark.parametrize("absent", COMBINATIONS, ids="+".join)
def test_whatever_was_not_delivered_is_said_and_the_rest_is_shown(absent):
    columns = [name for table_name in absent for name in ABSENT[table_name]]
    rows = PART_TOWN.with_columns(pl.lit(None, PART_TOWN.schema[c]).alias(c) for c in columns)
    found = of_people(rows, None)
    for name, figure in found.items():
        if isinstance(figure, Gap):
            assert Translator("nl").text(figure.reason) != figure.reason, name
        else:
            shown = figure.frame.select_dtypes("number").to_numpy(float, na_value=np.nan)
            assert not np.isinf(shown).any(), name
    assert isinstance(found["without"], Gap) == ("contacts" in absent)
    assert isinstance(found["exemptions"], Gap) == ("terms" in absent)
    assert isinstance(found["stock"], Protected)


DEGENERATE = {
    "nobody": PART_TOWN.clear(),
    "one client": PART_TOWN.filter(pl.col("person_id") == PART_TOWN["person_id"].min()),
    "one month": PART_TOWN.filter(pl.col("month") == pl.col("month").max()),
    "nobody entered": PART_TOWN.with_columns(is_entry_observed=pl.lit(False)),
    "nobody left": PART_TOWN.with_columns(exit_destination=pl.lit("stay")),
    "all unknown": PART_TOWN.with_columns(
        pl.lit("unknown").alias(c)
        for c in ("household_type", "labour_market_distance", "education", "sex")
    ),
}
STEP = {"person_id": pl.String, "trait": pl.String, "value": pl.String, "valid_from": pl.Date}


@pytest.mark.parametrize("traits", [None, pl.LazyFrame(schema=STEP)], ids=["none", "empty"])
@pytest.mark.parametrize("rows", DEGENERATE.values(), ids=DEGENERATE)
def test_nothing_fails_on_what_is_nearly_nothing(rows, traits):
    found = of_people(rows, traits) | of_spells(rows)
    if rows.is_empty():
        assert found["stock"] is found["longer"] is found["cohort"] is NO_MONTHS


def test_one_client_is_shown_nowhere():
    found = of_people(DEGENERATE["one client"], None) | of_spells(DEGENERATE["one client"])
    for name, figure in found.items():
        if isinstance(figure, Protected) and name != "unknown":
            counts = figure.frame.select_dtypes("number").drop(columns=["year"], errors="ignore")
            assert counts.drop(columns=["past_months"], errors="ignore").isna().all(axis=None), name


def test_who_entered_too_late_or_too_near_the_pension_is_not_asked_how_long_they_stayed():
    spells = table("""
        person_id spell_id start_date end_date   is_left_censored risk_end_date
        ann       ann      2021-01-01 -          no               2040-01-01
        bo        bo       2021-01-01 2021-07-01 no               2040-01-01
        cy        cy       2022-06-02 -          no               2040-01-01
        dee       dee      2021-01-01 -          no               2021-12-31
        eve       eve      2020-12-31 -          no               2040-01-01
        fay       fay      2021-01-01 -          yes              2040-01-01
        gil       gil      2021-01-01 2022-01-01 no               -
    """)
    window = Window(date(2021, 1, 1), date(2023, 6, 1))
    nobody = build(TOWN).clear()
    found = durations.longer_than(nobody, multiply(spells.lazy(), 10), window, EXACT).frame
    year = found[found["horizon"] == "1"].iloc[0]
    assert (year["n_spells"], year["n_longer"]) == (30, 20)  # ann, bo, gil: ann and gil a year

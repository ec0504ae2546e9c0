"""Who could be recognised: how many share birth years, sex, household, origin, start, district."""

import pytest

from analysis_panels import EXACT
from prepared_towns import prepare
from watwerkt.analysis.anonymity import anonymity_table
from watwerkt.disclosure.gap import NO_MONTHS

CLIENTS = """
    person_id birth_year sex    household_type origin      district_id
    ann       1980       female single         netherlands d1
    bo        1981       female single         netherlands d1
    cy        1985       female single         netherlands d1
    dee       1980       male   single         netherlands d1
    eve       1980       female couple         netherlands d1
    fay       1980       female single         europe      d1
    gil       1980       female single         netherlands d2
    hal       1980       female single         netherlands d1
"""
BENEFITS = """
    person_id start_date
    ann       2021-03-01
    bo        2021-03-20
    cy        2021-03-01
    dee       2021-03-01
    eve       2021-03-01
    fay       2021-03-01
    gil       2021-03-01
    hal       2021-04-01
"""


def risks(times: int, clients: str = CLIENTS) -> dict[str, list[str]]:
    found = anonymity_table(prepare(times, clients=clients, benefits=BENEFITS), EXACT).frame
    return {row["coarser"]: [row["k3"], row["k5"], row["k10"]] for row in found.to_dict("records")}


def test_alone_in_every_trait_but_birth_years_within_five():
    """Of eight only ann and bo are alike: none shares with two others."""
    assert risks(1)["as_delivered"] == ["above_80"] * 3


def test_ten_of_each_are_ten_alike():
    assert risks(10)["as_delivered"] == ["below_5"] * 3
    assert risks(4)["as_delivered"] == ["below_5", "50_to_80", "above_80"]  # 24 of 32 are in fours


def test_less_is_known_where_the_delivery_holds_less():
    """By the year hal is as ann and bo; without the district gil is too: three, four of eight."""
    found = risks(1)
    assert found["start_year"][0] == "50_to_80"
    assert found["no_district"][0] == "50_to_80"
    assert found["year_and_no_district"] == ["20_to_50", "above_80", "above_80"]


def test_no_number_of_people_can_be_read_off():
    found = anonymity_table(prepare(1, clients=CLIENTS, benefits=BENEFITS), EXACT)
    assert set(found.frame.columns) == {"coarser", "k3", "k5", "k10", "n_persons"}
    assert found.frame["n_persons"].isna().all()  # eight are fewer than the threshold


def test_traits_that_were_not_delivered_tell_nobody_apart():
    bare = "person_id birth_year sex\n" + "\n".join(
        f"{name} 1980 female" for name in ("ann", "bo", "cy", "dee", "eve", "fay", "gil", "hal")
    )
    assert risks(1, clients=bare)["as_delivered"][0] == "5_to_20"  # hal, who began in April


def test_nobody_on_benefit_is_a_gap():
    assert anonymity_table(prepare(clients=CLIENTS), EXACT) is NO_MONTHS


@pytest.mark.parametrize(("times", "band"), [(3, "above_80"), (9, "50_to_80"), (10, "below_5")])
def test_fewer_than_ten_is_not_ten(times, band):
    """With nine of each ann and bo are eighteen alike, and the six others nine each."""
    assert risks(times)["as_delivered"][2] == band

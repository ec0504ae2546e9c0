"""What an inattentive analyst could bring to the door, and is sent away with."""

import datetime
from importlib.resources import files

import pandas as pd
import polars as pl
import pytest

from disclosure_tables import POLICY, policy, table
from watwerkt.disclosure import (
    Policy,
    protect_aggregates,
    protect_counts,
    protect_curve,
    protect_distribution,
    protect_estimates,
    protect_means,
    protect_shares,
    read_policy,
)
from watwerkt.errors import DataError, DisclosureError, ParameterError, VersionError

PERSON = "3f9a0c11d2e84b7790aa12cd"  # a pseudonym as pseudonymise makes them
CURVE = table("""
    time  at_risk  events  estimate  conf_low  conf_high
    1     400      40      0.9       0.85      0.95
""")
ESTIMATE = table("""
    term     estimate  std_error  n_obs  n_persons  n_events  n_clusters
    contact  0.3       0.1        4000   400        60        12
""")
YEARS = table("""
    year  n_exits  n_work  mean_days  n_persons
    2020  40       20      31.4       40
""")


def protect_any(door: str, extra: dict, by: list):
    """Each door with a table that passes, and ``extra`` columns."""
    keys = {"by": ["year", *by]}

    def year(*columns: str) -> pd.DataFrame:
        return YEARS[["year", *columns]].assign(**extra)

    if door == "counts":
        return protect_counts(year("n_exits"), ["n_exits"], POLICY, **keys)
    if door == "shares":
        pair = ("n_work", "n_exits")
        return protect_shares(year(*pair), {"work_share": pair}, POLICY, **keys)
    if door == "distribution":
        return protect_distribution(year("n_exits"), "n_exits", POLICY, by=[*by, "year"])
    if door == "means":
        means = year("mean_days", "n_persons")
        return protect_means(means, ["mean_days"], POLICY, **keys, n_persons="n_persons")
    if door == "curve":
        return protect_curve(CURVE.assign(**extra), POLICY, by=by)
    return protect_estimates(ESTIMATE.assign(**extra), POLICY, by=by)


DOORS = pytest.mark.parametrize(
    "door", ["counts", "shares", "distribution", "means", "curve", "estimates"]
)


@DOORS
def test_the_table_without_anything_extra_passes(door):
    assert not protect_any(door, {}, []).frame.empty


@DOORS
def test_a_column_that_nobody_declared_is_refused_by_name(door):
    with pytest.raises(DisclosureError, match="wage_eur_month, is not declared"):
        protect_any(door, {"wage_eur_month": [1834.56]}, [])


@DOORS
@pytest.mark.parametrize(
    "key", ["person_id", "caseworker_id", "spell_id", "benefit_id", "contact_id", "respondent_id"]
)
def test_a_row_per_person_caseworker_or_record_is_refused(door, key):
    with pytest.raises(DisclosureError, match=f"{key} is a key of persons or records"):
        protect_any(door, {key: ["a"]}, [key])
    with pytest.raises(DisclosureError, match="is not declared"):
        protect_any(door, {key: ["a"]}, [])


@DOORS
@pytest.mark.parametrize("value", [PERSON, 123456782, "123456782", "R012345678"])
def test_pseudonyms_under_an_innocent_name_are_refused_without_being_repeated(door, value):
    with pytest.raises(DisclosureError, match="pseudonyms") as refusal:
        protect_any(door, {"who": [value]}, ["who"])
    assert str(value) not in str(refusal.value)


@DOORS
def test_measured_numbers_and_days_are_no_keys(door):
    with pytest.raises(DisclosureError, match="put it in bands"):
        protect_any(door, {"wage": [1834.56]}, ["wage"])
    for day in (pd.Timestamp("2024-03-17"), datetime.date(2024, 3, 17)):
        with pytest.raises(DisclosureError, match="the first of a month"):
            protect_any(door, {"ended": [day]}, ["ended"])


@DOORS
def test_a_missing_key_is_to_be_named(door):
    with pytest.raises(DataError, match="name them `unknown`"):
        protect_any(door, {"sex": [None]}, ["sex"])


def test_by_team_the_caseworkers_must_be_counted():
    for door in ("counts", "shares", "distribution", "means", "curve"):
        with pytest.raises(DisclosureError, match="n_caseworkers="):
            protect_any(door, {"team_id": ["north"]}, ["team_id"])


def test_a_pivoted_column_name_is_not_repeated():
    wide = YEARS[["year", "n_exits"]].assign(**{PERSON: 3})
    with pytest.raises(DisclosureError, match=r"column 3, \(name withheld\)") as refusal:
        protect_counts(wide, ["n_exits"], POLICY, by=["year"])
    assert PERSON not in str(refusal.value)


def test_a_row_per_person_under_short_names_is_refused():
    people = pd.DataFrame({"who": [f"p{i}" for i in range(12)], "n_exits": 1})
    with pytest.raises(DisclosureError, match="about one person at most"):
        protect_counts(people, ["n_exits"], POLICY, by=["who"])
    months = pd.DataFrame(
        {"month": pd.date_range("2020-01-01", periods=12, freq="MS"), "n_exits": 1}
    )
    assert protect_counts(months, ["n_exits"], POLICY, by=["month"]).n_suppressed == 12


@pytest.mark.parametrize("name", ["wage_min", "max_days", "n_lowest"])
def test_minima_and_maxima_are_refused(name):
    means = YEARS[["year", "n_persons"]].assign(**{name: 3.0})
    with pytest.raises(DisclosureError, match="one person's figure"):
        protect_means(means, [name], POLICY, by=["year"], n_persons="n_persons")


def test_an_index_is_a_column_too():
    people = pd.DataFrame({"n_exits": [40]}, index=pd.Index(["p1"], name="person_id"))
    numbered = pd.Index([104], name="person_id")
    for index in (people.index, people.index.rename(None), numbered):
        with pytest.raises(DisclosureError, match=r"reset_index\(\)"):
            protect_counts(people.set_axis(index), ["n_exits"], POLICY, by=[])


def test_several_rows_for_one_key_are_refused():
    double = pd.concat([YEARS, YEARS], ignore_index=True)[["year", "n_exits"]]
    with pytest.raises(DisclosureError, match="several rows share a key"):
        protect_counts(double, ["n_exits"], POLICY, by=["year"])
    with pytest.raises(DisclosureError, match="several rows share a key"):
        protect_counts(double[["n_exits"]], ["n_exits"], POLICY, by=[])


def test_other_frames_and_other_policies_are_refused():
    counts = YEARS[["year", "n_exits"]]
    with pytest.raises(DisclosureError, match="a pandas DataFrame"):
        protect_counts(pl.from_pandas(counts), ["n_exits"], POLICY, by=["year"])
    made = protect_counts(counts, ["n_exits"], POLICY, by=["year"])
    with pytest.raises(DisclosureError, match="a pandas DataFrame"):
        protect_counts(made, ["n_exits"], POLICY, by=["year"])
    with pytest.raises(DisclosureError, match=r"read_policy\(\)"):
        protect_counts(counts, ["n_exits"], {"threshold": 1}, by=["year"])


def test_a_policy_that_was_loosened_behind_its_back_is_refused():
    loose = POLICY.model_copy(update={"threshold": 1})
    with pytest.raises(ParameterError, match="threshold"):
        protect_counts(YEARS[["year", "n_exits"]], ["n_exits"], loose, by=["year"])


def test_aggregates_hide_what_is_small_and_need_their_persons():
    counts = table("""
        year  destination  band  n_person_months  n_exits  n_exits_expected  n_persons
        2020  work         old   400              31       28.3              60
        2020  work         young 400              31       28.3              9
        2020  other        old   400              4        11.7              60
        2020  other        young 400              31       28.3              60
    """)
    frame = protect_aggregates(counts, POLICY).frame
    assert list(frame)[3:] == ["n_person_months", "n_exits", "n_exits_expected"]
    assert frame.iloc[:, 3:].to_numpy().tolist() == [
        [400, pd.NA, 10],
        [400, pd.NA, 30],
        [pd.NA, pd.NA, pd.NA],
        [pd.NA, pd.NA, pd.NA],
    ]
    with pytest.raises(DisclosureError, match="n_persons"):
        protect_aggregates(counts.drop(columns="n_persons"), POLICY)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_thresholds_are_those_of_the_guidelines():
    assert (POLICY.threshold, POLICY.min_caseworkers, POLICY.round_base) == (10, 3, 5)
    assert (POLICY.survival_threshold, POLICY.dof_threshold) == (10, 10)
    assert not POLICY.is_synthetic
    assert read_policy(is_synthetic=True).is_synthetic


@pytest.fixture
def shipped() -> str:
    return (files("watwerkt.disclosure") / "policy.yaml").read_text(encoding="utf-8")


TEN = "value: 10\n  unit: persons behind"


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("schema_version: 1", "schema_version: 2", VersionError, "install a newer one"),
        (TEN, TEN.replace("10", "2"), ParameterError, "threshold"),
        (TEN, TEN.replace("10", "12"), ParameterError, "no multiple of 5"),
        (TEN, TEN.replace("10", "ten"), ParameterError, "threshold"),
        ("source: acro 1.0.2 surv", "origin: acro", ParameterError, "survival_threshold needs"),
        ("mean_digits:", "mean_figures:", ParameterError, "mean_figures"),
        ("schema_version: 1", "- 1", ParameterError, "not a policy"),
    ],
)
def test_a_policy_file_that_is_not_one_is_refused(tmp_path, shipped, old, new, error, says):
    assert old in shipped
    with pytest.raises(error, match=says):
        read_policy(write(tmp_path / "policy.yaml", shipped.replace(old, new, 1)))


def test_a_municipality_may_be_stricter(tmp_path, shipped):
    own = shipped.replace(TEN, TEN.replace("10", "25"))
    strict = read_policy(write(tmp_path / "policy.yaml", own))
    counts = YEARS[["year", "n_exits"]].assign(n_exits=24)
    assert protect_counts(counts, ["n_exits"], strict, by=["year"]).n_suppressed == 1
    assert isinstance(strict, Policy)
    assert policy(threshold=25).threshold == strict.threshold

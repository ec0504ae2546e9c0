"""Released files: the contract's columns, the same bytes, and refusals."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from disclosure_tables import POLICY, policy, table
from watwerkt.disclosure import protect_aggregates, protect_counts, protect_estimates
from watwerkt.disclosure.released import (
    AGGREGATE_COLUMNS,
    ESTIMATE_COLUMNS,
    complete_aggregates,
    complete_estimates,
    read_released,
    write_released,
)
from watwerkt.errors import DisclosureError, SchemaError, VersionError

# contracts.md, "How numbers leave a chapter"
ESTIMATES_CONTRACT = """
schema_version, municipality_id, executor_id, period_start, period_end, synthetic, chapter,
analysis, design, outcome, horizon_months, estimand, scale, term, subgroup, estimate, std_error,
conf_low, conf_high, conf_level, p_value, p_adjusted, n_obs, n_persons, n_events, n_clusters, mde,
grade, status, is_primary, first_stage, first_stage_std_error, reduced_form,
reduced_form_std_error, covariance_stages, note
"""
ABOUT = {
    "municipality_id": "GM9901",
    "executor_id": "GM9900",
    "first_month": "2019-01",
    "last_month": "2024-12",
    "synthetic": True,
}


def estimates(**changed) -> pd.DataFrame:
    return table("""
        analysis design  outcome horizon_months estimand scale  term    estimate std_error n_obs n_persons n_events n_clusters grade status
        P4       lagged  work    1              odds     log_OR contact 0.123456 0.1       4003  402       61       12         2     indicative
        P4       lagged  other   1              odds     log_OR contact 0.234567 0.1       4003  402       6        12         2     indicative
    """).assign(is_primary=True, **changed)  # noqa: E501


def part(chapter="04_contact_intensity", pol=POLICY, **changed):
    return complete_estimates(protect_estimates(estimates(**changed), pol), ABOUT, chapter)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "estimates.parquet"
    write_released([part()], "estimates", path)
    return path


def test_the_columns_are_those_of_the_contract():
    assert list(ESTIMATE_COLUMNS) == [c.strip() for c in ESTIMATES_CONTRACT.split(",")]
    assert list(AGGREGATE_COLUMNS) == [
        *list(ESTIMATE_COLUMNS)[:6],
        *["year", "destination", "band", "n_person_months", "n_exits", "n_exits_expected"],
    ]


def test_whoever_the_estimates_are_of_is_filled_in():
    frame = part().frame
    assert list(frame) == list(ESTIMATE_COLUMNS)
    identity = frame.loc[0, list(ESTIMATE_COLUMNS)[:7]].astype(str).tolist()
    assert identity == [
        "1", "GM9901", "GM9900", "2019-01-01 00:00:00", "2025-01-01 00:00:00", "True",
        "04_contact_intensity",
    ]  # fmt: skip
    assert frame["subgroup"].tolist() == ["", ""]
    assert frame["first_stage"].isna().all()
    assert part().is_synthetic


def test_what_is_written_comes_back_protected(written):
    back = read_released(written)
    assert (back.kind, back.policy_version, back.n_suppressed) == ("estimates", POLICY.version, 1)
    assert back.is_synthetic
    frame = back.frame
    assert list(frame) == list(ESTIMATE_COLUMNS)
    assert frame["outcome"].tolist() == ["other", "work"]
    assert frame["n_persons"].tolist() == [pd.NA, 400]
    assert frame["estimate"].isna().tolist() == [True, False]
    assert frame["status"].tolist() == ["indicative", "indicative"]
    assert [str(kind) for kind in pq.read_schema(written).types] == [
        str(kind) for kind in ESTIMATE_COLUMNS.values()
    ]


def test_the_same_rows_give_the_same_bytes_in_any_order(tmp_path, written):
    again = tmp_path / "again.parquet"
    rows = estimates()[::-1]
    parts = [complete_estimates(protect_estimates(r.to_frame().T.infer_objects(), POLICY), ABOUT,
                                "04_contact_intensity") for _, r in rows.iterrows()]  # fmt: skip
    write_released(parts, "estimates", again)
    assert again.read_bytes() == written.read_bytes()
    write_released([read_released(written)], "estimates", again)
    assert again.read_bytes() == written.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.parquet", "estimates.parquet"]


def test_chapters_are_gathered_into_one_file(tmp_path):
    path = tmp_path / "estimates.parquet"
    write_released([part("04"), part("03")], "estimates", path)
    assert read_released(path).frame["chapter"].tolist() == ["03", "03", "04", "04"]
    write_released([], "estimates", path)
    assert read_released(path).frame.empty


def test_aggregates_are_released_too(tmp_path):
    counts = table("""
        year  destination  band  n_person_months  n_exits  n_persons
        2020  work         old   400              31       60
        2020  other        old   400              4        60
    """)
    made = complete_aggregates(protect_aggregates(counts, POLICY), ABOUT)
    path = tmp_path / "aggregates.parquet"
    write_released([made], "aggregates", path)
    back = read_released(path)
    assert list(back.frame) == list(AGGREGATE_COLUMNS)
    assert back.frame["n_exits"].isna().all()
    assert back.frame["n_exits_expected"].isna().all()


def test_only_protected_estimates_are_written(tmp_path):
    path = tmp_path / "estimates.parquet"
    counts = protect_counts(pd.DataFrame({"n_exits": [40]}), ["n_exits"], POLICY, by=[])
    for bad in (estimates(), part().frame, counts):
        with pytest.raises(DisclosureError):
            write_released([bad], "estimates", path)
        with pytest.raises(DisclosureError):
            complete_estimates(bad, ABOUT, "04")
    with pytest.raises(SchemaError, match=r"complete_estimates\(\)"):
        write_released([protect_estimates(estimates(), POLICY)], "estimates", path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "column", ["analysis", "design", "outcome", "scale", "status", "is_primary"]
)
def test_an_estimate_without_its_design_is_refused(column):
    made = protect_estimates(estimates().drop(columns=column), POLICY)
    with pytest.raises(SchemaError, match=f"lack {column}"):
        complete_estimates(made, ABOUT, "04")


def test_a_status_is_one_of_three():
    with pytest.raises(SchemaError, match="evidence, indicative, warning"):
        part(status="certain")


def rewritten(path, **marks):
    """The same rows under other marks, as another version would have left them."""
    read = pq.read_table(path)
    kept = read.schema.metadata | {k.encode(): v.encode() for k, v in marks.items()}
    pq.write_table(read.replace_schema_metadata(kept), path)
    return path


@pytest.mark.parametrize(
    ("version", "says"), [("2", "install a newer one"), ("0", "run `watwerkt report` again")]
)
def test_another_schema_version_is_refused(written, version, says):
    with pytest.raises(VersionError, match=says):
        read_released(rewritten(written, watwerkt_schema_version=version))


def test_other_files_are_refused(tmp_path, written):
    bare = tmp_path / "bare.parquet"
    estimates().to_parquet(bare)
    with pytest.raises(SchemaError, match="not written by write_released"):
        read_released(bare)
    bare.write_bytes(written.read_bytes()[:200])
    with pytest.raises(SchemaError, match="cannot be read"):
        read_released(bare)
    with pytest.raises(SchemaError, match="cannot be read"):
        read_released(tmp_path / "absent.parquet")
    marks = pq.read_schema(written).metadata
    fewer = pq.read_table(written).drop_columns(["note"])
    pq.write_table(fewer.replace_schema_metadata(marks), bare)
    with pytest.raises(SchemaError, match="columns are not those of estimates"):
        read_released(bare)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("n_persons", 5, "1 values of n_persons were never protected"),
        ("n_events", 61, "1 values of n_events were never protected"),
        ("n_persons", None, "1 estimates stand without their n_persons"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused(written, column, value, says):
    read = pq.read_table(written)
    place = read.schema.get_field_index(column)
    forged = read.set_column(place, read.schema.field(place), pa.array([None, value], pa.int64()))
    pq.write_table(forged, written)
    with pytest.raises(DisclosureError, match=says):
        read_released(written)


def test_files_of_a_stricter_policy_are_read_and_of_a_looser_one_are_not(tmp_path):
    path = tmp_path / "estimates.parquet"
    write_released([part(pol=policy(threshold=50, version="own"))], "estimates", path)
    assert read_released(path).policy_version == "own"
    write_released([part(pol=policy(threshold=5), n_events=6)], "estimates", path)
    with pytest.raises(DisclosureError, match="never protected"):
        read_released(path)


def test_one_file_has_one_policy(tmp_path):
    parts = [part(), part(pol=policy(version="own"))]
    with pytest.raises(DisclosureError, match="different versions of the policy"):
        write_released(parts, "estimates", tmp_path / "estimates.parquet")

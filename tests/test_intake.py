"""Reading a delivery: guard first, then mappings, then schemas; what fails, fails in counts."""

from datetime import date

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from intake_deliveries import BENEFITS, CLIENTS, bsns, everything_said, write_folder
from watwerkt.errors import DeliveryError, PrivacyError, Refused, SchemaError, VersionError
from watwerkt.intake.about import read_about
from watwerkt.intake.delivery import fingerprint_delivery, read_delivery

SENTINEL = "Zonnebloemveld"


def test_a_canonical_delivery_arrives_with_canonical_types(tmp_path):
    delivery = read_delivery(write_folder(tmp_path))
    expected = pl.DataFrame({
        "person_id": ["k0001", "k0002"],
        "benefit_id": ["u1", "u2"],
        "scheme": ["PW", "PW"],
        "start_date": [date(2020, 1, 1), date(2021, 2, 15)],
        "end_date": [date(2020, 7, 1), None],
        "exit_reason": ["11", None],
        "is_end_repaired": [False, False],
    })  # fmt: skip
    assert_frame_equal(delivery.tables["benefits"], expected)
    assert delivery.tables["clients"].schema["birth_year"] == pl.Int64
    assert delivery.dropped_columns == {}


@pytest.mark.parametrize("municipality", ["GM9901", "GM9902", "GM9903"])
def test_the_sample_is_accepted_to_the_row(root, municipality):
    folder = root / "data" / "sample" / municipality
    delivery = read_delivery(folder)
    assert len(delivery.tables["benefits"]) > 1000
    said = yaml.safe_load((folder / "delivery.yaml").read_text(encoding="utf-8"))
    assert delivery.tables.keys() == said["tables"].keys()


def test_several_files_feed_one_table_and_nothing_is_lost(tmp_path):
    later = "person_id;benefit_id;scheme;start_date\nk0001;u3;PW;01-09-2022\n"
    tables = {"clients": "clients.csv", "benefits": ["benefits.csv", "later.csv"]}
    folder = write_folder(tmp_path, {"later.csv": later}, tables=tables)
    benefits = read_delivery(folder).tables["benefits"]
    assert benefits["benefit_id"].to_list() == ["u1", "u2", "u3"]
    assert benefits["end_date"].to_list() == [date(2020, 7, 1), None, None]


def test_running_end_dates_become_missing_and_are_marked(tmp_path):
    text = """
person_id;benefit_id;scheme;start_date;end_date
k0001;u1;PW;20200101;00000000
k0001;u2;PW;20200101;99999999
k0001;u3;PW;20200101;9999-12-31
k0002;u4;PW;20200101;
k0002;u5;PW;20200101;20200301
"""
    benefits = read_delivery(write_folder(tmp_path, {"benefits.csv": text})).tables["benefits"]
    assert benefits["is_end_repaired"].to_list() == [True, True, True, False, False]
    assert benefits["end_date"].to_list() == [None, None, None, None, date(2020, 3, 1)]


def test_unmapped_columns_are_dropped_and_listed(tmp_path):
    text = CLIENTS.replace("sex", "sex;Kleur").replace("male\n", "male;rood\n")
    delivery = read_delivery(write_folder(tmp_path, {"clients.csv": text}))
    assert delivery.dropped_columns == {"clients.csv": ["Kleur"]}
    assert "Kleur" not in delivery.tables["clients"].columns


def test_unknown_codes_are_left_for_cleaning(tmp_path):
    text = CLIENTS.replace("female", "X")
    clients = read_delivery(write_folder(tmp_path, {"clients.csv": text})).tables["clients"]
    assert clients["sex"].to_list() == ["male", "X"]


def test_the_guard_speaks_before_the_schemas_and_of_unmapped_columns(tmp_path):
    numbers = bsns(30)
    rows = "".join(f"k{i};1980;male;{n};geen jaar\n" for i, n in enumerate(numbers))
    text = "person_id;birth_year;sex;veld7;birth_year2\n" + rows.replace("1980", "nee")
    with pytest.raises(PrivacyError) as refused:
        read_delivery(write_folder(tmp_path, {"clients.csv": text}))
    assert list(refused.value.reasons) == [
        {"rule": "bsn", "file": "clients.csv", "column": "veld7", "count": 30}
    ]
    assert not any(number in everything_said(refused.value) for number in numbers)


def test_every_finding_in_every_file_is_listed_at_once(tmp_path):
    clients = CLIENTS.replace("sex", "sex;Achternaam").replace("male\n", f"male;{SENTINEL}\n")
    benefits = BENEFITS.replace("exit_reason", "exit_reason;mail").replace(";11", ";11;a@b.nl")
    files = {"clients.csv": clients, "benefits.csv": benefits.replace(";;\n", ";;;\n")}
    with pytest.raises(PrivacyError) as refused:
        read_delivery(write_folder(tmp_path, files))
    found = {(r["file"], r["column"], r["rule"]) for r in refused.value.reasons}
    assert found == {("clients.csv", "Achternaam", "name"), ("benefits.csv", "mail", "email")}
    assert SENTINEL not in everything_said(refused.value)


def test_all_broken_promises_of_all_tables_at_once_in_counts(tmp_path):
    clients = CLIENTS.replace("1980", "").replace("1991", SENTINEL)
    benefits = BENEFITS.replace("2020-07-01", SENTINEL).replace("2021-02-15", "31-02-2021")
    with pytest.raises(SchemaError) as refused:
        read_delivery(write_folder(tmp_path, {"clients.csv": clients, "benefits.csv": benefits}))
    found = {(r["file"], r["column"], r["rule"], r["count"]) for r in refused.value.reasons}
    assert found == {
        ("clients.csv", "birth_year", "not_integer", 1),
        ("clients.csv", "birth_year", "empty", 2),
        ("benefits.csv", "start_date", "not_date", 1),
        ("benefits.csv", "end_date", "not_date", 1),
    }
    assert SENTINEL not in everything_said(refused.value)


def test_a_required_table_that_is_absent_or_empty_is_named(tmp_path):
    files = {"clients.csv": "person_id;birth_year;sex\n"}
    with pytest.raises(SchemaError, match="clients") as refused:
        read_delivery(write_folder(tmp_path, files, tables={"clients": "clients.csv"}))
    assert {r["column"] for r in refused.value.reasons} == {"clients", "benefits"}


def test_a_lacking_required_column_is_named_with_the_mapping(tmp_path):
    text = CLIENTS.replace("birth_year", "leeftijd")
    with pytest.raises(DeliveryError, match=r"clients.csv: mapping canonical .* birth_year"):
        read_delivery(write_folder(tmp_path, {"clients.csv": text}))


def test_a_file_without_a_header_is_said_to_lack_one(tmp_path):
    text = f"{SENTINEL};1980-01-02;male\nk0002;1991;female\n"
    with pytest.raises(DeliveryError, match="is there a header") as refused:
        read_delivery(write_folder(tmp_path, {"clients.csv": text}))
    assert SENTINEL not in everything_said(refused.value)


@pytest.mark.parametrize("pseudonym", ["sha256", "md5", "geen", "", None])
def test_ids_that_anyone_can_undo_are_refused(tmp_path, pseudonym):
    with pytest.raises(PrivacyError, match="hmac-sha256"):
        read_delivery(write_folder(tmp_path, pseudonym=pseudonym))


@pytest.mark.parametrize("name", ["../clients.csv", "/etc/passwd", "a/../../b.csv", "C:\\x.csv"])
def test_no_file_outside_the_folder_is_read(tmp_path, name):
    tables = {"clients": name, "benefits": "benefits.csv"}
    with pytest.raises(DeliveryError, match="inside the delivery folder"):
        read_delivery(write_folder(tmp_path / "d", tables=tables))


def test_a_link_that_leads_outside_is_not_followed(tmp_path):
    folder = write_folder(tmp_path / "d")
    (tmp_path / "elsewhere.csv").write_text(CLIENTS)
    (folder / "clients.csv").unlink()
    (folder / "clients.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(DeliveryError, match="outside the delivery folder"):
        read_delivery(folder)


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({"municipality_id": 344}, "municipality_id"),
        ({"first_month": "2025-01"}, "first_month 2025-01 is after"),
        ({"last_month": "2025-02"}, "after the extract date"),
        ({"colour": "red"}, "colour"),
        ({"tables": {"klanten": "clients.csv"}}, "no such table"),
        ({"tables": ["clients.csv"]}, "tables"),
        ({"mapping": "gws5all"}, "no mapping gws5all; there are .*canonical, .*gws4all"),
        ({"extract_date": "gisteren"}, "extract_date"),
        ({"legal_ground": {"origin": ""}}, "legal_ground"),
    ],
)
def test_what_is_wrong_in_delivery_yaml_is_named(tmp_path, about, problem):
    with pytest.raises(DeliveryError, match=problem):
        read_delivery(write_folder(tmp_path, **about))


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "", "just words", "a: \x00"])
def test_a_delivery_yaml_that_is_none_is_refused(tmp_path, text):
    folder = write_folder(tmp_path)
    (folder / "delivery.yaml").write_text(text)
    with pytest.raises(DeliveryError, match=r"delivery\.yaml"):
        read_about(folder)
    (folder / "delivery.yaml").unlink()
    with pytest.raises(DeliveryError, match="is not there"):
        read_about(folder)


def test_a_newer_delivery_says_how_to_upgrade(tmp_path):
    with pytest.raises(VersionError, match="install a newer one"):
        read_delivery(write_folder(tmp_path, schema_version=2))
    with pytest.raises(VersionError, match="must say schema_version: 1"):
        read_delivery(write_folder(tmp_path / "other", schema_version="1"))


SPECIAL = """
person_id;birth_year;sex;origin;is_status_holder
k0001;1980;male;europe;nee
k0002;1991;female;netherlands;nee
"""


def test_special_categories_need_a_legal_ground(tmp_path):
    with pytest.raises(PrivacyError, match="legal_ground") as refused:
        read_delivery(write_folder(tmp_path / "a", {"clients.csv": SPECIAL}))
    assert {r["column"] for r in refused.value.reasons} == {"origin", "is_status_holder"}
    ground = {"origin": "art. 9 lid 2 sub j AVG", "is_status_holder": "idem"}
    stated = write_folder(tmp_path / "b", {"clients.csv": SPECIAL}, legal_ground=ground)
    assert read_delivery(stated).tables["clients"]["origin"].to_list() == ["europe", "netherlands"]


def test_codes_of_special_categories_are_not_read_without_a_ground(tmp_path):
    text = """
person_id;benefit_id;scheme;start_date;exit_reason;entry_reason;exemption
k0001;u1;PW;2020-01-01;05;detention_ended;permanent_incapacity
k0002;u2;PW;2020-01-01;11;job_loss;single_parent
"""
    columns = ["exit_reason", "entry_reason", "exemption"]
    without = read_delivery(write_folder(tmp_path / "a", {"benefits.csv": text}))
    assert without.tables["benefits"].select(columns).rows() == [
        ("unknown", "unknown", "unknown"),
        ("11", "job_loss", "single_parent"),
    ]
    assert without.withheld == {
        "benefits.exit_reason": 1,
        "benefits.entry_reason": 1,
        "benefits.exemption": 1,
    }
    ground = {"detention": "art. 33 UAVG", "exemption": "art. 30 UAVG"}
    stated = read_delivery(
        write_folder(tmp_path / "b", {"benefits.csv": text}, legal_ground=ground)
    )
    assert stated.tables["benefits"].select(columns).row(0) == (
        "05",
        "detention_ended",
        "permanent_incapacity",
    )


def test_the_fingerprint_follows_the_bytes_and_nothing_else(tmp_path):
    folder = write_folder(tmp_path / "a")
    first = fingerprint_delivery(folder)
    assert first == fingerprint_delivery(write_folder(tmp_path / "b"))
    (folder / "notes.txt").write_text("not named in delivery.yaml")
    assert fingerprint_delivery(folder) == first
    (folder / "benefits.csv").write_text(BENEFITS.replace("u2", "u9"))
    assert fingerprint_delivery(folder) != first


def test_a_refusal_is_one_kind_of_error(tmp_path):
    with pytest.raises(Refused) as refused:
        read_delivery(write_folder(tmp_path, pseudonym="sha1"))
    assert refused.value.exit_code == 2


def test_a_delivery_shows_no_rows(tmp_path):
    delivery = read_delivery(write_folder(tmp_path))
    assert "k0001" not in repr(delivery)


def test_traits_of_special_categories_are_guarded_too(tmp_path):
    traits = "person_id;trait;value;valid_from\nk0001;exemption;permanent_incapacity;2020-01-01\n"
    tables = {"clients": "clients.csv", "benefits": "benefits.csv", "traits": "traits.csv"}
    delivery = read_delivery(write_folder(tmp_path / "a", {"traits.csv": traits}, tables=tables))
    assert delivery.tables["traits"]["value"].to_list() == ["unknown"]
    assert delivery.withheld == {"traits.value": 1}
    health = traits.replace("exemption", "health_limitation")
    with pytest.raises(PrivacyError, match="health_limitation"):
        read_delivery(write_folder(tmp_path / "b", {"traits.csv": health}, tables=tables))

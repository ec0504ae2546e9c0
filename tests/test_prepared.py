"""Prepared data on disk: whole or not there, current or not, the same bytes twice."""

import json
from dataclasses import FrozenInstanceError
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import watwerkt.panel.prepared as module
from panel_tables import clean
from watwerkt.errors import DataError, VersionError
from watwerkt.panel.build import build_panel
from watwerkt.panel.prepared import hash_rules, is_current, read_prepared, write_prepared

PARAMS = {"max_gap_days": 30, "booking_lag_months": 3}
SPELLS = """
    person_id  start_date  end_date
    ann        2019-11-01  2020-03-01
    bo         2020-02-15  -
"""


@pytest.fixture
def cleaned():
    return clean(
        SPELLS,
        contacts="person_id caseworker_id contact_date\nann w1 2019-12-01",
        registration="team_id month n_contacts n_clients is_collapsed\n- 2020-01-01 0 1 no",
    )


@pytest.fixture
def folder(cleaned, tmp_path):
    write_prepared(cleaned, tmp_path / "GM9901", PARAMS, fingerprint="f")
    return tmp_path / "GM9901"


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(f.relative_to(folder)): sha256(f.read_bytes()).hexdigest() for f in files}


def test_what_was_written_is_read(cleaned, folder):
    prepared = read_prepared(folder)
    assert_frame_equal(prepared.panel.collect(), pl.concat(build_panel(cleaned)))
    assert_frame_equal(prepared.spells.collect(), cleaned.spells)
    assert_frame_equal(prepared.table("contacts").collect(), cleaned.tables["contacts"])
    assert prepared.table("jobs") is None
    assert prepared.has("contacts")
    assert not prepared.has("jobs")
    assert prepared.observed_until == cleaned.observed_until


def test_about_says_what_was_prepared(folder):
    about = json.loads((folder / "prepared.json").read_text())
    assert about.pop("rules") == hash_rules()
    assert about == {
        "schema_version": 2,
        "municipality_id": "GM9901",
        "executor_id": "GM9901",
        "synthetic": True,
        "extract_date": "2022-01-01",
        "observed_until": "2022-01-01",
        "first_month": "2020-01",
        "last_month": "2020-12",
        "received": {
            "files": [{"table": "clients", "file": "clients.csv", "mapping": "canonical"}],
            "dropped_columns": {"clients.csv": ["notes"]},
            "withheld": {"benefits.exemption": 3},
            "left_out": {},
            "approximate": {},
        },
        "tables": ["clients", "contacts"],
        "caseload_source": "contacts",
        "dated_traits": [],
        "booking_lag_days": {"median": 0.0, "p95": 0.0, "is_estimated": 1.0},
        "fingerprint": "f",
        "params": PARAMS,
        "n_persons": 2,
        "n_spells": 2,
        "n_person_months": 13,
    }


def test_the_same_delivery_gives_the_same_bytes_and_nothing_beside_them(cleaned, folder):
    before = digests(folder)
    write_prepared(cleaned, folder, PARAMS, fingerprint="f")
    assert digests(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["GM9901"]


def test_the_bytes_do_not_follow_the_chunks_that_the_threads_leave(cleaned, folder, monkeypatch):
    whole = pl.concat([*build_panel(cleaned)] * 15_000, rechunk=True)
    pieces = pl.concat([whole[:60_000], whole[60_000:]], rechunk=False)
    written = []
    for frame in (whole, pieces):
        monkeypatch.setattr(module, "build_panel", lambda *_, frame=frame: [frame])
        write_prepared(cleaned, folder, PARAMS, fingerprint="f")
        written.append(digests(folder))
    assert written[0] == written[1]


def test_what_is_prepared_stays_when_preparing_again_fails(cleaned, folder, monkeypatch):
    before = digests(folder)
    monkeypatch.setattr(module, "build_panel", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_prepared(cleaned, folder, PARAMS, fingerprint="g")
    assert digests(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["GM9901"]


def test_current_means_the_same_delivery_parameters_and_rules(folder, monkeypatch):
    assert is_current(folder, "f", PARAMS)
    assert not is_current(folder, "g", PARAMS)
    assert not is_current(folder, "f", PARAMS | {"max_gap_days": 31})
    assert not is_current(folder.parent / "GM9902", "f", PARAMS)
    monkeypatch.setattr(module, "hash_rules", lambda: "another rule")
    assert not is_current(folder, "f", PARAMS)


def test_a_changed_rule_changes_the_hash_and_another_place_does_not(tmp_path, monkeypatch):
    def package(name: str, rule: str) -> Path:
        for room in ("cleaning", "panel"):
            (tmp_path / name / room).mkdir(parents=True)
        (tmp_path / name / "cleaning" / "benefits.py").write_bytes(rule.encode())
        (tmp_path / name / "schemas.yaml").write_text("clients: {}")
        return tmp_path / name

    def hash_of(root: Path) -> str:
        monkeypatch.setattr(module, "files", lambda _: root)
        return hash_rules()

    here, there = hash_of(package("here", "x = 1\n")), hash_of(package("there", "x = 1\r\n"))
    assert here == there
    assert hash_of(package("changed", "x = 2\n")) != here


@pytest.mark.parametrize(
    ("version", "remedy"),
    [(1, "run `watwerkt prepare` again"), (3, "install a newer one")],
)
def test_another_schema_version_is_refused_and_not_current(folder, version, remedy):
    path = folder / "prepared.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": version}))
    assert not is_current(folder, "f", PARAMS)
    with pytest.raises(VersionError, match=f"schema_version {version}, .*{remedy}"):
        read_prepared(folder)


def test_nothing_prepared_names_the_remedy(tmp_path):
    with pytest.raises(DataError, match="GM9909: run `watwerkt prepare`"):
        read_prepared(tmp_path / "GM9909")


def test_prepared_data_shows_no_rows_and_cannot_be_changed(folder):
    prepared = read_prepared(folder)
    assert repr(prepared) == "Prepared(GM9901)"
    with pytest.raises(FrozenInstanceError):
        prepared.about = {}


def test_a_large_municipality_is_written_in_parts(cleaned, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SPELLS_A_FILE", 1)
    write_prepared(cleaned, tmp_path / "GM9901", PARAMS, fingerprint="f")
    assert len(list((tmp_path / "GM9901" / "panel").iterdir())) == 2
    panel = read_prepared(tmp_path / "GM9901").panel.collect()
    assert_frame_equal(panel, pl.concat(build_panel(cleaned)))

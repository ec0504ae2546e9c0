"""The ledger of releases: what is kept, what later reports are held to, and what is refused."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from watwerkt.disclosure import protect_counts, read_policy
from watwerkt.disclosure.register import Register, Table, read_tables, table_line
from watwerkt.disclosure.releases import read_releases, withdraw_release, write_release
from watwerkt.errors import ParameterError, SchemaError, VersionError
from watwerkt.params import check_params
from watwerkt.runtime.releases import (
    EARLIER,
    PARTS,
    ledger_folder,
    list_releases,
    open_register,
    write_earlier,
)

ABOUT = {
    "language": "nl", "first_month": "2019-01", "last_month": "2023-12",
    "extract_date": "2023-12-31", "delivery_sha256": "ab" * 32,
}  # fmt: skip
NAME = "02_population: persons of n_persons by sex (1)"
TABLE = Table(NAME, {("man", "n_persons"): 45.0, ("vrouw", "n_persons"): None}, frozenset())


def test_a_release_is_read_back_as_it_was_written(tmp_path):
    small = Table(NAME, TABLE.figures, frozenset({("vrouw", "n_persons")}))
    assert write_release(ABOUT, [TABLE, small], tmp_path) == 1
    assert write_release(ABOUT, [], tmp_path) == 2
    first, second = read_releases(tmp_path)
    assert (first.number, first.about, first.tables) == (1, ABOUT, [TABLE, small])
    assert not second.tables
    assert not list(tmp_path.glob(".part*"))


def test_what_was_never_published_is_kept_and_binds_nobody(tmp_path):
    write_release(ABOUT, [TABLE], tmp_path)
    with pytest.raises(ParameterError, match="say why"):
        withdraw_release(1, " ", tmp_path)
    withdraw_release(1, "a draft", tmp_path)
    assert not read_releases(tmp_path)
    assert "a draft" in (tmp_path / "0001.jsonl.withdrawn").read_text(encoding="utf-8")
    assert write_release(ABOUT, [TABLE], tmp_path) == 2, "no number is given twice"
    with pytest.raises(ParameterError, match="no release 1"):
        withdraw_release(1, "again", tmp_path)


@pytest.mark.parametrize("content", ["", "[]\n", "{\n", '{"schema_version": 1}\n["name"]\n'])
def test_a_damaged_ledger_is_refused_and_never_passed_over(tmp_path, content):
    write_release(ABOUT, [TABLE], tmp_path)
    (tmp_path / "0001.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises((SchemaError, VersionError)):
        read_releases(tmp_path)


def test_a_line_without_its_end_was_never_written_whole(tmp_path):
    path = tmp_path / "tables.jsonl"
    path.write_text(table_line(TABLE) + table_line(TABLE)[:-9], encoding="utf-8")
    assert read_tables(path) == [TABLE]
    assert read_tables(tmp_path / "absent") == []


def laid_out(restricted: Path, records: Path, code: str, contains: str = "") -> Register:
    params = check_params({"municipality_id": code, "contains": contains}, "test")
    write_earlier(restricted, params, records)
    return open_register(records, "02_population")


def test_a_chapter_is_given_the_earlier_releases_of_its_municipality_only(tmp_path):
    for code in ("GM9901", "GM9902"):
        write_release(ABOUT, [TABLE], ledger_folder(tmp_path, code))
    assert laid_out(tmp_path, tmp_path / "a", "GM9901").earlier == {NAME: [TABLE]}
    assert not laid_out(tmp_path, tmp_path / "b", "GM9903").earlier
    assert not list((tmp_path / "b").glob(f"{PARTS}/*/*"))
    assert len(list((tmp_path / "a").glob(f"{EARLIER}/*/*"))) == 1


def test_a_merged_municipality_is_held_to_its_parts_and_a_part_to_the_whole(tmp_path):
    for code in ("GM9901", "GM9902"):
        write_release(ABOUT, [TABLE], ledger_folder(tmp_path, code))
    merged = laid_out(tmp_path, tmp_path / "a", "GM9910", contains="GM9901 GM9902")
    assert merged.parts == {NAME: [TABLE, TABLE]}
    write_release(ABOUT | {"contains": ["GM9901"]}, [TABLE], ledger_folder(tmp_path, "GM9910"))
    assert laid_out(tmp_path, tmp_path / "b", "GM9901").parts == {NAME: [TABLE]}
    assert not laid_out(tmp_path, tmp_path / "c", "GM9902").parts


@pytest.mark.parametrize(
    ("whole", "shown"),
    [([60, 90], [60, 90]), ([51, 90], [None, None]), ([31, 90], [None, None])],
)
def test_what_a_whole_shows_leaves_no_small_group_when_its_parts_are_taken_off(whole, shown):
    """Of one sex the parts showed 25 and 20: six more in both, or six more than in the first."""
    first = Table(NAME, {("man", "n_persons"): 25.0, ("vrouw", "n_persons"): 40.0})
    second = Table(NAME, {("man", "n_persons"): 20.0, ("vrouw", "n_persons"): 50.0})
    register = Register("02_population", parts={NAME: [first, second]})
    policy = read_policy().model_copy(update={"released": register})
    counts = pd.DataFrame({"sex": ["man", "vrouw"], "n_persons": whole})
    found = protect_counts(counts, ["n_persons"], policy, by=["sex"]).frame["n_persons"]
    assert [None if pd.isna(n) else n for n in found] == shown


def test_the_list_says_what_was_released(tmp_path):
    assert list_releases(tmp_path, "GM9901") == ["GM9901: nothing was released"]
    write_release(ABOUT, [TABLE], ledger_folder(tmp_path, "GM9901"))
    [line] = list_releases(tmp_path, "GM9901")
    assert line.split()[:4] == ["1", "nl", "2019-01", "to"]
    assert f"{date(2023, 12, 31)}" in line

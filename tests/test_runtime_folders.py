"""Folders that change as a whole, chapters that are chosen, faults that tell nothing."""

import pytest

from tiny_chapters import PARAMETERS, write_chapter
from watwerkt.durable import replaced_folder
from watwerkt.errors import ParameterError
from watwerkt.params import check_params
from watwerkt.runtime.chapters import read_chapters
from watwerkt.runtime.fault import write_fault


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "reports" / "nl"
    target.mkdir(parents=True)
    (target / "old").touch()
    with replaced_folder(target) as fresh:
        (fresh / "new").touch()
        assert names(target) == ["old"]
    assert names(tmp_path) == ["reports", "reports/nl", "reports/nl/new"]


def write_half(target):
    with replaced_folder(target) as fresh:
        (fresh / "new").touch()
        raise RuntimeError("half way")


def test_a_folder_stays_as_it_was_when_something_fails(tmp_path):
    target = tmp_path / "nl"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError, match="half way"):
        write_half(target)
    assert names(tmp_path) == ["nl", "nl/old"]


@pytest.fixture
def notebooks(tmp_path):
    released = f'{PARAMETERS}\nreleased_dir: str = ""'
    write_chapter(tmp_path, "00_summary", parameters=released)
    write_chapter(tmp_path, "01_data")
    write_chapter(tmp_path, "03_caseload")
    (tmp_path / "scratch.ipynb").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ([], ["00_summary", "01_data", "03_caseload"]),
        (["03"], ["03_caseload"]),
        (["03", "00_summary"], ["00_summary", "03_caseload"]),
    ],
)
def test_chapters_are_chosen_by_number_or_name(notebooks, chosen, found):
    assert [chapter.name for chapter in read_chapters(notebooks, chosen)] == found


def test_the_summary_is_known_by_what_it_reads(notebooks):
    reading = [chapter.name for chapter in read_chapters(notebooks) if chapter.reads_released]
    assert reading == ["00_summary"]


def test_a_chapter_that_is_not_there_is_named(notebooks):
    with pytest.raises(ParameterError, match="no chapter 07; there are: 00_summary, 01_data, 03"):
        read_chapters(notebooks, ["03", "07"])


def test_a_fault_tells_kinds_and_places_and_no_values(tmp_path):
    try:
        check_params({"municipality_id": object()}, source="123456782")
    except ParameterError as error:
        fault = RuntimeError("123456782")
        fault.__cause__ = error
    write_fault(fault, tmp_path / "restricted" / "fault.log")
    log = (tmp_path / "restricted" / "fault.log").read_text(encoding="utf-8")
    assert "builtins.RuntimeError\nwatwerkt.errors.ParameterError\n  watwerkt/params.py:" in log
    assert "123456782" not in log
    assert "municipality_id" not in log

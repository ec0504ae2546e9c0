"""One chapter: parameters in, executed copy out, a failure named without a value."""

import json

import nbformat
import pytest

from tiny_chapters import write_chapter
from watwerkt.errors import ChapterError, ParameterError
from watwerkt.params import ReportParams
from watwerkt.runtime.run import read_declared, run_chapter

SECRET = "123456782"


@pytest.fixture
def params():
    return ReportParams(municipality_id="GM9902", language="en")


def texts(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_the_declared_parameters_arrive_and_the_kernel_starts_beside_the_notebook(tmp_path, params):
    chapter = write_chapter(
        tmp_path / "notebooks",
        "01_x",
        "import os, pathlib",
        "print(municipality_id, language, pathlib.Path().resolve().name)",
    )
    run_chapter(chapter, params, tmp_path / "out.ipynb", tmp_path / "log")
    assert texts(tmp_path / "out.ipynb") == "GM9902 en notebooks\n"


def test_nothing_crosses_the_loopback_interface(tmp_path, params):
    chapter = write_chapter(
        tmp_path,
        "01_x",
        "import json, pathlib, stat, ipykernel.connect",
        "print(open(ipykernel.connect.get_connection_file()).read())",
    )
    run_chapter(chapter, params, tmp_path / "out.ipynb", tmp_path / "log")
    connection = json.loads(texts(tmp_path / "out.ipynb"))
    assert connection["transport"] == "ipc"
    assert "WARNING" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_the_source_notebook_stays_as_it_was(tmp_path, params):
    chapter = write_chapter(tmp_path, "01_x", "1 + 1")
    before = chapter.read_bytes()
    run_chapter(chapter, params, tmp_path / "out.ipynb", tmp_path / "log")
    assert chapter.read_bytes() == before


@pytest.mark.parametrize(
    ("cell", "message", "note"),
    [
        (f"raise ValueError('{SECRET}')", "01_x, cell 3: ValueError", []),
        # Others' errors that bear the name of one of ours: their messages hold values.
        (f"raise pandas.errors.DataError('{SECRET}')", "01_x, cell 3: DataError", []),
        (
            "check_params({}, 'here')",
            "01_x, cell 3: ParameterError",
            ["here: municipality_id: Field req"],
        ),
        ("os._exit(1)", "01_x, cell 3: the kernel died (out of memory?)", []),
    ],
)
def test_a_failure_names_cell_and_cause_and_no_value(tmp_path, params, cell, message, note):
    chapter = write_chapter(
        tmp_path, "01_x", "import os, pandas; from watwerkt.params import check_params", cell, "1"
    )
    with pytest.raises(ChapterError) as caught:
        run_chapter(chapter, params, tmp_path / "out.ipynb", tmp_path / "log")
    assert str(caught.value) == message
    notes = getattr(caught.value, "__notes__", [])
    assert len(notes) == len(note)
    assert all(told.startswith(begin) for told, begin in zip(notes, note, strict=True))
    assert SECRET not in str(caught.value) + "".join(notes)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_cell_that_takes_too_long_is_named(tmp_path, params):
    chapter = write_chapter(tmp_path, "01_x", "import time; time.sleep(30)")
    with pytest.raises(ChapterError, match=r"01_x, cell 2: took longer than 2 seconds"):
        run_chapter(chapter, params, tmp_path / "out.ipynb", tmp_path / "log", timeout=2)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ('municipality_id: str = "GM9901"\ncolour: str = "red"', r"01_x: .* no report has.*colour"),
        ('language: str = "nl"', r"01_x: no cell .* declares municipality_id"),
    ],
)
def test_undeclared_names_are_refused_before_a_kernel_starts(tmp_path, parameters, message):
    chapter = write_chapter(tmp_path, "01_x", parameters=parameters)
    with pytest.raises(ParameterError, match=message):
        read_declared(chapter)


def test_values_arrive_as_what_they_are(tmp_path):
    """papermill turns dates, paths and numpy numbers into text; JSON values stay themselves."""
    parameters = 'municipality_id: str = "GM9901"\nconf_level: float = 0.9\nmax_gap_days: int = 1'
    chapter = write_chapter(
        tmp_path, "01_x", "print(repr((conf_level, max_gap_days)))", parameters=parameters
    )
    params = ReportParams(municipality_id="GM9901", conf_level=0.99, max_gap_days=0)
    run_chapter(chapter, params, tmp_path / "out.ipynb", tmp_path / "log")
    assert texts(tmp_path / "out.ipynb") == "(0.99, 0)\n"

"""Every chapter keeps the house rules for notebooks, and the lint finds each way to break them."""

import copy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from notebook_lint import problems
from watwerkt.params import read_params

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMS = ROOT / "papermill_params"


def test_the_chapters_are_there():
    wanted = {"00_summary", "01_data_quality", "02_population"}
    wanted |= {"03_caseload_outflow", "04_contact_intensity", "08_sustained_exit"}
    wanted |= {"05_reintegration_chain", "06_instruments", "07_experiments"}
    assert wanted <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_keeps_the_house_rules(path):
    assert problems(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", sorted(PARAMS.glob("GM*.yaml")), ids=lambda path: path.stem)
def test_every_parameter_file_is_valid(path):
    assert read_params(PARAMS, path.stem).municipality_id == path.stem


def code(source, number, *tags, shows=""):
    cell = new_code_cell(source, execution_count=number, metadata={"tags": list(tags)})
    if shows:
        html = {"text/html": f'<div class="ww ww-text">{shows}</div>'}
        cell.outputs = [new_output("execute_result", html, execution_count=number)]
    return cell


def prose(source, language):
    return new_markdown_cell(source, metadata={"tags": [language]})


def good_chapter():
    return new_notebook(
        cells=[
            prose("# Vraag\n\nWerkt het?", "nl"),
            prose("# Question\n\nDoes it work?", "en"),
            code('municipality_id: str = "GM9901"  # municipality code', 1, "parameters"),
            code("from watwerkt.runtime.chapter import open_chapter", 2),
            code("chapter = open_chapter('x', municipality_id)", 3),
            code("chapter.page.say('Good.')", 4, shows="<p>Good.</p>"),
            prose("## Wat dit niet laat zien\n\nVeel.", "nl"),
            prose("## What this does not show\n\nMuch.", "en"),
            code("chapter.provenance()", 5, "provenance", "nbval-ignore-output", shows="<p>…</p>"),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "watwerkt", "language": "python"}
        },
    )


def test_a_good_chapter_has_no_problems():
    assert problems(good_chapter()) == []


def source(text):
    return lambda nb: nb.cells[5].update(source=text)


def shows(text):
    return lambda nb: nb.cells[5].outputs[0].data.update({"text/html": f'<div class="ww ">{text}'})


BREAKS = {
    "executed: unexecuted": lambda nb: nb.cells[5].update(execution_count=None),
    "executed: out of order": lambda nb: nb.cells[5].update(execution_count=7),
    "thin: a function": source("def f():\n    return 1"),
    "thin: a loop": source("for x in y:\n    x"),
    "thin: a try": source("try:\n    x\nfinally:\n    y"),
    "thin: too long": source("\n".join(["x = 1"] * 13)),
    "thin: a semicolon": source("chapter.page.say('x');"),
    "thin: empty": source(""),
    "tagged: ignored elsewhere": lambda nb: nb.cells[5].metadata.update(
        tags=["nbval-ignore-output"]
    ),
    "tagged: raises": lambda nb: nb.cells[5].metadata.update(tags=["raises-exception"]),
    "tagged: a comment": source("# NBVAL_IGNORE_OUTPUT\nchapter.page.say('x')"),
    "tagged: no provenance": lambda nb: nb.cells.pop(),
    "parameters: unknown": lambda nb: nb.cells[2].update(source='colour: str = "red"  # which'),
    "parameters: no comment": lambda nb: nb.cells[2].update(source='municipality_id: str = "x"'),
    "parameters: no literal": lambda nb: nb.cells[2].update(source="language = f()  # which"),
    "parameters: not first": lambda nb: nb.cells.insert(2, code("x = 1", 0)),
    "one_import_cell: another": source("import pandas"),
    "paired: alone": lambda nb: nb.cells.pop(0),
    "paired: other headings": lambda nb: nb.cells[0].update(source="# Vraag\n\n## Meer"),
    "paired: all is shown": lambda nb: nb.cells[6].update(source="## Slot"),
    "shown: stdout": lambda nb: nb.cells[5].outputs.append(new_output("stream", text="x")),
    "shown: an error": lambda nb: nb.cells[5].outputs.append(new_output("error")),
    "shown: a frame": lambda nb: nb.cells[5].outputs[0].data.update({"text/html": "<table>"}),
    "shown: stripped": lambda nb: [c.update(outputs=[]) for c in nb.cells if "outputs" in c],
    "safe: a pseudonym": shows("9f86d081884c7d65"),
    "safe: a citizen number": shows("<td>123456782</td>"),
    "safe: a path": shows("/" + "home/someone/delivery"),
    "quiet: papermill": lambda nb: nb.metadata.update(papermill={"duration": 1}),
    "quiet: a clock": lambda nb: nb.cells[5].metadata.update(execution={"iopub": "2026"}),
    "quiet: a version": lambda nb: nb.metadata.update(language_info={"version": "3.11.2"}),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_lint_finds(name):
    chapter = copy.deepcopy(good_chapter())
    BREAKS[name](chapter)
    rule = name.partition(":")[0]
    assert any(problem.startswith(f"{rule}:") for problem in problems(chapter))

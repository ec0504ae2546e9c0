"""Reference outputs: the same bytes on every run, and nothing of the machine that made them."""

import nbformat
from IPython.core.interactiveshell import InteractiveShell

from tiny_chapters import write_chapter
from watwerkt.lab import mark_internal
from watwerkt.runtime.fingerprint import notebook_fingerprint
from watwerkt.runtime.references import write_outputs


def test_outputs_are_stored_without_clock_or_machine(tmp_path):
    chapter = write_chapter(tmp_path, "01_x", "import pathlib", "pathlib.Path().resolve().name")
    said = notebook_fingerprint(chapter)
    write_outputs(chapter)
    first = chapter.read_bytes()
    write_outputs(chapter)
    assert chapter.read_bytes() == first
    notebook = nbformat.read(chapter, as_version=4)
    assert [c.get("execution_count") for c in notebook.cells] == [None, None, 1, 2, 3]
    assert notebook.cells[-1].outputs[0].data["text/plain"] == repr(tmp_path.name)
    assert "version" not in notebook.metadata["language_info"]
    assert all(cell.metadata.keys() <= {"tags"} for cell in notebook.cells)
    assert notebook_fingerprint(chapter) == said


def test_a_changed_cell_changes_the_fingerprint(tmp_path):
    one, other = (write_chapter(tmp_path / n, "01_x", n) for n in ("a", "b"))
    assert notebook_fingerprint(one) != notebook_fingerprint(other)


def test_the_lab_marks_what_follows_as_internal_once(capsys):
    shell = InteractiveShell.instance()
    mark_internal(shell)
    mark_internal(shell)
    marks = [c for c in shell.events.callbacks["post_run_cell"] if c.__name__ == "_say_internal"]
    assert len(marks) == 1
    marks[0]()
    assert "HTML object" in capsys.readouterr().out
    shell.events.unregister("post_run_cell", marks[0])

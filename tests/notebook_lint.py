"""The rules for notebooks, each a function from a notebook to what is wrong with it."""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from watwerkt.params import ReportParams

MAX_CELL_LINES = 12
LOGIC = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar),
)
IGNORED = "nbval-ignore-output"
TAGS = {"markdown": {"nl", "en"}, "code": {"parameters", "load", "provenance", IGNORED}}
MARKERS = re.compile(r"NBVAL_|PYTEST_VALIDATE")  # nbval's comments
MADE_BY_PAGE = '<div class="ww '
IDENTIFIER = re.compile(r"[0-9a-fA-F]{16,}|(?<![\d.])\d{8,9}(?![\d.])")
ABSOLUTE_PATH = re.compile(r"(?<![\w:/<.])/(?:home|root|tmp|usr|var|opt|mnt|Users|private)/")
NOT_SHOWN = {
    "nl": r"^## Wat .*niet (laat zien|weten)",
    "en": r"^## What .*(does|do) not (show|know)",
}


def problems(notebook: NotebookNode) -> list[str]:
    """Everything that is wrong, in words."""
    rules = (executed, thin, tagged, parameters, one_import_cell, paired, shown, safe, quiet)
    return [f"{rule.__name__}: {problem}" for rule in rules for problem in rule(notebook)]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def executed(notebook: NotebookNode) -> Iterator[str]:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not run once from top to bottom: {counts}"


def thin(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        tree = ast.parse(cell.source)
        if len(cell.source.splitlines()) > MAX_CELL_LINES and "parameters" not in tags(cell):
            yield f"more than {MAX_CELL_LINES} lines: {cell.source[:60]!r}"
        if any(isinstance(node, LOGIC) for node in ast.walk(tree)):
            yield f"logic belongs in lib/watwerkt: {cell.source[:60]!r}"
        if cell.source.rstrip().endswith(";"):
            yield f"a trailing ; hides an output: {cell.source[-60:]!r}"
        if not cell.source.strip():
            yield "an empty cell"


def tagged(notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if unknown := tags(cell) - TAGS.get(cell.cell_type, set()):
            yield f"tags {sorted(unknown)} are not for a {cell.cell_type} cell"
        if IGNORED in tags(cell) and "provenance" not in tags(cell):
            yield "only the provenance cell's output may be ignored"
        if cell.cell_type == "code" and MARKERS.search(cell.source):
            yield f"nbval is not told by comments: {cell.source[:60]!r}"
    with_provenance = [c for c in code_cells(notebook) if "provenance" in tags(c)]
    if with_provenance != code_cells(notebook)[-1:]:
        yield "the last code cell, and no other, is tagged provenance"


def parameters(notebook: NotebookNode) -> Iterator[str]:
    cells = code_cells(notebook)
    if [c for c in cells if "parameters" in tags(c)] != cells[:1]:
        yield "the first code cell, and no other, is tagged parameters"
        return
    lines = ast.parse(cells[0].source).body
    for line, node in zip(cells[0].source.splitlines(), lines, strict=False):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant)):
            yield f"not an annotated literal: {line}"
        elif node.target.id not in ReportParams.model_fields:
            yield f"{node.target.id} is no report parameter"
        if "  # " not in line:
            yield f"a parameter without a comment: {line}"


def one_import_cell(notebook: NotebookNode) -> Iterator[str]:
    importing = [
        cell
        for cell in code_cells(notebook)
        if any(isinstance(n, ast.Import | ast.ImportFrom) for n in ast.walk(ast.parse(cell.source)))
    ]
    if importing != code_cells(notebook)[1:2]:
        yield "the second code cell, and no other, imports"


def paired(notebook: NotebookNode) -> Iterator[str]:
    """Prose comes in pairs of cells, one per language, with the same headings in depth."""
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    languages = [tags(cell) & {"nl", "en"} for cell in prose]
    if languages != [{"nl"}, {"en"}] * (len(prose) // 2):
        yield f"prose does not come in pairs nl, en: {[sorted(found) for found in languages]}"
        return
    for dutch, english in zip(prose[::2], prose[1::2], strict=True):
        if depths(dutch) != depths(english):
            yield f"other headings in nl and en: {dutch.source[:60]!r}"
    for language, heading in NOT_SHOWN.items():
        said = "\n".join(cell.source for cell in prose if language in tags(cell))
        if not re.search(heading, said, flags=re.MULTILINE):
            yield f"nowhere in {language} does it say what it does not show"
    if sum(depths(cell).count(1) for cell in prose) != 2 or depths(prose[0])[:1] != [1]:
        yield "one title per language, at the top"


def depths(cell: NotebookNode) -> list[int]:
    return [len(mark) for mark in re.findall(r"^(#+) ", cell.source, flags=re.MULTILINE)]


def shown(notebook: NotebookNode) -> Iterator[str]:
    """What a cell ends in is shown by the page; nothing else is printed."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type not in {"execute_result", "display_data"}:
                yield f"{output.output_type} in the output of {cell.source[:60]!r}"
            elif not output.data.get("text/html", "").startswith(MADE_BY_PAGE):
                yield f"an output that page did not make: {cell.source[:60]!r}"
    if not any(cell.outputs for cell in code_cells(notebook)):
        yield "no output at all"


def safe(notebook: NotebookNode) -> Iterator[str]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            text = "\n".join(map(str, output.get("data", {}).values())) + output.get("text", "")
            if "provenance" not in tags(cell) and IDENTIFIER.search(text):
                yield f"what looks like a person's id in the output of {cell.source[:60]!r}"
            if ABSOLUTE_PATH.search(text):
                yield f"an absolute path in the output of {cell.source[:60]!r}"


def quiet(notebook: NotebookNode) -> Iterator[str]:
    """No clock, no machine: what a second run would not give again."""
    if notebook.metadata.keys() - {"kernelspec", "language_info"}:
        yield f"metadata beside the kernel: {sorted(notebook.metadata)}"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    if "version" in notebook.metadata.get("language_info", {}):
        yield "the version of one machine's Python"
    if any(cell.metadata.keys() - {"tags"} for cell in notebook.cells):
        yield "cell metadata beside tags"

"""One executed notebook as a part of the report: its prose in one language, and what page made."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from watwerkt.errors import ChapterError, DisclosureError
from watwerkt.publish.gaps import fold_gaps
from watwerkt.publish.language import LOCALES
from watwerkt.publish.sheets import SHEET, Sheet, read_sheet

MADE_BY_PAGE = '<div class="ww '
OWN_ID = re.compile(r'(\s(?:id|aria-labelledby|href)="#?|url\(#)(?!ch|https?:|mailto:)(?=[^"])')
TITLE = re.compile(r"^# +(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter in the report; ``body`` is HTML, or ``failure`` says in words why there is none.

    Attributes
    ----------
    name : the notebook's name, ``03_caseload_outflow``.
    sheets : the tables that it shows, those of its figures too, for the workbook.
    """

    name: str
    title: str
    body: str = ""
    failure: str = ""
    sheets: tuple[Sheet, ...] = ()

    @property
    def number(self) -> str:
        """The chapter's number as it is read: ``3``."""
        return str(int(self.name[:2]))

    @property
    def anchor(self) -> str:
        """Where the contents lead; every id in the chapter begins with it."""
        return f"ch{self.name[:2]}"


def chapter_section(notebook: NotebookNode, name: str, language: str) -> Section:
    """What the report takes over from an executed chapter.

    Raises
    ------
    ChapterError
        The notebook did not run to its end.
    DisclosureError
        A cell shows something that ``page`` did not make.
    """
    shown = new_notebook(cells=_select_cells(notebook, name, language))
    exporter = _exporter()
    exporter.register_filter("prose", _prose_writer())
    body, _ = exporter.from_notebook_node(shown)
    section = Section(name, chapter_title(notebook, name, language), sheets=_read_sheets(shown))
    return replace(section, body=OWN_ID.sub(rf"\g<1>{section.anchor}-", body).strip())


def failed_section(notebook: NotebookNode, name: str, language: str, failure: str) -> Section:
    """The visible gap of a chapter that did not run; ``failure`` is a sentence without values."""
    return Section(name, chapter_title(notebook, name, language), failure=failure)


def chapter_title(notebook: NotebookNode, name: str, language: str) -> str:
    """The first heading in the language; ChapterError where there is none."""
    for cell in _prose_cells(notebook, language):
        if found := TITLE.search(cell.source):
            return found[1]
    raise ChapterError(f"{name} has no title in {language}: a Markdown cell with `# …`, so tagged")


def _prose_cells(notebook: NotebookNode, language: str) -> list[NotebookNode]:
    others = LOCALES.keys() - {language}
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    return [cell for cell in prose if not others & set(cell.metadata.get("tags", []))]


def _select_cells(notebook: NotebookNode, name: str, language: str) -> list[NotebookNode]:
    prose = {id(cell) for cell in _prose_cells(notebook, language)}
    cells = []
    for number, cell in enumerate(notebook.cells, start=1):
        if "provenance" in cell.metadata.get("tags", []):
            continue  # the report has its own, for all chapters
        if cell.cell_type == "code":
            outputs = _select_outputs(cell, f"{name}, cell {number}")
            cells.append(NotebookNode(cell | {"outputs": outputs}))
        elif id(cell) in prose:
            source = TITLE.sub("", cell.source, count=1)  # the report writes the title itself
            cells.append(NotebookNode(cell | {"source": source}))
    return fold_gaps(cells, language)


def _select_outputs(cell: NotebookNode, place: str) -> list[NotebookNode]:
    kinds = {output.output_type for output in cell.outputs}
    if "error" in kinds:
        raise ChapterError(f"{place} ended in an error; run the chapter again")
    shown = [output for output in cell.outputs if output.output_type != "stream"]
    rich = [output for output in shown if set(output.data) - {"text/plain"}]
    if not all(output.data.get("text/html", "").startswith(MADE_BY_PAGE) for output in rich):
        raise DisclosureError(
            f"{place} shows something that page did not make; use page.table(), .figure(), .say()"
        )
    return rich


def _read_sheets(notebook: NotebookNode) -> tuple[Sheet, ...]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    marks = [output.metadata.get("text/html", {}) for output in outputs]
    return tuple(read_sheet(mark[SHEET]) for mark in marks if SHEET in mark)


@cache
def _exporter() -> TemplateExporter:
    """One exporter for all chapters: building it takes far longer than using it."""
    return TemplateExporter(
        file_extension=".html",
        template_name="chapter",
        extra_template_basedirs=[str(files("watwerkt.publish") / "templates")],
    )


class _ProseRenderer(IPythonRenderer):
    """Markdown one heading level down, its headings numbered; HTML in it is shown as text."""

    def __init__(self) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False)
        self.n_headings = 0

    def heading(self, text: str, level: int, **_: object) -> str:
        self.n_headings += 1
        return f'<h{level + 1} id="s{self.n_headings}">{text}</h{level + 1}>\n'


def _prose_writer() -> Callable[[str], str]:
    markdown = MarkdownWithMath(renderer=_ProseRenderer())
    return lambda source: str(markdown.render(source)).strip()

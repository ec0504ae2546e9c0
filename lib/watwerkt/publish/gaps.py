"""Parts of a chapter in which nothing can be shown: the reason once, and what it stands for."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from watwerkt.publish.language import Translator

GAP = '<div class="ww ww-gap">'
SILENCE = '"></div>'  # how an output ends that shows nothing
HEADING = re.compile(r"(##+) +(.+)")
BEFORE_HEADING = re.compile(r"^(?=##+ )", re.MULTILINE)
REASON = re.compile(r"<p[^>]*>(.*)</p>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under a heading, as far as the next heading of any level.

    Attributes
    ----------
    level : 2 or more; 0 where the chapter begins.
    """

    level: int
    title: str
    cells: tuple[NotebookNode, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why nothing is shown; none where something is, or where nothing was meant to be."""
        told = [text for cell in self.cells for text in _shown(cell) if not text.endswith(SILENCE)]
        if not self.level or not all(text.startswith(GAP) for text in told):
            return ()
        return tuple(dict.fromkeys("".join(REASON.findall(text)) for text in told))


def fold_gaps(cells: Sequence[NotebookNode], language: str) -> list[NotebookNode]:
    """A chapter's cells, parts that show nothing without their prose, and together.

    Such a part goes together with all under its smaller headings, or stays. Elsewhere a gap that
    says what the one right before it said is left out.
    """
    parts = _split(_say_once(cells))
    keys = [part.reasons if _shows_nothing(parts, at) else () for at, part in enumerate(parts)]
    kept: list[NotebookNode] = []
    for reasons, run in groupby(zip(keys, parts, strict=True), key=lambda pair: pair[0]):
        members = [part for _, part in run]
        if not reasons:
            kept += [cell for part in members for cell in part.cells]
        elif len(members) == 1:
            kept += [_heading(members[0]), _gap(reasons, (), language)]
        else:
            kept.append(_gap(reasons, members, language))
    return kept


def _shown(cell: NotebookNode) -> list[str]:
    return [output.data["text/html"] for output in cell.get("outputs", [])]


def _say_once(cells: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Leave out a gap that says what the one right before it said."""
    kept, said = [], ""
    for cell in cells:
        outputs = []
        for output in cell.get("outputs", []):
            shown = output.data["text/html"]
            if shown != said:
                outputs.append(output)
            said = shown if shown.startswith(GAP) else said if shown.endswith(SILENCE) else ""
        said = "" if cell.cell_type == "markdown" else said
        kept.append(NotebookNode(cell | {"outputs": outputs}) if "outputs" in cell else cell)
    return kept


def _split(cells: Iterable[NotebookNode]) -> list[Part]:
    parts = [Part(0, "", ())]
    for cell in chain.from_iterable(map(_cut, cells)):
        if found := HEADING.match(cell.source if cell.cell_type == "markdown" else ""):
            parts.append(Part(len(found[1]), found[2].strip(), ()))
        last = parts[-1]
        parts[-1] = Part(last.level, last.title, (*last.cells, cell))
    return parts


def _cut(cell: NotebookNode) -> list[NotebookNode]:
    """Prose cut before each of its headings."""
    if cell.cell_type != "markdown":
        return [cell]
    pieces = [piece for piece in BEFORE_HEADING.split(cell.source) if piece]
    rest = [new_markdown_cell(piece) for piece in pieces[1:]]
    return [NotebookNode(cell | {"source": "".join(pieces[:1])}), *rest]


def _shows_nothing(parts: Sequence[Part], at: int) -> bool:
    """Whether the part at this place and all parts under it show nothing, for a reason."""
    part = parts[at]
    for under in parts[at + 1 :]:
        if under.level <= part.level:
            break
        if not under.reasons:
            return False
    return bool(part.reasons)


def _heading(part: Part) -> NotebookNode:
    return new_markdown_cell(f"{'#' * part.level} {part.title}")


def _gap(reasons: Iterable[str], parts: Sequence[Part], language: str) -> NotebookNode:
    """The reasons, which are HTML already, and the uppermost headings of the parts."""
    told = "".join(f"<p>{reason}</p>" for reason in reasons)
    if parts:
        top = min(part.level for part in parts)
        titles = [html.escape(part.title, quote=False) for part in parts if part.level == top]
        opener = html.escape(Translator(language).text("Therefore missing here:"), quote=False)
        told += f"<p>{opener}</p><ul>{''.join(f'<li>{title}</li>' for title in titles)}</ul>"
    shown = f'{GAP}<div class="gap" role="note">{told}</div></div>'
    output = new_output("display_data", data={"text/html": shown})
    return new_code_cell(outputs=[output])

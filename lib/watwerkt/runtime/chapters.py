"""The chapters there are, and which of them to run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watwerkt.errors import ParameterError
from watwerkt.runtime.run import read_declared


@dataclass(frozen=True, slots=True)
class ChapterFile:
    """A chapter's notebook; ``declared`` are the names in its parameters cell."""

    path: Path
    declared: frozenset[str]

    @property
    def name(self) -> str:
        """Number and subject: ``03_caseload_outflow``."""
        return self.path.stem

    @property
    def reads_released(self) -> bool:
        """Whether it reads what the other chapters publish, and so runs after them."""
        return "released_dir" in self.declared


def read_chapters(folder: Path, chosen: Sequence[str] = ()) -> list[ChapterFile]:
    """The chapters in ``folder`` in their order; ``chosen`` by number or by name, or all.

    Raises ParameterError for a chapter that is not there, or declares what no report has.
    """
    found = {path.stem: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    absent = [c for c in chosen if not any(_is_meant(c, name) for name in found)]
    if not found:
        raise ParameterError("there are no chapters: no notebook is called 01_… in notebooks/")
    if absent:
        raise ParameterError(f"no chapter {', '.join(absent)}; there are: {', '.join(found)}")
    names = [n for n in found if not chosen or any(_is_meant(c, n) for c in chosen)]
    return [ChapterFile(found[n], frozenset(read_declared(found[n]))) for n in names]


def _is_meant(chosen: str, name: str) -> bool:
    return chosen in (name, name[:2])

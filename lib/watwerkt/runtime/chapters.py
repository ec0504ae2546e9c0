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

    @property
    def compares(self) -> bool:
        """Whether it is about many municipalities, and so in no report of one."""
        return "reports_dir" in self.declared


def read_chapters(
    folder: Path, chosen: Sequence[str] = (), *, compares: bool = False
) -> list[ChapterFile]:
    """The chapters in ``folder`` in their order; ``chosen`` by number or by name, or all.

    Those about one municipality, or where ``compares`` those about many.

    Raises ParameterError for a chapter that is not there, or declares what no report has.
    """
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    every = [ChapterFile(path, frozenset(read_declared(path))) for path in paths]
    found = [chapter for chapter in every if chapter.compares == compares]
    names = [chapter.name for chapter in found]
    absent = [c for c in chosen if not any(_is_meant(c, name) for name in names)]
    if not found:
        raise ParameterError("there are no chapters: no notebook is called 01_… in notebooks/")
    if absent:
        raise ParameterError(f"no chapter {', '.join(absent)}; there are: {', '.join(names)}")
    return [c for c in found if not chosen or any(_is_meant(one, c.name) for one in chosen)]


def _is_meant(chosen: str, name: str) -> bool:
    return chosen in (name, name[:2])

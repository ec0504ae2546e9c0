"""What becomes of one chapter of a report: its section, or a visible gap."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat

from watwerkt.errors import ChapterError, DisclosureError
from watwerkt.params import ReportParams
from watwerkt.publish.chapter_html import Section, chapter_section, failed_section
from watwerkt.runtime.run import CELL_TIMEOUT_SECONDS, run_chapter


@dataclass(frozen=True, slots=True)
class Outcome:
    """A chapter that has been run; where it failed, ``section`` is the gap it leaves."""

    name: str
    section: Section
    seconds: float
    failure: ChapterError | None = None

    @property
    def sentence(self) -> str:
        """The failure with its detail, for the command line and ``run.json``; else empty."""
        parts = [str(self.failure or ""), *getattr(self.failure, "__notes__", [])]
        return ": ".join(part for part in parts if part)


def run_section(
    notebook: Path, params: ReportParams, restricted: Path, timeout: int = CELL_TIMEOUT_SECONDS
) -> Outcome:
    """Run a chapter and take over from it what is published.

    The executed copy and the kernel's complaints stay in ``restricted``. A chapter that fails
    leaves no records: half of its estimates would be a choice that nobody made.
    """
    started = time.monotonic()
    output = restricted / "chapters" / notebook.name
    failure = None
    try:
        run_chapter(notebook, params, output, restricted / "log", timeout)
        section = chapter_section(nbformat.read(output, 4), notebook.stem, params.language)
    except (ChapterError, DisclosureError) as error:
        failure = error if isinstance(error, ChapterError) else ChapterError(str(error))
        source = nbformat.read(notebook, 4)
        section = failed_section(source, notebook.stem, params.language, str(error))
        shutil.rmtree(Path(params.record_dir, notebook.stem), ignore_errors=True)
    return Outcome(notebook.stem, section, time.monotonic() - started, failure)

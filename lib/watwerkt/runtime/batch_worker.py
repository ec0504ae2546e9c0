"""One municipality of a batch, in a process of its own: what became of it, never an exception.

Kinds of failure: ``data`` and ``code`` end the same way again, ``busy`` while another run is at it;
``kernel``, ``timeout``, ``memory`` and ``disk`` need not, and are tried once more.
"""

import io
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from watwerkt.errors import BusyError, ChapterError, RoomError, WatwerktError
from watwerkt.params import ReportParams
from watwerkt.paths import Workspace
from watwerkt.runtime.fault import explain, shortage_of
from watwerkt.runtime.report import write_report

AGAIN = {"kernel", "timeout", "memory", "disk"}
TRIES = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report, or a chapter of it, is not there; ``sentence`` names file, cell and remedy."""

    language: str
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A municipality that was tried.

    Attributes
    ----------
    code : of the municipality.
    written : the languages whose report was put in place, whole or with a gap.
    failures : what is missing; nothing where all went well.
    n_tries : how often it was run.
    seconds : that it took.
    peak_bytes : the most memory that one of its processes had.
    """

    code: str
    written: Sequence[str] = ()
    failures: Sequence[Failure] = field(default_factory=tuple)
    n_tries: int = 1
    seconds: float = 0.0
    peak_bytes: int = 0


def make_reports(
    place: Workspace, params: Sequence[ReportParams], delivery: Path, timeout: int
) -> Ended:
    """Write a municipality's reports, those that failed for want of something a second time."""
    started = time.monotonic()
    left, n_tries = list(params), 0
    failures: list[Failure] = []
    written: list[str] = []
    while left and n_tries < TRIES:
        n_tries += 1
        failures = [f for f in failures if f.language not in {p.language for p in left}]
        found = {p.language: _write(place, p, delivery, timeout) for p in left}
        failures += [failure for is_written, own in found.values() for failure in own]
        written += [lang for lang, (done, _) in found.items() if done and lang not in written]
        again = {f.language for f in failures if f.kind in AGAIN}
        left = [p for p in left if p.language in again]
    took = time.monotonic() - started
    return Ended(params[0].municipality_id, written, tuple(failures), n_tries, took, _peak())


def _write(
    place: Workspace, params: ReportParams, delivery: Path, timeout: int
) -> tuple[bool, list[Failure]]:
    quiet = Console(file=io.StringIO())
    try:
        failed = write_report(place, params, delivery, quiet, timeout=timeout)
    except Exception as error:
        return False, [Failure(params.language, _kind(error), _say(error, place))]
    return True, [Failure(params.language, o.failure.kind, o.sentence) for o in failed if o.failure]


def _kind(error: Exception) -> str:
    if isinstance(error, ChapterError):
        return error.kind
    short = error if isinstance(error, RoomError) else shortage_of(error)
    if short is not None:
        return "memory" if "memory" in str(short) else "disk"
    if isinstance(error, BusyError):
        return "busy"
    return "data" if isinstance(error, WatwerktError) and error.exit_code != 70 else "code"


def _say(error: Exception, place: Workspace) -> str:
    if isinstance(error, WatwerktError):
        return "\n".join([str(error), *getattr(error, "__notes__", [])])
    return explain(error, place.restricted / "fault.log")[1]


def _peak() -> int:
    """Of this process and of the kernels that it has waited for."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return 1024 * max(resource.getrusage(who).ru_maxrss for who in both)

"""What a batch is to do: one job per municipality, the largest first, with why.

Nothing is remembered of earlier batches. A report is current where its manifest says what would be
said now, so a batch that was killed goes on where it was, and one that is repeated does nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watwerkt.errors import ParameterError, WatwerktError
from watwerkt.params import ReportParams, read_params
from watwerkt.paths import Workspace
from watwerkt.runtime.chapters import ChapterFile, read_chapters
from watwerkt.runtime.current import find_changes

PATTERN = "GM[0-9][0-9][0-9][0-9]"


@dataclass(frozen=True, slots=True)
class Job:
    """The reports of one municipality.

    Attributes
    ----------
    code : of the municipality.
    params : per language that is to be made, in order; none where all are current.
    delivery : its folder.
    n_bytes : of the delivery, by which the largest goes first and progress is counted.
    changes : per language why it is to be made.
    problem : why it cannot be made at all; else None.
    """

    code: str
    params: Sequence[ReportParams] = ()
    delivery: Path = Path()
    n_bytes: int = 0
    changes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problem: WatwerktError | None = None

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to do."""
        return not self.params and self.problem is None


def plan_jobs(
    place: Workspace,
    only: Sequence[str] = (),
    languages: Sequence[str] = ("nl",),
    *,
    fresh: bool = False,
) -> list[Job]:
    """A job for every municipality with a delivery or a parameter file, the largest first.

    ``only`` : codes, or all. ``fresh`` : whatever is current is made again.

    Raises ParameterError where there is nothing, or none of that code.
    """
    codes = list(_find_codes(place))
    absent = sorted(set(only) - set(codes))
    if absent or not codes:
        what = f"no delivery and no parameters of {', '.join(absent)}" if absent else "no delivery"
        raise ParameterError(f"{what}: a batch takes data/raw/<GM>/ or papermill_params/<GM>.yaml")
    chapters = read_chapters(place.notebooks)
    jobs = [_plan(place, c, chapters, languages, fresh) for c in codes if not only or c in only]
    return sorted(jobs, key=lambda job: (-job.n_bytes, job.code))


def _find_codes(place: Workspace) -> Iterator[str]:
    """Codes with a folder in data/raw, or a file of parameters."""
    delivered = {path.name for path in (place.root / "data" / "raw").glob(PATTERN)}
    yield from sorted(delivered | {path.stem for path in place.params.glob(f"{PATTERN}.yaml")})


def _plan(
    place: Workspace,
    code: str,
    chapters: Sequence[ChapterFile],
    languages: Sequence[str],
    fresh: bool,
) -> Job:
    try:
        every = [read_params(place.params, code, language=language) for language in languages]
        named = Path(every[0].delivery) if every[0].delivery else None
        delivery = place.delivery(code, named)
        size = sum(path.stat().st_size for path in delivery.iterdir() if path.is_file())
        found: dict[str, list[str]] = {
            p.language: find_changes(place, p, delivery, chapters) for p in every
        }
    except WatwerktError as error:
        return Job(code, problem=error)
    changes = {lang: why or ["fresh"] for lang, why in found.items() if why or fresh}
    wanted = [params for params in every if params.language in changes]
    return Job(code, wanted, delivery, size, changes)

"""Commands about many municipalities at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from watwerkt.cli_options import Language, Reports, shown, told
from watwerkt.errors import ChapterError, ParameterError
from watwerkt.paths import workspace

FAILED = 1


def batch(
    only: Annotated[
        list[str] | None, typer.Option(metavar="GM", help="This one; may be repeated.")
    ] = None,
    languages: Annotated[str, typer.Option(help="nl, en, or nl,en.")] = "nl",
    workers: Annotated[int, typer.Option(min=1, help="Municipalities at once.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="The largest so many only.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Also what is current.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what and why; no more.")] = False,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that a cell may take.")] = 3600,
    out: Reports = None,
) -> None:
    """Write the reports of all municipalities that are new or changed; goes on where it was."""
    from watwerkt.runtime.batch import run_batch, tell_missing
    from watwerkt.runtime.batch_jobs import plan_jobs

    place, wanted = workspace(out=out), [lang for lang in languages.split(",") if lang]
    if not wanted or set(wanted) - set(Language):
        raise ParameterError("--languages takes nl, en, or nl,en")
    jobs = plan_jobs(place, only or (), wanted, fresh=fresh)[:limit]
    if dry_run:
        for job in jobs:
            reasons = [f"{lang}: {', '.join(why)}" for lang, why in job.changes.items()]
            said = "refused" if job.problem else "; ".join(reasons) or "current"
            shown.print(f"{job.code}  {said}")
        return
    ended = run_batch(place, jobs, workers, timeout, told)
    missing = tell_missing(ended)
    n_current = sum(job.is_current for job in jobs)
    n_failed = sum(bool(one.failures) for one in ended)
    told.print("\n".join(missing))
    shown.print(f"{len(ended) - n_failed} written, {n_current} current, {n_failed} failed")
    if n_failed:
        sys.exit(FAILED)


def benchmark(
    reports: Annotated[Path, typer.Argument(metavar="REPORTS", help="A folder per municipality.")],
    out: Annotated[Path, typer.Option(help="Gets the comparison, in a folder by language.")],
    language: Annotated[Language, typer.Option()] = Language.nl,
) -> None:
    """Compare municipalities, from what they released only."""
    from watwerkt.runtime.benchmark import write_benchmark

    place = workspace(out=out)
    failures = write_benchmark(place, reports, str(language), told)
    if failures:
        raise ChapterError(f"{len(failures)} of the chapters failed; the others were written")
    shown.print(place.shown(place.reports / str(language) / "report.html"))

"""Write one municipality's report: run the chapters, gather what they recorded, bind the pages."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from watwerkt.chain_policy import read_chain_policy
from watwerkt.disclosure.policy import read_policy
from watwerkt.disclosure.released import COLUMNS, read_released
from watwerkt.durable import replaced_folder
from watwerkt.panel.prepared import read_prepared
from watwerkt.params import ReportParams
from watwerkt.paths import Workspace
from watwerkt.plan import read_plan
from watwerkt.prices import read_prices
from watwerkt.publish.excel import report_workbook
from watwerkt.publish.html import About, report_html
from watwerkt.publish.provenance import PROVENANCE_LABELS
from watwerkt.runtime.chapters import ChapterFile, read_chapters
from watwerkt.runtime.fingerprint import values_fingerprint
from watwerkt.runtime.manifest import build_manifest, write_manifest, write_run
from watwerkt.runtime.outcome import Outcome, run_section
from watwerkt.runtime.paper import write_pdf
from watwerkt.runtime.prepare import run_prepare
from watwerkt.runtime.record import write_gathered
from watwerkt.runtime.releases import add_release, write_earlier
from watwerkt.runtime.run import CELL_TIMEOUT_SECONDS
from watwerkt.scan import require_clean, scan_folder


def write_report(
    place: Workspace,
    params: ReportParams,
    delivery: Path,
    console: Console,
    chosen: Sequence[str] = (),
    timeout: int = CELL_TIMEOUT_SECONDS,
) -> list[Outcome]:
    """Write the report of ``params.municipality_id``; return the chapters that failed, if any.

    Prepares first, where that is needed. What was released before is held against what is released
    now, and the ledger of releases has this report before it is published. Published and restricted
    files take the place of the old ones at the very end, so that nobody reads half a report.

    Raises
    ------
    ParameterError, Refused
        Nothing was written; also where a scan of what would be published finds anything.
    """
    started = datetime.now(UTC)
    chapters = read_chapters(place.notebooks, chosen)
    papers = read_papers(place, params.municipality_id)
    folder = place.prepared / params.municipality_id
    with console.status("prepare"):
        run_prepare(delivery, folder, params)
    own = Path(params.municipality_id, params.language)
    place.restricted.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="ww-record-") as records,
        replaced_folder(place.restricted / own) as restricted,
        replaced_folder(place.reports / own) as published,
    ):
        places = {"prepared_dir": folder, "released_dir": published, "record_dir": records}
        filled = params.model_copy(update={name: str(path) for name, path in places.items()})
        write_earlier(place.restricted, params, Path(records))
        outcomes = run_sections(chapters, filled, restricted, console, timeout)
        prepared, lock = read_prepared(folder).about, place.root / "requirements.lock"
        manifest = build_manifest(filled, prepared, read_policy(), lock) | papers
        about = describe_report(filled, manifest)
        write_published(outcomes, chapters, filled, manifest, about, console)
        require_clean(scan_folder(published), f"{params.municipality_id}/{params.language}")
        add_release(place.restricted, filled, manifest)
        failed = [outcome for outcome in outcomes if outcome.failure]
        sentences = [outcome.sentence for outcome in failed]
        write_run(started, {o.name: o.seconds for o in outcomes}, sentences, restricted)
    return failed


def read_papers(place: Workspace, municipality_id: str) -> dict[str, str | None]:
    """The fingerprints of what the municipality laid down itself, as the manifest names them."""
    papers = {
        "chain_policy_sha256": read_chain_policy(place.params, municipality_id),
        "plan_sha256": read_plan(place.params, municipality_id),
        "prices_sha256": read_prices(place.params, municipality_id),
    }
    return {
        name: values_fingerprint(paper.model_dump(mode="json")) if paper else None
        for name, paper in papers.items()
    }


def run_sections(
    chapters: Sequence[ChapterFile],
    params: ReportParams,
    restricted: Path,
    console: Console,
    timeout: int = CELL_TIMEOUT_SECONDS,
) -> list[Outcome]:
    """Run every chapter, those that read what the others publish last; in the report's order."""
    (restricted / "chapters").mkdir()
    own = [c for c in chapters if not c.reads_released]
    outcomes = list(_told(own, params, restricted, console, timeout))
    write_gathered(Path(params.record_dir), Path(params.released_dir))
    rest = [c for c in chapters if c.reads_released]
    outcomes += _told(rest, params, restricted, console, timeout)
    return sorted(outcomes, key=lambda outcome: outcome.name)


def _told(
    chapters: Iterable[ChapterFile],
    params: ReportParams,
    restricted: Path,
    console: Console,
    timeout: int,
) -> Iterator[Outcome]:
    for chapter in chapters:
        with console.status(chapter.name):
            outcome = run_section(chapter.path, params, restricted, timeout)
        ended = "failed" if outcome.failure else "done"
        console.print(f"{ended:6} {outcome.seconds:6.1f} s  {outcome.sentence or outcome.name}")
        yield outcome


def write_published(
    outcomes: Sequence[Outcome],
    chapters: Sequence[ChapterFile],
    params: ReportParams,
    manifest: dict[str, Any],
    about: About,
    console: Console,
) -> None:
    """Bind the sections into page, workbook and PDF, in ``params.released_dir``."""
    policy, folder = read_policy(), Path(params.released_dir)
    sections = [outcome.section for outcome in outcomes]
    page = report_html(sections, about, params.language)
    (folder / "report.html").write_text(page, encoding="utf-8")
    released = [read_released(folder / f"{kind}.parquet") for kind in COLUMNS]
    workbook = report_workbook(sections, released, about, policy, params.language)
    (folder / "tables.xlsx").write_bytes(workbook)
    manifest["not_written"] = write_pdf(page, folder, console)
    failed = [outcome.name for outcome in outcomes if outcome.failure]
    write_manifest(manifest, [c.path for c in chapters], failed, folder)


def describe_report(params: ReportParams, manifest: dict[str, Any]) -> About:
    """What the report says of itself, from its manifest."""
    shown = {k: manifest[k] for k in PROVENANCE_LABELS if manifest.get(k)}
    return About(
        municipality_id=params.municipality_id,
        municipality_name=params.municipality_name,
        is_synthetic=manifest["synthetic"],
        first_month=date.fromisoformat(f"{manifest['first_month']}-01"),
        last_month=date.fromisoformat(f"{manifest['last_month']}-01"),
        extract_date=date.fromisoformat(manifest["extract_date"]),
        provenance=shown,
    )

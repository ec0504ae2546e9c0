"""Compare municipalities: the chapter over what they released, and its report."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from IPython.display import HTML
from rich.console import Console

from watwerkt import __version__
from watwerkt.analysis.benchmark import Pool, pool_primaries
from watwerkt.disclosure.gap import Gap
from watwerkt.disclosure.policy import Policy, read_policy
from watwerkt.disclosure.protected import Protected
from watwerkt.durable import replaced_folder
from watwerkt.errors import Refused
from watwerkt.params import ReportParams, check_params
from watwerkt.paths import Workspace, workspace
from watwerkt.publish.guard import guard_display
from watwerkt.publish.language import Translator
from watwerkt.publish.page import Page
from watwerkt.runtime.chapters import read_chapters
from watwerkt.runtime.fingerprint import file_fingerprint, values_fingerprint
from watwerkt.runtime.manifest import build_manifest, write_run
from watwerkt.runtime.municipalities import Municipalities, read_municipalities
from watwerkt.runtime.record import write_record
from watwerkt.runtime.report import describe_report, run_sections, write_published

TOGETHER = "GM0000"  # in the place of a code: no municipality has it


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """The chapter over municipalities, opened.

    Attributes
    ----------
    found : what was released.
    pools : every primary estimate, pooled.
    policy, page : what may be shown, and where it goes.
    """

    name: str
    found: Municipalities
    pools: list[Pool] = field(repr=False)
    policy: Policy
    page: Page
    _record_dir: Path | None = None

    @property
    def size(self) -> str:
        """How many municipalities, in digits."""
        return str(len(self.found.codes))

    def record(self, protected: Protected | Gap) -> None:
        """As ``Chapter.record``: hand estimates or aggregates to the report."""
        if isinstance(protected, Protected) and self._record_dir is not None:
            write_record(protected, describe_together(self.found), self._record_dir / self.name)

    def provenance(self) -> HTML:
        """The last cell: what its figures were made of."""
        facts = {
            "library_version": __version__,
            "policy_version": self.policy.version,
            "released_sha256": released_fingerprint(self.found),
        }
        return self.page.provenance(facts)


def open_comparison(
    name: str, language: str, reports_dir: str = "", record_dir: str = ""
) -> Comparison:
    """Open chapter ``name`` in a notebook's kernel, which from then on shows protected data only.

    Without ``reports_dir`` it reads the small bundle in ``data/sample/released``. Raises Refused
    as ``read_municipalities`` does.
    """
    guard_display()
    return read_comparison(name, language, reports_dir, record_dir)


def read_comparison(
    name: str, language: str, reports_dir: str = "", record_dir: str = ""
) -> Comparison:
    """The same outside a kernel, where nothing is displayed."""
    bundle = workspace().root / "data" / "sample" / "released"
    found = read_municipalities(Path(reports_dir) if reports_dir else bundle, language)
    return Comparison(
        name=name,
        found=found,
        pools=pool_primaries(found.estimates),
        policy=read_policy(is_synthetic=found.is_synthetic),
        page=Page(language, found.is_synthetic),
        _record_dir=Path(record_dir) if record_dir else None,
    )


def write_benchmark(place: Workspace, folder: Path, language: str, console: Console) -> list[str]:
    """Write the comparison of the municipalities in ``folder``; return the failures in words.

    Into ``place.reports``/<language>: the same files as a report of one municipality.

    Raises
    ------
    ParameterError, Refused
        Nothing was written.
    """
    started = datetime.now(UTC)
    if not folder.is_dir():
        raise Refused(f"{folder.name}: no such folder")
    found = read_municipalities(folder.resolve(), language)
    console.print(f"{len(found.codes)} municipalities, the files of {language} where there are two")
    chapters = read_chapters(place.notebooks, compares=True)
    place.restricted.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix="ww-record-") as records,
        replaced_folder(place.restricted / "benchmark" / language) as restricted,
        replaced_folder(place.reports / language) as published,
    ):
        params = _params(folder.resolve(), published, found, language).model_copy(
            update={"record_dir": records}
        )
        outcomes = run_sections(chapters, params, restricted, console)
        manifest = _manifest(params, found, place)
        day = {"extract_date": f"{found.last_day:%Y-%m-%d}"}
        written = replace(describe_report(params, manifest | day), is_comparison=True)
        write_published(outcomes, chapters, params, manifest, written, console)
        failures = [outcome.sentence for outcome in outcomes if outcome.failure]
        write_run(started, {o.name: o.seconds for o in outcomes}, failures, restricted)
    return failures


def describe_together(found: Municipalities) -> dict[str, Any]:
    """What prepared data say of one municipality, of all together."""
    last = found.last_day
    return {
        "municipality_id": TOGETHER,
        "executor_id": TOGETHER,
        "synthetic": found.is_synthetic,
        "first_month": f"{found.first_day:%Y-%m}",
        "last_month": f"{last.year - (last.month == 1)}-{(last.month - 2) % 12 + 1:02}",
    }


def released_fingerprint(found: Municipalities) -> str:
    """Of all files that were read, whatever folders they lie in."""
    files: Mapping[str, str] = {
        f"{code}/{path.name}": file_fingerprint(path)
        for code, pair in zip(found.codes, zip(*[iter(found.files)] * 2, strict=True), strict=True)
        for path in pair
    }
    return values_fingerprint(dict(files))


def _params(folder: Path, published: Path, found: Municipalities, language: str) -> ReportParams:
    name = Translator(language).text("{n} municipalities together", n=len(found.codes))
    given = {"municipality_id": TOGETHER, "municipality_name": name, "language": language}
    places = {"reports_dir": str(folder), "released_dir": str(published)}
    return check_params(given | places, source="benchmark")


def _manifest(params: ReportParams, found: Municipalities, place: Workspace) -> dict[str, Any]:
    """That of a report, with the released files where a report has its delivery."""
    about = describe_together(found) | {"fingerprint": None, "extract_date": None}
    lock = place.root / "requirements.lock"
    content = build_manifest(params, about, read_policy(), lock)
    own = {"municipality_id", "executor_id", "delivery_sha256", "plan_sha256", "extract_date"}
    kept = {name: value for name, value in content.items() if name not in own}
    more = {"municipalities": list(found.codes), "released_sha256": released_fingerprint(found)}
    return kept | more

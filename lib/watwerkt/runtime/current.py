"""Whether a report that lies there is the one that would be written now, by its manifest alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from watwerkt.disclosure.policy import read_policy
from watwerkt.intake.delivery import fingerprint_delivery
from watwerkt.params import ReportParams
from watwerkt.paths import Workspace
from watwerkt.runtime.chapters import ChapterFile
from watwerkt.runtime.fingerprint import file_fingerprint, notebook_fingerprint
from watwerkt.runtime.manifest import describe_rules
from watwerkt.runtime.report import read_papers

OF_VERSIONS = {"python", "versions", "library_version"}


def find_changes(
    place: Workspace, params: ReportParams, delivery: Path, chapters: Sequence[ChapterFile]
) -> list[str]:
    """Why the report of these parameters is to be made again; nothing where it is current.

    Raises DeliveryError where the delivery cannot be opened.
    """
    folder = place.reports / params.municipality_id / params.language
    found = _read_manifest(folder)
    if not found:
        return ["no report"]
    rules = describe_rules(params, read_policy(), place.root / "requirements.lock")
    wanted = rules | read_papers(place, params.municipality_id)
    wanted["delivery_sha256"] = fingerprint_delivery(delivery)
    changed = [_word(name) for name, value in wanted.items() if found.get(name) != value]
    notebooks = {chapter.name: notebook_fingerprint(chapter.path) for chapter in chapters}
    if {name: c["sha256"] for name, c in found.get("chapters", {}).items()} != notebooks:
        changed.append("notebooks")
    if found.get("failed"):
        changed.append("failed before")
    if any(file_fingerprint(folder / n) != made for n, made in found.get("outputs", {}).items()):
        changed.append("files changed")
    return list(dict.fromkeys(changed))


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _word(name: str) -> str:
    """A line of the manifest as a reason."""
    return "versions" if name in OF_VERSIONS else name.removesuffix("_sha256")

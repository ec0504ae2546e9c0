"""Fingerprints: sha256 of what a report was made with."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat

PACKAGE = Path(__file__).parents[1]
SOURCE = {".py", ".yaml", ".po", ".css", ".j2", ".woff2"}


def file_fingerprint(path: Path) -> str:
    """Of one file's bytes; empty where there is no such file."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def values_fingerprint(values: dict[str, Any]) -> str:
    """Of named values, whatever their order."""
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def notebook_fingerprint(path: Path) -> str:
    """Of what a notebook says and does: its cells and tags, not the outputs stored with them."""
    cells = nbformat.read(path, as_version=4).cells
    parts = [[cell.cell_type, cell.source, cell.metadata.get("tags", [])] for cell in cells]
    return values_fingerprint({path.stem: parts})


def library_fingerprint() -> str:
    """Of this package's own source: names inside the package and bytes."""
    files = (path for path in PACKAGE.rglob("*") if path.suffix in SOURCE)
    return values_fingerprint(
        {f.relative_to(PACKAGE).as_posix(): file_fingerprint(f) for f in files}
    )

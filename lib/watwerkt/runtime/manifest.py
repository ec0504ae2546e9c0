"""What a report was made of (``manifest.json``) and how the run went (``run.json``)."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from watwerkt import __version__
from watwerkt.disclosure.policy import Policy
from watwerkt.params import PLACES, ReportParams
from watwerkt.runtime.fingerprint import (
    file_fingerprint,
    library_fingerprint,
    notebook_fingerprint,
    values_fingerprint,
)

SCHEMA_VERSION = 1
LIBRARIES = (
    "matplotlib",
    "numpy",
    "pandas",
    "papermill",
    "polars",
    "scipy",
    "statsmodels",
    "survival",
    "weasyprint",
)


def build_manifest(
    params: ReportParams, prepared: dict[str, Any], policy: Policy, lock: Path
) -> dict[str, Any]:
    """Everything that decides what a report says; nothing that changes from run to run.

    ``prepared`` is ``prepared.json``. What draws at random has a seed of its own in the library.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        **{k: prepared[k] for k in ("municipality_id", "executor_id", "synthetic")},
        **{k: prepared[k] for k in ("first_month", "last_month", "extract_date")},
        "delivery_sha256": prepared["fingerprint"],
        "seeds": {},
        **describe_rules(params, policy, lock),
    }


def describe_rules(params: ReportParams, policy: Policy, lock: Path) -> dict[str, Any]:
    """Of the manifest, what can be said before a delivery is read."""
    settings = params.model_dump(mode="json", exclude=set(PLACES))
    return {
        "params": settings,
        "params_sha256": values_fingerprint(settings),
        "library_version": __version__,
        "library_sha256": library_fingerprint(),
        "lock_sha256": file_fingerprint(lock),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "versions": {name: version(name) for name in LIBRARIES},
        "policy_version": policy.version,
        "policy_sha256": values_fingerprint(
            policy.model_dump(mode="json", exclude={"is_synthetic"})
        ),
        "plan_sha256": None,
    }


def write_manifest(
    manifest: dict[str, Any], notebooks: Sequence[Path], failed: Sequence[str], folder: Path
) -> None:
    """Write ``manifest.json`` last, with the notebooks and the files that it speaks for."""
    outputs = sorted(path for path in folder.iterdir() if path.is_file())
    content = manifest | {
        "chapters": {n.stem: {"sha256": notebook_fingerprint(n)} for n in notebooks},
        "failed": sorted(failed),
        "outputs": {path.name: file_fingerprint(path) for path in outputs},
    }
    _write_json(content, folder / "manifest.json")


def write_run(
    started: datetime, seconds: dict[str, float], failures: Sequence[str], folder: Path
) -> None:
    """Write ``run.json``: clock, durations and host, which is why it is never published."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "failures": list(failures),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
    }
    _write_json(content, folder / "run.json")


def _write_json(content: dict[str, Any], path: Path) -> None:
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")

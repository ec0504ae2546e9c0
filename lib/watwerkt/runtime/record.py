"""What chapters record on the way: one small released file per call, gathered at the end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watwerkt.disclosure.protected import Protected
from watwerkt.disclosure.released import (
    COLUMNS,
    complete_aggregates,
    complete_estimates,
    read_released,
    write_released,
)


def write_record(protected: Protected, about: Mapping[str, Any], folder: Path) -> None:
    """Add the rows of ``protected`` to what the chapter, the name of ``folder``, has recorded.

    Raises DisclosureError for anything but protected estimates or aggregates.
    """
    if protected.kind == "aggregates":
        part = complete_aggregates(protected, about)
    else:
        part = complete_estimates(protected, about, folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir()))
    write_released([part], part.kind, folder / f"{part.kind}-{number:04}.parquet")


def write_gathered(records: Path, folder: Path) -> None:
    """Write ``estimates.parquet`` and ``aggregates.parquet``: all that was recorded, or no row."""
    for kind in COLUMNS:
        parts = [read_released(path) for path in sorted(records.glob(f"*/{kind}-*.parquet"))]
        write_released(parts, kind, folder / f"{kind}.parquet")

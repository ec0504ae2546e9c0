"""A folder is replaced as a whole, or stays as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """An empty folder beside ``target`` that takes its place when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
        fresh, stale = Path(beside, "fresh"), Path(beside, "stale")
        fresh.mkdir()
        yield fresh
        try:
            if target.exists():
                target.rename(stale)
            fresh.rename(target)
        finally:
            if stale.exists() and not target.exists():
                stale.rename(target)

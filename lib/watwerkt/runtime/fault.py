"""The log of a fault of ours: kinds of errors and places in our code, so that it can be sent."""

import platform
import traceback
from collections.abc import Iterator
from pathlib import Path

from watwerkt import __version__

PACKAGE = Path(__file__).parents[1]


def write_fault(fault: BaseException, path: Path) -> None:
    """Write to ``path`` what ``fault`` was and where; no message, value, argument or local."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [f"watwerkt {__version__}, Python {platform.python_version()}", *_describe(fault)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _describe(fault: BaseException) -> Iterator[str]:
    error: BaseException | None = fault
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).is_relative_to(PACKAGE):
                place = Path(frame.filename).relative_to(PACKAGE.parent).as_posix()
                yield f"  {place}:{frame.lineno} {frame.name}"
        error = error.__cause__ or error.__context__

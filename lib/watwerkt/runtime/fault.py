"""What went wrong and was no error of ours by name: the machine fell short, or a fault of ours.

The log of a fault holds kinds of errors and places in our code, so that it can be sent.
"""

import errno
import platform
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from watwerkt import __version__
from watwerkt.durable import write_whole
from watwerkt.errors import RoomError, WatwerktError

PACKAGE = Path(__file__).parents[1]
FELL_SHORT = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota on this disk is used up: make room",
    errno.EFBIG: "files may not grow this large here: raise the limit (ulimit -f)",
    errno.EROFS: "the disk is read-only: name another folder, or have it made writable",
    errno.EACCES: "no permission: ask for the right to read and write there",
    errno.EPERM: "no permission: ask for the right to read and write there",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.EIO: "the disk does not answer: check it",
    errno.ENOMEM: "too little memory: close other programs, or use a larger machine",
}
NO_END = "Invalid thrift: transport error"  # Polars, of a file whose end it could not write
UNCHANGED = "Nothing was replaced; then run this again"


def explain(fault: BaseException, log: Path) -> tuple[int, str]:
    """The exit code and what to say; a fault of ours is written to ``log``."""
    shortage = shortage_of(fault)
    if shortage is not None:
        return shortage.exit_code, str(shortage)
    where = f"{log.parent.name}/{log.name} holds no data: please report it"
    try:
        write_fault(fault, log)
    except OSError:
        where = "its log could not be written"
    return WatwerktError.exit_code, f"A fault of ours ({type(fault).__name__}); {where}"


def shortage_of(fault: BaseException) -> RoomError | None:
    """In what the machine fell short, with the file's name and the remedy; None if in nothing."""
    if isinstance(fault, MemoryError):
        return RoomError(f"{FELL_SHORT[errno.ENOMEM]}. {UNCHANGED}")
    number = fault.errno if isinstance(fault, OSError) else None
    number = _number_in(fault) if number is None else number
    if number is None and NO_END in str(fault):
        sentence = "the disk is full, or files may not grow this large here: make room"
        return RoomError(f"{sentence}. {UNCHANGED}")
    if number not in FELL_SHORT:
        return None
    named = getattr(fault, "filename", None)
    file = f"{Path(named).name}: " if isinstance(named, str) else ""
    return RoomError(f"{file}{FELL_SHORT[number]}. {UNCHANGED}")


def _number_in(fault: BaseException) -> int | None:
    """The system's error number where a library of Rust only writes it: ``(os error 28)``."""
    found = re.search(r"\(os error (\d+)\)", str(fault))
    return int(found[1]) if found else None


def write_fault(fault: BaseException, path: Path) -> None:
    """Write to ``path`` what ``fault`` was and where; no message, value, argument or local."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [f"watwerkt {__version__}, Python {platform.python_version()}", *_describe(fault)]
    write_whole(path, "\n".join(lines) + "\n")


def _describe(fault: BaseException) -> Iterator[str]:
    error: BaseException | None = fault
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(frame.filename).is_relative_to(PACKAGE):
                place = Path(frame.filename).relative_to(PACKAGE.parent).as_posix()
                yield f"  {place}:{frame.lineno} {frame.name}"
        error = error.__cause__ or error.__context__

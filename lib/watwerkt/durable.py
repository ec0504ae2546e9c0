"""Files and folders that change as a whole, last through a power cut, and have one writer at once.

While ``nl`` is written there is ``.nl.part`` beside it, with the lock of whoever writes. What a
killed run leaves there, the next one finds unlocked and clears away; what a live run writes, it
finds locked.
"""

import ctypes
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from watwerkt.errors import BusyError

AT_WORKING_FOLDER, EXCHANGE = -100, 2  # of renameat2(2)


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """An empty folder beside ``target`` that takes its place when the block ends well.

    At every moment ``target`` is the old folder or the new one, where the system can exchange two
    names (Linux); elsewhere the next run puts back an old one that a kill left aside. Raises
    BusyError where another run writes ``target``.
    """
    with held(target) as part:
        fresh = part / "fresh"
        fresh.mkdir()
        yield fresh
        for folder, _, names in os.walk(fresh):
            for path in (*(Path(folder, name) for name in names), Path(folder)):
                _sync(path)
        _put_in_place(fresh, target, part / "stale")
        _sync(target.parent)


@contextmanager
def held(target: Path) -> Iterator[Path]:
    """An empty folder for whoever alone may write ``target``; it goes when the block ends.

    Raises BusyError where another run holds it.
    """
    part = target.with_name(f".{target.name}.part")
    with _lock(part) as lock:
        if lock is None:
            raise BusyError(
                f"{target.parent.name}/{target.name}: another run is writing it; nothing was "
                "changed. Wait until that run is done, or end it, then run this again"
            )
        if (part / "stale").exists() and not target.exists():
            (part / "stale").rename(target)
        _clear(part)
        try:
            yield part
        finally:
            _clear(part)
            with suppress(OSError):  # the disk may be read-only by now
                (part / "lock").unlink()  # last: who comes now starts on nothing of ours
                part.rmdir()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path``: after a kill or a full disk the old file is there, or this."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.new")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        _sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)


def _clear(part: Path) -> None:
    for left in (part / "fresh", part / "stale"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _lock(part: Path) -> Iterator[IO[str] | None]:
    """The lock in ``part``, or None where a live run has it; a crash lets go of it too."""
    while True:
        part.mkdir(parents=True, exist_ok=True)
        try:
            lock = (part / "lock").open("w")
        except FileNotFoundError:  # whoever held it has just taken ``part`` away
            continue
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            if _is_still(lock, part / "lock"):
                yield lock
                return


def _is_still(lock: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _put_in_place(fresh: Path, target: Path, stale: Path) -> None:
    if not target.exists():
        fresh.rename(target)
    elif not _exchange(fresh, target):
        target.rename(stale)
        try:
            fresh.rename(target)
        except OSError:
            stale.rename(target)
            raise


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names in one step; False where system or disk cannot."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (AT_WORKING_FOLDER, os.fsencode(one), AT_WORKING_FOLDER, os.fsencode(other))
    return rename is not None and rename(*names, EXCHANGE) == 0


def _sync(path: Path) -> None:
    """Have the disk hold what was written to a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

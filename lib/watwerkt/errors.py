"""Every error this package raises on purpose; the number is the exit code of the command line.

WatwerktError                70   a fault of ours
├── ParameterError           64   a parameter or a word on the command line is wrong
├── Refused                   2   nothing was written
│   ├── DeliveryError             a delivery cannot be read: file, format, mapping
│   ├── SchemaError               a table lacks what its schema promises
│   ├── PrivacyError              a delivery holds what identifies people
│   ├── VersionError              a file is of a newer or older schema than is known here
│   ├── DisclosureError           what would be shown is not protected
│   ├── BusyError                 another run is writing the same output
│   └── RoomError                 disk, permission or memory fell short
├── DataError                 1   a table breaks a promise that the next step relies on
├── ChapterError              1   a chapter did not run to its end
└── LibraryError             70   a system library that the PDF needs is not installed

A message names file, table, rule, count and remedy. It never holds a value of a person.
"""

from collections.abc import Iterable
from typing import Any, ClassVar


class WatwerktError(Exception):
    """Base class, so that one ``except`` catches them all."""

    exit_code: ClassVar[int] = 70


class ParameterError(WatwerktError):
    """A parameter is unknown, missing or out of range."""

    exit_code = 64


class Refused(WatwerktError):
    """What was handed in is refused as a whole; nothing was written.

    ``reasons``: rule, file, column and count of each thing that is wrong, for ``check --json``.
    """

    exit_code = 2

    def __init__(self, message: str = "", reasons: Iterable[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.reasons = list(reasons)


class DeliveryError(Refused):
    """A delivery cannot be read: a file, its format or its mapping."""


class SchemaError(Refused):
    """A delivered table lacks what its schema promises."""


class PrivacyError(Refused):
    """A delivery holds what identifies people."""


class VersionError(Refused):
    """A file is of a schema version that is not known here."""


class DisclosureError(Refused):
    """What would be shown, recorded or written is not protected."""


class BusyError(Refused):
    """Another run is writing the same output."""


class RoomError(Refused):
    """The machine fell short: a full or read-only disk, no permission, too little memory."""


class DataError(WatwerktError):
    """A table breaks a promise that the next step relies on."""

    exit_code = 1


class ChapterError(WatwerktError):
    """A chapter did not run to its end.

    ``kind``: ``data`` or ``code`` where another run would end the same way; ``kernel``, ``timeout``
    or ``memory`` where it might not.
    """

    exit_code = 1

    def __init__(self, message: str = "", kind: str = "code") -> None:
        super().__init__(message)
        self.kind = kind


class LibraryError(WatwerktError):
    """A system library is not installed; the message says how to install it."""

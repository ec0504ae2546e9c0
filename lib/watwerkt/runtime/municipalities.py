"""The released files of many municipalities: found, read, refused where they do not go together.

A folder holds one folder per municipality, with its two files in it or one level deeper, in
``nl`` or ``en``: reports of one municipality in two languages hold the same figures, and one is
read. Nothing else is: no microdata, no page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from watwerkt.disclosure.released import COLUMNS, read_released
from watwerkt.errors import ParameterError, Refused

MIN_MUNICIPALITIES = 3
PATTERN = "GM[0-9][0-9][0-9][0-9]"


@dataclass(frozen=True, slots=True)
class Municipalities:
    """What several municipalities have released.

    Attributes
    ----------
    codes : their codes, in order.
    estimates, aggregates : the rows of all, in the columns of the released files.
    files : the files that were read, in order.
    is_synthetic : whether they were made up; all are, or none.
    """

    codes: tuple[str, ...]
    estimates: pd.DataFrame = field(repr=False)
    aggregates: pd.DataFrame = field(repr=False)
    files: tuple[Path, ...] = field(repr=False)
    is_synthetic: bool

    @property
    def first_day(self) -> date:
        """Where the earliest window begins."""
        return pd.Timestamp(self._periods("period_start").min()).date()

    @property
    def last_day(self) -> date:
        """The day after the latest window."""
        return pd.Timestamp(self._periods("period_end").max()).date()

    def _periods(self, end: str) -> pd.Series:
        return pd.concat([self.estimates[end], self.aggregates[end]])


def read_municipalities(folder: Path, language: str) -> Municipalities:
    """Read every municipality in ``folder``; where it has reports in both languages, ``language``.

    Raises
    ------
    ParameterError
        There is no such folder.
    Refused
        Fewer than three municipalities, one that is there twice or whose files are another's,
        synthetic ones among real ones; VersionError and SchemaError as ``read_released``.
    """
    if not folder.is_dir():
        raise ParameterError(f"{folder.name}: no such folder of reports")
    places = list(_find_places(folder, language))
    if len(places) < MIN_MUNICIPALITIES:
        raise Refused(
            f"a comparison takes {MIN_MUNICIPALITIES} municipalities or more, and {folder.name}/ "
            f"holds the released files of {len(places)}: put their reports into it, each in a "
            "folder named by its code"
        )
    read = {kind: [_read_own(place, kind) for place in places] for kind in COLUMNS}
    frames = {kind: pd.concat(parts, ignore_index=True) for kind, parts in read.items()}
    marks = pd.concat(frames.values())["synthetic"].astype(bool)
    if marks.empty or marks.any() != marks.all():
        raise Refused(
            "synthetic and real municipalities are never compared: take one kind out of "
            f"{folder.name}/"
        )
    return Municipalities(
        codes=tuple(place.code for place in places),
        files=tuple(place.folder / f"{kind}.parquet" for place in places for kind in COLUMNS),
        is_synthetic=bool(marks.all()),
        **frames,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    code: str
    folder: Path


def _find_places(folder: Path, language: str) -> Iterator[_Place]:
    for town in sorted(path for path in folder.glob(PATTERN) if path.is_dir()):
        other = "en" if language == "nl" else "nl"
        for inner in (town, town / language, town / other):
            if (inner / "estimates.parquet").is_file():
                yield _Place(town.name, inner)
                break


def _read_own(place: _Place, kind: str) -> pd.DataFrame:
    """The rows of one file; whose they are must be what its folder says."""
    frame = read_released(place.folder / f"{kind}.parquet").frame
    others = sorted(set(frame["municipality_id"]) - {place.code})
    if others:
        raise Refused(
            f"{place.code}/{kind}.parquet holds rows of {', '.join(others)}: a municipality is in "
            "a comparison once, under its own code"
        )
    return frame

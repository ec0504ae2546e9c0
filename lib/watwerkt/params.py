"""The parameters of a report: read once, checked once, at the door."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watwerkt.errors import ParameterError
from watwerkt.plain_yaml import load_plain

MunicipalityId = Annotated[str, Field(pattern=r"^GM\d{4}$")]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]

PLACES = frozenset({"delivery", "prepared_dir", "record_dir", "released_dir", "reports_dir"})
NAMES = frozenset({"municipality_id", "municipality_name", "language", "contains"})
CODES = r"^(GM\d{4}( GM\d{4})*)?$"
PAIRS = r"^[1-9]\d{0,3}-[1-9]\d{0,3}( [1-9]\d{0,3}-[1-9]\d{0,3})*$"  # 150-100: from 150 to 100
SUBGROUPS = (  # group dimensions of chapter 09, in the order in which they are shown
    *("age", "sex", "origin", "education", "status_holder", "health", "distance", "duration"),
    "language",
)
DIMENSIONS = "^(({0})( ({0}))*)?$".format("|".join(SUBGROUPS))


class ReportParams(BaseModel):
    """What may differ between two runs of the same chapter.

    ``prepared_dir``, ``record_dir``, ``released_dir`` and ``reports_dir`` are filled in by the
    runner; empty means the working copy's own prepared data, an analyst's run that records nothing,
    and the small released bundle in ``data/sample``, of one municipality and of several.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    municipality_id: MunicipalityId
    municipality_name: str = ""
    language: Literal["nl", "en"] = "nl"
    max_gap_days: Annotated[int, Field(ge=0, le=183)] = 30
    booking_lag_months: Annotated[int, Field(ge=0, le=24)] = 3
    caseload_per: Literal["fte", "head"] = "fte"
    conf_level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    control_arm: str = "gebruikelijk"
    break_even_days: Annotated[float, Field(gt=0, le=366)] = 23.0
    caseload_pairs: Annotated[str, Field(pattern=PAIRS)] = "150-100 100-50 150-50"
    subgroups: Annotated[str, Field(pattern=DIMENSIONS)] = " ".join(SUBGROUPS)
    contains: Annotated[str, Field(pattern=CODES)] = ""
    delivery: str = ""
    prepared_dir: str = ""
    record_dir: str = ""
    released_dir: str = ""
    reports_dir: str = ""

    @property
    def settings(self) -> dict[str, str | int | float]:
        """What decides the estimates: neither who it is about, nor in which words, nor where."""
        return self.model_dump(mode="json", exclude=set(PLACES | NAMES))


def read_params(
    folder: Path, municipality_id: str, own_file: Path | None = None, **overrides: Any
) -> ReportParams:
    """``defaults.yaml`` overlaid by ``<municipality_id>.yaml`` and then by ``overrides``.

    ``own_file`` stands in for the municipality's own file, and then has to be there.
    """
    if own_file is not None and not own_file.is_file():
        raise ParameterError(f"{own_file.name}: no such parameter file")
    values: dict[str, Any] = {}
    for path in (folder / "defaults.yaml", own_file or folder / f"{municipality_id}.yaml"):
        if path.is_file():
            values |= _read_flat_yaml(path)
    named = values.setdefault("municipality_id", municipality_id)
    if named != municipality_id:
        raise ParameterError(
            f"the parameter file of {municipality_id} says municipality_id: {named}"
        )
    return check_params(values | overrides, source=f"papermill_params/{municipality_id}.yaml")


def check_params(values: dict[str, Any], source: str) -> ReportParams:
    """Validate ``values``; every unknown, missing or impossible one is named at once."""
    try:
        return ReportParams.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'parameters'}: {e['msg']}" for e in error.errors()
        )
        raise ParameterError(f"{source}: {problems}") from None


def _read_flat_yaml(path: Path) -> dict[str, Any]:
    try:
        values = load_plain(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ParameterError(f"{path.name} is not YAML in UTF-8") from None
    if not isinstance(values, dict):
        raise ParameterError(
            f"{path.name}: expected `name: value` lines, found a {type(values).__name__}"
        )
    return values

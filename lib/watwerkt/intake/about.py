"""``delivery.yaml``: what a delivery says about itself."""

import datetime as dt
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from watwerkt import schemas
from watwerkt.errors import DeliveryError, PrivacyError
from watwerkt.intake.findings import PRIVACY_REMEDY, Finding, refuse
from watwerkt.params import Month, MunicipalityId
from watwerkt.plain_yaml import load_plain
from watwerkt.versions import require_version

PSEUDONYMS = ("hmac-sha256", "random", "cbs-rin")


def _from_iso(value: Any) -> Any:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


class FileSource(BaseModel):
    """One file that feeds a table; ``mapping`` overrides the delivery's, ``sheet`` is Excel's.

    ``report_month`` is the month up to which the file tells, where no column of it says so.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    file: str
    mapping: str | None = None
    sheet: str | None = None
    report_month: Month | None = None

    @field_validator("file", "mapping")
    @classmethod
    def _stays_in_the_delivery(cls, value: str | None) -> str | None:
        if value is not None:
            require_inside(value)
        return value


class DeliveryFile(BaseModel):
    """Everything ``delivery.yaml`` may say; unknown names are refused.

    ``pseudonym`` is how person ids were made. ``legal_ground`` names, per column of special
    categories, the ground on which it is delivered. ``tables`` holds the files of each table.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    schema_version: Literal[1]
    executor_id: Annotated[str, Field(min_length=1)]
    municipality_id: MunicipalityId
    extract_date: Annotated[dt.date, BeforeValidator(_from_iso)]
    first_month: Month
    last_month: Month
    mapping: str
    pseudonym: Literal["hmac-sha256", "random", "cbs-rin"]
    synthetic: bool
    legal_ground: dict[str, Annotated[str, Field(min_length=1)]] = {}
    tables: dict[str, list[FileSource]]

    @field_validator("tables", mode="before")
    @classmethod
    def _name_the_files(cls, tables: Any) -> Any:
        if not isinstance(tables, dict):
            return tables
        unknown = sorted(map(str, tables.keys() - schemas.tables().keys()))
        if unknown:
            raise ValueError(f"no such table: {unknown}; known are {', '.join(schemas.tables())}")
        return {name: [_as_source(s) for s in _as_list(given)] for name, given in tables.items()}

    @field_validator("mapping")
    @classmethod
    def _mapping_stays_in_the_delivery(cls, value: str) -> str:
        require_inside(value)
        return value

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Self:
        if self.first_month > self.last_month:
            raise ValueError(f"first_month {self.first_month} is after {self.last_month}")
        if self.last_month > f"{self.extract_date:%Y-%m}":
            raise ValueError(f"last_month {self.last_month} is after the extract date")
        return self


def require_inside(name: str) -> None:
    """``name`` is a relative path that does not climb out of the delivery, else ValueError."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise ValueError("name a file inside the delivery folder: no `..`, no absolute path")


def delivered_file(folder: Path, name: str) -> Path:
    """A plain file of a delivery; DeliveryError for one that is absent or leads out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DeliveryError(f"{name}: lies outside the delivery folder")
    if not path.is_file():
        raise DeliveryError(f"{name}: named in delivery.yaml, but it is not there")
    return path


def read_about(folder: Path, *, is_raw: bool = False) -> DeliveryFile:
    """Read ``delivery.yaml``; a raw export (``is_raw``) need not say how its ids were made yet.

    Raises DeliveryError, VersionError, or PrivacyError where ids were made in an unsafe way.
    """
    values = read_yaml(folder / "delivery.yaml", "delivery.yaml")
    require_version("delivery", values.get("schema_version"), "delivery.yaml")
    if is_raw:
        values = {**values, "pseudonym": "hmac-sha256"}
    refuse(PrivacyError, _unsafe_pseudonym(values), PRIVACY_REMEDY)
    problems = ""
    try:
        return DeliveryFile.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'window'}: {e['msg']}" for e in error.errors()
        )
    raise DeliveryError(f"delivery.yaml: {problems}")


def read_yaml(path: Path, name: str) -> dict[str, Any]:
    """A YAML file that holds names and values; ``name`` is how messages call it."""
    problem = ""
    values: Any = None
    try:
        values = load_plain(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        problem = f"{name} is not there"
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        problem = f"{name} cannot be read as YAML in UTF-8"
    if not problem and not isinstance(values, dict):
        problem = f"{name}: expected `name: value` lines, found a {type(values).__name__}"
    if problem:
        raise DeliveryError(problem)
    return values


def _unsafe_pseudonym(values: dict[str, Any]) -> list[Finding]:
    if values.get("pseudonym") in PSEUDONYMS:
        return []
    words = f"pseudonym must say how ids were made: {', '.join(PSEUDONYMS)} (a plain hash is none)"
    return [Finding("delivery.yaml", "pseudonym", "plain_hash", 1, words)]


def _as_list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


def _as_source(given: Any) -> Any:
    return {"file": given} if isinstance(given, str) else given

"""The analysis plan of a municipality: what counts, and what could be seen, said beforehand."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watwerkt.errors import ParameterError
from watwerkt.params import MunicipalityId
from watwerkt.plain_yaml import load_plain
from watwerkt.versions import KNOWN, require_version

FOLDER = "plans"


class PlannedEstimate(BaseModel):
    """One primary estimate; ``mde`` on its own scale, or nothing, with why in ``basis``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    analysis: Annotated[str, Field(pattern=r"^P\d+$")]
    chapter: str
    outcome: str
    horizon_months: int
    scale: str
    mde: float | None
    basis: str


class PlannedMargin(BaseModel):
    """What pays for a smaller caseload: the pair, its cost, and what it has to save."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    pair: str
    cost_eur: float
    days: float
    elasticity: float | None


class Plan(BaseModel):
    """What was planned; ``data_until`` is the last day of which there was data at the time."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    municipality_id: MunicipalityId
    data_until: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    delivery_sha256: str
    library_version: str
    assumed: dict[str, float | str]
    settings: dict[str, str | int | float]
    margins: list[PlannedMargin]
    primaries: list[PlannedEstimate]

    @property
    def last_day(self) -> date:
        """``data_until`` as a day."""
        return date.fromisoformat(self.data_until)


def read_plan(folder: Path, municipality_id: str) -> Plan | None:
    """The plan of a municipality in the parameter folder, or None where none was registered.

    Raises ParameterError for a file that is no plan, VersionError for one of a newer schema.
    """
    path = folder / FOLDER / f"{municipality_id}.yaml"
    if not path.is_file():
        return None
    name = f"{FOLDER}/{path.name}"
    try:
        entries = dict(load_plain(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError):
        raise ParameterError(f"{name} is not an analysis plan in YAML") from None
    require_version("plan", entries.pop("schema_version", None), name)
    try:
        return Plan.model_validate(entries)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ParameterError(f"{name}: {wrong}") from None


def plan_text(plan: Plan) -> str:
    """The plan as its file: YAML, the same bytes for the same plan."""
    entries: dict[str, Any] = {"schema_version": KNOWN["plan"], **plan.model_dump(mode="json")}
    body = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=100)
    head = (
        f"# Analysis plan of {plan.municipality_id}, made before outcomes were read: no exit of\n"
        "# this municipality decided a figure below. Change nothing: make it again with\n"
        f"# `watwerkt plan {plan.municipality_id}`. Reports say where they depart from it.\n"
    )
    return head + body

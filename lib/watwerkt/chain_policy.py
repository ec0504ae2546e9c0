"""The chain as the municipality's policy wrote it down: steps, order, time limits and targets.

One file per municipality, ``papermill_params/chain_policy/<GM>.yaml``; a municipality without one
has a chapter without the comparison. It has nothing to do with the disclosure policy, which says
what may be shown.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from watwerkt.errors import ParameterError
from watwerkt.plain_yaml import load_plain
from watwerkt.versions import require_version

FOLDER = "chain_policy"  # in papermill_params/
AFTERCARE = "aftercare"
Required = Literal["application", "intake", "diagnosis", "plan", "service", "aftercare"]
Days = Annotated[int, Field(ge=0, le=1096)]


class RequiredStep(BaseModel):
    """A step that everybody takes, and the most days after the required step before it.

    The first step has no limit. Aftercare is for whoever was placed, and its limit is counted
    from the placement. A placement is a target and no duty, so it is no required step.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    step: Required
    max_days: Days | None = None


class ChainPolicy(BaseModel):
    """What the policy asks; ``source`` names the document and its date.

    Targets are per year: contacts of a client, placements of all clients together; and clients
    per full-time caseworker. One that the policy does not name stays out.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: Annotated[str, Field(min_length=1)]
    required_steps: Annotated[list[RequiredStep], Field(min_length=2)]
    target_contacts_year: Annotated[float, Field(gt=0, le=366)] | None = None
    target_caseload: Annotated[float, Field(gt=0, le=2000)] | None = None
    target_placements_year: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _steps_can_be_judged(self) -> Self:
        names = [required.step for required in self.required_steps]
        if len(set(names)) < len(names):
            raise ValueError("required_steps: a step is named twice")
        if AFTERCARE in names[:-1] or len(self.steps) < 2:
            raise ValueError("required_steps: two steps at least, and aftercare only as the last")
        limits = [required.max_days for required in self.required_steps]
        if limits[0] is not None or None in limits[1:]:
            raise ValueError("required_steps: each step but the first has its max_days")
        return self

    @property
    def steps(self) -> dict[str, int]:
        """Required step → its limit in days, in order, the first 0; without aftercare."""
        found = {required.step: required.max_days or 0 for required in self.required_steps}
        return {step: days for step, days in found.items() if step != AFTERCARE}

    @property
    def aftercare_days(self) -> int | None:
        """Days after a placement by which there is aftercare; None where it is not required."""
        last = self.required_steps[-1]
        return last.max_days if last.step == AFTERCARE else None


def read_chain_policy(folder: Path, municipality_id: str) -> ChainPolicy | None:
    """The policy of a municipality in the parameter folder, or None where it has none.

    ``municipality_id`` is checked already: no other file can be named. Raises ParameterError for
    a file that is no such policy, VersionError for one of a newer schema.
    """
    path = folder / FOLDER / f"{municipality_id}.yaml"
    if not path.is_file():
        return None
    try:
        entries = dict(load_plain(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError):
        raise ParameterError(f"{FOLDER}/{path.name} is not a chain policy in YAML") from None
    require_version("chain_policy", entries.pop("schema_version", None), f"{FOLDER}/{path.name}")
    return check_chain_policy(entries, f"{FOLDER}/{path.name}")


def check_chain_policy(entries: dict[str, object], source: str) -> ChainPolicy:
    """Validate what a file says; every unknown, missing or impossible entry is named at once."""
    try:
        return ChainPolicy.model_validate(entries)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'policy'}: {e['msg']}" for e in error.errors()
        )
        raise ParameterError(f"{source}: {wrong}") from None

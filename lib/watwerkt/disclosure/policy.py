"""The disclosure policy: every threshold, from one versioned file that states its source.

>>> policy = read_policy(is_synthetic=False)
>>> policy.threshold
10
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from watwerkt.errors import ParameterError
from watwerkt.plain_yaml import load_plain
from watwerkt.versions import require_version


class Policy(BaseModel):
    """What may be shown; the units and the reasons are in ``policy.yaml``.

    ``is_synthetic`` says of the delivery at hand that everything shown must be marked as synthetic.
    ``released`` is the register of a report (``register.Register``); None compares nothing.
    ``threshold`` is a multiple of ``round_base``: else a count that may be shown could be rounded
    to one that may not.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    version: Annotated[str, Field(min_length=1)]
    threshold: Annotated[int, Field(ge=3)]
    min_caseworkers: Annotated[int, Field(ge=2)]
    round_base: Annotated[int, Field(ge=2)]
    survival_threshold: Annotated[int, Field(ge=3)]
    dof_threshold: Annotated[int, Field(ge=1)]
    zeros_are_disclosive: bool
    zero_records_are_disclosive: bool
    dominance_share: Annotated[float, Field(gt=0, le=1)]
    prior_share: Annotated[float, Field(gt=0, lt=1)]
    mean_digits: Annotated[int, Field(ge=1, le=4)]
    estimate_digits: Annotated[int, Field(ge=2, le=6)]
    is_synthetic: bool = False
    released: Any = Field(default=None, exclude=True, repr=False)

    @model_validator(mode="after")
    def _threshold_survives_rounding(self) -> Self:
        if self.threshold % self.round_base:
            raise ValueError(f"threshold {self.threshold} is no multiple of {self.round_base}")
        return self


def read_policy(path: Path | None = None, *, is_synthetic: bool = False) -> Policy:
    """The policy that ships with the package, or a municipality's own file of the same form.

    Raises ``VersionError`` where the file is of a newer schema, ``ParameterError`` where a
    threshold is missing, unknown, out of range or without a source.
    """
    source = files("watwerkt.disclosure") / "policy.yaml" if path is None else path
    try:
        entries = dict(load_plain(source.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError):
        raise ParameterError(f"{source.name} is not a policy in YAML and UTF-8") from None
    require_version("policy", entries.pop("schema_version", None), source.name)
    values = {"version": entries.pop("version", ""), "is_synthetic": is_synthetic}
    return check_policy(values | {k: _sourced(k, entry) for k, entry in entries.items()})


def check_policy(values: dict[str, Any]) -> Policy:
    """Validate thresholds by name; ``ParameterError`` names every one that is wrong."""
    try:
        return Policy.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'policy'}: {e['msg']}" for e in error.errors()
        )
        raise ParameterError(f"disclosure policy: {wrong}") from None


def _sourced(name: str, entry: Any) -> Any:
    if not isinstance(entry, dict) or not entry.get("source") or "value" not in entry:
        raise ParameterError(f"disclosure policy: {name} needs a `value` and its `source`")
    return entry["value"]

"""What things cost: prices with unit, year and source, read once and checked once."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from watwerkt.errors import ParameterError
from watwerkt.plain_yaml import load_plain
from watwerkt.versions import require_version


class Source(BaseModel):
    """Where a price comes from, in both languages of the report."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    nl: str
    en: str


class Price(BaseModel):
    """One price: the likeliest ``value``, and the ends of what is plausible; euros are a year's."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    value: float
    low: float
    high: float
    unit: Literal["euro", "share"]
    year: int
    source: Source

    @model_validator(mode="after")
    def _require_order(self) -> "Price":
        if not 0 <= self.low <= self.value <= self.high:
            raise ValueError("it takes 0 <= low <= value <= high")
        if self.unit == "share" and self.high > 1:
            raise ValueError("a share is at most 1")
        return self


class Prices(BaseModel):
    """Every price that chapter 10 uses; ``papermill_params/prices.yaml`` says what each is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    schema_version: int
    caseworker_fte: Price
    benefit: Price
    retention: Price
    returns: Price
    work_share: Price
    output: Price

    def named(self) -> dict[str, Price]:
        """The prices by name, in their order."""
        names = [name for name in type(self).model_fields if name != "schema_version"]
        return {name: getattr(self, name) for name in names}


def read_prices(folder: Path, municipality_id: str) -> Prices:
    """``prices.yaml`` overlaid by ``prices/<municipality_id>.yaml``, price by price.

    Raises ParameterError naming the file and every price that is wrong; VersionError for a file
    that is newer than this package.
    """
    own = folder / "prices" / f"{municipality_id}.yaml"
    values = _read(folder / "prices.yaml") | (_read(own) if own.is_file() else {})
    require_version("prices", values.get("schema_version"), "prices.yaml")
    try:
        return Prices.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        file = own.name if own.is_file() else "prices.yaml"
        raise ParameterError(f"{file}: {problems}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        values = load_plain(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        raise ParameterError(f"{path.name} cannot be read as YAML in UTF-8") from None
    if not isinstance(values, dict):
        raise ParameterError(f"{path.name}: expected a price by its name, with value, unit, source")
    return values

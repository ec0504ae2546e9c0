"""Code lists and labels as data files: ``codes.yaml``, ``exit_reason.yaml``, ``aow.yaml`` …

Every list has the code ``unknown``, to which rule D03 repairs what it does not know.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

UNKNOWN = "unknown"


@cache
def read_codebook(name: str) -> dict[str, Any]:
    """One data file of this folder, by its name without ``.yaml``."""
    path = files("watwerkt.codebook") / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def codes(name: str) -> dict[str, dict[str, Any]]:
    """One code list: code → attributes, always with ``nl`` and ``en`` labels."""
    listed = {**read_codebook("codes"), "exit_reason": read_codebook("exit_reason")["codes"]}
    return listed[name] | {UNKNOWN: {"nl": "onbekend", "en": "unknown"}}


def labels(name: str, language: str) -> dict[str, str]:
    """Code → label in ``nl`` or ``en``."""
    return {code: entry[language] for code, entry in codes(name).items()}


def destinations() -> dict[str, str]:
    """Exit reason → destination (the exit destinations are themselves a code list)."""
    return {c: entry.get("destination", UNKNOWN) for c, entry in codes("exit_reason").items()}

"""YAML that is names and values: nothing that runs code, and nothing that unfolds in memory."""

from typing import Any

import yaml

LARGEST = 2_000_000  # characters: a register of every code a municipality has is a tenth of it


def load_plain(text: str) -> Any:
    """The values in ``text``.

    Raises yaml.YAMLError for what is no YAML, and for aliases (``*name``: nine lines of them can
    stand for a billion values), tags that name code, endless nesting, and too large a text.
    """
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"longer than {LARGEST} characters")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise yaml.YAMLError("aliases are not read")
        return yaml.safe_load(text)
    except RecursionError:
        raise yaml.YAMLError("nested too deeply") from None

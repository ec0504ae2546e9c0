"""YAML that is names and values: nothing that runs code, and nothing that unfolds in memory."""

from typing import Any

import yaml

LARGEST = 2_000_000  # characters
MOST_NODES = 1_000_000  # with every alias written out: nine lines of them can stand for a billion


def load_plain(text: str) -> Any:
    """The values in ``text``.

    Raises yaml.YAMLError for what is no YAML, for tags that name code, and for a text that is too
    large, nested without end, or unfolds to too much.
    """
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"longer than {LARGEST} characters")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _count(node, {}) > MOST_NODES:
            raise yaml.YAMLError(f"its aliases unfold to more than {MOST_NODES} values")
        return loader.construct_document(node)
    except RecursionError:  # also an alias for what it stands in
        raise yaml.YAMLError("nested too deeply") from None
    finally:
        loader.dispose()


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """Nodes at and below ``node``, each alias counted as what it stands for."""
    if id(node) not in known:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        below = [part for pair in pairs for part in pair]
        below += node.value if isinstance(node, yaml.SequenceNode) else []
        known[id(node)] = 1 + sum(_count(part, known) for part in below)
    return known[id(node)]

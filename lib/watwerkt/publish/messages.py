"""Which messages the code asks for: read from its syntax, so that a catalogue can be complete.

A message id is a literal, found

* as an argument of ``text``, ``plural``, ``say``, ``note``, ``warn``, ``table``, ``figure``,
  ``Gap``,
* as a value in a ``columns=`` or ``names=`` of those (a list names columns, not messages),
* in a module's or notebook's constant whose name ends in ``LABELS`` (a dict, its values) or
  ``LABEL`` (one message), for what is named far from where it is shown,
* in a template, as ``text("…")``, or in ``vocabulary.yaml``.
"""

import ast
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

import nbformat
from jinja2 import Environment, nodes

from watwerkt.errors import WatwerktError
from watwerkt.publish.vocabulary import messages

# function → places of its message ids among the positional arguments, and their names
CALLS: dict[str, tuple[tuple[int, ...], frozenset[str]]] = {
    "text": ((0,), frozenset()),
    "plural": ((0, 1), frozenset()),
    "say": ((0,), frozenset({"msgid"})),
    "note": ((0,), frozenset({"msgid"})),
    "warn": ((0,), frozenset({"msgid"})),
    "table": ((1, 2), frozenset({"title", "columns", "names"})),
    "Gap": ((0,), frozenset({"reason"})),
    "figure": ((2, 3), frozenset({"title", "alt", "columns", "names"})),
}


def find_messages(paths: Iterable[Path]) -> set[str]:
    """Every message id in Python modules, notebooks and Jinja templates."""
    found: set[str] = set(messages())
    for path in paths:
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = nbformat.reads(source, as_version=4).cells
            for cell in (cell for cell in cells if cell.cell_type == "code"):
                found |= set(_in_code(cell.source))
        elif path.suffix == ".j2":
            found |= set(_in_template(source))
        else:
            found |= set(_in_code(source))
    return found


def package_sources() -> list[Path]:
    """The modules and templates of this package, in the order of their names."""
    package = Path(str(files("watwerkt")))
    return sorted([*package.rglob("*.py"), *package.rglob("*.j2")])


def _in_code(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _in_call(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if any(name.endswith(("LABEL", "LABELS")) for name in names):
                yield from _literals(node.value)


def _in_call(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    places, keywords = CALLS.get(name, ((), frozenset()))
    for place, argument in enumerate(call.args):
        if place in places and not isinstance(argument, ast.List | ast.Tuple):
            yield from _literals(argument)
    for keyword in call.keywords:
        if keyword.arg in keywords and not isinstance(keyword.value, ast.List | ast.Tuple):
            yield from _literals(keyword.value)


def _literals(node: ast.expr) -> Iterator[str]:
    """The strings that an expression can come to; of a dict its values."""
    if isinstance(node, ast.JoinedStr):
        raise WatwerktError(
            f"a message id is a literal with placeholders, not an f-string: {ast.unparse(node)}"
        )
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))
    elif isinstance(node, ast.BinOp):
        yield from (*_literals(node.left), *_literals(node.right))
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _literals(value)
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _literals(element)


def _in_template(source: str) -> Iterator[str]:
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        first = call.args[0] if call.args else None
        if getattr(call.node, "name", "") == "text" and isinstance(first, nodes.Const):
            yield str(first.value)

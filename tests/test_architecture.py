"""The folder list is the architecture: imports go one way, modules stay small."""

import ast
from pathlib import Path
from statistics import median

import pytest

PACKAGE = Path(__file__).parents[1] / "lib" / "watwerkt"
LAYERS = [
    {"errors"},
    {"durable", "plain_yaml"},
    {"versions", "params", "paths", "chain_policy", "plan", "prices", "codebook", "schemas"},
    {"intake"},
    {"cleaning"},
    {"panel"},
    {"estimators"},
    {"disclosure"},
    {"analysis"},
    {"publish"},
    {"scan"},
    {"runtime", "lab"},
    {"cli", "cli_many", "cli_options"},
]
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
ONLY = {
    "estimators": {"errors"},
    "synthetic": {"errors", "codebook", "schemas"},
}
NOT_ROOMS = {"utils", "helpers", "common", "base"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    froms = {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module}
    plain = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    return {n.split(".")[1] for n in froms | plain if n.startswith("watwerkt.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    here, others = room(path), imported(path) - {room(path)}
    if here == "__init__":
        assert not others
    elif here in ONLY:
        assert others <= ONLY[here]
    else:
        allowed = {name for name in DEPTH if DEPTH[name] <= DEPTH[here]}
        assert others <= (allowed | ({"synthetic"} if here == "cli" else set()))


def test_every_room_is_on_the_list():
    rooms = {room(path) for path in MODULES} - {"__init__", "synthetic"}
    assert rooms <= DEPTH.keys()
    assert not {path.stem for path in MODULES} & NOT_ROOMS


def test_modules_stay_small():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {p: n for p, n in lines.items() if n > 250} == {}
    assert median(lines.values()) <= 120


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = function.body[1:] if is_docstring else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_function_is_one_step(path):
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert {f.name: body_length(f) for f in functions if body_length(f) > 30} == {}

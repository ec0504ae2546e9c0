"""One list of packages: pyproject.toml, environment.yml and requirements.lock say the same."""

import re
import tomllib
from importlib.metadata import requires, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

NOT_ON_CONDA_FORGE = {"survival"}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def locked(root) -> dict[str, list[Requirement]]:
    lines = (root / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line.rstrip(" \\")) for line in lines if re.match(r"^\w", line)]
    return {name: [p for p in pins if p.name == name] for name in {p.name for p in pins}}


def plain(requirement: str) -> tuple[str, str]:
    """Name and version range; what pandera's extra brings in is on the list by itself."""
    parsed = Requirement(requirement)
    return parsed.name.lower(), str(parsed.specifier)


def test_environment_yml_equals_pyproject(root, project):
    environment = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))
    *conda, by_pip = environment["dependencies"]
    assert {f"python{project['requires-python']}", "pip"} <= set(conda)
    listed = {plain(r) for r in conda if not r.startswith(("python>", "pip"))}
    assert "-e ." in by_pip["pip"]
    pip_only = {plain(r) for r in by_pip["pip"] if r != "-e ."}
    assert {name for name, _ in pip_only} == NOT_ON_CONDA_FORGE
    assert listed | pip_only == {plain(r) for r in project["dependencies"]}
    assert environment["channels"] == ["conda-forge"]


def test_every_dependency_is_locked_within_its_range(project, locked):
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    for requirement in map(Requirement, wanted):
        pins = locked[requirement.name.lower()]
        for pin in pins:
            [exact] = pin.specifier
            assert exact.operator == "=="
            assert requirement.specifier.contains(exact.version), pin


def test_the_lock_is_what_is_installed(locked):
    """A changed lock that nobody installed would be tested by no one."""
    here = [
        pin for pins in locked.values() for pin in pins if not pin.marker or pin.marker.evaluate()
    ]
    differing = {
        pin.name: version(pin.name)
        for pin in here
        if not pin.specifier.contains(version(pin.name), prereleases=True)
    }
    assert differing == {}


def test_every_pin_has_a_hash_and_nothing_else_is_said(root):
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    pins = re.split(r"\n(?=\w)", text.strip())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", pin) for pin in pins)
    leftovers = re.sub(r"--hash=sha256:[0-9a-f]{64}", "", text)
    assert not re.search(r"://|#|--|/", leftovers)


def test_python_is_at_least_3_11_everywhere(root, project):
    assert project["requires-python"] == ">=3.11"
    assert "(3, 11)" in (root / "Makefile").read_text(encoding="utf-8")


def test_the_installed_package_is_this_one(project):
    assert Version(version("watwerkt")) == Version(project["version"])
    assert requires("watwerkt")


def test_lib_is_not_a_package(root):
    assert not (root / "lib" / "__init__.py").exists()

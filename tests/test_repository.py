"""What is in git: no microdata, no places of one machine, no talk about the making of it."""

import re
import subprocess

import pytest

DATA = (".parquet", ".csv", ".xlsx", ".xls", ".sav", ".feather", ".pkl", ".db", ".key", ".zip")
# All synthetic: a sample delivery, its report, and imagined headers to examine `mapping init` with.
MAY_HOLD_DATA = ("data/sample/", "reports/example/", "tests/golden/headers/")
NEVER = ("data/raw/", "data/prepared/", "restricted/")
# Put together here, so that this file does not hold what it looks for.
PLACES = ["/" + name + "/" for name in ("work", "home", "root", "Users", "opt/pypi")]
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted"),
        ("conda", "anaconda"),
        ("registry", "npmjs"),
        ("playwright", "azureedge"),
    )
]
MAKERS = ["chat" + "gpt", "clau" + "de", "co" + "pilot", "anthro" + "pic", "open" + "ai"]
MAKERS += ["language " + "model", "ai-" + "generated", "as an " + "ai", "coding " + "agent"]


@pytest.fixture(scope="module")
def tracked(root) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


@pytest.fixture(scope="module")
def texts(root, tracked) -> dict[str, str]:
    found = {}
    for name in tracked:
        content = (root / name).read_bytes()
        if b"\0" not in content[:8000]:
            found[name] = content.decode("utf-8", errors="replace")
    return found


def test_no_microdata_in_git(tracked):
    assert [name for name in tracked if name.startswith(NEVER)] == []
    assert [n for n in tracked if n.endswith(DATA) and not n.startswith(MAY_HOLD_DATA)] == []


def test_every_committed_delivery_says_that_it_is_synthetic(root, tracked):
    deliveries = [name for name in tracked if name.endswith("delivery.yaml")]
    for name in deliveries:
        text = (root / name).read_text(encoding="utf-8")
        assert re.search(r"^synthetic: true$", text, flags=re.MULTILINE), name
        assert re.search(r'^municipality_id: ["\']?GM99\d\d["\']?$', text, flags=re.MULTILINE), name


@pytest.mark.parametrize("found", PLACES + HOSTS)
def test_no_place_of_one_machine_and_no_host_of_a_registry(texts, found):
    assert [name for name, text in texts.items() if found in text] == []


@pytest.mark.parametrize("word", MAKERS)
def test_nothing_about_how_it_was_made(texts, word):
    said = re.compile(rf"\b{re.escape(word)}\b", flags=re.IGNORECASE)
    assert [name for name, text in texts.items() if said.search(text)] == []


def test_no_marks_of_unfinished_work(texts):
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "NotImple" + "mentedError"]))
    code = {n: t for n, t in texts.items() if n.startswith(("lib/", "tests/", "notebooks/"))}
    assert [name for name, text in code.items() if marks.search(text)] == []


def ignored(root, path: str) -> bool:
    return (
        subprocess.run(["git", "check-ignore", "-q", path], cwd=root, check=False).returncode == 0
    )


@pytest.mark.parametrize(
    ("path", "is_ignored"),
    [
        ("lib/watwerkt/cli.py", False),
        ("data/sample/GM9901/delivery.yaml", False),
        ("reports/README.md", False),
        ("reports/example/report.html", False),
        ("data/raw/GM0344/clients.csv", True),
        ("data/prepared/GM0344/panel/part-0000.parquet", True),
        ("restricted/GM0344/nl/run.json", True),
        ("reports/GM0344/nl/report.html", True),
        ("municipal.key", True),
        (".venv/bin/python", True),
    ],
)
def test_what_git_ignores(root, path, is_ignored):
    assert ignored(root, path) == is_ignored


def test_the_sample_stays_small(root, tracked):
    """Six megabytes together, so that a clone stays quick."""
    sample = [root / name for name in tracked if name.startswith("data/sample/")]
    assert sum(path.stat().st_size for path in sample) < 6_000_000

"""What a reviewer relies on: strict nbval sees one changed digit, and one changed rule."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHAPTER = "01_data_quality.ipynb"


@pytest.fixture
def copy(root, tmp_path):
    """A working copy with the sample and one executed chapter."""
    for name in ("papermill_params", "data/sample/GM9901", "lib"):
        shutil.copytree(root / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(root / "notebooks" / CHAPTER, tmp_path / "notebooks")
    return tmp_path


def validate(copy: Path) -> subprocess.CompletedProcess:
    """Strict nbval on the copy's chapter, with the copy's library and data."""
    inside = {"WATWERKT_ROOT": str(copy), "PYTHONPATH": str(copy / "lib")}
    nbval = ["-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, *nbval, "--rootdir", copy, "-c", os.devnull, copy / "notebooks"],
        env=os.environ | inside,
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )


def edit(path: Path, pattern: str, replacement: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


@pytest.mark.e2e
def test_one_changed_digit_in_a_stored_output_fails(copy):
    edit(copy / "notebooks" / CHAPTER, r"(<td[^>]*>[\d.]*)5(</td>)", r"\g<1>6\g<2>")
    ended = validate(copy)
    assert ended.returncode == 1, ended.stdout[-2000:]
    assert "1 failed" in ended.stdout


@pytest.mark.e2e
def test_one_changed_rule_in_the_library_fails(copy):
    """C04: a contact is late when it was registered more than 90 days after it took place."""
    rule = copy / "lib" / "watwerkt" / "cleaning" / "contacts.py"
    edit(rule, r"^LATE_DAYS = 90$", "LATE_DAYS = 30")
    ended = validate(copy)
    assert ended.returncode == 1, ended.stdout[-2000:]
    assert "failed" in ended.stdout

"""A working copy with one small town, one short chapter, and an earlier report to lose."""

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from breaking import Fault

ROOT = Path(__file__).parents[2]
TOWN, CHAPTER, N_CELLS = "GM9977", "02_population.ipynb", 8
COMMAND = [sys.executable, "-c", "from watwerkt.cli import main; main()"]
OLD, NEW = "Oudestad", "Nieuwestad"


@dataclass(frozen=True)
class Ended:
    """What one try left: exit code, and whether what must hold did."""

    code: int
    said: str
    kept: bool
    whole: bool
    resumed: bool
    is_clear: bool


class Place:
    """A working copy on a disk of its own, where that can be had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = folder / "disk"
        self.disk.mkdir(parents=True)
        mounted = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(self.disk)]
        self.is_disk = sys.platform == "linux" and _succeeds(mounted)
        self.root = self.disk / "copy"
        self.seconds = 0.0

    @property
    def report(self) -> Path:
        """The folder of the published report."""
        return self.root / "reports" / TOWN / "nl"

    def environment(self) -> dict[str, str]:
        """That of the command: this working copy, few threads."""
        own = {"WATWERKT_ROOT": str(self.root), "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1"}
        return os.environ | own | {"PYTHONPATH": str(self.folder / "lib")}

    def start(self, *more: str, **options: object) -> "subprocess.Popen[str]":
        """The real command, leading a process group of its own."""
        return subprocess.Popen(
            [*COMMAND, "report", TOWN, *more],
            env=self.environment() | options.pop("env", {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **options,
        )

    def name_town(self, name: str) -> None:
        """Give the town another name, so that its report differs from the earlier one."""
        own = self.root / "papermill_params" / f"{TOWN}.yaml"
        own.write_text(f"municipality_name: {name}\n", encoding="utf-8")

    def attempt(self, fault: "Fault", rng: random.Random) -> Ended:
        """Break one run, look, and run once more."""
        for kind in ("reports", "restricted"):
            shutil.rmtree(self.root / kind, ignore_errors=True)
            shutil.copytree(self.folder / OLD / kind, self.root / kind)
        if rng.random() < 0.5:
            shutil.rmtree(self.root / "data" / "prepared", ignore_errors=True)
        self.name_town(NEW)
        code, said = fault.run(self, rng)
        found = files(self.report)
        whole = is_whole(found)
        known = found in (self.old, self.new)
        failed = whole and bool(json.loads(found["manifest.json"])["failed"])
        again = self.start()
        last, _ = again.communicate()
        left = [p for p in self.root.rglob(".*") if p.name.endswith((".part", ".new"))]
        after = files(self.report)
        resumed = again.returncode == 0 and after == self.new and not left
        if not resumed:
            other = [k for k in self.new | after if self.new.get(k) != after.get(k)]
            print("   next run:", again.returncode, other, left, last[-300:], flush=True)
        is_clear = (
            code in (0, *fault.silent) or re.search(fault.says, said, re.IGNORECASE) is not None
        )
        return Ended(code, said, known or (failed and code == 1), whole, resumed, is_clear)

    def close(self) -> None:
        """Let the disk go."""
        if self.is_disk:
            _succeeds(["umount", "-l", str(self.disk)])


def make_place(folder: Path) -> Place:
    """Make the town, both reports, and remember their bytes."""
    place = Place(folder)
    shutil.copytree(ROOT / "lib", folder / "lib")  # so that nobody edits it meanwhile
    shutil.copytree(ROOT / "papermill_params", place.root / "papermill_params")
    shutil.copy(ROOT / "requirements.lock", place.root)
    chapter = nbformat.read(ROOT / "notebooks" / CHAPTER, 4)
    chapter.cells = chapter.cells[:N_CELLS]
    (place.root / "notebooks").mkdir()
    nbformat.write(chapter, place.root / "notebooks" / CHAPTER)
    size = ["--clients", "300", "--months", "36"]
    town = ["synth", str(place.root / "data" / "raw"), "--municipality", TOWN, *size]
    subprocess.run([*COMMAND, *town], env=place.environment(), check=True, capture_output=True)
    for name in (NEW, OLD):
        place.name_town(name)
        began = time.monotonic()
        run = place.start()
        said, _ = run.communicate()
        if run.returncode:
            raise SystemExit(f"the undisturbed report failed: {said}")
        place.seconds = time.monotonic() - began
        setattr(place, "new" if name == NEW else "old", files(place.report))
    for kind in ("reports", "restricted"):
        shutil.copytree(place.root / kind, folder / OLD / kind)
    return place


def files(folder: Path) -> dict[str, bytes]:
    """The files of a report, by name."""
    paths = folder.iterdir() if folder.is_dir() else []
    return {path.name: path.read_bytes() for path in paths}


def is_whole(found: dict[str, bytes]) -> bool:
    """Whether the manifest is there and speaks for every file."""
    if "manifest.json" not in found:
        return False
    told = json.loads(found["manifest.json"])["outputs"]
    others = {k: v for k, v in found.items() if k != "manifest.json"}
    return told == {k: hashlib.sha256(v).hexdigest() for k, v in others.items()}


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

"""Forked kernels: they work as cold ones, and nothing runs in the process they come from."""

import json
import multiprocessing
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from tiny_chapters import write_chapter
from watwerkt.params import ReportParams
from watwerkt.runtime import kernel
from watwerkt.runtime.run import run_chapter
from watwerkt.runtime.warm import CAN_FORK, PRELOAD

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="kernels are forked on Linux only")

THREADS_AND_SOCKETS = f"""
import importlib, json, os
from pathlib import Path
for module in {PRELOAD!r}:
    importlib.import_module(module)
threads = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
links = [f"/proc/self/fd/{{fd}}" for fd in range(3, 64)]
opened = [os.readlink(link) for link in links if os.path.exists(link)]
sockets = [name for name in opened if "socket" in name]
print(json.dumps({{"threads": threads, "sockets": sockets}}))
"""

RUN_ONE = """
import sys
from pathlib import Path
from watwerkt.params import ReportParams
from watwerkt.runtime.run import run_chapter
notebook, output, log = map(Path, sys.argv[1:])
run_chapter(notebook, ReportParams(municipality_id="GM9902", language="en"), output, log)
"""


def wait_until(seen, seconds=60):
    until = time.monotonic() + seconds
    while not seen() and time.monotonic() < until:
        time.sleep(0.1)
    return bool(seen())


def run(cells, folder):
    chapter = write_chapter(folder, "01_x", *cells)
    params = ReportParams(municipality_id="GM9902", language="en")
    run_chapter(chapter, params, folder / "out.ipynb", folder / "log")
    return nbformat.read(folder / "out.ipynb", as_version=4).cells


def printed(cells, folder):
    outputs = [output for cell in run(cells, folder) for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def test_the_process_that_is_forked_has_started_no_pool_and_opened_no_socket():
    script = [sys.executable, "-c", THREADS_AND_SOCKETS]
    seen = json.loads(subprocess.run(script, capture_output=True, check=True).stdout)
    assert not [name for name in seen["threads"] if re.fullmatch(r"polars-\d+|tokio.*", name)]
    assert seen["sockets"] == []


def test_what_chapters_import_is_there_before_the_first_cell(tmp_path):
    assert (
        printed(["import sys", "print('watwerkt.analysis.contact' in sys.modules)"], tmp_path)
        == "True\n"
    )


def test_kernels_share_nothing_but_their_imports(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    cells = [
        "import os, random",
        "os.environ['LEFT'] = 'x'; import watwerkt; watwerkt.left = 1",
        "print(os.getpid(), random.random())",
    ]
    seen = [
        "import os, random, watwerkt",
        "print(os.getpid(), random.random(), os.environ.get('LEFT'), hasattr(watwerkt, 'left'))",
    ]
    first, second = printed(cells, tmp_path / "a").split(), printed(seen, tmp_path / "b").split()
    assert not set(first) & set(second)
    assert second[2:] == ["None", "False"]


def test_a_kernel_is_gone_when_its_chapter_is_done(tmp_path):
    run(["1", "2"], tmp_path)
    assert not multiprocessing.active_children()


def test_what_a_kernel_complains_of_goes_to_the_log_and_the_console_hears_nothing(tmp_path):
    complaints = "import os; os.write(1, b'one'); os.write(2, b' and two')"
    chapter = write_chapter(tmp_path, "01_x", "1", complaints)
    paths = [chapter, tmp_path / "out.ipynb", tmp_path / "log"]
    script = [sys.executable, "-c", RUN_ONE, *map(str, paths)]
    told = subprocess.run(script, capture_output=True, check=True)
    assert "one and two" in (tmp_path / "log").read_text(encoding="utf-8")
    assert told.stdout + told.stderr == b""


def test_a_kernel_ends_when_the_program_that_asked_for_it_is_killed(tmp_path):
    told = tmp_path / "pid"
    asleep = f"import os, pathlib, time; pathlib.Path({str(told)!r}).write_text(str(os.getpid()))"
    chapter = write_chapter(tmp_path, "01_x", "1", asleep, "time.sleep(600)")
    paths = [chapter, tmp_path / "out.ipynb", tmp_path / "log"]
    asking = subprocess.Popen([sys.executable, "-c", RUN_ONE, *map(str, paths)])
    assert wait_until(lambda: told.exists() and told.read_text())
    asking.kill()
    asking.wait()
    assert wait_until(lambda: not Path(f"/proc/{told.read_text()}").exists())


def test_a_kernel_started_cold_gives_the_same(tmp_path, monkeypatch):
    cells = [
        "import numpy as np, pandas as pd",
        "print(pd.Series(np.random.default_rng(1).normal(size=9)).describe())",
    ]
    texts = []
    for name, forked in (("warm", True), ("cold", False)):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(kernel, "CAN_FORK", forked)
        texts.append(printed(cells, tmp_path / name))
    assert texts[0] == texts[1] != ""


@pytest.mark.parametrize("can_fork", [True, False])
def test_what_runs_is_not_kept_in_the_profile_of_the_user(tmp_path, monkeypatch, can_fork):
    monkeypatch.setattr(kernel, "CAN_FORK", can_fork)
    assert printed(["print(get_ipython().history_manager.enabled)"], tmp_path) == "False\n"

"""Folders that change in one step, one writer at once, and what a killed run leaves."""

import errno
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

from watwerkt import durable
from watwerkt.durable import held, replaced_folder, write_whole
from watwerkt.errors import BusyError
from watwerkt.runtime.fault import explain

HOLD = """
import sys, time
from pathlib import Path
from watwerkt.durable import replaced_folder
with replaced_folder(Path(sys.argv[1])) as fresh:
    (fresh / "half").touch()
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def target(tmp_path):
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "old").touch()
    return tmp_path / "nl"


@pytest.fixture
def holder(target):
    """A live run of another process on ``target``."""
    run = subprocess.Popen([sys.executable, "-c", HOLD, target], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "held\n"
    yield run
    run.kill()
    run.communicate()


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def replace(target):
    with replaced_folder(target) as fresh:
        (fresh / "new").touch()


def test_a_second_run_is_refused_and_the_first_goes_on(target, holder):
    with pytest.raises(BusyError, match="/nl: another run is writing it; nothing was changed"):
        replace(target)
    assert names(target.with_name(".nl.part")) == ["fresh", "fresh/half", "lock"]
    assert names(target) == ["old"]


def test_what_a_killed_run_left_is_cleared_by_the_next(target, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert names(target.with_name(".nl.part")) == ["fresh", "fresh/half", "lock"]
    replace(target)
    assert names(target.parent) == ["nl", "nl/new"]


def test_an_old_folder_that_a_kill_left_aside_is_put_back(target):
    part = target.with_name(".nl.part")
    part.mkdir()
    target.rename(part / "stale")
    with held(target):
        assert names(target) == ["old"]
    assert names(target.parent) == ["nl", "nl/old"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_there_is_a_good_folder_before_and_after(target, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(durable, "_exchange", lambda *_: False)
    replace(target)
    assert names(target.parent) == ["nl", "nl/new"]


@pytest.mark.skipif(sys.platform != "linux", reason="two names are exchanged on Linux only")
def test_the_folder_is_there_at_every_moment(target):
    watcher = "import os, sys\nwhile True: os.stat(sys.argv[1])"
    looking = subprocess.Popen([sys.executable, "-c", watcher, target], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        replace(target)
    assert looking.poll() is None  # it ends at the first look that finds nothing
    looking.kill()
    looking.wait()


def test_a_file_stays_as_it_was_when_the_disk_is_full(tmp_path, monkeypatch):
    write_whole(tmp_path / "plan.yaml", "old")

    def full(path):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(durable, "_sync", full)
    with pytest.raises(OSError, match="no room"):
        write_whole(tmp_path / "plan.yaml", "new")
    assert names(tmp_path) == ["plan.yaml"]
    assert (tmp_path / "plan.yaml").read_text() == "old"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "x", "/mnt/report.pdf"), "report.pdf: the disk is full: make"),
        (OSError("No space left on device (os error 28)"), "the disk is full: make room"),
        (
            pl.exceptions.ComputeError("parquet: Invalid thrift: transport error"),
            "the disk is full, or files may not grow this large here",
        ),
        (OSError(errno.EROFS, "x", "/mnt/nl"), "nl: the disk is read-only: name another folder"),
        (PermissionError(errno.EACCES, "x", "/mnt/nl"), "nl: no permission: ask"),
        (MemoryError(), "too little memory"),
    ],
)
def test_the_machine_fell_short_is_said_with_a_remedy(tmp_path, fault, said):
    code, sentence = explain(fault, tmp_path / "fault.log")
    assert code == 2
    assert sentence.startswith(said)
    assert "Nothing was replaced" in sentence
    assert names(tmp_path) == []


def test_another_fault_is_ours(tmp_path):
    code, sentence = explain(OSError(errno.ENOENT, "123456782"), tmp_path / "fault.log")
    assert (code, names(tmp_path)) == (70, ["fault.log"])
    assert "123456782" not in sentence

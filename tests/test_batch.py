"""A batch: what is to be done and why, what a failing municipality leaves alone, and going on."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from rich.console import Console

from test_runtime_report import RECORD, SAY, add_chapter
from watwerkt.errors import ParameterError
from watwerkt.paths import Workspace, workspace
from watwerkt.runtime.batch import _Worker, run_batch, tell_missing
from watwerkt.runtime.batch_jobs import Job, plan_jobs
from watwerkt.runtime.batch_worker import Ended
from watwerkt.synthetic import Scenario, simulate, write_delivery

pytestmark = pytest.mark.e2e
WELL, CUT, KILLED, HANGS, WRONG, BROKEN = (f"GM99{n}" for n in range(80, 86))
BY_TOWN = f"""
import os, signal, time
if municipality_id == "{KILLED}":
    os.kill(os.getpid(), signal.SIGKILL)
if municipality_id == "{HANGS}":
    time.sleep(600)
if municipality_id == "{BROKEN}":
    raise ValueError("Jan Jansen")
"""
TIMEOUT = 5


@pytest.fixture(scope="module")
def place(root, tmp_path_factory) -> Workspace:
    """A working copy with six towns, of which one is well."""
    copy = tmp_path_factory.mktemp("country")
    shutil.copytree(
        root / "papermill_params", copy / "papermill_params",
        ignore=shutil.ignore_patterns("GM*", "plans"),
    )  # fmt: skip
    shutil.copy(root / "requirements.lock", copy)
    add_chapter(copy / "notebooks", "01_first", RECORD, SAY)
    add_chapter(copy / "notebooks", "02_second", BY_TOWN, SAY)
    for number, code in enumerate((WELL, CUT, KILLED, HANGS, BROKEN)):
        town = simulate(Scenario(), code, 60 + 20 * (code == WELL), 24, number)
        write_delivery(town, copy / "data" / "raw" / code)
    cut = copy / "data" / "raw" / CUT / "benefits.csv"
    cut.write_bytes(cut.read_bytes()[:-40])
    (copy / "papermill_params" / f"{WRONG}.yaml").write_text("max_gap: 3\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATWERKT_ROOT", str(copy))
        yield workspace()


@pytest.fixture(scope="module")
def ended(place) -> dict:
    """What became of each town, with two workers."""
    jobs = plan_jobs(place)
    found = run_batch(place, jobs, workers=2, timeout=TIMEOUT, console=Console(quiet=True))
    return {one.code: one for one in found}


def test_the_largest_goes_first_and_every_reason_is_said(place, ended):
    jobs = plan_jobs(place, languages=["nl", "en"])
    assert jobs[0].code == WELL
    changes = {job.code: dict(job.changes) for job in jobs}
    assert changes[WELL] == {"en": ["no report"]}
    assert changes[KILLED] == {"nl": ["failed before"], "en": ["no report"]}
    assert [job.code for job in jobs if job.problem] == [WRONG]


def test_a_town_that_fails_stops_no_other(ended):
    kinds = {code: [f.kind for f in one.failures] for code, one in ended.items()}
    assert kinds == {
        WELL: [], CUT: ["data"], KILLED: ["kernel"], HANGS: ["timeout"], WRONG: ["data"],
        BROKEN: ["code"],
    }  # fmt: skip


def test_only_what_may_end_otherwise_is_tried_again(ended):
    assert {code for code, one in ended.items() if one.n_tries > 1} == {KILLED, HANGS}


def test_what_is_missing_is_named_with_its_place_and_never_a_value(ended):
    said = "\n".join(tell_missing(list(ended.values())))
    assert f"{CUT} nl, data: benefits.csv" in said
    assert f"{KILLED} nl, kernel: 02_second, cell" in said
    assert f"{HANGS} nl, timeout: 02_second, cell" in said
    assert f"{WRONG}, data: papermill_params/{WRONG}.yaml: max_gap" in said
    assert "Jansen" not in said


def test_the_batch_leaves_an_account(place, ended):
    told = json.loads((place.restricted / "batch.json").read_text(encoding="utf-8"))
    assert {one["code"] for one in told["municipalities"]} == set(ended)
    assert [one["written"] for one in told["municipalities"] if one["code"] == WELL] == [["nl"]]


def test_a_second_batch_does_nothing_for_what_is_there(place, ended):
    before = times(place.reports / WELL)
    [job] = plan_jobs(place, [WELL])
    assert job.is_current
    assert run_batch(place, [job], 1, TIMEOUT, Console(quiet=True)) == []
    assert times(place.reports / WELL) == before


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("papermill_params/{}.yaml", "params"),
        ("notebooks/02_second.ipynb", "notebooks"),
        ("reports/{}/nl/tables.xlsx", "files changed"),
        ("data/raw/{}/clients.csv", "delivery"),
        ("requirements.lock", "lock"),
    ],
)
def test_what_changed_is_made_again_and_the_reason_is_said(place, ended, file, reason):
    path = place.root / file.format(WELL)
    before = path.read_bytes() if path.exists() else None
    change = b"municipality_name: Stad\n" if before is None else before.replace(b"Title", b"Titel")
    path.write_bytes(change if change != before else change + b"\n")
    try:
        [job] = plan_jobs(place, [WELL])
        assert job.changes == {"nl": [reason]}
    finally:
        path.unlink() if before is None else path.write_bytes(before)
    assert plan_jobs(place, [WELL])[0].is_current


def test_what_is_current_is_made_again_when_asked_with_the_same_bytes(place, ended):
    before = {path.name: path.read_bytes() for path in (place.reports / WELL / "nl").iterdir()}
    [job] = plan_jobs(place, [WELL], fresh=True)
    assert job.changes == {"nl": ["fresh"]}
    [one] = run_batch(place, [job], 1, 60, Console(quiet=True))
    assert one.failures == ()
    assert {p.name: p.read_bytes() for p in (place.reports / WELL / "nl").iterdir()} == before


def end_at_once(place, params, delivery, timeout) -> Ended:
    """A worker that the system ends for one town, and lets go on for another."""
    if delivery.name == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    return Ended(delivery.name, ["nl"])


def test_a_worker_that_is_ended_is_replaced(place):
    worker = _Worker(end_at_once)
    try:
        ended = worker.run(place, Job(KILLED, delivery=Path(KILLED)), TIMEOUT)
        assert [(f.kind, f.sentence) for f in ended.failures] == [
            ("memory", f"{KILLED}: its process was ended from outside (out of memory?)")
        ]
        assert worker.run(place, Job(WELL, delivery=Path(WELL)), TIMEOUT).written == ["nl"]
    finally:
        worker.close()


def test_an_unknown_town_is_wrong_use(place):
    with pytest.raises(ParameterError, match="no delivery and no parameters of GM9999"):
        plan_jobs(place, ["GM9999"])

"""The faults: each starts the real command, breaks it, and gives exit code and what was said."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import polars as pl

from place import CHAPTER, TOWN, Place

Run = Callable[[Place, random.Random], tuple[int, str]]
JUMPING = """
import itertools, time
_now, _step = time.time, itertools.count()
time.time = lambda: _now() + (-1) ** next(_step) * 3e8
time.time_ns = lambda: int(time.time() * 1e9)
"""


@dataclass(frozen=True)
class Fault:
    """``says``: what the message must match; ``silent``: exit codes of who cannot speak."""

    name: str
    run: Run
    says: str = ""
    silent: tuple[int, ...] = ()
    needs_disk: bool = False


def _end(run: "subprocess.Popen[str]") -> tuple[int, str]:
    said, _ = run.communicate(timeout=300)
    return run.returncode, said


def _wait(place: Place, rng: random.Random, run: "subprocess.Popen[str]") -> None:
    try:
        run.wait(rng.uniform(0.2, place.seconds * 1.1))
    except subprocess.TimeoutExpired:
        return


def kill_parent(place: Place, rng: random.Random) -> tuple[int, str]:
    """SIGKILL to the command alone."""
    run = place.start()
    _wait(place, rng, run)
    run.kill()
    return _end(run)


def kill_group(place: Place, rng: random.Random) -> tuple[int, str]:
    """SIGKILL to the command, the fork server and the kernel."""
    run = place.start()
    _wait(place, rng, run)
    own = kernels(run.pid)
    for group in (run.pid, *own):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return _end(run)


def kill_when_released(place: Place, rng: random.Random) -> tuple[int, str]:
    """SIGKILL as soon as the ledger has the release, while the report is yet to be put in place."""
    ledger = place.root / "restricted" / TOWN / "releases"
    (ledger / "0001.jsonl").unlink()  # the new report's own, which was made once before
    before, run = os.listdir(ledger), place.start()
    while run.poll() is None:
        if any(os.listdir(ledger) != before for _ in range(1000)):
            break
    run.kill()
    return _end(run)


def kill_kernel(place: Place, rng: random.Random) -> tuple[int, str]:
    """SIGKILL to the kernel, as the system does when memory is short."""
    run = place.start()
    while run.poll() is None and not (found := kernels(run.pid)):
        time.sleep(0.05)
    if run.poll() is None:
        time.sleep(rng.uniform(0, 0.8))
        for kernel in found:
            try:
                os.kill(kernel, signal.SIGKILL)
            except ProcessLookupError:
                continue
    return _end(run)


def kernels(parent: int) -> list[int]:
    """Descendants of ``parent`` that lead a session of their own."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,sid="], capture_output=True, text=True, check=True
    )
    rows = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    family = {parent}
    while more := {pid for pid, ppid, _ in rows if ppid in family} - family:
        family |= more
    return [pid for pid, _, sid in rows if pid in family and pid == sid and pid != parent]


def hang(place: Place, rng: random.Random) -> tuple[int, str]:
    """A cell that never ends, with a short time limit."""
    path = place.root / "notebooks" / CHAPTER
    before = path.read_bytes()
    chapter = nbformat.read(path, 4)
    cell = nbformat.v4.new_code_cell("import time\ntime.sleep(3600)")
    chapter.cells.insert(rng.randint(5, len(chapter.cells)), cell)
    nbformat.write(chapter, path)
    try:
        return _end(place.start("--timeout", "6"))
    finally:
        path.write_bytes(before)


def full_disk(place: Place, rng: random.Random) -> tuple[int, str]:
    """Room for some of what is to be written, and no more."""
    ballast = place.root / "ballast"
    room = shutil.disk_usage(place.disk).free - rng.randint(0, 300_000)
    with ballast.open("wb") as file:
        for _ in range(room >> 12):
            file.write(b"\1" * 4096)
    try:
        return _end(place.start())
    finally:
        ballast.unlink()


def read_only(place: Place, rng: random.Random) -> tuple[int, str]:
    """The disk becomes read-only, as after an error; at first, or as soon as it lets itself."""
    run = place.start()
    if rng.random() < 0.5:
        _wait(place, rng, run)
    command = ["mount", "-o", "remount,ro", str(place.disk)]
    while run.poll() is None and subprocess.run(command, capture_output=True).returncode:
        time.sleep(0.05)
    try:
        return _end(run)
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(place.disk)], check=True)


def small_files(place: Place, rng: random.Random) -> tuple[int, str]:
    """No file may grow beyond a size between 1 kB and 300 kB."""
    most = rng.randint(1_000, 300_000)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # noqa: E731
    return _end(place.start(preexec_fn=limit))


def little_memory(place: Place, rng: random.Random) -> tuple[int, str]:
    """An address space of 0.3 to 3 GB."""
    most = rng.randint(300, 3_000) << 20
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most))  # noqa: E731
    return _end(place.start(preexec_fn=limit))


def two_at_once(place: Place, rng: random.Random) -> tuple[int, str]:
    """A second run on the same output; the code and words are the second's, the first goes on."""
    first = place.start()
    part = place.root / "restricted" / TOWN / ".nl.part"
    while first.poll() is None and not (part / "fresh").exists():
        time.sleep(0.05)
    time.sleep(rng.uniform(0, 1))
    second = _end(place.start())
    return (first.wait() and 99) or second[0], second[1]


def jumping_clock(place: Place, rng: random.Random) -> tuple[int, str]:
    """``time.time`` jumps nineteen years to and fro at every look, in every process."""
    folder = place.folder / "clock"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(JUMPING, encoding="utf-8")
    path = f"{folder}{os.pathsep}{place.environment()['PYTHONPATH']}"
    return _end(place.start(env={"PYTHONPATH": path}))


def cut_file(place: Place, rng: random.Random) -> tuple[int, str]:
    """A file of the delivery broken off at a random byte."""
    path = _delivered(place, rng)
    content = path.read_bytes()
    return _run_with(place, path, content[: rng.randint(0, len(content) // 2)])


def unreadable_file(place: Place, rng: random.Random) -> tuple[int, str]:
    """A file of the delivery overwritten with noise."""
    return _run_with(place, _delivered(place, rng), rng.randbytes(rng.randint(1, 100_000)))


def bomb(place: Place, rng: random.Random) -> tuple[int, str]:
    """A delivered Parquet file of 310 million rows in a megabyte."""
    made = place.folder / "bomb.parquet"
    if not made.exists():
        rows = pl.LazyFrame({"person_id": ["a"]})
        rows.select(pl.repeat(1, 310_000_000, dtype=pl.Int8).alias("person_id")).sink_parquet(made)
    delivery = place.root / "data" / "raw" / TOWN
    shutil.copy(made, delivery / made.name)
    about = delivery / "delivery.yaml"
    text = about.read_text(encoding="utf-8").replace("clients.csv", made.name)
    try:
        return _run_with(place, about, text.encode())
    finally:
        (delivery / made.name).unlink()


def _delivered(place: Place, rng: random.Random) -> Path:
    names = sorted(p for p in (place.root / "data" / "raw" / TOWN).iterdir() if p.is_file())
    return rng.choice([p for p in names if p.suffix in (".csv", ".parquet")])


def _run_with(place: Place, path: Path, content: bytes) -> tuple[int, str]:
    """The command while ``path`` holds ``content``."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        return _end(place.start())
    finally:
        path.write_bytes(before)


def hostile_yaml(place: Place, rng: random.Random) -> tuple[int, str]:
    """delivery.yaml or the parameters with code, a bomb, endless nesting, or a path out."""
    bomb = "a: &a [x, x]\n" + "".join(
        f"{n}: &{n} [{f'*{p}, ' * 9}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    texts = [bomb, "x: !!python/object/apply:os.system ['true']\n", "x: " + "[" * 5000]
    path = place.root / "data" / "raw" / TOWN / "delivery.yaml"
    climbing = path.read_text(encoding="utf-8").replace("clients.csv", "../../secret.csv")
    own = place.root / "papermill_params" / f"{TOWN}.yaml"
    target, text = rng.choice([(p, t) for p in (path, own) for t in texts] + [(path, climbing)])
    return _run_with(place, target, text.encode())


GAP = r"kernel died|did not start|took longer than"
SHORT = r"disk is full|grow this large|read-only|too little memory|" + GAP
FAULTS = [
    Fault("kill -9 of the command", kill_parent, silent=(-9,)),
    Fault("kill -9 of all its processes", kill_group, silent=(-9,)),
    Fault("kill -9 once it is in the ledger", kill_when_released, silent=(-9,)),
    Fault("kill -9 of a chapter's kernel", kill_kernel, GAP),
    Fault("a chapter hangs", hang, GAP),
    Fault("disk full", full_disk, SHORT, needs_disk=True),
    Fault("file size limit", small_files, SHORT),
    Fault("disk turns read-only", read_only, SHORT, needs_disk=True),
    Fault("too little memory", little_memory, SHORT, silent=(-6, -9, -11)),
    Fault("two runs on one output", two_at_once, "another run is writing it"),
    Fault("clock jumps", jumping_clock),
    Fault("delivered file cut off", cut_file, r"\.(csv|parquet)"),
    Fault("delivered file unreadable", unreadable_file, r"\.(csv|parquet)"),
    Fault("delivered file a bomb", bomb, r"\.parquet.*unfolds to more"),
    Fault("hostile YAML", hostile_yaml, r"\.yaml"),
]

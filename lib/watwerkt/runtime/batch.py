"""Run the jobs of a batch in workers, tell how it goes, and say at the end what is missing."""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from watwerkt.durable import write_whole
from watwerkt.paths import Workspace
from watwerkt.runtime.batch_jobs import Job
from watwerkt.runtime.batch_worker import TRIES, Ended, Failure, make_reports

SCHEMA_VERSION = 1


def run_batch(
    place: Workspace, jobs: Sequence[Job], workers: int, timeout: int, console: Console
) -> list[Ended]:
    """Run what is not current; one municipality that fails stops no other. Writes batch.json.

    ``batch.json`` lies in ``restricted/``: what is missing, with its chapter, cell and remedy.
    """
    refused = [
        Ended(job.code, failures=(Failure("", "data", str(job.problem)),))
        for job in jobs
        if job.problem
    ]
    to_do = [job for job in jobs if job.params]
    started, ended = time.monotonic(), list(refused)
    with _progress(console) as bar:
        task = bar.add_task("reports", total=sum(job.n_bytes for job in to_do), n=len(to_do))
        for number, (job, outcome) in enumerate(_run_all(place, to_do, workers, timeout), 1):
            ended.append(outcome)
            bar.update(task, advance=job.n_bytes, description=f"{number} of {len(to_do)}")
            console.print(_line(outcome))
    ended.sort(key=lambda one: one.code)
    n_current = sum(job.is_current for job in jobs)
    _write(ended, n_current, time.monotonic() - started, workers, place.restricted / "batch.json")
    return ended


def _run_all(
    place: Workspace, jobs: Sequence[Job], workers: int, timeout: int
) -> Iterator[tuple[Job, Ended]]:
    """Each job with what became of it, in the order in which they end."""
    free: SimpleQueue[_Worker] = SimpleQueue()
    every = [_Worker() for _ in range(min(workers, max(len(jobs), 1)))]
    for worker in every:
        free.put(worker)

    def run(job: Job) -> Ended:
        worker = free.get()
        try:
            return worker.run(place, job, timeout)
        finally:
            free.put(worker)

    try:
        with ThreadPoolExecutor(len(every)) as threads:
            asked = {threads.submit(run, job): job for job in jobs}
            for future in as_completed(asked):
                yield asked[future], future.result()
    finally:
        for worker in every:
            worker.close()


class _Worker:
    """A process that runs one municipality after another; where it dies, another takes its place.

    It is started anew, not forked, and forks its kernels from a server of its own.
    """

    def __init__(self, make: Callable[..., Ended] = make_reports) -> None:
        self._make = make
        self._start()

    def run(self, place: Workspace, job: Job, timeout: int) -> Ended:
        for _ in range(TRIES):
            asked = self._pool.submit(self._make, place, job.params, job.delivery, timeout)
            try:
                return asked.result()
            except BrokenProcessPool:
                self._start()
        said = f"{job.code}: its process was ended from outside (out of memory?)"
        return Ended(job.code, failures=(Failure("", "memory", said),), n_tries=TRIES)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, mp_context=spawn)


def _progress(console: Console) -> Progress:
    """Time left is by size of the deliveries that are done, for time goes with size."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def _line(ended: Ended) -> str:
    what = "done  " if not ended.failures else "failed"
    return f"{what} {ended.seconds:6.1f} s  {ended.code}"


def tell_missing(ended: Sequence[Ended]) -> list[str]:
    """A line per failure: municipality, language, kind, and the sentence with the remedy."""
    return [
        f"{' '.join(filter(None, [one.code, f.language]))}, {f.kind}: {f.sentence}"
        for one in ended
        for f in one.failures
    ]


def _write(
    ended: Sequence[Ended], n_current: int, seconds: float, workers: int, path: Path
) -> None:
    content = {
        "schema_version": SCHEMA_VERSION,
        "workers": workers,
        "seconds": round(seconds, 1),
        "n_current": n_current,
        "municipalities": [asdict(one) for one in ended],
    }
    write_whole(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

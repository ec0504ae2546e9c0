"""What intake makes of a mutated delivery: accepted, refused in our words, or a fault."""

import resource
import signal
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fuzz.mutations import CANARY, Base, mutate, write_base
from watwerkt.cleaning.clean import clean_delivery
from watwerkt.errors import WatwerktError
from watwerkt.intake.delivery import read_delivery

SECONDS = 10  # that one input may take
ACCEPTED, REFUSED = "accepted", "refused"


class TooLong(BaseException):
    """An input took longer than it may; no library catches it."""


@dataclass
class Outcomes:
    """Counts per outcome; ``faults``: kind of fault → a seed that gives it."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0

    def add(self, other: "Outcomes") -> None:
        """Add those of another run."""
        self.counts += other.counts
        self.faults = other.faults | self.faults
        self.slowest = max(self.slowest, other.slowest)


def limit_memory(more: int) -> None:
    """Let this process take at most ``more`` bytes of addresses than it has."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))


def run(base: Base, seeds: Iterable[int], folder: Path) -> Outcomes:
    """Each seed's mutation, read and where it is accepted cleaned, in ``folder``."""
    found = Outcomes()
    write_base(base, folder)
    for seed in seeds:
        content = mutate(base, np.random.default_rng([len(base.changed), seed]))
        (folder / base.changed).write_bytes(content)
        started = time.monotonic()
        outcome = _outcome(folder)
        found.slowest = max(found.slowest, time.monotonic() - started)
        found.counts[outcome if outcome in (ACCEPTED, REFUSED) else "fault"] += 1
        if outcome not in (ACCEPTED, REFUSED):
            found.faults.setdefault(outcome, seed)
    return found


def _outcome(folder: Path) -> str:
    try:
        with _within(SECONDS):
            clean_delivery(read_delivery(folder), max_gap_days=30, booking_lag_months=3)
    except WatwerktError as error:
        said = " ".join([str(error), *getattr(error, "__notes__", [])])
        return "quotes a cell" if CANARY in said else REFUSED
    except TooLong:
        return "takes too long"
    except BaseException as fault:
        if isinstance(fault, KeyboardInterrupt):
            raise
        return f"{type(fault).__module__}.{type(fault).__name__}"
    return ACCEPTED


@contextmanager
def _within(seconds: int):
    def stop(*_):
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

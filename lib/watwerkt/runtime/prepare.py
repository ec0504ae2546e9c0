"""Prepare a delivery once: read, guard, clean, and write what the chapters read."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watwerkt.cleaning.clean import clean_delivery
from watwerkt.errors import DeliveryError
from watwerkt.intake.about import read_about
from watwerkt.intake.delivery import fingerprint_delivery, read_delivery
from watwerkt.panel.prepared import is_current, write_prepared
from watwerkt.params import ReportParams

SETTINGS = {"max_gap_days", "booking_lag_months"}


def run_prepare(
    delivery: Path, folder: Path, params: ReportParams, *, always: bool = False
) -> bool:
    """Prepare ``delivery`` into ``folder``; False where what is there is current.

    Current means made from the same bytes, with the same settings, by the same rules. Kernels
    that open one delivery at once wait for the first.

    Raises
    ------
    DeliveryError, SchemaError, PrivacyError, VersionError
        The delivery is refused; what was prepared before stays as it was.
    """
    _require_same(read_about(delivery).municipality_id, params.municipality_id)
    settings = params.model_dump(include=SETTINGS)
    fingerprint = fingerprint_delivery(delivery)
    if not always and is_current(folder, fingerprint, settings):
        return False
    with _held(folder.with_name(f".{folder.name}.lock")):
        if not always and is_current(folder, fingerprint, settings):
            return False
        write_prepared(
            clean_delivery(read_delivery(delivery), **settings), folder, settings, fingerprint
        )
    return True


def _require_same(delivered: str, asked: str) -> None:
    if delivered != asked:
        raise DeliveryError(
            f"delivery.yaml says municipality_id {delivered}, asked is {asked}: "
            "name the right folder or the right municipality"
        )


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go when the file is closed, also by a crash
        yield

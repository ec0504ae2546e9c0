"""Kernels that talk over local sockets only, and keep what they complain about to themselves."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client.manager import AsyncKernelManager
from traitlets import Unicode
from traitlets.config import Config

from watwerkt.runtime.warm import CAN_FORK, NO_HISTORY, WarmProvisioner

LONGEST_SOCKET_FOLDER = 80  # of the 107 characters a Unix socket's path may have


class LoggedKernelManager(AsyncKernelManager):
    """Starts a kernel, forked where that can be, whose own stderr is appended to ``log_file``."""

    log_file = Unicode(help="where the kernel process's stderr goes").tag(config=True)

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel process; the log is open only while it starts."""
        if CAN_FORK:
            self.kernel_id = self.kernel_id or str(uuid4())
            self.provisioner = WarmProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
            await super().start_kernel(log=self.log_file, **options)
            return
        with Path(self.log_file).open("ab") as log:
            options["extra_arguments"] = [*options.get("extra_arguments", ()), *NO_HISTORY]
            await super().start_kernel(stderr=log, **options)


@contextmanager
def kernel_options(log: Path) -> Iterator[dict[str, Any]]:
    """Options for a notebook client: Unix sockets in a folder that goes with the kernel.

    Over TCP, what a cell prints would cross the loopback interface in plain text.
    """
    with tempfile.TemporaryDirectory(prefix="ww-", dir=_short_folder()) as folder:
        settings = {
            "transport": "ipc",
            "ip": f"{folder}/k",
            "connection_file": f"{folder}/k.json",
        }
        config = Config(KernelManager=settings, LoggedKernelManager={"log_file": str(log)})
        yield {"kernel_manager_class": LoggedKernelManager, "config": config}


def _short_folder() -> str | None:
    return None if len(tempfile.gettempdir()) <= LONGEST_SOCKET_FOLDER else "/tmp"

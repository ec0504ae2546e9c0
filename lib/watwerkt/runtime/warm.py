"""Kernels forked from a process that has imported what chapters import.

Importing costs a chapter seconds; forking costs it none. The parent of all kernels is the fork
server of the standard library: a fresh process that imports the modules, reads no data, opens no
socket of Jupyter, starts no pool of Polars, and ends when its last kernel has.
"""

import multiprocessing
import os
import pkgutil
import sys
from multiprocessing.process import BaseProcess, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from watwerkt import analysis

CAN_FORK = sys.platform == "linux"  # elsewhere forking after such imports is not safe
NO_HISTORY = ("--HistoryManager.enabled=False",)  # else what runs is kept in the user's profile
PRELOAD = (
    *(module.name for module in pkgutil.iter_modules(analysis.__path__, f"{analysis.__name__}.")),
    "watwerkt.publish.figures",
    "watwerkt.runtime.chapter",
    "ipykernel.kernelapp",
)


class ForkedKernel:
    """A forked process in the place of the ``subprocess.Popen`` that a provisioner expects."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of the kernel, which leads a process group of its own."""
        return int(self._process.pid or 0)

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """The exit code, once it is there."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, signum: int) -> None:
        """Signal the kernel alone."""
        os.kill(self.pid, signum)

    def kill(self) -> None:
        """End the kernel at once."""
        self._process.kill()

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self._process.terminate()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by forking; everything else is as for a kernel started cold."""

    parent: Any  # the kernel manager
    process: Any  # a ForkedKernel

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel on the connection file, in ``cwd``, its complaints appended to ``log``."""
        self.cwd = kwargs.get("cwd", Path.cwd())
        environment = dict(kwargs.get("env", os.environ))
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOAD))
        process = context.Process(
            target=serve_kernel,
            args=(self.parent.connection_file, str(self.cwd), environment, kwargs["log"]),
            daemon=True,  # one that outlives its chapter is ended, not waited for
        )
        process.start()
        self.process = ForkedKernel(process)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def serve_kernel(connection_file: str, folder: str, environment: dict[str, str], log: str) -> None:
    """Be a kernel until told to stop: what ``python -m ipykernel_launcher -f`` does."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with Path(log).open("ab", buffering=0) as complaints:
        os.dup2(complaints.fileno(), sys.stdout.fileno())
        os.dup2(complaints.fileno(), sys.stderr.fileno())
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()
    from ipykernel.kernelapp import IPKernelApp

    # With a parent, it does not write how to connect to it.
    arguments = ["-f", connection_file, *NO_HISTORY]
    IPKernelApp.launch_instance(argv=arguments, parent_handle=os.getppid())


def _end_with(asker: BaseProcess | None) -> None:
    """End when the program that asked for this kernel is gone: nobody is left to read it."""
    if asker is not None:
        asker.join()
        os._exit(1)

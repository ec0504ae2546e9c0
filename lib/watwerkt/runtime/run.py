"""Run one chapter: a notebook, its parameters, and the executed copy that nobody publishes."""

import logging
import re
from pathlib import Path

import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from watwerkt import errors
from watwerkt.errors import ChapterError, ParameterError
from watwerkt.params import ReportParams
from watwerkt.runtime.kernel import kernel_options

CELL_TIMEOUT_SECONDS = 3600
PACKAGE = Path(errors.__file__).parent
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

logging.getLogger("papermill").addHandler(logging.NullHandler())  # it repeats what we raise


def read_declared(notebook: Path) -> set[str]:
    """The parameters that ``notebook`` declares; each is one of ReportParams or it is refused."""
    declared = set(papermill.inspect_notebook(notebook))
    unknown = sorted(declared - ReportParams.model_fields.keys())
    if unknown or not declared & {"municipality_id", "reports_dir"}:
        raise ParameterError(
            f"{notebook.stem}: its parameters cell declares what no report has: {unknown}"
            if unknown
            else f"{notebook.stem}: no cell tagged `parameters` declares municipality_id"
        )
    return declared


def run_chapter(
    notebook: Path,
    params: ReportParams,
    output: Path,
    log: Path,
    timeout: int = CELL_TIMEOUT_SECONDS,
) -> None:
    """Execute ``notebook`` with the parameters it declares; the executed copy goes to ``output``.

    papermill only warns about an unknown name and turns dates and paths into text, so names are
    compared first and values are JSON already. The kernel starts in the notebook's own folder.
    ``timeout``: seconds that a cell may take.

    Raises
    ------
    ChapterError
        A cell failed, took too long or killed the kernel. Cells are numbered as in the committed
        notebook. The message gives the kind of cause only, for it is published in the place of the
        chapter; a message of our own, which may hold counts, is its note.
    """
    given = params.model_dump(mode="json", include=read_declared(notebook))
    begun: list[int] = []
    try:
        with kernel_options(log) as options:
            papermill.execute_notebook(
                notebook,
                output,
                parameters=given,
                cwd=notebook.parent,
                progress_bar=False,
                execution_timeout=timeout,
                on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
                **options,
            )
    except (PapermillExecutionError, CellTimeoutError, DeadKernelError, RuntimeError) as error:
        injected = len(begun) > 1
        cell = len(begun) - injected
        cause, kind = _cause(error, timeout)
        failure = ChapterError(f"{notebook.stem}, cell {cell}: {cause}", kind)
        if isinstance(error, PapermillExecutionError) and _is_ours(error):
            failure.add_note(error.evalue)
        raise failure from None


def _cause(error: Exception, timeout: int) -> tuple[str, str]:
    """What ended the chapter, in words and as the kind of a ChapterError."""
    match error:
        case PapermillExecutionError():
            kind = "data" if _is_ours(error) else "code"
            return str(error.ename), "memory" if error.ename == "MemoryError" else kind
        case CellTimeoutError():
            return f"took longer than {timeout} seconds", "timeout"
        case DeadKernelError():
            return "the kernel died (out of memory?)", "kernel"
        case _:
            return f"the kernel did not start ({type(error).__name__})", "kernel"


def _is_ours(error: PapermillExecutionError) -> bool:
    """Whether it is of watwerkt.errors and was raised in our code: others' messages hold values.

    The name alone does not tell: pandas has a DataError too, pandera a SchemaError.
    """
    plain = COLOUR.sub("", "\n".join(error.traceback))
    places = re.findall(r"^File (.+?):\d+", plain, flags=re.MULTILINE)
    raised_here = bool(places) and Path(places[-1]).is_relative_to(PACKAGE)
    return raised_here and hasattr(errors, error.ename)

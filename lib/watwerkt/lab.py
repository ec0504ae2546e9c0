"""What an analyst calls in JupyterLab beside the chapters: prepared data to look around in.

>>> from watwerkt.lab import open_municipality
>>> town = open_municipality("GM9901")
>>> town.spells.head().collect()

Nothing here is protected. Every cell's output is marked as internal; what is to leave the house
goes through a chapter and its page.
"""

from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, display

from watwerkt.panel.prepared import Prepared
from watwerkt.runtime.chapter import read_chapter

INTERNAL = HTML(
    "<p><strong>INTERN · niet voor publicatie · internal, not for publication</strong></p>"
)


def open_municipality(municipality_id: str) -> Prepared:
    """The prepared data of a municipality: spells, panel, tables, ledger, accounts.

    Its delivery is prepared first, where that is needed. In a notebook every output that follows
    is marked as internal.
    """
    prepared = read_chapter("lab", municipality_id).prepared
    if (shell := get_ipython()) is not None:
        mark_internal(shell)
    return prepared


def mark_internal(shell: InteractiveShell) -> None:
    """Let ``shell`` say after every cell that its output is internal."""
    if _say_internal not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", _say_internal)


def _say_internal(*_: object) -> None:
    display(INTERNAL)

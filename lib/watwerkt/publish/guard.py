"""The guard of a chapter's kernel: what is not protected cannot be a cell's value, nor printed."""

import builtins
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any

from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell

from watwerkt.disclosure.protected import Protected
from watwerkt.errors import DisclosureError, WatwerktError

SHOWS_DATA = {
    *("great_tables", "matplotlib", "numpy", "pandas", "pandera", "polars", "pyarrow"),
    *("seaborn", "statsmodels", "survival"),
}


def guard_display(shell: InteractiveShell | None = None) -> None:
    """Let this kernel refuse to show or print frames, arrays, fits and figures.

    What a chapter shows goes through ``page``. IPython would swallow an error of a formatter, so
    the whole ``format`` step is guarded: the cell fails, and with it the chapter.
    """
    shell = shell or get_ipython()
    if shell is None or shell.display_formatter is None:
        raise WatwerktError("guard_display() works in a notebook's kernel only")
    formatter, printer = shell.display_formatter, builtins.print
    if getattr(formatter.format, "is_guarded", False):
        return
    unguarded = formatter.format

    @wraps(unguarded)
    def format_guarded(obj: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_unprotected(obj)
        return unguarded(obj, *args, **kwargs)

    @wraps(printer)
    def print_guarded(*objects: Any, **kwargs: Any) -> None:
        for obj in objects:
            refuse_unprotected(obj)
        printer(*objects, **kwargs)

    format_guarded.is_guarded = True  # type: ignore[attr-defined]
    formatter.format = format_guarded  # type: ignore[method-assign]
    builtins.print = print_guarded


def refuse_unprotected(value: Any) -> None:
    """Raise DisclosureError where ``value`` is, or holds, what would show unprotected data."""
    for part in _parts(value):
        if any(base.__module__.partition(".")[0] in SHOWS_DATA for base in type(part).__mro__):
            raise DisclosureError(
                f"a {type(part).__name__} is not protected: protect it (watwerkt.disclosure) and "
                "show it by page.table() or page.figure()"
            )


def _parts(value: Any) -> list[Any]:
    """``value`` and what its printed form would show of what it holds."""
    if isinstance(value, Protected):
        return []
    if isinstance(value, dict):
        held = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        held = list(value)
    elif is_dataclass(value) and not isinstance(value, type):
        held = [getattr(value, field.name) for field in fields(value) if field.repr]
    else:
        held = []
    return [value, *(part for item in held for part in _parts(item))]

"""Column names of a source file: compared loosely, and shown only where they are names.

A file without a header line has a person's values for column names; those are then called by
their number.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml

MAX_WORDS = 12
DATA_LIKE = re.compile(
    r"\d{6,}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|@|^[\d.,\s-]+$|^\d{4}\s?[a-zA-Z]{2}$"
)


@cache
def read_identifying() -> dict[str, Any]:
    """The words and names that give a person away (``identifying.yaml``)."""
    path = files("watwerkt.intake") / "identifying.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def header_words(header: str) -> list[str]:
    """``Oorspronkelijke begindatum``, ``BSN_partner``, ``clientNaam`` → lower-case words."""
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return re.findall(r"[a-z]+|\d+", apart.lower())


def normalise_header(header: str) -> str:
    """What two spellings of one name share: ``RINPersoonS`` is ``rinpersoons``."""
    return "".join(header_words(header))


def find_header(columns: list[str], wanted: str) -> str | None:
    """The column called ``wanted``: spelled the same, else but for case, spaces and accents."""
    if wanted in columns:
        return wanted
    goal = normalise_header(wanted)
    return next((column for column in columns if normalise_header(column) == goal), None)


def shown_names(table: pl.DataFrame) -> dict[str, str]:
    """How each column may be called in a message: its name, or its number where that is data."""
    is_data = {name: _looks_like_data(name, table[name]) for name in table.columns}
    headerless = any(is_data.values())
    return {
        name: f"column {i}" if headerless else name for i, name in enumerate(table.columns, start=1)
    }


def is_headerless(table: pl.DataFrame) -> bool:
    """Whether the first line seems to hold values instead of names."""
    return any(_looks_like_data(name, table[name]) for name in table.columns)


def _looks_like_data(name: str, column: pl.Series) -> bool:
    words = header_words(name)
    if DATA_LIKE.search(name) or len(words) > MAX_WORDS or len(name) > 80:
        return True
    known = read_identifying()
    is_first_name = bool(words) and {*words} <= {*known["first_names"]}
    return (
        is_first_name
        or " ".join(words) in known["surnames"]
        or (column.dtype == pl.String and bool((column == name).any()))
    )

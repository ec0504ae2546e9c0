"""Labels: how the columns and codes of one frame are called and written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from watwerkt.codebook import labels as codebook_labels
from watwerkt.publish.language import Translator
from watwerkt.publish.vocabulary import Word, vocabulary, word

Columns = Mapping[str, str] | Sequence[str]  # column → message id, or as in the vocabulary
TOTAL = "total"  # the key of a margin in a protected frame


@dataclass(frozen=True, slots=True)
class Labels:
    """What a table or a figure needs to know of a frame's words.

    Attributes
    ----------
    translator : writes numbers and dates.
    columns : column → its label in the language; also which columns are shown, and in what order.
    formats : column → placeholder spec, as in ``language``: ``%1``, ``.2``, ``month``.
    names : column → code → its name in the language.
    mark : words that every figure carries (*synthetische gegevens*), or nothing.
    is_narrow : whether a figure is drawn for a phone.
    """

    translator: Translator
    columns: Mapping[str, str]
    formats: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    mark: str = ""
    is_narrow: bool = False

    def column(self, name: str) -> str:
        """The label of a column."""
        return self.columns[name]

    def spec(self, column: str) -> str:
        """How a column's values are written; years are never grouped by thousands."""
        return self.formats.get(column, "year" if column.endswith("year") else "")

    def value(self, column: str, value: Any) -> str:
        """A cell as it is shown; a code without a name stands as it is, a margin is *total*."""
        if isinstance(value, str) and value == TOTAL:
            return self.translator.text("total")
        if column in self.names and not pd.isna(value):
            return self.names[column].get(value, str(value))
        return self.translator.value(value, self.spec(column))


def build_labels(
    translator: Translator,
    columns: Columns,
    formats: Mapping[str, str] | None = None,
    names: Mapping[str, Mapping[Any, str]] | None = None,
    codes: Mapping[str, str] | None = None,
    mark: str = "",
) -> Labels:
    """Translate how ``columns`` are called, and their values.

    What is not given is as in the vocabulary. ``columns`` and ``names`` hold message ids;
    ``codes`` gives a column's code list in the codebook, which has both languages itself, or
    several, parted by a space.
    """
    given = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "")
    words = {
        c: vocabulary().get(c, Word(msgid)) if msgid else word(c) for c, msgid in given.items()
    }
    listed = {c: w.codes for c, w in words.items() if w.codes} | dict(codes or {})
    spoken = {c: w.names for c, w in words.items() if w.names} | dict(names or {})
    called = {
        column: {
            code: label
            for name in names_of_lists.split()
            for code, label in codebook_labels(name, translator.language).items()
        }
        for column, names_of_lists in listed.items()
    }
    for column, named in spoken.items():
        translated = {value: translator.text(msgid) for value, msgid in named.items()}
        called[column] = called.get(column, {}) | translated
    return Labels(
        translator=translator,
        columns={c: translator.text(msgid or words[c].label) for c, msgid in given.items()},
        formats={c: w.format for c, w in words.items() if w.format} | dict(formats or {}),
        names=called,
        mark=mark,
    )

"""Dutch and English: sentences from a gettext catalogue, numbers and dates as each writes them.

A message id *is* the plain English sentence; ``locale/nl.po`` holds the Dutch one and is read as
it stands. Placeholders say how a value is written: ``{n}`` a count, ``{share:%1}`` a percentage
with one decimal, ``{effect:.2}`` two decimals, ``{odds:exp.2}`` a logarithm as the ratio it is,
``{p:p}`` a p-value, ``{year:year}``, ``{month:month}``, ``{day:date}``.
"""

import datetime as dt
import gettext
import io
import math
import string
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Never

import pandas as pd
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from watwerkt.errors import ParameterError, WatwerktError

LOCALES = {"nl": "nl_NL", "en": "en_GB"}
NOTHING = "–"  # stands for what is suppressed or does not exist


@dataclass(frozen=True, slots=True)
class Translator:
    """Writes text, numbers and dates in ``language``: ``nl`` or ``en``."""

    language: str

    def __post_init__(self) -> None:
        if self.language not in LOCALES:
            raise ParameterError(f"no such language: {self.language}; there are nl and en")

    @property
    def locale(self) -> str:
        """The language and the country whose habits are followed."""
        return LOCALES[self.language]

    def text(self, msgid: str, /, **values: Any) -> str:
        """The sentence in the language, its placeholders filled; WatwerktError where missing."""
        return _Filler(self).vformat(_messages(self.language).gettext(msgid), (), values)

    def plural(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """``one`` or ``many``, whichever ``n`` asks for; ``n`` is itself a placeholder."""
        sentence = _messages(self.language).ngettext(one, many, n)
        return _Filler(self).vformat(sentence, (), {"n": n, **values})

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with grouped thousands and a true minus sign."""
        if pd.isna(value):
            return NOTHING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        rounded = round(float(value), decimals) + 0.0  # no minus nought
        return format_decimal(rounded, pattern, self.locale).replace("-", "−")

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share of 1 as a percentage."""
        if pd.isna(share):
            return NOTHING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
        rounded = round(float(share), decimals + 2) + 0.0
        return format_percent(rounded, pattern, self.locale).replace("-", "−")

    def date(self, value: dt.date) -> str:
        """``3 oktober 2024``."""
        return format_date(_as_date(value), "d MMMM y", self.locale)

    def month(self, value: dt.date | str, width: str = "long") -> str:
        """``oktober 2024``, or ``okt 2024`` where ``width`` is ``short``."""
        pattern = "LLLL y" if width == "long" else "LLL y"
        return format_date(_as_date(value), pattern, self.locale).replace(".", "")

    def value(self, value: Any, spec: str = "") -> str:
        """Any value by its placeholder's ``spec``, as at the top of this module."""
        if value is None or value is pd.NaT or (not isinstance(value, str) and pd.isna(value)):
            return NOTHING
        if spec == "month":
            return self.month(value)
        if spec == "date" or isinstance(value, dt.date):
            return self.date(value)
        if isinstance(value, str):
            return value
        if type(value).__name__ in {"bool", "bool_"}:
            return self.text("yes") if value else self.text("no")
        return self._figure(float(value), spec)

    def _figure(self, value: float, spec: str) -> str:
        if spec == "year":
            return str(int(value))
        if spec == "p":
            return f"< {self.number(0.001, 3)}" if value < 0.001 else self.number(value, 3)
        if spec.startswith("%"):
            return self.percent(value, int(spec[1:] or 0))
        if spec.startswith("exp"):
            return self.number(math.exp(value), int(spec[4:]))
        if spec.startswith("."):
            return self.number(value, int(spec[1:]))
        return self.number(value, 0 if value.is_integer() else 2)


class _Filler(string.Formatter):
    """``str.format`` whose numbers and dates are those of the language."""

    def __init__(self, translator: Translator) -> None:
        self.translator = translator

    def format_field(self, value: Any, format_spec: str) -> str:
        return self.translator.value(value, format_spec)


class _Missing(gettext.NullTranslations):
    """What stands behind the catalogue: a sentence that nobody translated is a fault."""

    def gettext(self, message: str) -> Never:
        raise WatwerktError(
            f"no Dutch for {message!r}; add it to publish/locale/nl.po (msgid and msgstr)"
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> Never:
        self.gettext(msgid1)


def read_catalogue(language: str) -> Catalog:
    """The catalogue ``locale/<language>.po``; messages that are not finished are errors."""
    path = files("watwerkt.publish") / "locale" / f"{language}.po"
    return read_po(io.BytesIO(path.read_bytes()), locale=language, abort_invalid=True)


@cache
def _messages(language: str) -> gettext.NullTranslations:
    if language == "en":  # a message id is the English sentence
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    messages = gettext.GNUTranslations(compiled)
    messages.add_fallback(_Missing())
    return messages


def _as_date(value: dt.date | str) -> dt.date:
    if isinstance(value, str):
        return dt.date.fromisoformat(value if len(value) > 7 else f"{value}-01")
    return value

"""Cut a column name into the words it is made of: ``KODE_REDE_EIND`` says code, reason, end."""

from functools import cache
from importlib.resources import files

import yaml

from watwerkt.intake.headers import header_words

LINKS = ("s", "en", "e", "n")  # between the parts of a Dutch compound
SHORTEST = 3  # a shorter word is none inside a compound
UNKNOWN = "?"


def read_concepts(name: str) -> frozenset[str]:
    """The concepts that ``name`` mentions, and ``?`` with each word that is not known."""
    found: set[str] = set()
    for token in header_words(name):
        parts = _cut(token)
        found |= {UNKNOWN + token} if parts is None else set(parts)
    return frozenset(found - {""})


@cache
def is_beside(concept: str) -> bool:
    """Whether the concept says that a column is about something beside the thing itself."""
    return concept in _read_words()["beside"]


@cache
def _read_words() -> dict[str, dict[str, list[str]]]:
    text = (files("watwerkt.intake") / "words.yaml").read_text(encoding="utf-8")
    words = yaml.safe_load(text)
    return {**words, "filler": {"": words["filler"]}}


@cache
def _vocabulary() -> dict[str, str]:
    """Word → concept; a filler means nothing."""
    return {
        word: concept
        for kind in ("filler", "beside", "concepts")
        for concept, words in _read_words()[kind].items()
        for word in words
    }


@cache
def _cut(token: str) -> tuple[str, ...] | None:
    """The concepts of one token: a word, or words in a row, the longest first; None if unknown."""
    known = _vocabulary()
    if token.isdigit():
        return ()
    if token in known:
        return (known[token],)
    for size in range(len(token) - 1, SHORTEST - 1, -1):
        head, rest = token[:size], token[size:]
        if head in known and (tail := _cut_rest(rest)) is not None:
            return (known[head], *tail)
    if token[0] in ("b", "e") and (tail := _cut_rest(token[1:])):  # DatB…, DatE… in Suwinet
        return (known[token[0]], *tail)
    return None


def _cut_rest(rest: str) -> tuple[str, ...] | None:
    """What follows a word within a compound, with or without a linking sound."""
    if rest in LINKS or rest in ("nr", "id", "cd"):
        return () if rest in LINKS else (_vocabulary()[rest],)
    if len(rest) >= SHORTEST and (tail := _cut(rest)) is not None:
        return tail
    linked = next((rest[len(link) :] for link in LINKS if rest.startswith(link)), "")
    return _cut(linked) if len(linked) >= SHORTEST else None

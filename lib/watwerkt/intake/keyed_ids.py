"""Ids from a secret key: HMAC-SHA-256, 128 bits in hexadecimal.

Persons: of the BSN as nine digits, with the key itself, so that one person has one id in every
table and year. Caseworkers and client numbers: with keys derived from it, so that no id of one kind
can be compared with another kind's.
"""

import hmac
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from watwerkt.errors import ParameterError, PrivacyError

MIN_KEY_BYTES = 32
ID_DIGITS = 32
BSN = r"^\d{8,9}$"


@dataclass(frozen=True, slots=True)
class KeyedIds:
    """Turns columns of texts into columns of ids; the key is shown nowhere."""

    key: bytes = field(repr=False)

    def persons(self, texts: pl.Series) -> pl.Series:
        """BSNs become ids of persons; what is no BSN is taken for a client number."""
        plain = plain_numbers(texts)
        bsn = plain.set(~plain.str.contains(BSN).fill_null(value=False), None).str.zfill(9)
        return _hashed(bsn, self.key).fill_null(self.clients(texts))

    def clients(self, texts: pl.Series) -> pl.Series:
        """A suite's own client numbers: the same person has another id than from a BSN."""
        return _hashed(plain_numbers(texts).str.strip_chars_start("0"), self._derived("client"))

    def caseworkers(self, texts: pl.Series) -> pl.Series:
        """Numbers, initials or names of caseworkers, whatever the case they are written in."""
        return _hashed(texts.str.strip_chars().str.to_lowercase(), self._derived("caseworker"))

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self.key, f"watwerkt:{purpose}".encode(), "sha256")


def read_key(path: Path) -> KeyedIds:
    """The secret in ``path``, at least 32 bytes; a line end after a typed key does not count."""
    if not path.is_file():
        raise ParameterError(f"{path.name}: no such key file; make one: openssl rand -hex 32")
    key = path.read_bytes()
    if key.rstrip(b"\r\n").isascii() and key.rstrip(b"\r\n").decode().isprintable():
        key = key.rstrip(b"\r\n")
    if len(key) < MIN_KEY_BYTES:
        raise PrivacyError(
            f"{path.name}: a key of {len(key)} bytes can be guessed; it needs {MIN_KEY_BYTES} "
            "or more: openssl rand -hex 32"
        )
    return KeyedIds(key)


def plain_numbers(texts: pl.Series) -> pl.Series:
    """Numbers as they are, without the points, hyphens, spaces and decimals that programs add."""
    bare = texts.str.strip_chars().str.replace(r"\.0+$", "")
    digits = bare.str.replace_all(r"[ .-]", "")
    is_number = digits.str.contains(r"^\d+$").fill_null(value=False)
    return bare.set(is_number, None).fill_null(digits)


def _hashed(texts: pl.Series, key: bytes) -> pl.Series:
    distinct = texts.drop_nulls().unique()
    ids = [hmac.digest(key, text.encode(), "sha256").hex()[:ID_DIGITS] for text in distinct]
    if not ids:
        return pl.Series(texts.name, [None] * len(texts), dtype=pl.String)
    return texts.replace_strict(distinct, pl.Series(ids), default=None, return_dtype=pl.String)

"""Rules for any text: what betrays a person, or the machine that wrote it."""

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import polars as pl

from watwerkt.intake.bsn import bsn_candidates, passes_bsn_test
from watwerkt.intake.detectors import EMAIL, IBAN, UUID, WRITTEN_PHONE
from watwerkt.scan.finding import Finding

HEX = re.compile(
    r"(?<![0-9A-Za-z.])(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{12,}(?![0-9A-Za-z])"
)
FINGERPRINT = 64  # hexadecimal digits of a SHA-256, which a report gives of what it was made from
NINE = re.compile(r"(?<![\w.,−-])\d{9}(?!\w|[.,]\d)")
RIN = re.compile(r"\b[Rr]\d{9}\b")
KEY = re.compile(
    r"\b(?:person|caseworker|respondent|benefit|spell|contact|service)_id\b|RINPERSOON|\bBSN\b(?=[\s:=]+\d)"
)
POSTCODE = re.compile(r"\b[1-9]\d{3} (?!(?:EN|TO|IN|OF|TM)\b)[A-Z]{2}\b")
PATHS = re.compile(
    r"(?<![\w/])/(?:home|root|tmp|work|Users|mnt|var|srv|opt)/\w|\b[A-Za-z]:\\\w|file://"
    r"|\b0x[0-9a-f]{8,}\b|Traceback \(most recent|\bip(?:ykernel|ython-input)[-_]|\blocalhost\b"
)
LONGEST = 600  # characters of a text in a cell of data


def pseudonyms(text: str) -> int:
    """Long hexadecimal numbers that are no fingerprints, UUIDs, RIN numbers, keys of persons."""
    numbers = [n for n in HEX.findall(text) if len(n) != FINGERPRINT]
    others = (re.findall(pattern, text) for pattern in (UUID, RIN, KEY))
    return len(numbers) + sum(map(len, others))


def citizen_numbers(text: str) -> int:
    """Bare numbers of nine digits that pass the 11-test: a report writes none of that length."""
    found = NINE.findall(text)
    return (
        int(np.sum(passes_bsn_test(bsn_candidates(pl.Series(found), len(found))))) if found else 0
    )


def contact_details(text: str) -> int:
    """E-mail addresses, IBANs, telephone numbers, postcodes."""
    return sum(len(re.findall(p, text)) for p in (EMAIL, IBAN, WRITTEN_PHONE, POSTCODE))


def local_paths(text: str) -> int:
    """Paths, addresses in memory, tracebacks."""
    return len(PATHS.findall(text))


RULES: tuple[tuple[str, Callable[[str], int]], ...] = (
    ("identifier", pseudonyms),
    ("identifier", citizen_numbers),
    ("contact_details", contact_details),
    ("local_path", local_paths),
)


def scan_texts(file: str, texts: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Every rule on every (place, text)."""
    for place, text in texts:
        for name, rule in RULES:
            if count := rule(text):
                yield Finding(file, place, name, count)

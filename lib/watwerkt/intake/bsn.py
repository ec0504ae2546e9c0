"""The citizen service number (BSN): its 11-test, and plain hashes of it.

The last of nine digits is fixed by the others: weights 9, 8 … 2 and -1 must add up to a multiple of
11 (Besluit burgerservicenummer). One in eleven random numbers passes. A plain hash hides nothing:
the 90.9 million numbers that pass can all be hashed within minutes, so a sample of them is hashed
here and looked up among the ids.
"""

import hashlib
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from watwerkt.intake.parsing import parse_dates

WEIGHTS = np.array([9, 8, 7, 6, 5, 4, 3, 2, -1])
DIGITS = r"(?:^|\D)(\d{8,9})(?:\D|$)"
SPARE = 4  # texts looked into for each run that is wanted: several may hold the same
N_BSN = 90_909_090
HASHES = (hashlib.md5, hashlib.sha1, hashlib.sha256)
PREFIX_BYTES = 6  # of a digest; ids cut shorter than 12 hexadecimal digits are not looked up
CHUNK = 25_000
MAX_CHUNKS = 30
EXPECTED_HITS = 4
MIN_IDS = 200  # below, hits would be luck and the search slow


def bsn_candidates(distinct: pl.Series, at_most: int) -> pl.Series:
    """The different runs of 8 or 9 digits in ``distinct`` that are no dates, as nine digits.

    Of more than ``at_most`` runs an even selection is looked at: their share is what counts.
    """
    is_parted = distinct.str.contains(r"\d[ .-]\d")
    parted = distinct.filter(is_parted).str.replace(r"\.0+$", "")
    for _ in range(2):  # 1234.56.782: a digit stands between two points
        parted = parted.str.replace_all(r"(\d)[ .-](\d)", "$1$2")
    whole = distinct.filter(~is_parted & distinct.str.contains(DIGITS))
    whole = whole.gather_every(1 + len(whole) // (SPARE * at_most))
    runs = pl.concat([whole, parted]).str.extract(DIGITS)
    found = runs.drop_nulls().unique(maintain_order=True)
    found = found.gather_every(1 + len(found) // at_most)
    turned = found.str.slice(4, 4) + found.str.slice(2, 2) + found.str.slice(0, 2)
    is_date = (_is_a_day(found) | _is_a_day(turned)) & (found.str.len_chars() == 8)
    return found.filter(~is_date).str.zfill(9).unique().sort()


def passes_bsn_test(numbers: pl.Series) -> NDArray[np.bool_]:
    """Which texts of nine digits pass the 11-test (nine noughts do not)."""
    value = numbers.cast(pl.Int64).to_numpy()
    digits = value[:, None] // 10 ** np.arange(8, -1, -1) % 10
    return (digits @ WEIGHTS % 11 == 0) & (value > 0)


def count_hashed_bsns(ids: pl.Series) -> int:
    """How many of ``ids`` are a hash of a sampled BSN, hexadecimal, whole or cut short.

    The sample grows until some four hits would be expected, to at most 750,000 numbers:
    certain for some 500 ids and more, likely for 200, not tried below.
    """
    hexadecimal = ids.filter(ids.str.contains(r"^[0-9a-fA-F]{12,}$") & ids.str.contains("[a-fA-F]"))
    if hexadecimal.is_empty():
        return 0
    prefix = hexadecimal.str.slice(0, 2 * PREFIX_BYTES).str.to_lowercase().unique()
    known = prefix.str.to_integer(base=16, dtype=pl.UInt64).to_numpy()
    wanted = EXPECTED_HITS * N_BSN // len(known) if len(known) >= MIN_IDS else CHUNK
    n_chunks = min(MAX_CHUNKS, -(-wanted // CHUNK))
    return sum(int(np.isin(_sampled_digests(chunk), known).sum()) for chunk in range(n_chunks))


def _is_a_day(digits: pl.Series) -> pl.Series:
    years = parse_dates(digits, ("jjjjmmdd",)).dt.year()
    return years.is_between(1900, 2100).fill_null(value=False)


@cache
def _sampled_digests(chunk: int) -> NDArray[np.uint64]:
    """The first bytes of the three hashes of ``CHUNK`` BSNs spread over the whole range."""
    numbers = _sampled_bsns(chunk)
    cut = b"".join(digest(bsn).digest()[:PREFIX_BYTES] for digest in HASHES for bsn in numbers)
    column = np.frombuffer(cut, dtype=np.uint8).reshape(-1, PREFIX_BYTES).astype(np.uint64)
    return column @ (256 ** np.arange(PREFIX_BYTES - 1, -1, -1, dtype=np.uint64))


def _sampled_bsns(chunk: int) -> list[bytes]:
    """Every stem of eight digits has at most one last digit that passes; stems are drawn."""
    stems = np.random.default_rng(chunk).integers(1_000_000, 100_000_000, size=CHUNK * 12 // 10)
    digits = stems[:, None] // 10 ** np.arange(7, -1, -1) % 10
    last = digits @ WEIGHTS[:8] % 11
    passing = stems[last < 10][:CHUNK] * 10 + last[last < 10][:CHUNK]
    return [b"%09d" % bsn for bsn in passing]

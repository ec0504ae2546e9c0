"""What a column's values give away, whatever the column is called: one detector per rule.

Each takes a column's distinct values and returns how many of them betray the rule; 0 is innocent.
"""

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from watwerkt.intake.bsn import bsn_candidates, passes_bsn_test
from watwerkt.intake.headers import read_identifying
from watwerkt.intake.parsing import parse_dates

MIN_BSNS = 20
SAMPLE = 100_000
EMAIL = r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}"
IBAN = r"\bNL\d{2} ?[A-Z]{4} ?\d{4} ?\d{4} ?\d{2}\b"
POSTCODE = r"^[1-9]\d{3} ?[A-Za-z]{2}$"
POSTCODE_INSIDE = r"\b[1-9]\d{3} ?[A-Z]{2}\b"
WRITTEN_PHONE = r"(?:^|[^\d+])(?:\+31|0031|06[ -])(?: ?\(0\))?(?:[ -]?\d){8,9}(?:\D|$)"
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
DAY_AND_TIME = (  # ten digits and more, where a mobile number has eight after its 06
    r"\b\d{1,2}[-/. ]\d{1,2}[-/. ](?:19|20)\d{2}"
    r"[ T-]+(?:[01]?\d|2[0-3])[:.]?[0-5]\d(?::?[0-5]\d)?\b"
)
STREET = r"^[\p{L} .'-]*\p{L}(?:straat|laan|weg|gracht|kade|plein)$"
ENOUGH_NAMES = [(2, 0.5), (3, 0.15), (20, 0.03)]  # common names, and their share
WORD = r"(?:^|\s)[('\"]?\p{L}{2,}"
LANDLINE = r"^(?:0[1-9]\d[ -]\d{7}|0[1-9]\d{2}[ -]\d{6})$"
BARE_PHONE = r"^0?[1-9]\d{8}$"
PLAIN_NAME = r"^[\p{L}][\p{L} .,'’&/()-]{1,59}$"
INITIALS = r"^(?:\p{Lu}\. ?)+(?:\p{Ll}+ )*\p{Lu}\p{Ll}+|^[\p{L}' -]+, ?(?:\p{Lu}\. ?)+"
CAPITALISED = r"^(?:\p{Ll}+ )*\p{Lu}\p{Ll}+(?:-\p{Lu}\p{Ll}+)?$"
DATE_NOTATIONS = ("dd-mm-jjjj", "mm-dd-jjjj", "jjjjmmdd", "dd-mm-jj", "dd-mmm-jjjj")
LIKE_A_DATE = r"^(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8}$|\d{1,2}[-/. ]?\p{L}{3,9}\.?[-/. ]?\d{4})"
BIRTH_YEARS = (1930, 2010)


@dataclass(frozen=True)
class DistinctValues:
    """A column's different texts, without the missing; ``n_rows`` is how many rows hold one."""

    texts: pl.Series = field(repr=False)
    n_rows: int

    @cached_property
    def readable(self) -> pl.Series:
        """Without pseudonyms and other long hexadecimal ids, which cannot be read."""
        is_id = self.texts.str.contains(r"^[0-9a-fA-F-]{16,}$")
        read = self.texts.filter(~(is_id & self.texts.str.contains("[a-fA-F]")))
        is_link = read.str.contains("://", literal=True)
        return read.filter(~is_link).append(read.filter(is_link).str.replace_all(UUID, ""))

    @cached_property
    def sample(self) -> pl.Series:
        """At most ``SAMPLE`` of the readable ones, evenly spread: enough to judge shares by."""
        return self.readable.gather_every(1 + len(self.readable) // SAMPLE)

    @cached_property
    def dates(self) -> pl.Series:
        """The values that are days, where nine in ten of the column are."""
        like_dates = self.sample.filter(self.sample.str.contains(LIKE_A_DATE))
        if not len(like_dates) or len(like_dates) < 0.9 * len(self.sample):
            return pl.Series(dtype=pl.Date)
        days = parse_dates(like_dates, DATE_NOTATIONS).drop_nulls()
        return days if len(days) >= 0.9 * len(self.sample) else days.clear()


def count_bsns(values: DistinctValues) -> int:
    """At least 20 numbers of 8 or 9 digits that are no dates, of which half pass the 11-test."""
    candidates = bsn_candidates(values.readable, SAMPLE)
    passing = int(passes_bsn_test(candidates).sum()) if len(candidates) else 0
    return passing if len(candidates) >= MIN_BSNS and 2 * passing >= len(candidates) else 0


def count_emails(values: DistinctValues) -> int:
    """One is enough."""
    with_at = values.readable.filter(values.readable.str.contains("@", literal=True))
    return int(with_at.str.contains(EMAIL).sum())


def count_ibans(values: DistinctValues) -> int:
    """One is enough; case does not matter."""
    return int(values.readable.str.to_uppercase().str.contains(IBAN).sum())


def count_phones(values: DistinctValues) -> int:
    """One written as a telephone number is enough; bare digits must look like many subscribers.

    Client numbers may begin with a nought too: those of one suite share their first digits. The
    sixth of a month with a time behind it is no mobile number (``06-01-2025 10:59``).
    """
    like_one = values.readable.filter(values.readable.str.contains(WRITTEN_PHONE))
    without_times = like_one.str.replace_all(DAY_AND_TIME, " ; ")
    written = int(without_times.str.contains(WRITTEN_PHONE).sum())
    bare = values.readable.filter(values.readable.str.contains(BARE_PHONE))
    has_nought = bare.str.starts_with("0").all()  # programs eat it: then most must be mobile
    full = bare.str.zfill(10)
    is_many = len(bare) >= (5 if has_nought else 10) and 5 * len(bare) >= 4 * len(values.readable)
    is_mobile = full.str.starts_with("06").sum() >= (0.2 if has_nought else 0.6) * len(full)
    is_varied = full.str.slice(0, 4).n_unique() >= 5
    landline = values.readable.filter(values.readable.str.contains(LANDLINE))
    begins = landline.str.contains(r"[ -][2-9]").all()  # no subscriber's number begins otherwise
    written += len(landline) if len(landline) >= 20 and begins else 0
    return written + (len(bare) if is_many and is_mobile and is_varied else 0)


def count_postcodes(values: DistinctValues) -> int:
    """Full postcodes (``1234 AB``), alone or at the end of an address."""
    alone = values.sample.str.contains(POSTCODE)
    inside = values.sample.str.contains(POSTCODE_INSIDE) & ~alone
    enough = alone.sum() >= 3 and alone.sum() >= 0.2 * len(values.sample)
    return int(alone.sum() if enough else 0) + int(inside.sum() if inside.sum() >= 3 else 0)


def count_addresses(values: DistinctValues) -> int:
    """Street names, with a house number or most of the column without."""
    words = read_identifying()
    ends, not_streets = "|".join(words["street_ends"]), "|".join(words["not_streets"])
    text = values.sample.str.to_lowercase()
    text = text.filter(~text.str.contains(rf"(?:{not_streets})"))
    numbered = text.str.contains(rf"\p{{L}}(?:{ends})\.? \d{{1,4}}(?: ?[a-z]{{1,3}})?\b").sum()
    named = text.str.contains(STREET).sum()
    return int(numbered if numbered >= 3 else named if 5 <= named >= len(values.sample) / 2 else 0)


def count_names(values: DistinctValues) -> int:
    """Names of persons: common ones among them, initials before them, or nearly one a row."""
    texts = values.sample.filter(values.sample.str.contains(PLAIN_NAME))
    if texts.is_empty():
        return 0
    common = _is_common_name(texts).sum()
    initials = texts.str.contains(INITIALS).sum()
    share = max(common, initials) / len(texts)
    own = texts.str.contains(CAPITALISED).sum()
    if any(common >= least and share >= part for least, part in ENOUGH_NAMES):
        return int(common)
    if initials >= 10 and share >= 0.5:
        return int(initials)
    one_each = own >= 50 and own >= 0.8 * max(values.n_rows, len(values.readable))
    return int(own) if one_each else 0


def count_free_text(values: DistinctValues) -> int:
    """Many different texts of several words: more than a code list has, or one for each row."""
    n_words = values.sample.str.count_matches(WORD)
    several, long = int((n_words >= 3).sum()), int((n_words >= 5).sum())
    own_words = several >= 0.5 * values.n_rows or several > 200
    if several >= 20 and own_words:
        return several
    return long if long >= 5 and long >= 0.8 * values.n_rows else 0


def count_birth_dates(values: DistinctValues) -> int:
    """Whole dates that spread over 1930-2010: not years written as 1 January, nor periods."""
    days = values.dates
    if len(days) < 10:
        return 0
    year = days.dt.year()
    spread = (year.quantile(0.95) or 0) - (year.quantile(0.05) or 0)
    within = year.is_between(*BIRTH_YEARS).sum() / len(days)
    is_whole = (days.dt.day() == 1).sum() < 0.9 * len(days)
    return len(days) if within >= 0.9 and spread >= 20 and is_whole else 0


def _is_common_name(texts: pl.Series) -> pl.Series:
    """Whether a text holds a common surname, or a common first name beside another word."""
    words = read_identifying()
    bare = texts.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    plain = bare.str.replace_all(r"[^a-z']+", " ").str.strip_chars()
    surnames = [f" {name} " for name in words["surnames"]]
    first = plain.str.extract(r"^([a-z]+)(?: |$)").is_in(words["first_names"])
    is_full = first & plain.str.contains(r" [a-z']{3,}$")
    is_alone = plain.is_in([name for name in words["first_names"] if len(name) > 3])
    return (
        (" " + plain + " ").str.contains_any(surnames)
        | is_full
        | is_alone
        | (plain.str.contains(r"^(?:van|van de|van den|van der|ter|ten|el) [a-z]{4,}$"))
    )


DETECTORS = {
    "bsn": count_bsns,
    "email": count_emails,
    "iban": count_ibans,
    "phone": count_phones,
    "postcode": count_postcodes,
    "address": count_addresses,
    "name": count_names,
    "free_text": count_free_text,
    "birth_date": count_birth_dates,
}

"""Text to dates, months, numbers and flags, in the notations that Dutch exports use.

What cannot be read becomes missing; the caller counts it. Every distinct text is read once.
"""

from collections.abc import Callable

import polars as pl

NOTATIONS = {
    "jjjj-mm-dd": r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:[T ].*)?$",
    "dd-mm-jjjj": r"^(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})(?:[T ].*)?$",
    "mm-dd-jjjj": r"^(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})(?:[T ].*)?$",
    "dd-mm-jj": r"^(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{2})$",
    "dd-mmm-jjjj": (  # as Stata and R write it
        r"(?i)^(?P<d>\d{1,2})[-/. ]?(?P<m>jan|feb|mrt|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov"
        r"|dec)[a-z.]*[-/. ]?(?P<y>\d{4})(?:[T ].*)?$"
    ),
    "jjjjmmdd": r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:\.0+)?$",
}
MONTH = r"^(?:(?P<y>\d{4})[-/]?(?P<m>\d{2})|(?P<m2>\d{1,2})[-/](?P<y2>\d{4}))$"
RUNNING = (
    r"^(?:0{8}|8{8}|9{8}|00-00-0000|0000-00-00|99-99-9999|31-12-9999|(?:8888|9999)-?12-?31)"
    r"(?:[T .].*)?$"
)
MONTH_NAMES = {  # Dutch and English
    **{"jan": "1", "feb": "2", "mrt": "3", "apr": "4", "mei": "5", "jun": "6", "jul": "7"},
    **{"aug": "8", "sep": "9", "okt": "10", "nov": "11", "dec": "12"},
    **{"mar": "3", "may": "5", "oct": "10"},
}
ZONED = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)? ?(Z|[+-]\d{2}:?\d{2})$"
CLOCK = r"(?:^|[T ])(?P<h>\d{1,3}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?$"
LENGTH = r"^PT?(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)(?:[.,]\d+)?S)?$"  # ISO 8601
EXCEL_EPOCH = pl.date(1899, 12, 30)
MINUTES_A_DAY = 1440
FLAGS = {
    **dict.fromkeys(["true", "waar", "ja", "j", "yes", "y", "1"], True),
    **dict.fromkeys(["false", "onwaar", "nee", "n", "no", "0"], False),
}
UNKNOWN_FLAGS = ["onbekend", "unknown", "?", "-"]


def parse_dates(text: pl.Series, notations: tuple[str, ...]) -> pl.Series:
    """Dates in any of ``notations``; ISO and Excel's day numbers (from 1927) always.

    Of a moment in another time zone (``…T23:30:00Z``), the day that it was in the Netherlands.
    """

    def read(distinct: pl.Series) -> pl.Series:
        distinct = in_dutch_time(distinct)
        tries = [_by_notation(NOTATIONS[n]) for n in dict.fromkeys(("jjjj-mm-dd", *notations))]
        number = pl.col("text").str.extract(r"^(\d{5})(?:\.\d+)?$").cast(pl.Int64)
        serial = EXCEL_EPOCH + pl.duration(days=number)
        return distinct.to_frame("text").select(pl.coalesce(*tries, serial)).to_series()

    return _each_distinct_once(text, read, pl.Date())


def parse_months(text: pl.Series, notations: tuple[str, ...]) -> pl.Series:
    """The first day of the month; whole dates are cut to their month."""

    def read(distinct: pl.Series) -> pl.Series:
        part = pl.col("text").str.extract_groups(MONTH).struct
        year = pl.coalesce(part.field("y"), part.field("y2"))
        month = pl.coalesce(part.field("m"), part.field("m2"))
        named = _as_date(year, month, pl.lit("1"))
        return distinct.to_frame("text").select(named).to_series()

    months = _each_distinct_once(text, read, pl.Date())
    return months.fill_null(parse_dates(text, notations).dt.truncate("1mo"))


def parse_numbers(text: pl.Series, decimal: str) -> pl.Series:
    """Numbers with ``decimal`` "," (points part thousands), "." or "any" (no thousands)."""

    def read(distinct: pl.Series) -> pl.Series:
        plain = distinct.str.replace_all(r"[€\s]", "")
        if decimal == ",":
            grouped = plain.str.contains(r"^-?\d{1,3}(?:\.\d{3})+(?:,\d+)?$")
            plain = plain.set(grouped, None).fill_null(plain.str.replace_all(".", "", literal=True))
        elif decimal == ".":
            plain = plain.str.replace_all(r",(\d{3})", "$1")
        number = plain.str.replace(",", ".", literal=True)
        return number.cast(pl.Float64, strict=False)

    return _each_distinct_once(text, read, pl.Float64())


def parse_minutes(text: pl.Series) -> pl.Series:
    """Lengths of time written as a clock (``0:25:00``) or as in ISO 8601 (``PT25M``), in minutes.

    Databases without a type for it write a length as a moment of the day: only the clock is read.
    """
    return _each_distinct_once(
        text, lambda t: _clock(t, CLOCK).fill_null(_clock(t, LENGTH)), pl.Float64()
    )


def minutes_between(first: pl.Series, last: pl.Series, notations: tuple[str, ...]) -> pl.Series:
    """Minutes from one moment to another; missing where either has no clock time."""
    days = (parse_dates(last, notations) - parse_dates(first, notations)).dt.total_days()
    start, end = (_clock(in_dutch_time(moment), CLOCK) for moment in (first, last))
    return (end - start + days * MINUTES_A_DAY).cast(pl.Float64)


def in_dutch_time(text: pl.Series) -> pl.Series:
    """Moments with a time zone as the clock stood in the Netherlands; other texts as they are."""
    if not text.str.contains(ZONED).any():
        return text
    whole = text.str.extract_groups(ZONED).struct.unnest()
    iso = whole.select(pl.concat_str("1", pl.lit("T"), "2", pl.col("3").fill_null(":00"), "4"))
    moment = iso.to_series().str.to_datetime("%+", time_zone="UTC", strict=False)
    dutch = moment.dt.convert_time_zone("Europe/Amsterdam").dt.strftime("%Y-%m-%dT%H:%M:%S")
    return dutch.fill_null(text)


def parse_flags(text: pl.Series) -> pl.Series:
    """ja/nee, true/false, 1/0 in both languages."""

    def read(distinct: pl.Series) -> pl.Series:
        return distinct.str.to_lowercase().replace_strict(
            FLAGS, default=None, return_dtype=pl.Boolean
        )

    return _each_distinct_once(text, read, pl.Boolean())


def is_running(text: pl.Series) -> pl.Series:
    """Where a date is a suite's way to write "not ended": ``00000000``, ``99999999`` …"""
    return text.str.contains(RUNNING).fill_null(value=False)


def _clock(text: pl.Series, pattern: str) -> pl.Series:
    part = text.str.extract_groups(pattern).struct.unnest().cast(pl.Float64)
    minutes = (
        pl.col("h").fill_null(0) * 60 + pl.col("m").fill_null(0) + pl.col("s").fill_null(0) / 60
    )
    return part.select(pl.when(pl.any_horizontal(pl.all().is_not_null())).then(minutes)).to_series()


def _by_notation(pattern: str) -> pl.Expr:
    part = pl.col("text").str.extract_groups(pattern).struct
    year = part.field("y")
    century = pl.when(year.cast(pl.Int64) > 30).then(pl.lit("19")).otherwise(pl.lit("20"))
    full = pl.when(year.str.len_chars() == 2).then(century + year).otherwise(year)
    month = part.field("m").str.to_lowercase().replace(MONTH_NAMES)
    return _as_date(full, month, part.field("d"))


def _as_date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    iso = pl.concat_str(year, month.str.zfill(2), day.str.zfill(2), separator="-")
    return iso.str.to_date("%Y-%m-%d", strict=False)


def _each_distinct_once(
    text: pl.Series, read: Callable[[pl.Series], pl.Series], dtype: pl.DataType
) -> pl.Series:
    distinct = text.drop_nulls().unique()
    if distinct.is_empty():
        return pl.Series(text.name, [None] * len(text), dtype=dtype)
    return text.replace_strict(distinct, read(distinct), default=None, return_dtype=dtype)

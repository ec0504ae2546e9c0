"""Numbers put in bands, by the limits that the law and the field use."""

from collections.abc import Mapping

import polars as pl

from watwerkt.codebook import UNKNOWN

# Band → its upper end, not included; the last has none.
AGE_BANDS = {"18–26": 27, "27–34": 35, "35–44": 45, "45–54": 55, "55+": None}  # youths: below 27
DURATION_BANDS = {"0-11": 12, "12-23": 24, "24-59": 60, "60-119": 120, "120+": None}  # months


def band_of(value: pl.Expr, bands: Mapping[str, int | None]) -> pl.Expr:
    """The band that holds ``value``; ``unknown`` where it is missing."""
    names = list(bands)
    found = pl.lit(names[-1])
    for name in reversed(names):
        if (end := bands[name]) is not None:
            found = pl.when(value < end).then(pl.lit(name)).otherwise(found)
    return pl.when(value.is_null()).then(pl.lit(UNKNOWN)).otherwise(found)

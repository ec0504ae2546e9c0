"""What counts as an empty cell, whatever the file format."""

import polars as pl

MISSING = [
    "",
    "NA",
    "N/A",
    "n/a",
    "NULL",
    "null",
    "NaN",
    "nan",
    "#N/A",
    "#N/B",
]  # R, SQL, Python, Excel


def strip_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Text without spaces around it; what says "nothing here" is missing."""
    stripped = frame.with_columns(pl.col(pl.String).str.strip_chars())
    says_nothing = stripped.select(pl.col(pl.String).is_in(MISSING).any())
    holding = [name for name in says_nothing.columns if says_nothing[name].item()]
    return stripped.with_columns(
        pl.when(~pl.col(name).is_in(MISSING)).then(name).alias(name) for name in holding
    )


def drop_empty_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Without rows in which every cell is empty: they are no records."""
    return frame.filter(~pl.all_horizontal(pl.all().is_null()))

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
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(pl.when(~text.is_in(MISSING)).then(text).name.keep())


def drop_empty_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Without rows in which every cell is empty: they are no records."""
    return frame.filter(~pl.all_horizontal(pl.all().is_null()))

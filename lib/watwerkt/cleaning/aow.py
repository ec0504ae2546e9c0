"""The state pension (AOW): from which month on a person's age leaves the Participatiewet."""

from datetime import date

import polars as pl

from watwerkt.codebook import read_codebook


def earliest_aow_month(birth_year: int) -> date:
    """The first month in which anyone born in ``birth_year`` reaches AOW age.

    Source: Algemene Ouderdomswet art. 7a, in ``codebook/aow.yaml``: the age by the calendar year
    in which it is reached; the nearest year listed stands for those that are not.
    """
    ages: dict[int, list[int]] = read_codebook("aow")["ages"]
    first, last = min(ages), max(ages)
    candidates = []
    for reached in range(birth_year + 60, birth_year + 72):
        years, months = ages[min(max(reached, first), last)]
        month = date(birth_year + years + months // 12, months % 12 + 1, 1)
        candidates.append(max(month, date(reached, 1, 1)) if month.year <= reached else None)
    return min(c for c in candidates if c is not None)


def add_pension_date(clients: pl.DataFrame) -> pl.DataFrame:
    """Add ``pension_date``, the first day on which a client is past AOW age.

    The day after ``aow_month`` where it is known, so that the exit in that month is seen; else the
    first day of the cohort's earliest AOW month, since a birth year cannot date it better.
    """
    years = clients["birth_year"].unique().drop_nulls().sort()
    earliest = pl.DataFrame(
        {"birth_year": years, "earliest": [earliest_aow_month(year) for year in years]},
        schema={"birth_year": pl.Int64, "earliest": pl.Date},
    )
    known = pl.col("aow_month").dt.month_start().dt.offset_by("1mo")
    return (
        clients.join(earliest, on="birth_year", how="left", maintain_order="left")
        .with_columns(pension_date=pl.coalesce(known, "earliest"))
        .drop("earliest")
    )

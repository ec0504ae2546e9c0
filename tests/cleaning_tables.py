"""Deliveries drawn as text, for the tests of cleaning."""

from datetime import date

import polars as pl

from watwerkt.cleaning.clean import Cleaned, clean_delivery
from watwerkt.intake.about import DeliveryFile
from watwerkt.intake.delivery import Delivery
from watwerkt.schemas import tables

EXTRACT = date(2024, 12, 31)
WINDOW = ("2019-01", "2024-12")
DEFAULTS = {"birth_year": "1980", "sex": "female", "scheme": "PW", "channel": "phone"}


def table(name: str, text: str) -> pl.DataFrame:
    """A header line, then one row per line; ``-`` is missing; types as the table promises."""
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = {
        column: [None if row[place] == "-" else row[place] for row in rows]
        for place, column in enumerate(header)
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(header, pl.String))
    types = tables()[name].dtypes()
    return frame.with_columns(_typed(c, types.get(c, _derived_type(c))) for c in header)


def delivery(extract_date: date = EXTRACT, window=WINDOW, **drawn) -> Delivery:
    """A delivery of the drawn tables; required columns that are not drawn are filled in.

    Without ``clients``, everyone in the other tables is one.
    """
    frames = {n: table(n, t) if isinstance(t, str) else t for n, t in drawn.items()}
    frames.setdefault("benefits", table("benefits", "person_id start_date"))
    persons = [f.select("person_id") for f in frames.values() if "person_id" in f.columns]
    frames.setdefault("clients", pl.concat(persons).unique().sort("person_id"))
    return Delivery(
        about=about(extract_date, *window),
        tables={name: _fill(name, frame) for name, frame in frames.items()},
        dropped_columns={},
    )


def about(extract_date: date, first_month: str, last_month: str) -> DeliveryFile:
    """What such a delivery says about itself."""
    return DeliveryFile(
        schema_version=1,
        executor_id="GM9901",
        municipality_id="GM9901",
        extract_date=extract_date,
        first_month=first_month,
        last_month=last_month,
        mapping="canonical",
        pseudonym="random",
        synthetic=True,
        tables={},
    )


def clean(max_gap_days: int = 30, **drawn) -> Cleaned:
    """The drawn tables after every rule."""
    return clean_delivery(delivery(**drawn), max_gap_days=max_gap_days)


def counts(cleaned: Cleaned, name: str) -> dict[str, int]:
    """What the rules did to a table: ``code action`` → rows, where there were any."""
    done = cleaned.ledger.filter(pl.col("table") == name, pl.col("n_rows") > 0)
    return {f"{row['rule']} {row['action']}": row["n_rows"] for row in done.to_dicts()}


def shown(frame: pl.DataFrame, columns: str) -> str:
    """These columns as they would be drawn."""
    names = columns.split()
    lines = [names, *([_cell(v) for v in row] for row in frame.select(names).rows())]
    return "\n".join(" ".join(line) for line in lines)


def drawn(text: str) -> str:
    """A drawn table without its indentation and alignment."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def _typed(column: str, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean():
        return pl.col(column) == "yes"
    return pl.col(column).str.to_date() if dtype == pl.Date() else pl.col(column).cast(dtype)


def _derived_type(column: str) -> pl.DataType:
    if column.startswith("is_"):
        return pl.Boolean()
    return pl.Date() if column.endswith(("_date", "_month")) else pl.String()


def _fill(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    promised = tables()[name]
    for column in promised.required_columns:
        if column not in frame.columns:
            value = pl.col("person_id") if column == "benefit_id" else pl.lit(DEFAULTS.get(column))
            if column == "contact_id":
                value = pl.int_range(pl.len()).cast(pl.String)
            frame = frame.with_columns(value.cast(promised.dtypes()[column]).alias(column))
    return frame


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)

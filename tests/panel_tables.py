"""Tables drawn as text, and the clean delivery that they make, for the tests of the panel."""

from datetime import date
from types import SimpleNamespace

import polars as pl

from watwerkt.panel.build import build_panel

TYPES = {
    "date": pl.Date(),
    "month": pl.Date(),
    "fte": pl.Float64(),
    "part_time_income_eur_month": pl.Float64(),
    "hours_month": pl.Float64(),
    "birth_year": pl.Int64(),
    "n_rows": pl.Int64(),
    "n_contacts_month": pl.Int32(),
    "valid_from": pl.Date(),
}
SPELL = {
    "benefit_id": pl.col("person_id"),
    "scheme": pl.lit("PW"),
    "entry_reason": pl.lit("job_loss"),
    "exit_reason": pl.lit(None, pl.String),
    "exit_destination": pl.when(pl.col("end_date").is_not_null()).then(pl.lit("work")),
    "is_left_censored": pl.lit(False),
    "risk_end_date": pl.lit(None, pl.Date),
}
CONTACT = {
    "channel": pl.lit("phone"),
    "phase": pl.lit("during"),
    "is_personal": pl.lit(True),
    "is_reached": pl.lit(True),
}
DERIVED = {"spells": SPELL, "contacts": CONTACT}


def table(text: str) -> pl.DataFrame:
    """A header line, then one row per line; ``-`` is missing."""
    header, *rows = [line.split() for line in text.strip().splitlines() if line.strip()]
    columns = {
        name: [None if row[place] == "-" else row[place] for row in rows]
        for place, name in enumerate(header)
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(header, pl.String))
    return frame.with_columns(_typed(name) for name in header)


def frame(rows: list[dict]) -> pl.DataFrame:
    """Rows drawn by hypothesis, as a table."""
    return pl.DataFrame(rows, schema={name: _dtype(name) for name in rows[0]})


def _dtype(name: str) -> pl.DataType:
    if name.startswith(("is_", "has_")):
        return pl.Boolean()
    return TYPES.get(name, TYPES.get(name.rsplit("_", 1)[-1], pl.String()))


def _typed(name: str) -> pl.Expr:
    dtype = _dtype(name)
    if dtype == pl.Boolean():
        return pl.col(name) == "yes"
    return pl.col(name).str.to_date() if dtype == pl.Date() else pl.col(name).cast(dtype)


def clean(
    spells: pl.DataFrame | str,
    window: tuple[str, str] = ("2020-01", "2020-12"),
    observed_until: date = date(2022, 1, 1),
    ledger: str = "table rule n_rows",
    **tables: pl.DataFrame | str,
) -> SimpleNamespace:
    """A clean delivery; what a table does not draw is filled in (``SPELL``, ``CONTACT``)."""
    drawn = {
        name: table(t) if isinstance(t, str) else t
        for name, t in {"spells": spells, **tables}.items()
    }
    full = {name: _fill(frame, DERIVED.get(name, {})) for name, frame in drawn.items()}
    full["spells"] = full["spells"].sort("person_id", "start_date", maintain_order=True)
    persons = full["spells"].select("person_id").unique(maintain_order=True)
    full.setdefault("clients", persons.with_columns(birth_year=pl.lit(1980), sex=pl.lit("female")))
    full.setdefault(
        "periods", full["spells"].select("person_id", "spell_id", "start_date", "end_date")
    )
    return SimpleNamespace(
        about=SimpleNamespace(
            municipality_id="GM9901",
            executor_id="GM9901",
            synthetic=True,
            extract_date=observed_until,
            first_month=window[0],
            last_month=window[1],
            mapping="canonical",
            tables={"clients": [SimpleNamespace(file="clients.csv", mapping=None)]},
        ),
        spells=full.pop("spells"),
        tables=full,
        ledger=table(ledger),
        accounts=table("table rows_read"),
        quarantine={},
        booking_lag_days={"median": 0.0, "p95": 0.0, "is_estimated": 1.0},
        observed_until=observed_until,
        dropped_columns={"clients.csv": ["notes"]},
        withheld={"benefits.exemption": 3},
        left_out={},
        approximate={},
    )


def _fill(frame: pl.DataFrame, derived: dict[str, pl.Expr]) -> pl.DataFrame:
    missing = {name: value for name, value in derived.items() if name not in frame.columns}
    frame = frame.with_columns(**missing)
    if derived is SPELL and "spell_id" not in frame.columns:
        order = pl.int_range(pl.len()).over("person_id", order_by="start_date")
        frame = frame.with_columns(spell_id=pl.format("{}-{}", "person_id", order))
    if derived is CONTACT and "contact_id" not in frame.columns:
        frame = frame.with_columns(contact_id=pl.int_range(pl.len()).cast(pl.String))
    return frame


def panel(*args: object, **kwargs: object) -> pl.DataFrame:
    """The panel of ``clean(...)``, in one frame."""
    return pl.concat(build_panel(clean(*args, **kwargs)))


def shown(frame: pl.DataFrame, *columns: str) -> str:
    """The rows as they would be drawn: header, then one line per row."""
    lines = [columns, *frame.select(columns).rows()]
    return "\n".join(" ".join(_cell(value) for value in line) for line in lines)


def drawn(text: str) -> str:
    """A drawn table without its indentation and alignment."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.strftime("%Y-%m")
    return f"{value:g}" if isinstance(value, float) else str(value)

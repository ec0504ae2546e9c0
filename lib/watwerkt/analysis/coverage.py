"""Is every month there: rows per table and month, empty months, and breaks in the statistics."""

from collections.abc import Iterable
from datetime import date

import pandas as pd
import polars as pl

from watwerkt.codebook import read_codebook
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts
from watwerkt.panel.prepared import Prepared
from watwerkt.schemas import tables

MONTHLY = {  # what happens every month, and the date that says when
    "benefits": "start_date",
    "traits": "valid_from",
    "assignments": "start_date",
    "contacts": "contact_date",
    "services": "start_date",
    "chain_events": "event_date",
    "jobs": "month",
    "applications": "application_date",
    "admin_errors": "error_date",
}
USUAL_ROWS = 10  # with fewer a month, an empty month may be chance
LOW_SHARE = 0.2  # of the usual number of rows
BREAK_LABELS = {
    "BUS 2013": "benefit statistics changed",
    "Participatiewet": "start of the Participatiewet",
    "corona and Tozo": "corona, Tozo",
    "SRG transaction system": "provisions counted anew",
}
NO_BREAKS = Gap("No known break in the statistics falls within these months.")


def rows_by_month(prepared: Prepared, policy: Policy) -> Protected:
    """Rows that happened in, or began in, each month delivered, per table of things that go on."""
    counts = count_rows(prepared).to_pandas()
    order = pd.CategoricalDtype([name for name in tables() if name in MONTHLY], ordered=True)
    return protect_counts(
        counts.astype({"table": order}), ["n_rows"], policy, by=["table", "month"], of="records"
    )


def count_rows(prepared: Prepared) -> pl.DataFrame:
    """``table, month, n_rows``, every month delivered that had ended by the extract."""
    first = date.fromisoformat(f"{prepared.about['first_month']}-01")
    last = date.fromisoformat(f"{prepared.about['last_month']}-01")
    extract = date.fromisoformat(prepared.about["extract_date"])
    window = pl.date_range(first, last, "1mo", eager=True).alias("month")
    months = window.filter(window.dt.month_end() <= extract).to_frame()
    counted = [
        months.join(
            prepared.tables[name]
            .group_by(month=pl.col(day).dt.month_start())
            .agg(n_rows=pl.len())
            .collect(),
            on="month",
            how="left",
        ).select(pl.lit(name).alias("table"), "month", pl.col("n_rows").fill_null(0))
        for name, day in MONTHLY.items()
        if prepared.has(name)
    ]
    return pl.concat(counted)


def find_gaps(prepared: Prepared) -> set[str]:
    """Tables with a month of fewer than a fifth of their usual (median) rows, of ten or more.

    Of the months that are complete: what is still to be booked is no gap.
    """
    is_complete = pl.col("month").dt.month_end() <= prepared.observed_until
    counts = count_rows(prepared).filter(is_complete)
    usual = pl.col("n_rows").median().over("table")
    low = counts.filter((usual >= USUAL_ROWS) & (pl.col("n_rows") < LOW_SHARE * usual))
    return set(low["table"])


def breaks_in(prepared: Prepared) -> list[tuple[date, date, str]]:
    """Breaks of the codebook within the months delivered: begin, end and label (message id)."""
    return [(first, last, BREAK_LABELS[name]) for name, first, last, _ in _breaks(prepared)]


def breaks_table(prepared: Prepared, policy: Policy) -> Protected | Gap:
    """Breaks within the months delivered, the tables that they touch, and those tables' rows."""
    counts = count_rows(prepared)
    rows = [
        (name, table, first, last.replace(day=1), _count(counts, table, first, last))
        for name, first, last, touched in _breaks(prepared)
        for table in touched
        if prepared.has(table)
    ]
    if not rows:
        return NO_BREAKS
    keys = ("break", "table", "from_month", "to_month")
    frame = pl.DataFrame(rows, schema=[*keys, "n_rows"], orient="row").to_pandas()
    return protect_counts(frame, ["n_rows"], policy, by=[keys], of="records")


def _breaks(prepared: Prepared) -> Iterable[tuple[str, date, date, list[str]]]:
    """Name, first and last day, and tables of each break that touches the window."""
    for entry in read_codebook("breaks")["breaks"]:
        is_past = entry["last_month"] < prepared.about["first_month"]
        if not is_past and entry["first_month"] <= prepared.about["last_month"]:
            ends = (f"{entry[m]}-01" for m in ("first_month", "last_month"))
            first, last = pl.Series(ends).str.to_date()
            yield entry["name"], first, pl.Series([last]).dt.month_end()[0], entry["tables"]


def _count(counts: pl.DataFrame, table: str, first: date, last: date) -> int:
    inside = (pl.col("table") == table) & pl.col("month").is_between(first, last)
    return int(counts.filter(inside)["n_rows"].sum())

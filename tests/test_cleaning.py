"""Cleaning as a whole, on random dirt: nothing is lost, and cleaning twice is cleaning once."""

from dataclasses import replace
from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cleaning_tables import EXTRACT, clean, delivery
from watwerkt.cleaning.clean import Cleaned, clean_delivery
from watwerkt.codebook import codes
from watwerkt.intake.delivery import Delivery
from watwerkt.schemas import Column, tables

DAYS = [
    *(date(2020, 3, day) for day in (1, 2, 5, 20, 31)),
    *(date(2020, 4, day) for day in (1, 15)),
    *(date(2021, month, 1) for month in (1, 2, 6)),
    date(2018, 7, 1),
    date(2022, 12, 15),
    date(2024, 12, 20),
    EXTRACT,
    date(2025, 2, 1),
    date(2025, 3, 1),
]
IDS = {"person_id": "aaabbcd", "caseworker_id": "wv", "team_id": "tu"}
CODES = {"scheme": ["PW", "PW", "PW", "IOAW", "Tozo"], "exit_reason": ["11", "97", "03"]}
TEXTS = ["1", "couple", "nonsense"]
REPORTS = [date(2021, 1, 1), date(2024, 11, 1), date(2024, 12, 1)]
YEARS = [1980, 1990, 1956, 2003, 2010, 1850]


def values(column: Column) -> st.SearchStrategy:
    """Few values, so that rows collide; also what should not be there."""
    pools = {
        "id": list(IDS.get(column.name, "xyzvw")),
        "text": TEXTS,
        "code": _codes(column),
        "date": DAYS,
        "month": [day.replace(day=1) for day in DAYS],
        "integer": YEARS,
        "number": [0.0, 0.5, 300.0],
        "flag": [True, False],
    }
    pool = st.sampled_from(pools[column.kind])
    return pool if column.required else st.none() | pool


def _codes(column: Column) -> list[str]:
    if not column.codes:
        return []
    return [*CODES.get(column.codes, list(codes(column.codes))[:2]), "zz"]


@st.composite
def dirty_tables(draw: st.DrawFn, name: str, max_size: int, min_size: int = 0) -> pl.DataFrame:
    """A table of which some optional columns are not delivered, and some rows come twice."""
    promised = tables()[name]
    delivered = [c for c in promised.columns.values() if c.required or draw(st.booleans())]
    row = st.tuples(*(values(c) for c in delivered))
    rows = draw(st.lists(row, min_size=min_size, max_size=max_size))
    again = draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
    schema = {c.name: promised.dtypes()[c.name] for c in delivered}
    return pl.DataFrame([*rows, *again], schema=schema, orient="row")


@st.composite
def dirty_deliveries(draw: st.DrawFn) -> Delivery:
    """Clients and benefits always; of the other tables some."""
    frames = {
        "clients": draw(dirty_tables("clients", 6)),
        "benefits": draw(dirty_tables("benefits", 12, min_size=2)),
    }
    if draw(st.booleans()):
        n_rows = frames["benefits"].height
        months = draw(st.lists(st.sampled_from(REPORTS), min_size=n_rows, max_size=n_rows))
        reported = pl.Series("report_month", months, pl.Date)
        frames["benefits"] = frames["benefits"].with_columns(reported)
    others = draw(st.sets(st.sampled_from(sorted(tables().keys() - frames.keys())), max_size=4))
    for name in sorted(others):
        frames[name] = draw(dirty_tables(name, 8))
    return delivery(**frames)


def deliver_again(cleaned: Cleaned) -> Delivery:
    """A cleaned delivery as a canonical one: the delivered tables without the rules' flags."""
    frames = {
        name: frame.select(c for c in tables()[name].columns if c in frame.columns)
        for name, frame in cleaned.tables.items()
        if name in tables()
    }
    return replace(delivery(), about=cleaned.about, tables=frames)


@settings(max_examples=80)
@given(dirty_deliveries(), st.sampled_from([0, 30]))
def test_every_row_is_accounted_for_and_cleaning_twice_changes_nothing(dirty, max_gap_days):
    once = clean_delivery(dirty, max_gap_days)
    for name, read, kept, merged, quarantined in once.accounts.rows():
        assert read == dirty.tables[name].height == kept + merged + quarantined
        assert kept == once.tables[name].height
        assert quarantined == once.quarantine.get(name, pl.DataFrame()).height
    out_of_scope = once.tables["benefits"]["is_out_of_scope"].sum()
    assert once.spells.height + out_of_scope == once.tables["benefits"].height

    again = deliver_again(once)
    twice = clean_delivery(again, max_gap_days)
    assert twice.accounts.select("rows_merged", "rows_quarantined").sum().row(0) == (0, 0)
    assert_frame_equal(twice.spells, once.spells)
    assert twice.observed_until == once.observed_until
    for name, frame in deliver_again(twice).tables.items():
        assert_frame_equal(frame, again.tables[name])


@settings(max_examples=30)
@given(dirty_deliveries())
def test_spells_are_what_the_panel_relies_on(dirty):
    cleaned = clean_delivery(dirty)
    spells, end = cleaned.spells, pl.col("end_date")
    assert spells["spell_id"].is_unique().all()
    assert spells.equals(spells.sort("person_id", "start_date"))
    assert spells.filter(end <= pl.col("start_date")).is_empty()
    assert spells.filter(end > cleaned.observed_until).is_empty()
    running = spells.filter(end.is_null())
    assert running["exit_destination"].null_count() == running.height
    assert spells["exit_destination"].null_count() == running.height
    following = pl.col("start_date").shift(-1).over("person_id")
    assert spells.filter((following - end).dt.total_days() <= 30).is_empty()
    assert set(spells["exit_destination"].drop_nulls()) <= set(codes("destination"))


def test_nothing_delivered_is_changed():
    dirty = delivery(
        benefits="""
        person_id  start_date  end_date    scheme
        ann        2020-01-01  2020-02-01  PW
        ann        2020-02-03  -           zz
        """
    )
    before = {name: frame.clone() for name, frame in dirty.tables.items()}
    clean_delivery(dirty)
    for name, frame in dirty.tables.items():
        assert_frame_equal(frame, before[name])


def test_columns_that_were_not_delivered_are_not_invented():
    cleaned = clean(
        contacts="person_id contact_date\nann 2020-01-01",
        assignments="person_id caseworker_id start_date\nann w1 2020-01-01",
    )
    assert "purpose" not in cleaned.tables["contacts"].columns
    assert "exemption" not in cleaned.tables["benefits"].columns
    assert cleaned.tables["assignments"].schema["end_date"] == pl.Date

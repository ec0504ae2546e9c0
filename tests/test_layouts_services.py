"""SRG of 2015, 2019 and 2023 gives what the same provisions give canonically."""

from datetime import date

import polars as pl
import pytest

from intake_deliveries import bsns, drawn
from layouts.proof import account, assert_same, chosen, cleaned, count, write_folder
from layouts.services import (
    LADDER,
    LADDER_START,
    MEANS_2015,
    MEANS_2019,
    TYPE_2015,
    TYPE_2019,
    held_by_srg,
    positions_held,
    write_srg,
)
from watwerkt.intake.apply import apply_mapping
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.mapping import read_mapping
from watwerkt.intake.pseudonymise import pseudonymise_delivery

WITH = ("traits", "services", "caseworkers", "assignments")
OF_SNAPSHOTS = ("report_month", "is_end_assumed", "is_code_repaired")
FIRST, LAST = date(2019, 1, 1), date(2021, 12, 31)


@pytest.mark.parametrize(
    ("mapping", "codes", "means"),
    [("srg_2015", TYPE_2015, MEANS_2015), ("srg_2019", TYPE_2019, MEANS_2019)],
)
def test_the_same_provisions_give_the_same_panel(tmp_path, mapping, codes, means):
    tables = chosen(*WITH)
    export = write_srg(tables, codes, FIRST, LAST)
    beside = {n: t for n, t in tables.items() if n not in ("services", "traits")}
    sources = {"services": (mapping, export), "traits": (mapping, export)}
    _, exported = cleaned(write_folder(tmp_path / "export", beside, **sources))
    own = beside | {
        "traits": positions_held(export),
        "services": held_by_srg(tables["services"], codes, means),
    }
    _, canonical = cleaned(write_folder(tmp_path / "own", own))
    assert_same(exported, canonical, "services", "traits", but=OF_SNAPSHOTS)
    read, kept, merged, _ = account(exported, "services")
    assert (read, kept, merged) == (len(export), len(own["services"]), read - kept)
    assert account(exported, "traits")[:2] == (len(export), len(own["traits"]))
    known = len(export.filter(pl.col("Type voorziening").is_in([*codes.values()])))
    assert count(exported, "services", "D03") == len(export) - known


def test_two_code_lists_and_the_break_of_2023_in_one_table(tmp_path):
    """Reports up to 2022 by one mapping, from 2023 on by the next: the later report wins."""
    tables = chosen(*WITH, n_months=60)
    before = write_srg(tables, TYPE_2019, FIRST, date(2022, 12, 31))
    since = write_srg(tables, TYPE_2019, date(2023, 1, 1), date(2023, 12, 31))
    beside = {n: t for n, t in tables.items() if n not in ("services", "traits")}
    both = [("srg_2019", before), ("srg_2023", since)]
    folder = write_folder(tmp_path / "export", beside, 60, services=both, traits=both)
    _, exported = cleaned(folder)
    own = beside | {
        "traits": positions_held(pl.concat([before, since])),
        "services": held_by_srg(tables["services"], TYPE_2019, MEANS_2019),
    }
    _, canonical = cleaned(write_folder(tmp_path / "own", own, 60))
    assert_same(exported, canonical, "services", "traits", but=OF_SNAPSHOTS)
    flagged = exported.tables["services"]["is_in_series_break"].sum()
    assert flagged == canonical.tables["services"]["is_in_series_break"].sum() > 0


FIELDS = [
    *("Statistiekjaar", "Statistiekmaand", "Burgerservicenummer", "Geboortejaar", "Geslacht"),
    *(LADDER, LADDER_START, "Registratienummer voorziening", "Type voorziening"),
    *("Begindatum voorziening", "Einddatum voorziening", "Reden einde voorziening"),
]
ROWS = """
2016;3;k0001;1980;1;2;20160101;v1;6;20160115;00000000;9
2016;12;k0001;1980;1;3;20161101;v1;06;20160115;20161231;1
2016;3;k0002;1991;2;;;v2;44;20160201;00000000;
"""


def test_a_row_without_a_position_is_no_trait_and_unknown_types_stay_for_the_ledger(tmp_path):
    mapping, raw = read_mapping("srg_2015", tmp_path), drawn(";".join(FIELDS) + ROWS)
    services, unread = apply_mapping(raw, mapping, "services", "f")
    assert unread == []
    assert services["type"].to_list() == ["job_coach", "job_coach", "44"]
    assert services["end_date"].to_list() == [None, date(2017, 1, 1), None]
    assert services["end_reason"].to_list() == [None, "completed", None]
    assert services["report_month"].to_list()[:2] == [date(2016, 3, 1), date(2016, 12, 1)]
    traits, _ = apply_mapping(raw, mapping, "traits", "f")
    assert traits.select("value", "valid_from").rows() == [
        ("2", date(2016, 1, 1)),
        ("3", date(2016, 11, 1)),
    ]
    clients, _ = apply_mapping(raw, mapping, "clients", "f")
    assert clients["sex"].to_list() == ["male", "male", "female"]
    assert clients["birth_year"].to_list() == [1980, 1980, 1991]


def test_a_raw_report_can_be_pseudonymised(tmp_path):
    """BSN and birth date as the regulation asks them; services and clients from one file."""
    tables = chosen(*WITH)
    people = tables["clients"]["person_id"]
    numbers = dict(zip(people, bsns(len(people)), strict=True))
    export = write_srg(tables, TYPE_2015, FIRST, LAST)
    born = pl.format("{}0{}17", "Geboortejaar", pl.col("Geslacht"))
    raw_export = export.with_columns(
        pl.col("Burgerservicenummer").replace_strict(numbers), Geboortedatum=born
    ).drop("Geboortejaar")
    renumbered = {
        name: tables[name].with_columns(pl.col("person_id").replace_strict(numbers))
        for name in ("clients", "benefits")
    }
    sources = {"services": ("srg_2015", raw_export), "traits": ("srg_2015", raw_export)}
    raw = write_folder(tmp_path / "raw", renumbered, **sources)
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789ABCDEF-not-so-secret")
    pseudonymise_delivery(raw, key, tmp_path / "out")
    _, done = cleaned(tmp_path / "out")
    beside = {name: tables[name] for name in renumbered}
    both = {"services": ("srg_2015", export), "traits": ("srg_2015", export)}
    _, before = cleaned(write_folder(tmp_path / "own", beside, **both))
    for name in ("clients", "services", "traits"):
        assert account(done, name) == account(before, name)
    written = read_delivery(tmp_path / "out")
    assert "Geboortedatum" not in (tmp_path / "out" / "srg_2015_services.csv").read_text()
    assert written.tables["services"]["person_id"].str.len_chars().unique().to_list() == [32]

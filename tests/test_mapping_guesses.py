"""What a column is guessed to be: by the words of its name, by its values, by the file it is in."""

import runpy
from pathlib import Path

import polars as pl
import pytest

from intake_deliveries import drawn
from watwerkt.intake.choice import choose_tables
from watwerkt.intake.draft import draft_mapping
from watwerkt.intake.mapping import read_mapping, shipped_mappings
from watwerkt.intake.words import read_concepts

SHOWN_RIGHT = 0.8  # of the columns of headers never seen; the rest may be wrong, not wrong and sure


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("KODE_REDE_EIND", "code eind reden"),
        ("uitkeringsnummer", "id uitkering"),
        ("DatBUitkeringsverhouding", "datum start uitkering"),
        ("klantmanagernummer", "id klantmanager"),
        ("REDENUITSTROOMCODE", "code eind reden"),
        ("plaatsgevondenOp", "gevonden"),
        ("hours_per_month", "maand uren"),
        ("Oorspronkelijke begindatum", "datum eerst start"),
        ("DD_ST_PER_ALG", "datum start"),
        ("xqz nummer", "?xqz id"),
        ("2021", ""),
    ],
)
def test_a_name_is_cut_into_words(name, says):
    assert " ".join(sorted(read_concepts(name))) == says


SUWINET = """
Pseudoniem;DatBUitkeringsverhouding;DatEUitkeringsverhouding;CdSzWet;CdAanleidingEindeBijstandUitk;CdLeefvorm;Geslacht;Geboortejaar
a1;20200115;20210701;01;11;1;1;1980
a2;20210301;;02;;2;2;1990
"""
STAFF = """
Medewerkernr;Team;Functie;FTE;Begindatum;Einddatum;Gewijzigd door
w1;t1;werkconsulent;0,8;01-01-2020;;u7
w2;t2;inkomensconsulent;1,0;01-03-2021;01-07-2022;u9
"""


def sources(raw: str, file: str) -> dict[str, dict[str, str]]:
    chosen = choose_tables(drawn(raw), file)
    return {table: {c: g.source for c, g in found.items()} for table, found in chosen.items()}


def test_one_file_may_feed_benefits_and_clients():
    assert sources(SUWINET, "regelingen.csv") == {
        "benefits": {
            "person_id": "Pseudoniem",
            "start_date": "DatBUitkeringsverhouding",
            "end_date": "DatEUitkeringsverhouding",
            "scheme": "CdSzWet",
            "exit_reason": "CdAanleidingEindeBijstandUitk",
        },
        "clients": {
            "person_id": "Pseudoniem",
            "birth_year": "Geboortejaar",
            "sex": "Geslacht",
            "household_type": "CdLeefvorm",
        },
    }


def test_who_changed_a_row_is_no_caseworker():
    assert sources(STAFF, "formatie.csv")["caseworkers"] == {
        "caseworker_id": "Medewerkernr",
        "team_id": "Team",
        "role": "Functie",
        "fte": "FTE",
        "start_date": "Begindatum",
        "end_date": "Einddatum",
    }


def test_two_columns_that_fit_as_well_make_neither_sure():
    raw = drawn(STAFF).with_columns(pl.col("Begindatum").alias("Ingangsdatum"))
    assert choose_tables(drawn(STAFF), "f.csv")["caseworkers"]["start_date"].is_sure
    assert not choose_tables(raw, "f.csv")["caseworkers"]["start_date"].is_sure


def test_the_name_of_the_file_tells_of_the_table():
    raw = drawn("klant;datum;soort\na1;01-02-2020;x\na2;03-04-2021;y\n")
    files = ("contacten.csv", "fouten.csv")
    assert [next(iter(choose_tables(raw, file))) for file in files] == ["contacts", "admin_errors"]


@pytest.mark.parametrize("name", sorted(set(shipped_mappings()) - {"canonical"}))
def test_a_header_of_a_shipped_mapping_is_recognised(name):
    for table in read_mapping(name, Path()).tables.values():
        header = sorted({s for e in table.entries for c in e.values() for s in c.sources})
        if len(header) >= 4:
            raw = pl.DataFrame({source: ["x1", "x2"] for source in header})
            assert "fits the shipped mapping" in draft_mapping(raw, "export.csv")


@pytest.fixture(scope="module")
def examination(root):
    return runpy.run_path(str(root / "benchmarks" / "mapping_init.py"))


@pytest.mark.parametrize("chosen", ["set_a", "set_b"])
def test_headers_never_seen_are_mostly_right_and_never_surely_wrong(examination, chosen):
    total = examination["read_total"](chosen)
    assert total.n_wrong_sure == 0
    assert total.n_right >= SHOWN_RIGHT * total.n_columns
    assert total.n_sure > 0


def test_the_examination_can_be_failed(examination):
    is_right = examination["is_right"]
    start = {"benefits": "start_date"}
    either = {"benefits": ["exit_reason", None]}
    assert is_right(start, {("benefits", "start_date")})
    assert not is_right(start, {("benefits", "end_date")})
    assert not is_right(start, set())
    assert not is_right(start, {("benefits", "start_date"), ("clients", "person_id")})
    assert is_right(None, set())
    assert not is_right(None, {("benefits", "start_date")})
    assert is_right(either, set())
    assert is_right(either, {("benefits", "exit_reason")})
    assert not is_right(either, {("benefits", "entry_reason")})

"""Pseudonymising a raw export: what goes out passes the guard, and nobody can be found in it."""

import hmac
import math
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_deliveries import bsns, everything_said, write_folder, write_xlsx
from watwerkt.errors import DeliveryError, ParameterError, PrivacyError, SchemaError
from watwerkt.intake.birth import aow_month
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.pseudonymise import pseudonymise_delivery

KEY = b"0123456789abcdef0123456789ABCDEF-not-so-secret"
OTHER_KEY = b"another key of more than thirty-two bytes"
PEOPLE = bsns(12, seed=5)
BORN = [date(1957 + 4 * i, i % 12 + 1, 3 * i % 27 + 2) for i in range(12)]
NAMES = [f"Xqz{chr(97 + i)}wk" for i in range(12)]
CONTACT_COLUMNS = "contact_id;person_id;caseworker_id;contact_date;channel"
OWN_MAPPING = """
schema_version: 1
name: eigen
dates: [dd-mm-jjjj]
decimal: ","
end_date_is: last_day
tables:
  clients: {columns: {person_id: Nr, birth_year: Jaar, sex: G}}
  benefits:
    columns:
      person_id: Nr
      benefit_id: D
      scheme: {constant: PW}
      start_date: Van
      part_time_income_eur_month: Ink
"""
GWS = {"clients": "export.csv", "benefits": "export.csv"}


def gws_export(people=PEOPLE, number="Burgerservicenummer") -> str:
    """What a municipality hands over: names, BSNs, birth dates, caseworkers and notes."""
    header = (
        f"{number};Naam;Geboortedatum;geslacht;Kode groep;Startdatum periodiek algemeen;"
        "Einddatum periodiek algemeen;Oorspronkelijke begindatum uitkeringsdossier;"
        "Omschrijving leefvorm;Oorzaak bijstandsafhankelijkheid;Consulent;Toelichting"
    )
    rows = [
        f"{bsn};{name};{born:%d-%m-%Y};man;02;01-0{i % 9 + 1}-2020;;01-0{i % 9 + 1}-2020;"
        f"Alleenstaande;Einde dienstbetrekking;consulent{i % 3};{name} heeft zich ziek gemeld {i}"
        for i, (bsn, name, born) in enumerate(zip(people, NAMES, BORN, strict=False))
    ]
    return "\n".join([header, *rows]) + "\n"


def key_file(folder: Path, key: bytes = KEY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sleutel.key").write_bytes(key)
    return folder / "sleutel.key"


def raw_gws(folder: Path, **about) -> Path:
    said = {"mapping": "gws4all", "tables": GWS, "pseudonym": None} | about
    return write_folder(folder, {"export.csv": gws_export()}, **said)


def by_hand(bsn: str, key: bytes = KEY) -> str:
    return hmac.new(key, bsn.encode(), "sha256").hexdigest()[:32]


def all_bytes(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def done(tmp_path):
    out = tmp_path / "out"
    told = pseudonymise_delivery(raw_gws(tmp_path / "raw"), key_file(tmp_path / "safe"), out)
    return out, told


def test_a_raw_gws4all_export_becomes_a_delivery(done):
    out, _ = done
    delivery = read_delivery(out)
    clients = delivery.tables["clients"].sort("birth_year")
    assert clients["person_id"].to_list() == [by_hand(bsn) for bsn in PEOPLE]
    assert clients["birth_year"].to_list() == [day.year for day in BORN]
    assert clients["aow_month"].to_list() == [aow_month(day) for day in BORN]
    assert delivery.about.pseudonym == "hmac-sha256"
    assert delivery.tables["benefits"]["end_date"].to_list() == [None] * 12


def test_nothing_that_identifies_and_no_key_is_left_or_told(done):
    out, told = done
    left = all_bytes(out) + "\n".join(told).encode()
    days = [f"{day:{form}}" for day in BORN for form in ("%d-%m-%Y", "%Y-%m-%d", "%Y%m%d")]
    for value in [*PEOPLE, *NAMES, *days, "consulent1", "ziek", KEY.decode(), KEY.hex()]:
        assert value.encode() not in left


def test_it_tells_what_it_did_to_every_column(done):
    told = "\n".join(done[1])
    assert "Burgerservicenummer (BSN) became Clientnummer, HMAC-SHA-256; 12 persons" in told
    assert "Geboortedatum (birth date) became geboortejaar and AOW-maand" in told
    assert "Consulent became ids of caseworkers" in told
    for column in ("Naam", "Toelichting"):
        assert f"export.csv: {column} was taken out" in told


def test_other_columns_stay_as_they_are(done):
    table = pl.read_csv(done[0] / "export.csv", separator=";", infer_schema=False)
    assert table["Kode groep"].to_list() == ["02"] * 12
    assert set(table["Omschrijving leefvorm"]) == {"Alleenstaande"}
    assert table["Consulent"].n_unique() == 3


def test_caseworkers_have_another_key_and_rows_another_order(done):
    table = pl.read_csv(done[0] / "export.csv", separator=";", infer_schema=False)
    assert not set(table["Consulent"]) & {by_hand(f"consulent{i}") for i in range(3)}
    assert table["Clientnummer"].is_sorted(), "the order of the export would tell who is who"


def test_same_key_same_person_same_id_in_every_table_and_year(tmp_path):
    """BSNs as text, as numbers without their nought, in four tables of two years' deliveries."""
    numbers = [int(bsn) for bsn in PEOPLE]
    people = [[n, day, "male"] for n, day in zip(numbers, BORN, strict=True)]
    write_xlsx(tmp_path / "c.xlsx", {"x": [["bsn", "birth_date", "sex"], *people]})
    couples = zip(PEOPLE, [*PEOPLE[1:], ""], strict=True)
    benefits = [f"{bsn};{partner};u{bsn[:4]};PW;2020-01-01" for bsn, partner in couples]
    contacts = [f"c{i};{n};W0{i % 2};2020-02-01;phone" for i, n in enumerate(numbers)]
    files = {
        "clients.xlsx": (tmp_path / "c.xlsx").read_bytes(),
        "benefits.csv": "\n".join(["BSN;bsn_partner;benefit_id;scheme;start_date", *benefits]),
        "contacts.csv": "\n".join([CONTACT_COLUMNS, *contacts]),
        "caseworkers.csv": "caseworker_id;start_date\nw00;2019-01-01\nW01;2019-01-01\n",
    }
    names = {file.split(".")[0]: file for file in files}
    keys = key_file(tmp_path / "safe")
    ids = {}
    for year in ("2023", "2024"):
        raw = write_folder(tmp_path / year, files, tables=names, pseudonym="geen")
        pseudonymise_delivery(raw, keys, tmp_path / f"out{year}")
        tables = read_delivery(tmp_path / f"out{year}").tables
        for name in ("clients", "benefits", "contacts"):
            ids[year, name] = set(tables[name]["person_id"])
        staff = set(tables["caseworkers"]["caseworker_id"])
        assert set(tables["contacts"]["caseworker_id"]) == staff
    assert set(map(frozenset, ids.values())) == {frozenset(map(by_hand, PEOPLE))}
    partners = pl.read_csv(tmp_path / "out2024" / "benefits.csv", separator=";")["bsn_partner"]
    assert set(partners.drop_nulls()) == {by_hand(bsn) for bsn in PEOPLE[1:]}


def test_another_key_gives_other_ids(tmp_path):
    found = []
    for name, key in [("a", KEY), ("b", OTHER_KEY), ("c", KEY + b"\n")]:
        out, keys = tmp_path / f"out{name}", key_file(tmp_path / f"safe{name}", key)
        pseudonymise_delivery(raw_gws(tmp_path / name), keys, out)
        found.append(set(read_delivery(out).tables["clients"]["person_id"]))
    assert not found[0] & found[1]
    assert found[0] == found[2], "a line end after the key is no part of it"


def test_client_numbers_are_linked_where_one_file_holds_both(tmp_path):
    numbers = [str(700100 + i) for i in range(12)]
    lines = gws_export().splitlines()
    both = [f"{n};{line}" for n, line in zip(["Clientnummer", *numbers], lines, strict=True)]
    both[3] = both[3].replace(PEOPLE[2], "")
    both.append(f"{numbers[2]};{lines[3]}")
    later = gws_export([*numbers[:3], "999001"], number="Clientnummer")
    files = {"export.csv": "\n".join(both), "later.csv": later}
    tables = {"clients": ["export.csv", "later.csv"], "benefits": ["export.csv", "later.csv"]}
    raw = write_folder(tmp_path / "raw", files, mapping="gws4all", tables=tables)
    pseudonymise_delivery(raw, key_file(tmp_path / "safe"), tmp_path / "out")
    ids = read_delivery(tmp_path / "out").tables["clients"]["person_id"].to_list()
    assert set(ids[:13]) == set(map(by_hand, PEOPLE)), "also where one row lacks the BSN"
    assert set(ids[13:]) & set(ids[:13]) == set(map(by_hand, PEOPLE[:3]))
    assert not any(number.encode() in all_bytes(tmp_path / "out") for number in numbers)


def test_people_in_a_trial_are_linked_and_other_units_left(tmp_path):
    numbers = [str(700100 + i) for i in range(3)]
    files = {
        "clients.csv": "person_id;birth_year;sex\n" + "".join(f"{n};1980;male\n" for n in numbers),
        "benefits.csv": "person_id;benefit_id;scheme;start_date\n700100;u1;PW;2020-01-01\n",
        "trials.csv": "trial_id;unit_id;unit;arm;assigned_date;probability\n"
        "t;700101;person;a;2020-01-01;0,5\nt;aanvraag9;application;b;2020-01-01;0,5\n",
    }
    tables = {name.removesuffix(".csv"): name for name in files}
    raw = write_folder(tmp_path / "raw", files, tables=tables)
    pseudonymise_delivery(raw, key_file(tmp_path / "safe"), tmp_path / "out")
    read = read_delivery(tmp_path / "out").tables
    units = read["trials"]["unit_id"].to_list()
    assert units[0] in set(read["clients"]["person_id"])
    assert units[1] == "aanvraag9"
    assert read["trials"]["probability"].to_list() == [0.5, 0.5]


def test_own_mappings_go_along_and_sheets_become_files(tmp_path):
    people = [[bsn, 1980, "male"] for bsn in PEOPLE]
    files = [[bsn, f"d{i}", date(2020, 1, 31), 1.234] for i, bsn in enumerate(PEOPLE)]
    sheets = {
        "klanten": [["BSN", "Jaar", "G"], *people],
        "dossiers": [["BSN", "D", "Van", "Ink"], *files],
    }
    write_xlsx(tmp_path / "x.xlsx", sheets)
    files = {"x.xlsx": (tmp_path / "x.xlsx").read_bytes(), "eigen.yaml": OWN_MAPPING}
    tables = {
        "clients": {"file": "x.xlsx", "sheet": "klanten"},
        "benefits": {"file": "x.xlsx", "sheet": "dossiers"},
    }
    raw = write_folder(tmp_path / "raw", files, mapping="eigen.yaml", tables=tables)
    pseudonymise_delivery(raw, key_file(tmp_path / "safe"), tmp_path / "out")
    benefits = read_delivery(tmp_path / "out").tables["benefits"]
    assert set(benefits["part_time_income_eur_month"]) == {1.234}, "not read as thousands"
    assert set(benefits["start_date"]) == {date(2020, 1, 31)}


def refused(error, tmp_path, match, raw=None, key=KEY, out=None, keys=None):
    raw = raw or raw_gws(tmp_path / "raw")
    out = out or tmp_path / "out"
    before = {p.name for p in tmp_path.iterdir()}
    keys = keys or key_file(tmp_path / "safe", key)
    with pytest.raises(error, match=match) as caught:
        pseudonymise_delivery(raw, keys, out)
    said = everything_said(caught.value)
    assert not any(value in said for value in [*PEOPLE, *NAMES, KEY.decode(), OTHER_KEY.decode()])
    assert {p.name for p in tmp_path.iterdir()} <= before | {"safe"}, "nothing was written"


def test_a_short_key_is_refused(tmp_path):
    refused(PrivacyError, tmp_path, "31 bytes", key=b"k" * 31)


def test_a_missing_key_is_refused(tmp_path):
    refused(ParameterError, tmp_path, "no such key file", keys=tmp_path / "nergens.key")


def test_a_key_in_the_output_is_refused(tmp_path):
    out = tmp_path / "out"
    refused(PrivacyError, tmp_path, "lies in --out", out=out, keys=key_file(out / "sub"))


def test_the_raw_delivery_and_filled_folders_are_not_overwritten(tmp_path):
    raw = raw_gws(tmp_path / "raw")
    refused(ParameterError, tmp_path, "the raw delivery itself", raw=raw, out=raw)
    (tmp_path / "vol").mkdir()
    (tmp_path / "vol" / "x.txt").write_text("blijft")
    refused(ParameterError, tmp_path, "not empty", raw=raw, out=tmp_path / "vol")
    assert (tmp_path / "vol" / "x.txt").read_text() == "blijft"


def test_two_columns_of_bsns_that_could_both_be_the_person(tmp_path):
    text = gws_export().replace("Kode groep", "BSN dubbel").replace(";02;", f";{PEOPLE[0]};")
    raw = write_folder(tmp_path / "raw", {"export.csv": text}, mapping="gws4all", tables=GWS)
    refused(DeliveryError, tmp_path, "2 columns hold BSNs", raw=raw)


def test_an_export_that_cannot_be_read_afterwards_leaves_nothing(tmp_path):
    text = gws_export().replace("01-01-2020", NAMES[0])
    raw = write_folder(tmp_path / "raw", {"export.csv": text}, mapping="gws4all", tables=GWS)
    refused(SchemaError, tmp_path, "values are not a date", raw=raw)


@pytest.mark.parametrize(
    ("born", "reached"),
    [  # AOW art. 7a and the ages set under it; days at the borders of the birth cohorts
        (date(1953, 12, 31), date(2020, 4, 1)),
        (date(1954, 1, 1), date(2020, 5, 1)),
        (date(1955, 8, 31), date(2021, 12, 1)),
        (date(1955, 9, 1), date(2022, 4, 1)),
        (date(1956, 5, 31), date(2022, 12, 1)),
        (date(1956, 6, 1), date(2023, 4, 1)),
        (date(1957, 2, 28), date(2023, 12, 1)),
        (date(1957, 3, 1), date(2024, 3, 1)),
        (date(1960, 12, 31), date(2027, 12, 1)),
        (date(1980, 7, 15), date(2047, 7, 1)),
    ],
)
def test_aow_month(born, reached):
    assert aow_month(born) == reached


@given(st.dates(date(1953, 1, 1), date(2006, 1, 1)), st.integers(0, 400))
def test_who_is_older_is_not_later(born, days):
    younger = date.fromordinal(born.toordinal() + days)
    assert aow_month(born) <= aow_month(younger)
    assert math.isclose((aow_month(born) - born).days / 365.25, 66.7, abs_tol=0.9)

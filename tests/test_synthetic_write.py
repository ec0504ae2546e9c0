"""Files of a synthetic delivery: the names a suite uses, ids that are no BSN, the same bytes."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from python_calamine import CalamineWorkbook

from watwerkt.schemas import tables
from watwerkt.synthetic import Scenario, Simulated, simulate, write_delivery, write_sample
from watwerkt.synthetic.gws4all import gws4all_export
from watwerkt.synthetic.sample import TOWNS

EXPORT_COLUMNS = [  # domain.md §1.4: what the VNG Data Science Hub's script reads
    "Clientnummer",
    "geboortejaar",
    "geslacht",
    "Kode groep",
    "Startdatum periodiek algemeen",
    "Einddatum periodiek algemeen",
    "Oorspronkelijke begindatum uitkeringsdossier",
    "Omschrijving leefvorm",
    "Oorzaak bijstandsafhankelijkheid",
]
SAMPLE = Path(__file__).parents[1] / "data" / "sample"
SAMPLE_BYTES = 6_000_000


@pytest.fixture(scope="module")
def town() -> Simulated:
    return simulate(Scenario(), "GM9904", 250, 36, 8, counterfactuals=False)


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("format", ["csv", "parquet", "mixed", "gws4all_xlsx", "gws4all_csv"])
def test_the_same_delivery_is_the_same_bytes(town, tmp_path, format):
    for name in ("once", "twice"):
        write_delivery(town, tmp_path / name, format)
    assert hashes(tmp_path / "once") == hashes(tmp_path / "twice")


def test_the_delivery_says_what_it_is(town, tmp_path):
    write_delivery(town, tmp_path, "mixed")
    about = yaml.safe_load((tmp_path / "delivery.yaml").read_text(encoding="utf-8"))
    assert about["synthetic"] is True
    assert (about["pseudonym"], about["mapping"]) == ("random", "canonical")
    assert (about["first_month"], about["last_month"]) == ("2019-01", "2021-12")
    assert str(about["extract_date"]) == "2021-12-31"
    assert set(about["legal_ground"]) >= {"origin", "is_status_holder", "health_limitation"}
    assert all((tmp_path / file).is_file() for file in about["tables"].values())
    assert about["tables"].keys() == tables().keys() - (
        {"policies"} if "policies" not in town.tables else set()
    )


def test_an_export_has_the_columns_and_labels_of_the_suite(town, tmp_path):
    write_delivery(town, tmp_path, "gws4all_csv")
    raw = (tmp_path / "export.csv").read_bytes()
    header, first = raw.decode("cp1252").splitlines()[:2]
    assert header.split(";") == EXPORT_COLUMNS
    assert first.split(";")[4].count("-") == 2
    assert "Beëindiging".encode("cp1252") in raw
    write_delivery(town, tmp_path, "gws4all_xlsx")
    sheet = CalamineWorkbook.from_path(tmp_path / "export.xlsx").get_sheet_by_index(0).to_python()
    assert sheet[0] == EXPORT_COLUMNS
    assert {row[2] for row in sheet[1:]} == {"man", "vrouw"}
    assert {row[3] for row in sheet[1:]} <= {"01", "02", "03"}
    assert all(isinstance(row[4], date) for row in sheet[1:])


def eleven_test(number: int) -> bool:
    digits = [int(d) for d in f"{number:09d}"]
    weights = [9, 8, 7, 6, 5, 4, 3, 2, -1]
    return sum(d * w for d, w in zip(digits, weights, strict=True)) % 11 == 0


def test_ids_cannot_be_taken_for_a_bsn(town):
    ids = town.tables["clients"]["person_id"]
    assert ids.str.contains(r"^[a-f][0-9a-f]{23}$").all()
    numbers = gws4all_export(town.tables)["Clientnummer"].unique()
    assert numbers.is_between(100_000, 9_999_999).all()
    assert sum(map(eleven_test, numbers)) / len(numbers) < 0.25


def test_the_sample_is_small_and_is_what_the_package_writes(tmp_path):
    write_sample(tmp_path)
    for town in TOWNS:
        assert hashes(tmp_path / town.municipality_id) == hashes(SAMPLE / town.municipality_id)
    assert sum(p.stat().st_size for p in tmp_path.rglob("*.*")) < SAMPLE_BYTES

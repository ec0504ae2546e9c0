"""`mapping init`: a draft from a header, honest about what it is not sure of."""

import pytest
import yaml

from intake_deliveries import GWS4ALL, bsns, drawn, write_folder
from watwerkt.errors import ParameterError
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.draft import draft_mapping, write_draft
from watwerkt.intake.mapping import Mapping

CONTACTS = """
Contactnummer;Klantnr;Klantmanager;Datum gesprek;Kanaal;Initiatiefnemer;Bereikt;Duur (min);Kleur
7001;100234;w14;03-02-2020;Telefonisch;gemeente;ja;12;rood
7002;100777;w15;14-03-2020;Huisbezoek;klant;nee;45;blauw
7003;100777;w15;15-03-2020;Rooksignaal;klant;nee;45;blauw
"""


def finished(text: str) -> Mapping:
    return Mapping.model_validate(
        yaml.safe_load(text.replace("end_date_is:", "end_date_is: last_day"))
    )


def line_of(text: str, column: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(f"{column}:"))


def test_a_gws4all_export_needs_only_the_end_date_answered(tmp_path):
    text = draft_mapping(drawn(GWS4ALL), "export.csv")
    assert yaml.safe_load(text)["end_date_is"] is None
    (tmp_path / "eigen.yaml").write_text("")
    mapping = text.replace("end_date_is:", "end_date_is: first_day_after")
    tables = {"clients": "export.csv", "benefits": "export.csv"}
    files = {"export.csv": GWS4ALL, "eigen.yaml": mapping}
    delivery = read_delivery(write_folder(tmp_path, files, mapping="eigen.yaml", tables=tables))
    benefits = delivery.tables["benefits"]
    assert benefits["benefit_id"].to_list()[:2] == ["100234-2018-05-04"] * 2
    assert benefits["entry_reason"].to_list()[0] == "job_loss"
    assert delivery.tables["clients"]["household_type"].to_list()[2] == "couple"


def test_guesses_say_whether_they_are_sure_and_why():
    text = draft_mapping(drawn(GWS4ALL), "export.csv")
    assert "# sure: the name says datum, start" in line_of(text, "start_date")
    assert "# unsure: no column says so" in line_of(text, "scheme")
    assert "# Kode groep: not used; no guess" in text


def test_dutch_contact_columns_are_recognised():
    text = draft_mapping(drawn(CONTACTS), "contacten.csv")
    columns = finished(text).tables["contacts"].columns
    sources = {name: entry.source for name, entry in columns.items()}
    assert sources == {
        "contact_id": "Contactnummer",
        "person_id": "Klantnr",
        "caseworker_id": "Klantmanager",
        "contact_date": "Datum gesprek",
        "channel": "Kanaal",
        "initiative": "Initiatiefnemer",
        "is_reached": "Bereikt",
        "duration_minutes": "Duur (min)",
    }
    assert columns["channel"].codes == {"Telefonisch": "phone", "Huisbezoek": "home_visit"}
    assert "and 1 other values, not known here" in text
    assert "# unsure" in line_of(text, "duration_minutes")


def test_no_value_is_written_but_known_labels():
    text = draft_mapping(drawn(CONTACTS), "contacten.csv")
    for value in ("Rooksignaal", "7001", "100234", "w14", "rood", "03-02-2020", "45"):
        assert value not in text


def test_columns_that_identify_are_named_and_not_used():
    raw = drawn(GWS4ALL).rename({"Kode groep": "Burgerservicenummer"})
    numbers = bsns(3)
    text = draft_mapping(raw.with_columns(Burgerservicenummer=raw.to_series(0).replace_strict(
        raw.to_series(0).unique(), numbers[:2])), "export.csv")  # fmt: skip
    assert "# Burgerservicenummer: holds citizen service numbers" in text
    assert not any(number in text for number in numbers)


def test_values_alone_give_an_unsure_guess():
    raw = drawn("Klantnr;k2;k3\n1;1980;man\n2;1975;vrouw\n3;1990;man\n")
    text = draft_mapping(raw, "x.csv")
    assert "# unsure: only the values" in line_of(text, "birth_year")
    assert "# unsure: only the values" in line_of(text, "sex")


def test_a_name_that_the_values_contradict_is_not_sure():
    raw = drawn("Klantnr;geboortejaar;geslacht\n1;oud;man\n2;jong;vrouw\n")
    text = draft_mapping(raw, "x.csv")
    assert "# birth_year: required, and no column found" in text


def test_notation_and_decimal_are_seen():
    text = draft_mapping(drawn("Klantnr;startdatum;inkomsten\n1;20200101;1,5\n"), "x.csv")
    said = yaml.safe_load(text)
    assert (said["dates"], said["decimal"]) == (["jjjjmmdd"], ",")


def test_a_draft_is_written_once(tmp_path):
    (tmp_path / "x.csv").write_text(GWS4ALL.strip())
    out = tmp_path / "m.yaml"
    assert "m.yaml written" in write_draft(tmp_path / "x.csv", out)
    assert out.read_text() == write_draft(tmp_path / "x.csv", None)
    with pytest.raises(ParameterError, match="exists"):
        write_draft(tmp_path / "x.csv", out)


def test_a_file_without_a_header_is_not_drafted():
    with pytest.raises(ParameterError, match="add a header"):
        draft_mapping(drawn("123456;1980-01-01\n234567;1990-02-02\n"), "x.csv")

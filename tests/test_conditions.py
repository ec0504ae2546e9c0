"""Which rows are records, and which cells count."""

from datetime import date

import pytest
from pydantic import ValidationError

from intake_deliveries import drawn
from watwerkt.intake.apply import apply_mapping, unmapped_columns
from watwerkt.intake.conditions import count_left_out
from watwerkt.intake.mapping import Mapping

RAW = """
Klant;Soort;Rol;Van;Tot;Wie;Begin;Einde;Trede
a;bsn;x;2020-01-01;2020-06-30;w1;2020-01-01 10:00;2020-01-01 10:45;3
b;BSN;y;2020-02-01;00000000;robot;;;
c;kvk;x;2020-03-01;;w2;;;4
;;x;2020-04-01;;w2;;;4
"""


def own(table: str, columns: dict, **more) -> Mapping:
    said = {"schema_version": 2, "name": "m", "dates": ["jjjjmmdd"], "decimal": ","}
    tables = {table: {"columns": columns} | more}
    return Mapping.model_validate(said | {"end_date_is": "last_day", "tables": tables})


CONTACT = {
    "contact_id": {"row_number": "k"},
    "person_id": "Klant",
    "contact_date": "Van",
    "channel": {"constant": "phone"},
    "caseworker_id": {"from": "Wie", "when": {"Rol": ["X"]}},
    "duration_minutes": {"minutes": ["Begin", "Einde"]},
}


def test_only_rows_that_are_records_are_read_and_the_others_counted():
    mapping = own("contacts", CONTACT, only={"Soort": ["bsn"], "Klant": "filled"})
    frame, unread = apply_mapping(drawn(RAW), mapping, "contacts", "f")
    assert unread == []
    assert frame["person_id"].to_list() == ["a", "b"]
    assert count_left_out(drawn(RAW), mapping.tables["contacts"]) == 2
    assert unmapped_columns(drawn(RAW), [(mapping, "contacts")]) == ["Tot", "Trede"]


def test_a_column_that_the_file_lacks_leaves_no_row_out():
    mapping = own("contacts", CONTACT, only={"Soort": ["bsn"], "Klant": "filled"})
    assert count_left_out(drawn(RAW).drop("Soort"), mapping.tables["contacts"]) == 1


def test_a_cell_counts_where_another_column_says_so():
    frame, _ = apply_mapping(drawn(RAW), own("contacts", CONTACT), "contacts", "f")
    assert frame["caseworker_id"].to_list() == ["w1", None, "w2", "w2"]
    frame, _ = apply_mapping(drawn(RAW).drop("Rol"), own("contacts", CONTACT), "contacts", "f")
    assert frame["caseworker_id"].to_list() == ["w1", "robot", "w2", "w2"]


def test_a_length_is_made_of_two_times():
    frame, _ = apply_mapping(drawn(RAW), own("contacts", CONTACT), "contacts", "f")
    assert frame["duration_minutes"].to_list() == [45.0, None, None, None]


EXEMPTION = {"person_id": "Klant", "trait": {"constant": "exemption"}}
STEPS = [
    {"value": {"constant": "none"}, "valid_from": {"from": "Tot", "is_end_date": True}},
    {"value": {"constant": "urgent_reasons"}, "valid_from": "Van"},
]


def test_a_period_makes_a_trait_from_its_start_and_another_after_its_end():
    mapping = own("traits", EXEMPTION, records=STEPS, only={"Soort": ["bsn"]})
    frame, unread = apply_mapping(drawn(RAW), mapping, "traits", "f")
    assert unread == []
    assert frame.select("person_id", "value", "valid_from").rows() == [
        ("a", "none", date(2020, 7, 1)),
        ("a", "urgent_reasons", date(2020, 1, 1)),
        ("b", "urgent_reasons", date(2020, 2, 1)),
    ]


def test_what_an_end_date_is_must_be_said():
    said = {"schema_version": 2, "name": "m", "dates": [], "decimal": ","}
    tables = {"traits": {"columns": EXEMPTION, "records": STEPS}}
    with pytest.raises(ValidationError, match="end_date_is must be"):
        Mapping.model_validate(said | {"tables": tables})


def test_noughts_that_a_spreadsheet_ate_are_given_back():
    codes = {"from": "Trede", "codes": {"03": "phone", "04": "email", "4": "letter"}}
    frame, _ = apply_mapping(
        drawn(RAW), own("contacts", CONTACT | {"channel": codes}), "contacts", "f"
    )
    assert frame["channel"].to_list() == ["phone", None, "letter", "letter"]

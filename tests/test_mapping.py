"""Mappings are data: another suite is another file, and every doubt about it is said."""

from datetime import date

import pyreadstat
import pytest
import yaml

from intake_deliveries import GWS4ALL, drawn, write_folder, write_xlsx
from watwerkt import schemas
from watwerkt.errors import DeliveryError, VersionError
from watwerkt.intake.apply import apply_mapping
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.mapping import Mapping, read_mapping, shipped_mappings

GWS_TABLES = {"clients": "export.csv", "benefits": "export.csv"}
OWN = {
    "schema_version": 1,
    "name": "eigen",
    "dates": ["dd-mm-jjjj"],
    "decimal": ",",
    "end_date_is": "last_day",
    "tables": {
        "clients": {
            "columns": {
                "person_id": "Klant",
                "birth_year": "Jaar",
                "sex": {"from": "Geslacht", "codes": {"M": "male", "V": "female"}},
            }
        },
        "benefits": {
            "columns": {
                "person_id": "Klant",
                "benefit_id": {"key": ["Klant", {"date": "Eerste dag"}]},
                "scheme": {"constant": "PW"},
                "start_date": "Eerste dag",
                "end_date": "Laatste dag",
                "exit_reason": {"from": "Reden", "codes": {"41": "32", "w": "11"}},
                "part_time_income_eur_month": {"from": "Inkomen", "optional": True},
            }
        },
    },
}
RAW = """
KLANT;jaar;Geslacht;eerste_dag;Laatste dag;Reden
a1;1980;m;01-02-2020;29-02-2020;W
a2;1990;V;15-01-2021;;41
a3;1975;x;1-3-2021;31-12-2021;1
a3;1975;x;2021-03-01;99-99-9999;onbekend
"""


def own(**changes) -> Mapping:
    return Mapping.model_validate(OWN | changes)


def delivered(tmp_path, values) -> dict:
    """A delivery whose one file feeds two tables through an own mapping beside it."""
    files = {"raw.csv": RAW, "eigen.yaml": yaml.safe_dump(values)}
    tables = {"clients": "raw.csv", "benefits": "raw.csv"}
    folder = write_folder(tmp_path, files, mapping="eigen.yaml", tables=tables)
    return read_delivery(folder).tables


def test_an_own_mapping_beside_the_delivery_feeds_two_tables(tmp_path):
    tables = delivered(tmp_path, OWN)
    assert len(tables["clients"]) == len(tables["benefits"]) == 4, "to the row: D01 merges them"
    assert tables["clients"]["sex"].to_list() == ["male", "female", "x", "x"]


def test_last_days_become_the_first_day_after_and_local_codes_those_of_cbs():
    benefits, unread = apply_mapping(drawn(RAW), own(), "benefits", "raw.csv")
    assert unread == []
    assert benefits["end_date"].to_list() == [date(2020, 3, 1), None, date(2022, 1, 1), None]
    assert benefits["is_end_repaired"].to_list() == [False, False, False, True]
    assert benefits["exit_reason"].to_list() == ["11", "32", "01", "onbekend"]
    assert benefits["scheme"].to_list() == ["PW"] * 4


def test_a_derived_key_is_the_same_in_every_notation():
    keys, _ = apply_mapping(drawn(RAW), own(), "benefits", "raw.csv")
    assert keys["benefit_id"].to_list()[2:] == ["a3-2021-03-01"] * 2


def test_first_days_after_stay_as_they_are():
    benefits, _ = apply_mapping(drawn(RAW), own(end_date_is="first_day_after"), "benefits", "x")
    assert benefits["end_date"].to_list()[0] == date(2020, 2, 29)


def test_row_numbers_stand_in_for_persons():
    columns = {"person_id": {"row_number": "p"}, "birth_year": "jaar", "sex": "Geslacht"}
    mapping = own(tables={"clients": {"columns": columns}})
    clients, _ = apply_mapping(drawn(RAW), mapping, "clients", "raw.csv")
    assert clients["person_id"].to_list() == ["p1", "p2", "p3", "p4"]


def test_optional_sources_may_lack_and_others_may_not():
    benefits, _ = apply_mapping(drawn(RAW), own(), "benefits", "raw.csv")
    assert "part_time_income_eur_month" not in benefits.columns
    with pytest.raises(DeliveryError, match="Laatste dag"):
        apply_mapping(drawn(RAW).drop("Laatste dag"), own(), "benefits", "raw.csv")


def test_spreadsheets_eat_leading_noughts_of_codes_only():
    raw = drawn("K;R\na;1\nb;01\nc;11\nd;1234\n")
    columns = OWN["tables"]["benefits"]["columns"] | {
        "person_id": "K",
        "benefit_id": "K",
        "start_date": {"constant": "2020-01-01"},
        "end_date": {"constant": ""},
        "exit_reason": "R",
    }
    mapping = own(tables={"benefits": {"columns": columns}})
    benefits, _ = apply_mapping(raw, mapping, "benefits", "raw.csv")
    assert benefits["exit_reason"].to_list() == ["01", "01", "11", "1234"]


WRONG = [
    ({"end_date_is": None}, "end_date_is must be last_day or first_day_after"),
    ({"end_date_is": "whenever"}, "end_date_is"),
    ({"tables": {"klanten": {"columns": {}}}}, "no such table: klanten"),
    ({"tables": {"clients": {"columns": {"person_id": "a", "age": "b"}}}}, "no column age"),
    ({"tables": {"clients": {"columns": {"person_id": "a"}}}}, "sex is required and not mapped"),
    (
        {"tables": {"clients": {"columns": {"person_id": {"from": "a", "key": ["a"]}}}}},
        "say one of",
    ),
    ({"tables": {"clients": {"columns": {"sex": {"from": "a", "codes": {1: "male"}}}}}}, "codes"),
    ({"dates": ["dd/mm"]}, "dates"),
    ({"tables": []}, "tables"),
    ({"extra": 1}, "extra"),
]


@pytest.mark.parametrize(("changes", "problem"), WRONG)
def test_what_is_wrong_in_a_mapping_is_named(tmp_path, changes, problem):
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(OWN | changes))
    with pytest.raises(DeliveryError, match=problem):
        read_mapping("m.yaml", tmp_path)


def test_a_newer_mapping_says_how_to_upgrade(tmp_path):
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(OWN | {"schema_version": 9}))
    with pytest.raises(VersionError, match=r"m\.yaml is of schema_version 9"):
        read_mapping("m.yaml", tmp_path)
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(OWN | {"schema_version": None}))
    with pytest.raises(VersionError, match=r"m\.yaml must say schema_version"):
        read_mapping("m.yaml", tmp_path)


def test_a_mapping_of_the_first_version_means_what_it_meant(tmp_path):
    """Version 2 added `records`, `codes_until`, `based_on`; it took nothing away."""
    for version in (1, 2):
        (tmp_path / "m.yaml").write_text(yaml.safe_dump(OWN | {"schema_version": version}))
    assert read_mapping("m.yaml", tmp_path) == own(schema_version=2)


def test_a_mapping_may_be_based_on_a_shipped_one(tmp_path):
    """Only what differs is written: a local code, a source column, what an end date is."""
    differs = {
        "schema_version": 2,
        "name": "eigen",
        "based_on": "gws4all",
        "end_date_is": "last_day",
        "tables": {
            "benefits": {
                "columns": {
                    "scheme": {"from": "Regeling", "codes": {"0": "PW"}},
                    "entry_reason": {"codes": {"Brand": "other", "Einde WW": None}},
                    "start_date": "Begin",
                }
            }
        },
    }
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(differs))
    mapping, base = read_mapping("m.yaml", tmp_path), read_mapping("gws4all", tmp_path)
    assert (mapping.name, mapping.end_date_is) == ("eigen", "last_day")
    assert mapping.tables["clients"] == base.tables["clients"]
    columns, known = mapping.tables["benefits"].columns, base.tables["benefits"].columns
    assert columns["scheme"].constant is None
    assert columns["start_date"].source == "Begin"
    assert columns["entry_reason"].source == known["entry_reason"].source
    added = {**known["entry_reason"].codes, "Brand": "other"}
    assert columns["entry_reason"].codes == {k: v for k, v in added.items() if k != "Einde WW"}
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(differs | {"based_on": "other.yaml"}))
    with pytest.raises(DeliveryError, match="based_on: name a shipped mapping"):
        read_mapping("m.yaml", tmp_path)


def test_a_row_about_a_couple_makes_a_record_for_each_partner(tmp_path):
    raw = drawn("""
Nr;Bron1;Eerste;Bron2;Tweede;Van;Tot1;Tot2
7;R;12;R;000034;2020-01-01;2020-06-30;
8;S;000005;;;2021-01-01;;
""")
    person = [{"column": "Bron1"}, {"column": "Eerste", "digits": 6}]
    couple = {
        "columns": {
            "benefit_id": "Nr",
            "scheme": {"constant": "PW"},
            "start_date": "Van",
        },
        "records": [
            {"person_id": {"key": ["Bron1", person[1]]}, "end_date": "Tot1"},
            {
                "person_id": {"key": ["Bron2", {"column": "Tweede", "digits": 6}]},
                "end_date": "Tot2",
            },
        ],
    }
    frame, unread = apply_mapping(raw, own(tables={"benefits": couple}), "benefits", "f")
    assert not unread
    ends = [date(2020, 7, 1), None, None]  # the day after the last day
    assert frame["person_id"].to_list() == ["R-000012", "S-000005", "R-000034"]
    assert frame["benefit_id"].to_list() == ["7", "8", "7"]
    assert frame["end_date"].to_list() == ends


def test_a_file_of_another_layout_makes_other_records():
    """Which layout it is shows in the columns; half of one is none."""
    columns = {"sex": "G", "birth_year": {"constant": "1980"}}
    couple = [{"person_id": f"Persoon{i}", "sex": f"G{i}"} for i in (1, 2)]
    alone = {"person_id": {"from": ["Nr", "Pseudoniem"]}}
    both = {"columns": columns, "records": [*couple, alone]}
    mapping = own(tables={"clients": both})
    pairs = drawn("Persoon1;G1;Persoon2;G2\na;male;b;female\nc;male;;\n")
    frame, _ = apply_mapping(pairs, mapping, "clients", "f")
    assert frame["person_id"].to_list() == ["a", "c", "b"]
    assert frame["sex"].to_list() == ["male", "male", "female"]
    for name in ("Nr", "pseudoniem"):
        frame, _ = apply_mapping(drawn(f"{name};G\na;male\n"), mapping, "clients", "f")
        assert frame["person_id"].to_list() == ["a"]
    with pytest.raises(DeliveryError, match=r"columns G2, which"):
        apply_mapping(pairs.drop("G2"), mapping, "clients", "f")
    with pytest.raises(DeliveryError, match=r"columns G1, Persoon1, which"):
        apply_mapping(drawn("x;y\n1;2\n"), mapping, "clients", "f")


def test_a_code_that_says_nothing_is_missing():
    reason = {"from": "Reden", "codes": {"1": "11", "99": ""}}
    columns = {**OWN["tables"]["benefits"]["columns"], "exit_reason": reason}
    raw = drawn(RAW.replace(";41", ";99"))
    frame, _ = apply_mapping(raw, own(tables={"benefits": {"columns": columns}}), "benefits", "f")
    assert frame["exit_reason"].to_list() == ["W", None, "11", "onbekend"]


def test_codes_mean_what_they_meant_in_the_month_of_the_row(tmp_path):
    """Code 20 was work until 2012, unknown in 2013 and 2014, and alimony since."""
    raw = drawn("""
Klant;Maand;Reden
a;2012-12;20
b;2013-01;20
c;2014-12;1
d;2015-01;20
e;;20
""")
    reason = {
        "from": "Reden",
        "dated_by": "report_month",
        "codes_until": {"2012-12": {"20": "11"}, "2014-12": {"1": "01"}},
        "codes": {"20": "17"},
    }
    columns = OWN["tables"]["benefits"]["columns"] | {
        "benefit_id": "Klant",
        "start_date": {"constant": "2010-01-01"},
        "end_date": {"constant": ""},
        "report_month": "Maand",
        "exit_reason": reason,
    }
    frame, _ = apply_mapping(raw, own(tables={"benefits": {"columns": columns}}), "benefits", "f")
    assert frame["exit_reason"].to_list() == ["11", "20", "01", "17", "17"]
    undated = columns | {"exit_reason": reason | {"dated_by": "person_id"}}
    with pytest.raises(ValueError, match="dated_by must be a mapped date of benefits"):
        own(tables={"benefits": {"columns": undated}})


def test_a_mapping_that_is_not_there_or_no_yaml(tmp_path):
    (tmp_path / "m.yaml").write_text("a: [")
    for name, problem in [("m.yaml", "as YAML"), ("n.yaml", "is not there"), ("nee", "no mapping")]:
        with pytest.raises(DeliveryError, match=problem):
            read_mapping(name, tmp_path)


def test_a_mapping_knows_the_tables_it_is_named_for(tmp_path):
    tables = GWS_TABLES | {"contacts": "export.csv"}
    folder = write_folder(tmp_path, {"export.csv": GWS4ALL}, mapping="gws4all", tables=tables)
    with pytest.raises(DeliveryError, match=r"knows clients, benefits, not contacts"):
        read_delivery(folder)


def test_every_shipped_mapping_fits_the_schemas(tmp_path):
    assert {"canonical", "gws4all"} <= set(shipped_mappings())
    for name in shipped_mappings():
        assert read_mapping(name, tmp_path).name == name
    assert read_mapping("canonical", tmp_path).tables.keys() == schemas.tables().keys()


GWS_BENEFITS = [
    ("100234", "100234-2018-05-04", date(2018, 5, 4), date(2018, 8, 4), "job_loss"),
    ("100234", "100234-2018-05-04", date(2018, 10, 1), None, "unemployment_benefit_ended"),
    ("100777", "100777-2020-01-15", date(2020, 1, 15), date(2021, 3, 1), "Oorzaak van niemand"),
]  # fmt: skip


def check_gws4all(delivery) -> None:
    benefits, clients = delivery.tables["benefits"], delivery.tables["clients"]
    names = ["person_id", "benefit_id", "start_date", "end_date", "entry_reason"]
    assert benefits.select(names).rows() == GWS_BENEFITS
    assert set(benefits["scheme"]) == {"PW"}
    assert clients.rows() == [
        ("100234", 1976, "male", "single"),
        ("100234", 1976, "male", "single_parent"),
        ("100777", 1990, "female", "couple"),
    ]
    assert list(delivery.dropped_columns.values()) == [["Kode groep"]]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_gws4all_in_semicolon_csv(tmp_path, encoding):
    content = GWS4ALL.lstrip("\n").replace("\n", "\r\n").encode(encoding)
    files = {"export.csv": content}
    check_gws4all(
        read_delivery(write_folder(tmp_path, files, mapping="gws4all", tables=GWS_TABLES))
    )


@pytest.mark.parametrize("is_typed", [True, False])
def test_gws4all_in_excel(tmp_path, is_typed):
    header, *rows = [line.split(";") for line in GWS4ALL.strip().splitlines()]

    def cell(text):
        if is_typed and text.isdigit():
            return int(text)
        if is_typed and text[2:3] == "-":
            return date(int(text[6:]), int(text[3:5]), int(text[:2]))
        return text

    write_xlsx(tmp_path / "x.xlsx", {"Blad1": [header, *[[cell(t) for t in row] for row in rows]]})
    files = {"export.xlsx": (tmp_path / "x.xlsx").read_bytes()}
    tables = {"clients": "export.xlsx", "benefits": "export.xlsx"}
    folder = write_folder(tmp_path / "d", files, mapping="gws4all", tables=tables)
    check_gws4all(read_delivery(folder))


def test_gws4all_in_spss_with_names_as_spss_allows_them(tmp_path):
    frame, path = drawn(GWS4ALL), tmp_path / "x.sav"
    renamed = frame.rename({name: name.replace(" ", "_") for name in frame.columns})
    pyreadstat.write_sav(renamed.to_pandas(), path)
    tables = {"clients": "export.sav", "benefits": "export.sav"}
    files = {"export.sav": path.read_bytes()}
    delivery = read_delivery(write_folder(tmp_path / "d", files, mapping="gws4all", tables=tables))
    assert delivery.dropped_columns == {"export.sav": ["Kode_groep"]}
    assert delivery.tables["benefits"]["start_date"].to_list() == [row[2] for row in GWS_BENEFITS]

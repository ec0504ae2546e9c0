"""The same table in every file format, and files that are not what they seem."""

import datetime as dt

import polars as pl
import pyreadstat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from intake_deliveries import BENEFITS, CLIENTS, drawn, everything_said, write_folder, write_xlsx
from watwerkt.errors import DeliveryError
from watwerkt.intake.cells import MISSING
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.formats import as_text, read_raw
from watwerkt.intake.parsing import parse_dates, parse_flags, parse_months, parse_numbers

SENTINEL = "Zonnebloemveld"
CONTACTS = """
contact_id;person_id;contact_date;channel;is_reached;duration_minutes
c1;k0001;2020-03-01;phone;true;12.5
c2;k0002;2021-04-30;home_visit;false;60
c3;k0002;2021-05-01;café;;
"""


def contacts_of(folder, file, content, **source):
    tables = {"clients": "clients.csv", "benefits": "benefits.csv"}
    tables["contacts"] = {"file": file, **source} if source else file
    return read_delivery(write_folder(folder, {file: content}, tables=tables)).tables["contacts"]


@pytest.fixture
def expected(tmp_path):
    return contacts_of(tmp_path / "expected", "contacts.csv", CONTACTS)


def test_types_are_those_of_the_schema(expected):
    assert expected["contact_date"].to_list()[0] == dt.date(2020, 3, 1)
    assert expected["is_reached"].to_list() == [True, False, None]
    assert expected["duration_minutes"].to_list() == [12.5, 60.0, None]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_of_every_kind(tmp_path, expected, separator, encoding, line_end):
    text = CONTACTS.lstrip("\n").replace(";", separator).replace("\n", line_end)
    content = text.encode(encoding)
    assert_frame_equal(contacts_of(tmp_path / "x", "contacts.csv", content), expected)


def test_csv_with_dutch_dates_decimal_commas_quotes_and_blank_lines(tmp_path, expected):
    text = (
        '"contact_id";"person_id";"contact_date";"channel";"is_reached";"duration_minutes"\r\n'
        '"c1";"k0001";"01-03-2020";"phone";"ja";"12,5"\n'
        "\n"
        "c2 ; k0002;20210430;home_visit;nee;60\r\n"
        ";;;;;\n"
        'c3;k0002;1-5-2021 00:00;"café";;NULL'
    )
    assert_frame_equal(contacts_of(tmp_path / "x", "contacts.csv", text), expected)


def test_parquet_typed_and_as_text(tmp_path, expected):
    typed = tmp_path / "typed.parquet"
    expected.with_columns(pl.col("channel").cast(pl.Categorical)).write_parquet(typed)
    text = tmp_path / "text.parquet"
    drawn(CONTACTS).write_parquet(text)
    for i, path in enumerate([typed, text]):
        got = contacts_of(tmp_path / str(i), "contacts.parquet", path.read_bytes())
        assert_frame_equal(got, expected)


def test_excel_first_sheet_or_the_named_one(tmp_path, expected):
    header = CONTACTS.split()[0].split(";")
    days = [dt.date(2020, 3, 1), dt.date(2021, 4, 30), "01-05-2021"]
    rows = [
        ["c1", "k0001", days[0], "phone", True, 12.5],
        ["c2", "k0002", 44316, "home_visit", False, 60],  # Excel's day number of 30 April 2021
        ["c3", "k0002", days[2], "café", None, None],
    ]
    path = tmp_path / "book.xlsx"
    write_xlsx(
        path,
        {
            "Uitleg": [["Toelichting"]],
            "Data": [["Export van vandaag"], [], header, *rows],
            "Leeg": [],
        },
    )
    content = path.read_bytes()
    assert_frame_equal(contacts_of(tmp_path / "x", "c.xlsx", content, sheet="Data"), expected)
    with pytest.raises(DeliveryError, match="expects for contacts"):
        contacts_of(tmp_path / "y", "c.xlsx", content)
    for sheet in ("Leeg", "Weg"):
        with pytest.raises(DeliveryError, match=r"c\.xlsx: (its sheet is empty|has no sheet)"):
            contacts_of(tmp_path / sheet, "c.xlsx", content, sheet=sheet)


def test_spss(tmp_path, expected):
    frame = expected.with_columns(pl.col("is_reached").cast(pl.Int8)).to_pandas()
    path = tmp_path / "contacts.sav"
    frame["contact_date"] = [d.date() for d in expected["contact_date"].cast(pl.Datetime)]
    pyreadstat.write_sav(frame, path)
    assert_frame_equal(contacts_of(tmp_path / "x", "contacts.sav", path.read_bytes()), expected)


def test_one_delivery_may_mix_formats(tmp_path):
    tables = {"clients": "clients.parquet", "benefits": "benefits.csv"}
    path = tmp_path / "p.parquet"
    drawn(CLIENTS).write_parquet(path)
    folder = write_folder(tmp_path / "x", {"clients.parquet": path.read_bytes()}, tables=tables)
    assert read_delivery(folder).tables["clients"].shape == (2, 3)


BROKEN_FILES = {
    "empty.csv": b"",
    "blank.csv": b"\n\n\n",
    "more.csv": f"a;b\n1;2\n3;{SENTINEL};4\n".encode(),
    "fewer.csv": f"a;b;c\n1;2;3\n{SENTINEL};4".encode(),
    "quote.csv": f'a;b\n1;"{SENTINEL}\n3;4\n5;6\n'.encode(),
    "bytes.csv": b"a;b\n1;\x81\x8d" + SENTINEL.encode() + b"\n",
    "twice.csv": f"{SENTINEL};b;{SENTINEL}\n1;2;3\n".encode(),
    "cut.parquet": b"PAR1" + SENTINEL.encode(),
    "cut.xlsx": b"PK\x03\x04" + SENTINEL.encode(),
    "cut.sav": b"$FL2" + SENTINEL.encode(),
    "other.docx": SENTINEL.encode(),
    "empty.parquet": b"",
}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_broken_file_is_named_and_never_quoted(tmp_path, name):
    (tmp_path / name).write_bytes(BROKEN_FILES[name])
    with pytest.raises(DeliveryError, match=name.replace(".", r"\.")) as refused:
        read_raw(tmp_path, name)
    assert SENTINEL not in everything_said(refused.value)


@pytest.mark.parametrize("format", ["parquet", "xlsx", "sav"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_was_cut_off_is_refused(tmp_path, format, share):
    frame = drawn(BENEFITS)
    path = tmp_path / f"whole.{format}"
    if format == "parquet":
        frame.write_parquet(path)
    elif format == "xlsx":
        frame.write_excel(path)
    else:
        pyreadstat.write_sav(frame.to_pandas(), path)
    content = path.read_bytes()
    (tmp_path / f"cut.{format}").write_bytes(content[: int(share * len(content))])
    with pytest.raises(DeliveryError, match="cut off"):
        read_raw(tmp_path, f"cut.{format}")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DeliveryError, match=r"nergens\.csv: named in delivery\.yaml"):
        read_raw(tmp_path, "nergens.csv")


def test_ragged_rows_are_counted(tmp_path):
    (tmp_path / "x.csv").write_text("a;b\n1;2\n1\n1;2;3\n4;5\n")
    with pytest.raises(DeliveryError, match="2 of 4 rows"):
        read_raw(tmp_path, "x.csv")


def test_numbers_as_text_have_no_decimals_they_do_not_need():
    column = pl.Series([123456782.0, 0.5, None, -2.0])
    assert as_text(column).to_list() == ["123456782", "0.5", None, "-2"]


ANY = ("dd-mm-jjjj", "jjjjmmdd")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-01-02", dt.date(2020, 1, 2)),
        ("2-1-2020", dt.date(2020, 1, 2)),
        ("02/01/2020", dt.date(2020, 1, 2)),
        ("20200102", dt.date(2020, 1, 2)),
        ("02-01-2020 13:45:00", dt.date(2020, 1, 2)),
        ("2020-01-02T13:45:00+01:00", dt.date(2020, 1, 2)),
        ("43832", dt.date(2020, 1, 2)),
        ("43832.75", dt.date(2020, 1, 2)),
        ("30-02-2020", None),
        ("2020-13-01", None),
        ("1234", None),
        ("vandaag", None),
    ],
)
def test_dates(text, day):
    assert parse_dates(pl.Series([text]), ANY).to_list() == [day]


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1.234,56", ",", 1234.56),
        ("1.234", ",", 1234.0),
        ("12.5", ",", 12.5),
        ("1,5", ",", 1.5),
        ("1,234.5", ".", 1234.5),
        ("1.5", "any", 1.5),
        ("1,5", "any", 1.5),
        ("€ 12,50", ",", 12.5),
        ("-3", "any", -3.0),
        ("12 euro", ",", None),
    ],
)
def test_numbers(text, decimal, number):
    assert parse_numbers(pl.Series([text]), decimal).to_list() == [number]


def test_months_and_flags():
    months = parse_months(pl.Series(["2020-03", "202003", "3-2020", "17-03-2020", "maart"]), ANY)
    assert months.to_list() == [dt.date(2020, 3, 1)] * 4 + [None]
    flags = parse_flags(pl.Series(["Ja", "N", "waar", "0", "misschien"]))
    assert flags.to_list() == [True, False, True, False, None]


@given(st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), min_size=1))
@settings(max_examples=50)
def test_every_notation_says_the_same_day(days):
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%Y%m%d"):
        texts = pl.Series([day.strftime(form) for day in days])
        assert parse_dates(texts, ANY).to_list() == days


CELLS = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc"], exclude_characters='"'), max_size=12
)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8)


@given(ROWS, st.sampled_from([";", ",", "\t", "|"]), st.sampled_from(["utf-8", "cp1252"]))
@example([("a", "null", "n/a"), ("", "", "NA"), ("-1.#IND", "#NA", "nan")], ";", "utf-8")
@settings(max_examples=80)
def test_what_was_written_is_read(tmp_path_factory, rows, separator, encoding):
    folder = tmp_path_factory.mktemp("csv")
    quoted = [separator.join(f'"{cell}"' for cell in row) for row in [("aa", "bb", "cc"), *rows]]
    (folder / "x.csv").write_bytes("\n".join(quoted).encode(encoding))
    expected = [tuple(c.strip() or None for c in row) for row in rows]
    expected = [tuple(None if c in MISSING else c for c in row) for row in expected]
    assert read_raw(folder, "x.csv").rows() == [row for row in expected if any(row)]

"""Files that unfold, YAML that unfolds, files that lead elsewhere: refused before they are read."""

import os
import zipfile

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from watwerkt.errors import DeliveryError
from watwerkt.intake import modest
from watwerkt.intake.about import read_yaml
from watwerkt.intake.formats import read_raw
from watwerkt.plain_yaml import load_plain

LINKS = list(zip("abcdefgh", "bcdefghi", strict=True))


def test_a_sheet_whose_last_cell_lies_far_away(tmp_path):
    pl.DataFrame({"a": [1]}).write_excel(tmp_path / "small.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "small.xlsx") as small,
        zipfile.ZipFile(tmp_path / "far.xlsx", "w", zipfile.ZIP_DEFLATED) as far,
    ):
        for name in small.namelist():
            text = small.read(name)
            if name.startswith("xl/worksheets/"):
                last = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                text = text.replace(b"</sheetData>", last)
            far.writestr(name, text)
    assert read_raw(tmp_path, "small.xlsx").height == 1
    with pytest.raises(DeliveryError, match=r"far\.xlsx: its last cell lies far from the others"):
        read_raw(tmp_path, "far.xlsx")


def test_a_workbook_that_unpacks_to_more_than_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(modest, "MOST_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    with pytest.raises(DeliveryError, match=r"bomb\.xlsx: unpacks to more than 0 GiB"):
        read_raw(tmp_path, "bomb.xlsx")


def test_a_parquet_file_of_one_value_and_half_a_billion_rows(tmp_path):
    rows = pl.LazyFrame({"a": [1]}).select(pl.repeat(1, 310_000_000, dtype=pl.Int8).alias("a"))
    rows.sink_parquet(tmp_path / "bomb.parquet")
    assert (tmp_path / "bomb.parquet").stat().st_size < 2_000_000
    with pytest.raises(DeliveryError, match=r"bomb\.parquet: unfolds to more than 300,000,000"):
        read_raw(tmp_path, "bomb.parquet")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("person_id,a\n" + "x" * 20_000_000 + ",1\n", "cannot be read as .csv"),
        ('person_id,a\n1,"' + "x\n" * 10_000_000, "cannot be read as .csv"),
        (
            "person_id" + ",a" * 20_000 + "\n1" + "," * 20_000 + "\n",
            "columns 2, .* 11 and 19,990 more share",
        ),
    ],
    ids=["a line", "an open quote", "a header"],
)
def test_a_line_without_end_is_refused(tmp_path, text, message):
    (tmp_path / "long.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DeliveryError, match=message) as refused:
        read_raw(tmp_path, "long.csv")
    assert len(str(refused.value)) < 500


def test_text_in_parquet_that_is_no_text_is_refused(tmp_path):
    """A reader that trusts it reads beyond its memory."""
    offsets, content = pa.py_buffer(np.array([0, 2], dtype="int32")), pa.py_buffer(b"\xc3\x28")
    text = pa.StringArray.from_buffers(1, offsets, content)
    pq.write_table(pa.table({"person_id": text}), tmp_path / "bad.parquet")
    with pytest.raises(DeliveryError, match=r"bad\.parquet: cannot be read"):
        read_raw(tmp_path, "bad.parquet")


@pytest.mark.parametrize("name", ["cut.xlsx", "cut.parquet", "cut.sav"])
def test_what_is_no_such_file_is_said_to_be_damaged(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DeliveryError, match="damaged, cut off, or another format"):
        read_raw(tmp_path, name)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\n" + "".join(f"{n}: &{n} [{f'*{p}, ' * 9}]\n" for p, n in LINKS),
        "a: &a [*a]",
        "a: !!python/object/apply:os.system ['true']",
        "a: " + "[" * 5000,
        "a: " + "x" * 2_000_001,
    ],
)
def test_yaml_that_unfolds_or_runs_is_refused(tmp_path, text):
    with pytest.raises(yaml.YAMLError):
        load_plain(text)
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"m\.yaml cannot be read as YAML"):
        read_yaml(tmp_path / "m.yaml", "m.yaml")


def test_an_alias_that_unfolds_to_little_is_read():
    assert load_plain("a: &a [x]\nb: *a\nc: {<<: {d: 1}}") == {
        "a": ["x"],
        "b": ["x"],
        "c": {"d": 1},
    }


@pytest.mark.parametrize("aim", ["/dev/zero", "../secret.csv"])
def test_a_link_out_of_the_delivery_is_not_followed(tmp_path, aim):
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "d").mkdir()
    os.symlink(aim, tmp_path / "d" / "clients.csv")
    with pytest.raises(DeliveryError, match=r"clients\.csv: lies outside the delivery folder"):
        read_raw(tmp_path / "d", "clients.csv")

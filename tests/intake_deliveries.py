"""Deliveries drawn as text and written to a folder, for the tests of intake."""

import traceback
from pathlib import Path

import numpy as np
import polars as pl
import xlsxwriter
import yaml

ABOUT = {
    "schema_version": 1,
    "executor_id": "GM9909",
    "municipality_id": "GM9909",
    "extract_date": "2024-12-31",
    "first_month": "2019-01",
    "last_month": "2024-12",
    "mapping": "canonical",
    "pseudonym": "random",
    "synthetic": True,
    "tables": {"clients": "clients.csv", "benefits": "benefits.csv"},
}
CLIENTS = """
person_id;birth_year;sex
k0001;1980;male
k0002;1991;female
"""
BENEFITS = """
person_id;benefit_id;scheme;start_date;end_date;exit_reason
k0001;u1;PW;2020-01-01;2020-07-01;11
k0002;u2;PW;2021-02-15;;
"""
GWS4ALL_COLUMNS = [  # the nine of domain.md §1.4
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
GWS4ALL_ROWS = """
100234;1976;man;02;04-05-2018;04-08-2018;04-05-2018;Alleenstaande;Einde dienstbetrekking
100234;1976;man;02;01-10-2018;;04-05-2018;Alleenstaande ouder;Beëindiging WW-uitkering
100777;1990;vrouw;02;15-01-2020;01-03-2021;15-01-2020;Gehuwd / Samenwonend;Oorzaak van niemand
"""
GWS4ALL = ";".join(GWS4ALL_COLUMNS) + GWS4ALL_ROWS
TEXT = {"clients.csv": CLIENTS, "benefits.csv": BENEFITS}


def write_folder(folder: Path, files: dict[str, str | bytes] | None = None, **about) -> Path:
    """A delivery folder: the two required tables unless other files are given."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (TEXT | (files or {})).items():
        is_text = isinstance(content, str)
        (folder / name).write_bytes(content.lstrip("\n").encode() if is_text else content)
    said = {name: value for name, value in (ABOUT | about).items() if value is not None}
    (folder / "delivery.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    return folder


def drawn(text: str) -> pl.DataFrame:
    """A semicolon table drawn as text, every column as text, empty as missing."""
    return pl.read_csv(text.lstrip("\n").encode(), separator=";", infer_schema=False)


def column(name: str, values: list) -> pl.DataFrame:
    """A table of one column."""
    return pl.DataFrame({name: values})


def write_xlsx(path: Path, sheets: dict[str, list[list]]) -> None:
    """A workbook; dates as Excel has them."""
    book = xlsxwriter.Workbook(path, {"default_date_format": "dd-mm-yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    book.close()


def bsns(n: int, seed: int = 0) -> list[str]:
    """Made-up numbers that pass the 11-test."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < n:
        stem = f"{rng.integers(1_000_000, 100_000_000):08d}"
        last = sum(int(d) * w for d, w in zip(stem, range(9, 1, -1), strict=True)) % 11
        if last < 10:
            found.append(f"{stem}{last}")
    return found


def everything_said(error: BaseException) -> str:
    """All that an error could ever show: message, attributes, whole chain, traceback."""
    said, seen = [], set()
    todo: list[BaseException | None] = [error]
    while todo:
        current = todo.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        said += [str(current), repr(current.args), repr(vars(current))]
        said += traceback.format_exception(current, chain=False)
        todo += [current.__cause__, current.__context__]
    return "\n".join(said)

"""Deliveries that are nearly right: one file of a small sound one, changed by a seeded hand.

Half of the changes know the format (a cell, a key, a part of the workbook), half know bytes only.
Every person id holds ``CANARY``, so that a message that quotes a cell is found out.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyreadstat
import yaml
from xlsxwriter import Workbook

CANARY = "kanarie"
N_PERSONS = 24
WORDS = [
    "", " ", "-", "0", "-1", "99999999999999999999", "1e309", "NaN", "inf", "\x00", "\ufeff", "'",
    '"',     '""', ";", ",", "\t", "\n", "\r\n", "=1+1", "@x", "00000000", "99999999", "31-02-2021",
    "2021-13-45", "0001-01-01", "9999-12-31", "29-2-2100", "true", "null", "~", "ÿ", "é" * 300,
    "😀", "\u202e", "1.234,56", "1,234.56", "٣", "x" * 5_000, "[]", "{}",
    "!!python/object:os.system",
]  # fmt: skip
BYTES = [b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\n", b'"', b";", b"\x1a", b"\x80" * 40]


@dataclass(frozen=True)
class Base:
    """A sound delivery of one format: its files, and the one that is changed."""

    files: dict[str, bytes]
    changed: str
    change: Callable[[bytes, np.random.Generator], bytes]


def bases() -> dict[str, Base]:
    """What is changed → the delivery that it is changed in."""
    clients, benefits = _tables()
    csv = {"clients.csv": _csv(clients), "benefits.csv": _csv(benefits)}
    plain = {**csv, "delivery.yaml": _about("csv")}
    mapped = {**csv, "own.yaml": _mapping(), "delivery.yaml": _about("csv", "own.yaml")}
    return {
        "delivery.yaml": Base(plain, "delivery.yaml", change_yaml),
        "mapping": Base(mapped, "own.yaml", change_yaml),
        "csv": Base(plain, "benefits.csv", change_csv),
        "xlsx": Base(_as("xlsx", clients, benefits, _xlsx), "benefits.xlsx", change_zip),
        "sav": Base(_as("sav", clients, benefits, _sav), "benefits.sav", change_bytes),
        "parquet": Base(
            _as("parquet", clients, benefits, _parquet), "benefits.parquet", change_bytes
        ),
    }


def mutate(base: Base, rng: np.random.Generator) -> bytes:
    """The changed file, changed once to four times."""
    content = base.files[base.changed]
    for _ in range(int(rng.integers(1, 5))):
        change = base.change if rng.random() < 0.5 else change_bytes
        content = change(content, rng)
    return content


def write_base(base: Base, folder: Path) -> None:
    """All files of the sound delivery."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in base.files.items():
        (folder / name).write_bytes(content)


def change_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    """Flip, cut off, take out, put in, repeat or splice."""
    n = max(len(content), 1)
    at, to = sorted(int(i) for i in rng.integers(0, n, 2))
    match int(rng.integers(0, 6)):
        case 0:
            return content[:at] + bytes([int(rng.integers(0, 256))]) + content[at + 1 :]
        case 1:
            return content[:to]
        case 2:
            return content[:at] + content[to:]
        case 3:
            return content[:at] + BYTES[int(rng.integers(len(BYTES)))] + content[at:]
        case 4:
            return content[:to] + content[at:to] * int(rng.integers(1, 40)) + content[to:]
        case _:
            return content[:at] + content[to:] + content[at:to]


def change_csv(content: bytes, rng: np.random.Generator) -> bytes:
    """Put a word in a cell, or treat a line or the whole text in a way that files know."""
    lines = content.decode("utf-8", errors="replace").split("\n")
    row = int(rng.integers(len(lines)))
    cells = lines[row].split(",")
    match int(rng.integers(0, 5)):
        case 0 | 1:
            cells[int(rng.integers(len(cells)))] = _word(rng)
            lines[row] = ",".join(cells)
        case 2:
            lines[row] = ",".join([*cells, *cells])
        case 3:
            lines = [lines[row], *lines]
        case _:
            separator = ";|\t"[int(rng.integers(3))]
            encoding = ["utf-16", "latin-1", "utf-8-sig"][int(rng.integers(3))]
            text = "\n".join(lines).replace(",", separator)
            return text.encode(encoding, errors="replace")
    return "\n".join(lines).encode("utf-8", errors="replace")


def change_yaml(content: bytes, rng: np.random.Generator) -> bytes:
    """Give a key another value, take it out, nest it, or write what YAML can and we do not."""
    lines = content.decode("utf-8", errors="replace").split("\n")
    row = int(rng.integers(len(lines)))
    key = lines[row].partition(":")[0]
    match int(rng.integers(0, 6)):
        case 0 | 1:
            lines[row] = f"{key}: {_word(rng)}"
        case 2:
            del lines[row]
        case 3:
            lines[row] = f"{key}: {'[' * int(rng.integers(1, 400))}"
        case 4:
            lines[row] = f"{key}: &a [*a, *a]"
        case _:
            lines.insert(row, "a: &a [x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]")
    return "\n".join(lines).encode("utf-8", errors="replace")


def change_zip(content: bytes, rng: np.random.Generator) -> bytes:
    """Change one part of a workbook and pack it again; what is no zip any more is left as it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = {name: book.read(name) for name in book.namelist()}
    except Exception:
        return content
    name = sorted(parts)[int(rng.integers(len(parts)))]
    match int(rng.integers(0, 4)):
        case 0:
            parts.pop(name)
        case 1:
            parts[name] = parts[name].replace(b"<v>", f"<v>{_word(rng)}".encode(), 1)
        case _:
            parts[name] = change_bytes(parts[name], rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for part, inside in parts.items():
            book.writestr(part, inside)
    return packed.getvalue()


def _word(rng: np.random.Generator) -> str:
    return WORDS[int(rng.integers(len(WORDS)))]


def _tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = [f"{CANARY}{i:016x}" for i in range(N_PERSONS)]
    clients = pl.DataFrame({
        "person_id": ids,
        "birth_year": [1960 + i for i in range(N_PERSONS)],
        "sex": ["male", "female"] * (N_PERSONS // 2),
    })  # fmt: skip
    benefits = pl.DataFrame({
        "person_id": ids,
        "benefit_id": [f"b{i}" for i in range(N_PERSONS)],
        "scheme": ["PW"] * N_PERSONS,
        "start_date": [f"20{10 + i % 10}-0{1 + i % 9}-15" for i in range(N_PERSONS)],
        "end_date": ["" if i % 3 else "2021-05-01" for i in range(N_PERSONS)],
    })  # fmt: skip
    return clients, benefits


def _about(suffix: str, mapping: str = "canonical") -> bytes:
    values = {
        "schema_version": 1, "executor_id": "GM9999", "municipality_id": "GM9999",
        "extract_date": "2022-12-31", "first_month": "2019-01", "last_month": "2022-12",
        "mapping": mapping, "pseudonym": "random", "synthetic": True,
        "tables": {"clients": f"clients.{suffix}", "benefits": f"benefits.{suffix}"},
    }  # fmt: skip
    return yaml.safe_dump(values, sort_keys=False).encode()


def _mapping() -> bytes:
    clients, benefits = _tables()
    tables = {"clients": clients.columns, "benefits": benefits.columns}
    values = {
        "schema_version": 2, "name": "own", "dates": ["jjjj-mm-dd"], "decimal": ".",
        "end_date_is": "first_day_after",
        "tables": {name: {"columns": {c: c for c in columns}} for name, columns in tables.items()},
    }  # fmt: skip
    return yaml.safe_dump(values, sort_keys=False).encode()


def _as(suffix: str, clients: pl.DataFrame, benefits: pl.DataFrame, write: Callable) -> dict:
    tables = {f"clients.{suffix}": write(clients), f"benefits.{suffix}": write(benefits)}
    return {**tables, "delivery.yaml": _about(suffix)}


def _csv(table: pl.DataFrame) -> bytes:
    return table.write_csv().encode()


def _parquet(table: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    table.write_parquet(file)
    return file.getvalue()


def _xlsx(table: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([tuple(table.columns), *table.iter_rows()]):
            sheet.write_row(row, 0, cells)
    return file.getvalue()


def _sav(table: pl.DataFrame) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.sav"
        pyreadstat.write_sav(table.to_pandas(), path)
        return path.read_bytes()

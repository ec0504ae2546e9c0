"""Pseudonymise a raw export, on the municipality's side, before anything leaves it.

Whoever a row is about gets an id made from the BSN with the municipality's own key; a birth date
becomes a year and the month of AOW age; caseworkers get ids from another key; columns that identify
people otherwise are taken out; every other column stays as it is.
"""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from watwerkt.durable import replaced_folder
from watwerkt.errors import ParameterError, PrivacyError
from watwerkt.intake.about import DeliveryFile, read_about, read_yaml
from watwerkt.intake.delivery import (
    FileSheet,
    feeds_of,
    read_delivery,
    read_files,
    read_mappings,
)
from watwerkt.intake.disguise import RawFile, disguise_file, known_numbers
from watwerkt.intake.keyed_ids import read_key
from watwerkt.intake.mapping import Mapping, is_own_mapping
from watwerkt.intake.roles import find_roles


def pseudonymise_delivery(folder: Path, key_file: Path, out: Path) -> list[str]:
    """Write to ``out`` a delivery that ``read_delivery`` accepts; return what was done.

    The files become CSV under their own names. Nothing is left in ``out`` unless the whole can be
    read afterwards. Raises PrivacyError (a key too short, or lying in ``out``), ParameterError, and
    what ``read_delivery`` raises.
    """
    _require_apart(folder, key_file, out)
    ids = read_key(key_file)
    about = read_about(folder, is_raw=True)
    mappings = read_mappings(about, folder)
    raw = {
        key: RawFile(key[0], table, find_roles(table, feeds_of(key, about, mappings), key[0]))
        for key, table in read_files(about, folder).items()
    }
    known = known_numbers(list(raw.values()), ids)
    done = {key: disguise_file(file, ids, known) for key, file in raw.items()}
    write_pseudonymised(folder, out, about, mappings, {k: f.table for k, f in done.items()})
    return [sentence for file in done.values() for sentence in file.told]


def write_pseudonymised(
    folder: Path,
    out: Path,
    about: DeliveryFile,
    mappings: dict[str, Mapping],
    tables: dict[FileSheet, pl.DataFrame],
) -> None:
    """Write tables, ``delivery.yaml`` and own mappings beside ``out``, read them, then move."""
    names = _file_names(list(tables))
    with replaced_folder(out) as part:
        for key, table in tables.items():
            decimal = min(mapping.decimal for mapping, _ in feeds_of(key, about, mappings))
            path = part / names[key]
            path.parent.mkdir(parents=True, exist_ok=True)
            table.write_csv(path, decimal_comma=decimal == ",", separator=";")
        for name in filter(is_own_mapping, mappings):
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, part / name)
        values = read_yaml(folder / "delivery.yaml", "delivery.yaml") | _said_of_it(about, names)
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        (part / "delivery.yaml").write_text(text, encoding="utf-8")
        read_delivery(part)


def _said_of_it(about: DeliveryFile, names: dict[FileSheet, str]) -> dict[str, Any]:
    """What ``delivery.yaml`` says otherwise than before: how ids were made, and the files."""
    tables = {
        table: [
            s.model_dump(include={"mapping", "report_month"}, exclude_none=True)
            | {"file": names[s.file, s.sheet]}
            for s in sources
        ]
        for table, sources in about.tables.items()
    }
    return {"pseudonym": "hmac-sha256", "tables": tables}


def _file_names(keys: list[FileSheet]) -> dict[FileSheet, str]:
    """``export.xlsx`` → ``export.csv``; where two would be called the same, longer names."""
    short = {key: str(Path(key[0]).with_suffix(".csv")) for key in keys}
    taken = list(short.values())
    return {
        key: name if taken.count(name) == 1 else f"{key[0]}.{i}.csv"
        for i, (key, name) in enumerate(short.items(), start=1)
    }


def _require_apart(folder: Path, key_file: Path, out: Path) -> None:
    """The key stays out of what is handed over, and nothing that exists is overwritten."""
    if out.resolve() == folder.resolve():
        raise ParameterError("--out is the raw delivery itself: name another folder")
    if key_file.resolve().is_relative_to(out.resolve()):
        raise PrivacyError("the key file lies in --out, which is handed over: keep it elsewhere")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ParameterError(f"{out.name} exists and is not empty: name a new folder")

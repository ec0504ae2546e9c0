"""Draft a mapping from a file's own header, for the analyst to finish.

Each line says whether the guess is sure and why. Values of the file are never written, but for
those that are codes or labels known beforehand.
"""

import json
from pathlib import Path

import polars as pl

from watwerkt import schemas
from watwerkt.durable import write_whole
from watwerkt.errors import ParameterError
from watwerkt.intake.choice import choose_tables, fitting_mappings
from watwerkt.intake.formats import as_text, read_raw
from watwerkt.intake.guard import WORDS, find_rules
from watwerkt.intake.guesses import ALL_NOTATIONS, Guess, code_of
from watwerkt.intake.headers import is_headerless, normalise_header, shown_names
from watwerkt.intake.parsing import NOTATIONS

DERIVABLE = {
    "scheme": '{constant: "PW"}  # unsure: no column says so; right where the export is PW only',
    "benefit_id": "{key: [%(person_id)s, {date: %(start_date)s}]}  # unsure: no column; derived",
}
NEEDED_FOR = {"benefit_id": {"person_id", "start_date"}}  # what is derived is derived from these
LABELS = 60  # a column with more different values is no code list


def write_draft(file: Path, out: Path | None) -> str:
    """Draft a mapping for ``file``; return it, or write it to ``out`` and say so."""
    text = draft_mapping(read_raw(file.parent, file.name), file.name)
    if out is None:
        return text
    if out.exists():
        raise ParameterError(f"{out.name} exists: name another file")
    write_whole(out, text)
    return f"{out.name} written: finish what is marked unsure, and end_date_is"


def draft_mapping(raw: pl.DataFrame, file: str) -> str:
    """The text of a mapping file: tables that ``file`` may feed, best guess per column."""
    if is_headerless(raw):
        raise ParameterError(f"{file}: its first line seems to hold values; add a header line")
    tables = choose_tables(raw, file)
    has_end = any("end_date" in guesses for guesses in tables.values())
    lines = [
        f"# Drafted from the header of {file}: finish what is marked unsure.",
        *_fitting_lines(raw),
        "schema_version: 2",
        f"name: {json.dumps(Path(file).stem, ensure_ascii=False)}",
        f"dates: [{', '.join(_notations(raw))}]",
        f"decimal: {json.dumps(_decimal(raw))}",
    ]
    if has_end:
        lines.append("end_date_is:  # last_day or first_day_after: ask whoever keeps the register")
    lines.append("tables:")
    for table, guesses in tables.items():
        lines += _table_lines(table, guesses, raw)
    text = "\n".join(lines)
    return "\n".join([text, *_unused_lines(raw, text)]) + "\n"


def _fitting_lines(raw: pl.DataFrame) -> list[str]:
    """Which shipped mapping reads this header as it is, or nearly."""
    return [
        f"# The header fits the shipped mapping {name} ({found} of its {wanted} columns): name "
        f"that one in delivery.yaml, or write `based_on: {name}` and below it only what differs."
        for name, found, wanted in fitting_mappings(raw)[:1]
    ]


def _table_lines(table: str, guesses: dict[str, Guess], raw: pl.DataFrame) -> list[str]:
    promised = schemas.tables()[table]
    lines = [f"  {table}:  # one row per {promised.grain}", "    columns:"]
    for name, column in promised.columns.items():
        if name in guesses:
            lines += _column_lines(column, guesses[name], raw)
        elif (
            column.required and name in DERIVABLE and guesses.keys() >= NEEDED_FOR.get(name, set())
        ):
            lines.append(f"      {name}: {DERIVABLE[name] % _key_sources(guesses, raw)}")
        elif column.required:
            lines.append(f"      # {name}: required, and no column found")
    return lines


def _key_sources(guesses: dict[str, Guess], raw: pl.DataFrame) -> dict[str, str]:
    """The columns of a derived key; an original start date serves better than a period's own."""
    sources = {column: guess.source for column, guess in guesses.items()}
    original = [name for name in raw.columns if "oorspronkelijk" in normalise_header(name)]
    sources |= {"start_date": original[0]} if original else {}
    return {column: json.dumps(source, ensure_ascii=False) for column, source in sources.items()}


def _column_lines(column: schemas.Column, guess: Guess, raw: pl.DataFrame) -> list[str]:
    source = json.dumps(guess.source, ensure_ascii=False)
    mark = f"# {'sure' if guess.is_sure else 'unsure'}: {guess.reason}"
    known, n_other = _known_codes(column, raw[guess.source])
    if not known:
        hint = "; write codes: source to ours" if column.kind == "code" and n_other else ""
        return [f"      {column.name}: {source}  {mark}{hint}"]
    lines = [f"      {column.name}:  {mark}", f"        from: {source}", "        codes:"]
    lines += [f"          {json.dumps(v, ensure_ascii=False)}: {code}" for v, code in known.items()]
    return lines + ([f"          # and {n_other} other values, not known here"] if n_other else [])


def _known_codes(column: schemas.Column, values: pl.Series) -> tuple[dict[str, str], int]:
    """Source value → code where it must be translated, and how many values are not known."""
    if column.kind != "code" or column.codes is None:
        return {}, 0
    texts = sorted(as_text(values).drop_nulls().unique())
    if len(texts) > LABELS:
        return {}, len(texts)
    codes = {text: code_of(text, column.codes) for text in texts}
    known = {text: json.dumps(code) for text, code in codes.items() if code not in (None, text)}
    return known, sum(code is None for code in codes.values())


def _unused_lines(raw: pl.DataFrame, text: str) -> list[str]:
    shown: dict[str, str] = shown_names(raw)
    lines = []
    for name in raw.columns:
        rules = find_rules(name, raw[name])
        if rules:
            why = ", ".join(WORDS[rule] for rule in rules)
            lines.append(f"# {shown[name]}: {why}; `watwerkt pseudonymise` first")
        elif json.dumps(name, ensure_ascii=False) not in text:
            lines.append(f"# {shown[name]}: not used; no guess")
    return lines


def _notations(raw: pl.DataFrame) -> list[str]:
    """The notations in which a column of dates is written, dd-mm-jjjj where none is seen."""
    texts = [as_text(raw[n]).drop_nulls().unique().head(200) for n in raw.columns]
    seen = [
        notation
        for notation in ALL_NOTATIONS
        if any(len(t) and t.str.contains(NOTATIONS[notation]).all() for t in texts)
    ]
    return seen or ["dd-mm-jjjj"]


def _decimal(raw: pl.DataFrame) -> str:
    texts = [as_text(raw[n]).drop_nulls().unique().head(200) for n in raw.columns]
    has_comma = any(len(t) and t.str.contains(r"^-?[\d.]*,\d+$").any() for t in texts)
    return "," if has_comma else "any"

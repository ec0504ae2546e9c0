"""What the cleaning rules are to find: by nature in clean data, and what was planted in dirty."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from watwerkt.codebook import codes, read_codebook
from watwerkt.schemas import tables
from watwerkt.synthetic.benefits import interruptions
from watwerkt.synthetic.register import Register

SRG_BREAK = "SRG transaction system"
LATE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Finding:
    """Rows that one rule is to count in one table.

    Attributes
    ----------
    action : merge, quarantine, repair or flag.
    keys : the keys of those rows.
    origin : ``nature`` (meaning, not error), ``planted``, or ``follows`` from a planted error.
    """

    rule: str
    table: str
    action: str
    keys: pl.DataFrame
    origin: str = "nature"


def keys_of(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The key of each row."""
    return rows.select(tables()[table].key)


def find_in_nature(register: Register, delivered: dict[str, pl.DataFrame]) -> list[Finding]:
    """What the rules of meaning find in clean data; every other rule finds nothing there."""
    benefits, contacts, services = (delivered[n] for n in ("benefits", "contacts", "services"))
    in_scope = [code for code, entry in codes("scheme").items() if entry.get("in_scope")]
    late = (pl.col("registered_date") - pl.col("contact_date")).dt.total_days() > LATE_DAYS
    found = [
        ("B07", "benefits", "repair", benefits.filter(pl.col("exit_reason") == "97")),
        ("B08", "benefits", "merge", _resumed(register, benefits)),
        ("B09", "benefits", "flag", benefits.filter(~pl.col("scheme").is_in(in_scope))),
        ("C03", "contacts", "flag", _beside_the_benefit(register, contacts)),
        ("C04", "contacts", "flag", contacts.filter(late)),
        ("S02", "services", "flag", services.filter(_in_series_break())),
    ]
    return [
        Finding(rule, table, action, keys_of(table, rows)) for rule, table, action, rows in found
    ]


def _resumed(register: Register, benefits: pl.DataFrame) -> pl.DataFrame:
    """Periods that go on after an interruption of less than a month."""
    stopped = interruptions(register, register.spells.filter("is_booked"))
    resumed = stopped.select(
        person_id=register.persons(stopped["person"].to_numpy()), start_date="resume"
    )
    return benefits.join(resumed, on=["person_id", "start_date"], how="semi")


def _beside_the_benefit(register: Register, contacts: pl.DataFrame) -> pl.DataFrame:
    """Intakes, and aftercare, which is seen to be that once the exit is booked."""
    spells = register.spells.filter("is_booked")
    known = spells.select(
        "start", "is_end_booked", person_id=register.persons(spells["person"].to_numpy())
    ).sort("start")
    aside = contacts.filter(pl.col("purpose").is_in(["intake", "aftercare"])).sort("contact_date")
    dated = aside.join_asof(
        known, left_on="contact_date", right_on="start", by="person_id", check_sortedness=False
    )
    return dated.filter(pl.col("is_end_booked").fill_null(True))


def _in_series_break() -> pl.Expr:
    entry = next(b for b in read_codebook("breaks")["breaks"] if b["name"] == SRG_BREAK)
    months = [entry["first_month"], entry["last_month"]]
    days = [pl.col(day).dt.strftime("%Y-%m") for day in ("start_date", "end_date")]
    return pl.any_horizontal(day.is_in(months).fill_null(False) for day in days)


def expected_ledger(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Rows per table, rule and action once all of it is found; a rule not named finds none."""
    counts: dict[tuple[str, str, str], int] = {}
    for f in findings:
        key = (f.table, f.rule, f.action)
        counts[key] = counts.get(key, 0) + len(f.keys)
    names = ("table", "rule", "action")
    return [
        dict(zip(names, k, strict=True)) | {"n_rows": n} for k, n in sorted(counts.items()) if n
    ]


def listed(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """What was planted and what follows from it, with the keys, each as one text."""
    rows = []
    for f in findings:
        texts = f.keys.select(pl.all().cast(pl.String).fill_null(""))
        keys = texts.select(pl.concat_str(pl.all(), separator="|")).to_series().to_list()
        facts = {"rule": f.rule, "table": f.table, "action": f.action, "origin": f.origin}
        rows.append(facts | {"n_rows": len(keys), "keys": keys})
    return rows

"""Special categories are read only where the delivery states a legal ground for them.

AVG art. 9 and 10: origin, status holder, health, medical exemption, detention. A column that says
nothing else is refused without a ground. A code in a list that is needed for other reasons is not
read: it becomes `unknown`.
"""

import polars as pl

from watwerkt.codebook import UNKNOWN
from watwerkt.intake.findings import Finding

COLUMNS = ("origin", "is_status_holder", "health_limitation")
CODES = {
    "exemption": {"urgent_reasons": "exemption", "permanent_incapacity": "exemption"},
    "exit_reason": {"05": "detention"},
    "entry_reason": {"detention_ended": "detention", "refugee_status": "is_status_holder"},
}
WORDS = "special category (AVG art. 9, 10): state its legal_ground in delivery.yaml, or take it out"


def find_groundless(frame: pl.DataFrame, file: str, legal_ground: dict[str, str]) -> list[Finding]:
    """Columns, and traits, of a special category that are delivered without a ground."""
    named = {c: frame[c].count() for c in COLUMNS if c in frame.columns}
    if "trait" in frame.columns:
        named |= {c: int((frame["trait"] == c).sum()) for c in COLUMNS}
    return [
        Finding(file, column, "legal_ground", n, WORDS)
        for column, n in named.items()
        if n and column not in legal_ground
    ]


def withhold_codes(frame: pl.DataFrame, legal_ground: dict[str, str]) -> pl.DataFrame:
    """Replace codes of a special category without a ground by ``unknown``.

    The ground is stated for the column itself, or for what the code gives away (``detention``).
    """
    withheld = {
        column: [code for code, ground in codes.items() if not {column, ground} & set(legal_ground)]
        for column, codes in CODES.items()
    }
    columns = [
        pl.col(c).replace(dict.fromkeys(withheld[c], UNKNOWN))
        for c in frame.columns
        if withheld.get(c)
    ]
    traits = dict.fromkeys(withheld["exemption"], UNKNOWN)
    if "trait" in frame.columns and traits:
        is_exemption = pl.col("trait") == "exemption"
        value = pl.when(is_exemption).then(pl.col("value").replace(traits))
        columns.append(value.otherwise(pl.col("value")).alias("value"))
    return frame.with_columns(columns)

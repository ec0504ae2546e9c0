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


def withhold_codes(
    frame: pl.DataFrame, legal_ground: dict[str, str]
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Replace codes of a special category without a ground by ``unknown``; count them by column.

    The ground is stated for the column itself, or for what the code gives away (``detention``).
    """
    withheld = {
        column: [code for code, ground in codes.items() if not {column, ground} & set(legal_ground)]
        for column, codes in CODES.items()
    }
    hidden = {c: pl.col(c).is_in(codes) for c, codes in withheld.items() if c in frame.columns}
    if "trait" in frame.columns:
        is_exemption = pl.col("trait") == "exemption"
        hidden["value"] = is_exemption & pl.col("value").is_in(withheld["exemption"])
    counts = frame.select(pl.lit(0).alias("n"), **{c: h.sum() for c, h in hidden.items()})
    changed = frame.with_columns(
        pl.when(h).then(pl.lit(UNKNOWN)).otherwise(c).alias(c) for c, h in hidden.items()
    )
    return changed, {c: int(counts[c][0]) for c in hidden if counts[c][0]}

"""Released Parquet files: the contract's columns and properties, and counts that may be shown."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.released import COLUMNS
from watwerkt.scan.finding import Finding
from watwerkt.scan.texts import LONGEST, scan_texts

PROPERTIES = {
    b"watwerkt_kind",
    b"watwerkt_schema_version",
    b"watwerkt_policy_version",
    b"ARROW:schema",
}
MOST_ROWS = 5_000_000


def scan_columns(file: str, path: Path, policy: Policy) -> Iterator[Finding]:
    """Raises pyarrow's ArrowInvalid where it is no Parquet."""
    about = pq.read_metadata(path)
    if about.num_rows > MOST_ROWS:
        yield Finding(file, "rows", "too_large")
        return
    strange = set(about.metadata or {}) - PROPERTIES
    if strange:
        yield Finding(file, "properties", "metadata", len(strange))
    kind = (about.metadata or {}).get(b"watwerkt_kind", b"").decode()
    table = pq.read_table(path)
    if kind not in COLUMNS or table.schema.names != list(COLUMNS[kind]):
        yield Finding(file, "columns", "contract")
    for name in table.schema.names:
        values = table.column(name).drop_null().to_pylist()
        place = f"column {name}" if kind in COLUMNS and name in COLUMNS[kind] else "column"
        texts = [v for v in values if isinstance(v, str)]
        yield from scan_texts(file, [(place, "\n".join(dict.fromkeys([name, *texts])))])
        if n := sum(len(text) > LONGEST for text in texts):
            yield Finding(file, place, "free_text", n)
        if name.startswith("n_"):
            yield from _scan_counts(file, place, name, values, policy)


def _scan_counts(
    file: str, place: str, name: str, values: list, policy: Policy
) -> Iterator[Finding]:
    least = policy.round_base if name == "n_clusters" else policy.threshold
    if n := sum(value < least for value in values):
        yield Finding(file, place, "small_count", n)
    if n := sum(value % policy.round_base != 0 for value in values):
        yield Finding(file, place, "unrounded_count", n)

"""Released files: ``estimates.parquet`` and ``aggregates.parquet``, which others read.

>>> part = complete_estimates(protected, about, chapter="04_contact_intensity")  # doctest: +SKIP
>>> write_released([part], "estimates", folder / "estimates.parquet")            # doctest: +SKIP
>>> read_released(folder / "estimates.parquet").frame                            # doctest: +SKIP

The columns are a contract: their order and types change together with their version in
``versions``. What is read back is protected, since only protected rows are written; both doors look
again whether the counts are ones that may be shown.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from watwerkt.disclosure.policy import Policy, read_policy
from watwerkt.disclosure.protected import Protected, _seal, require_protected
from watwerkt.errors import DisclosureError, SchemaError
from watwerkt.versions import KNOWN, require_version

TEXT, WHOLE, NUMBER, YES_NO, DATE = (
    pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
)  # fmt: skip
_ABOUT = {
    "schema_version": WHOLE, "municipality_id": TEXT, "executor_id": TEXT,
    "period_start": DATE, "period_end": DATE, "synthetic": YES_NO,
}  # fmt: skip
ESTIMATE_COLUMNS: dict[str, pa.DataType] = _ABOUT | {
    "chapter": TEXT, "analysis": TEXT, "design": TEXT, "outcome": TEXT, "horizon_months": WHOLE,
    "estimand": TEXT, "scale": TEXT, "term": TEXT, "subgroup": TEXT, "estimate": NUMBER,
    "std_error": NUMBER, "conf_low": NUMBER, "conf_high": NUMBER, "conf_level": NUMBER,
    "p_value": NUMBER, "p_adjusted": NUMBER, "n_obs": WHOLE, "n_persons": WHOLE,
    "n_events": WHOLE, "n_clusters": WHOLE, "mde": NUMBER, "grade": WHOLE, "status": TEXT,
    "is_primary": YES_NO, "first_stage": NUMBER, "first_stage_std_error": NUMBER,
    "reduced_form": NUMBER, "reduced_form_std_error": NUMBER, "covariance_stages": NUMBER,
    "note": TEXT,
}  # fmt: skip
AGGREGATE_COLUMNS: dict[str, pa.DataType] = _ABOUT | {
    "year": WHOLE, "destination": TEXT, "band": TEXT,
    "n_person_months": WHOLE, "n_exits": WHOLE, "n_exits_expected": WHOLE,
}  # fmt: skip
COLUMNS = {"estimates": ESTIMATE_COLUMNS, "aggregates": AGGREGATE_COLUMNS}
STATUSES = {"evidence", "indicative", "warning"}
_REQUIRED = {"analysis", "design", "outcome", "estimand", "scale", "status", "is_primary"}


def complete_estimates(protected: Protected, about: Mapping[str, Any], chapter: str) -> Protected:
    """Protected estimates in the columns of ``estimates.parquet``, whoever they are of filled in.

    ``about`` is what prepared data say of themselves: municipality_id, executor_id, synthetic, and
    first_month and last_month ("YYYY-MM"), of which the half-open period is made. Columns that the
    chapter lacks are null, columns that the contract lacks are left out. SchemaError names what an
    estimate cannot do without.
    """
    frame = _require_kind(protected, "estimates").frame.assign(chapter=chapter)
    missing = sorted(_REQUIRED - set(frame.columns))
    if missing:
        raise SchemaError(f"{chapter}: recorded estimates lack {', '.join(missing)}")
    unknown = sorted(set(frame["status"]) - STATUSES)
    if unknown:
        raise SchemaError(f"{chapter}: status is one of {', '.join(sorted(STATUSES))}")
    return _complete(protected, frame, about, "estimates")


def complete_aggregates(protected: Protected, about: Mapping[str, Any]) -> Protected:
    """Protected counts in the columns of ``aggregates.parquet``; see ``complete_estimates``."""
    frame = _require_kind(protected, "aggregates").frame
    return _complete(protected, frame, about, "aggregates")


def write_released(parts: Sequence[Protected], kind: str, path: Path) -> None:
    """Write completed ``parts`` as one file of ``kind``; the same rows give the same bytes.

    Rows are sorted by their columns from left to right; nothing of time or place is written. The
    file appears whole or not at all.
    """
    frames = [_require_kind(part, kind).frame for part in parts]
    versions = sorted({part.policy_version for part in parts}) or [read_policy().version]
    if len(versions) > 1:
        raise DisclosureError("parts of one file went through different versions of the policy")
    columns = COLUMNS[kind]
    rows = pd.concat(frames) if frames else pd.DataFrame(columns=list(columns))
    if list(rows.columns) != list(columns):
        raise SchemaError(
            f"{path.name}: complete_{kind}() puts rows in the columns of the contract"
        )
    rows = rows.sort_values(list(columns), kind="stable")
    marks = {"watwerkt_kind": kind, "watwerkt_schema_version": str(KNOWN[kind])}
    marks["watwerkt_policy_version"] = versions[0]
    schema = pa.schema(list(columns.items()), metadata=marks)
    arrays = [pa.array(rows[name], type=dtype, from_pandas=True) for name, dtype in columns.items()]
    partial = path.with_name(f".{path.name}.part")
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), partial, compression="zstd")
    os.replace(partial, path)


def read_released(path: Path, policy: Policy | None = None) -> Protected:
    """Released rows, protected as they were written.

    Raises VersionError for a newer or older schema, SchemaError for another file or other columns,
    DisclosureError where a count is one that ``policy`` (by default the shipped one) never shows.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise SchemaError(f"{path.name} cannot be read as Parquet; run the report again") from None
    marks = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    version, kind = marks.get("watwerkt_schema_version"), marks.get("watwerkt_kind", "")
    if version is None or kind not in COLUMNS:
        raise SchemaError(f"{path.name} was not written by write_released()")
    require_version(kind, int(version) if version.isdigit() else None, path.name)
    if table.schema.remove_metadata() != pa.schema(list(COLUMNS[kind].items())):
        raise SchemaError(f"{path.name}: the columns are not those of {kind}")
    rows = _to_pandas(table)
    policy = policy or read_policy()
    _require_showable(rows, policy, path.name)
    marked = {
        "version": marks["watwerkt_policy_version"],
        "is_synthetic": bool(rows["synthetic"].any()),
    }
    return _seal(rows, kind, policy.model_copy(update=marked), _n_hidden(rows))


def _complete(
    protected: Protected, frame: pd.DataFrame, about: Mapping[str, Any], kind: str
) -> Protected:
    identity = {
        "schema_version": KNOWN[kind],
        "municipality_id": about["municipality_id"],
        "executor_id": about["executor_id"],
        "period_start": pd.Period(about["first_month"], freq="M").start_time,
        "period_end": (pd.Period(about["last_month"], freq="M") + 1).start_time,
        "synthetic": bool(about["synthetic"]),
    }
    rows = frame.assign(**identity).reindex(columns=list(COLUMNS[kind]))
    texts = [name for name, dtype in COLUMNS[kind].items() if dtype == TEXT]
    rows[texts] = rows[texts].astype(object).where(rows[texts].notna(), "")
    policy = read_policy().model_copy(
        update={"version": protected.policy_version, "is_synthetic": identity["synthetic"]}
    )
    return _seal(rows, kind, policy, protected.n_suppressed)


def _require_kind(protected: Protected, kind: str) -> Protected:
    found = require_protected(protected).kind
    if found != kind or kind not in COLUMNS:
        raise DisclosureError(
            f"{found} are not recorded: protect_estimates() or protect_aggregates() makes {kind}"
        )
    return protected


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    whole = {WHOLE: pd.Int64Dtype()}
    return table.to_pandas(types_mapper=whole.get, date_as_object=False, ignore_metadata=True)


def _require_showable(rows: pd.DataFrame, policy: Policy, name: str) -> None:
    """Refuse counts that protection never lets through, and figures without their counts."""
    for column in [c for c in rows.columns if c.startswith("n_")]:
        shown = rows[column].dropna()
        least = policy.round_base if column == "n_clusters" else policy.threshold
        wrong = (shown < least) | (shown % policy.round_base != 0)
        if wrong.any():
            raise DisclosureError(f"{name}: {wrong.sum()} values of {column} were never protected")
    if "estimate" in rows:
        bare = rows["n_persons"].isna() & rows["estimate"].notna()
        if bare.any():
            raise DisclosureError(f"{name}: {bare.sum()} estimates stand without their n_persons")


def _n_hidden(rows: pd.DataFrame) -> int:
    counts = (
        ["n_persons"]
        if "n_persons" in rows.columns
        else [c for c in rows.columns if c.startswith("n_")]
    )
    return int(rows[counts].isna().sum().sum())

"""What came in, what was cleaned, and whether people could be recognised in it."""

import polars as pl

from watwerkt.analysis.bands import band_of
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_means
from watwerkt.disclosure.gap import NO_MONTHS
from watwerkt.panel.prepared import Prepared

NEEDS = {  # chapter → the tables without which it says "not delivered"
    "03": ("benefits", "caseworkers", "assignments", "policies"),
    "04": ("benefits", "contacts", "assignments", "traits"),
}
FOUND = ["rows_kept", "rows_merged", "rows_quarantined"]
BOOKING_LABELS = {
    "estimated": (
        "Half of the exits were booked within {booking_median:.0} days, and 95 in 100 within "
        "{booking_p95:.0} days. The chapters use what happened before {observed_until:date}."
    ),
    "assumed": (
        "The delivery does not say when exits were booked. A delay of {booking_p95:.0} days is "
        "assumed: the chapters use what happened before {observed_until:date}."
    ),
}
NOTHING_FOUND = Gap("No rule found anything to clean.")
CLASS_SIZES = (1, 2, 4, 9)  # people who share a combination of traits: upper end of each band


def accounts_table(accounts: pl.DataFrame, policy: Policy) -> Protected:
    """Rows of the register per table: read = kept + merged + quarantined."""
    return protect_counts(
        accounts.to_pandas(),
        ["rows_read", *FOUND],
        policy,
        by=["table"],
        sums={"rows_read": FOUND},
        of="records",
    )


def ledger_table(ledger: pl.DataFrame, policy: Policy) -> Protected | Gap:
    """Rows of the register that each cleaning rule touched, rules that found nothing left out."""
    found = ledger.filter(pl.col("n_rows") > 0).to_pandas()
    if found.empty:
        return NOTHING_FOUND
    return protect_counts(found, ["n_rows"], policy, by=[("table", "rule", "action")], of="records")


def usable_table(prepared: Prepared, policy: Policy) -> Protected:
    """Rows at hand of each table that a chapter needs; 0 where it was not delivered."""
    kept = dict(prepared.accounts.select("table", "rows_kept").iter_rows())
    rows = [
        {
            "chapter": chapter,
            "table": table,
            "is_delivered": table in kept,
            "rows_kept": kept.get(table, 0),
        }
        for chapter, tables in NEEDS.items()
        for table in tables
    ]
    return protect_counts(
        pl.DataFrame(rows).to_pandas(),
        ["rows_kept"],
        policy,
        by=[("chapter", "table", "is_delivered")],
        of="records",
    )


def booking(prepared: Prepared, policy: Policy) -> Protected:
    """How many days after its end an exit was booked: the median and the 95th percentile."""
    lag = prepared.about["booking_lag_days"]
    ended = prepared.spells.select(pl.col("end_date").is_not_null().sum()).collect().item()
    days = {"booking_median": lag["median"], "booking_p95": lag["p95"]}
    row = pl.DataFrame([{"table": "benefits", **days, "n_persons": ended}]).to_pandas()
    return protect_means(row, list(days), policy, by=["table"], n_persons="n_persons")


def booking_sentence(prepared: Prepared) -> str:
    """What may be said of the booking lag (message id): estimated, or assumed."""
    is_estimated = bool(prepared.about["booking_lag_days"]["is_estimated"])
    return BOOKING_LABELS["estimated" if is_estimated else "assumed"]


def anonymity_table(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """People by how many share their combination of quasi-identifiers (k-anonymity).

    The combination: age band of ten years, sex, household, origin, quarter of entry and district,
    in the first month that a person is seen.
    """
    traits = ["sex", "household_type", "origin", "district_id"]
    first = panel.sort("person_id", "month").group_by("person_id", maintain_order=True).first()
    entry = pl.col("month").dt.offset_by(pl.format("-{}mo", pl.col("months_since_entry")))
    sizes = (
        first.select(
            *(pl.col(name).fill_null(UNKNOWN) for name in traits),
            age=pl.col("age_years") // 10,
            entry_quarter=entry.dt.truncate("1q"),
        )
        .group_by(pl.all())
        .agg(n_sharing=pl.len())
        .group_by(class_size=_class_size())
        .agg(n_persons=pl.col("n_sharing").sum())
        .collect()
    )
    if sizes.is_empty():
        return NO_MONTHS
    return protect_counts(sizes.to_pandas(), ["n_persons"], policy, by=["class_size"])


def _class_size() -> pl.Expr:
    lows = [low + 1 for low in (0, *CLASS_SIZES[:-1])]
    bands: dict[str, int | None] = {
        str(high) if low == high else f"{low}–{high}": high + 1
        for low, high in zip(lows, CLASS_SIZES, strict=True)
    }
    bands[f"{CLASS_SIZES[-1] + 1}+"] = None
    return band_of(pl.col("n_sharing"), bands).cast(pl.Enum(list(bands)))

"""Spells: unbroken periods on benefit (rules B06 and B08), and what is observed of them.

A spell is half-open, ``[start_date, end_date)``: ``end_date`` is the first day without benefit.
"""

from datetime import date

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult
from watwerkt.codebook import codes

NEVER = date(9999, 1, 1)  # the end of a period that is still running
DAYS_APART = 10_000_000  # each person has a stretch of days of their own, so far from the next
OVERLAP = -1  # a gap of at most -1 day is an overlap; periods that only touch do not overlap
STARTS = ["start_date", "until", "benefit_id", "scheme"]
ENDS = ["until", "has_reason", "start_date", "benefit_id", "scheme"]
STARTING = ["is_left_censored"]  # flags of the start; the others hold for the whole spell
END_COLUMNS = [  # of the period that ends the merged one; the others are of the first
    "benefit_id",
    "end_date",
    "exit_reason",
    "exit_destination",
    "end_registered_date",
    "vanished_date",
    "report_month",
]
SORTED = ["person_id", "start_date", "scheme", "benefit_id"]
TERMS = ["exemption", "part_time_income_eur_month"]  # what may change within a benefit
PERIOD_COLUMNS = ["person_id", "spell_id", "start_date", "end_date", *TERMS]
SPELL_COLUMNS = [
    "person_id",
    "spell_id",
    "benefit_id",
    "scheme",
    "start_date",
    "end_date",
    "exit_reason",
    "exit_destination",
    "entry_reason",
    "is_left_censored",
    "risk_end_date",
]


def is_in_scope() -> pl.Expr:
    """True for the schemes that the evaluation is about: PW, IOAW and IOAZ."""
    return pl.col("scheme").is_in(
        [s for s, entry in codes("scheme").items() if entry.get("in_scope")]
    )


def add_spell_edges(benefits: pl.DataFrame, max_gap_days: int) -> pl.DataFrame:
    """Add ``opens_spell`` and ``ends_spell``: which in-scope periods begin and end a spell."""
    numbered = _number_spells(
        benefits.with_row_index("row").filter(is_in_scope()), ["person_id"], max_gap_days
    )
    first = numbered.unique("spell", keep="first", maintain_order=True)["row"]
    last = numbered.sort("spell", *ENDS).unique("spell", keep="last", maintain_order=True)["row"]
    row = pl.int_range(pl.len(), dtype=pl.get_index_type())
    return benefits.with_columns(
        opens_spell=row.is_in(first.implode()), ends_spell=row.is_in(last.implode())
    )


def merge_overlapping_periods(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Overlapping periods of one person in one scheme are merged."""
    merged = _merge_spells(frame, ["person_id", "scheme"], OVERLAP)
    return RuleResult(merged, frame.height - merged.height)


def merge_periods_into_spells(frame: pl.DataFrame, context: Context) -> RuleResult:
    """In-scope periods of one person at most ``max_gap_days`` apart are merged into one spell.

    Makes the table ``periods``: what was merged, with ``spell_id``, for terms that change within a
    spell (exemption, part-time income), which a spell keeps as they were at its start. Of monthly
    reports it holds the periods in which the terms were the same (``terms``, rule B10).
    """
    in_scope = frame.filter(is_in_scope())
    spells = _merge_spells(in_scope, ["person_id"], context.max_gap_days)
    number = pl.int_range(1, pl.len() + 1).over("person_id").cast(pl.String)
    spells = spells.with_columns(spell_id=pl.col("person_id") + "-" + number)
    together = pl.concat([spells, frame.filter(~is_in_scope())], how="diagonal")
    return RuleResult(
        together.sort(SORTED),
        frame.height - together.height,
        derived={"periods": _build_periods(in_scope, spells, context.tables.get("terms"))},
    )


def _build_periods(
    in_scope: pl.DataFrame, spells: pl.DataFrame, terms: pl.DataFrame | None
) -> pl.DataFrame:
    """Payment periods with their spell; in the place of reported ones, what reports said of terms.

    The terms hold until the reports say otherwise, also past an end that was booked late.
    """
    periods = in_scope
    if terms is not None:
        until = pl.col("valid_from").shift(-1).over("person_id")
        told = terms.with_columns(end_date=until).rename({"valid_from": "start_date"})
        periods = pl.concat(
            [in_scope.filter(pl.col("report_month").is_null()), told], how="diagonal"
        )
    placed = periods.sort("start_date").join_asof(
        spells.select("person_id", "start_date", "spell_id").sort("start_date"),
        on="start_date",
        by="person_id",
        check_sortedness=False,
    )
    begun = placed.filter(pl.col("spell_id").is_not_null())
    return begun.select(PERIOD_COLUMNS).sort("person_id", "start_date")


def build_spells(benefits: pl.DataFrame, observed_until: date) -> pl.DataFrame:
    """One row per spell in scope; an end after ``observed_until`` is not yet observed.

    Sorted by ``person_id`` and ``start_date``. ``risk_end_date`` is the first day on which the
    person is out of risk though the spell may run on (B05, B10); null where that does not come.
    """
    is_observed = pl.col("end_date") <= observed_until
    risk_end = pl.min_horizontal("risk_end_date", "vanished_date")
    return (
        benefits.filter(pl.col("spell_id").is_not_null())
        .with_columns(
            *(pl.when(is_observed).then(c).alias(c) for c in END_COLUMNS[1:4]),
            risk_end_date=risk_end,
        )
        .select(SPELL_COLUMNS)
        .sort("person_id", "start_date")
    )


def _number_spells(periods: pl.DataFrame, by: list[str], max_gap_days: int) -> pl.DataFrame:
    """Sort ``periods`` and number in ``spell`` those that belong together."""
    known_ends = [c for c in ("vanished_date", "end_date") if c in periods.columns]
    ordered = periods.with_columns(
        until=pl.coalesce(*known_ends, pl.lit(NEVER)),
        has_reason=pl.col("exit_reason").is_not_null(),
    ).sort(*by, *STARTS)
    stretch = pl.struct(by).rle_id().cast(pl.Int64) * DAYS_APART
    covered_until = (stretch + pl.col("until").cast(pl.Int32)).cum_max().shift()
    gap_days = stretch + pl.col("start_date").cast(pl.Int32) - covered_until
    opens_spell = gap_days.is_null() | (gap_days > max_gap_days)
    return ordered.with_columns(spell=opens_spell.cum_sum())


def _merge_spells(periods: pl.DataFrame, by: list[str], max_gap_days: int) -> pl.DataFrame:
    """Merge the periods that belong together; the risk ends when that of the first of them does."""
    numbered = _number_spells(periods, by, max_gap_days)
    is_part = pl.col("spell").is_duplicated()
    ends = [c for c in END_COLUMNS if c in periods.columns]
    flags = [c for c, kind in periods.schema.items() if kind == pl.Boolean and c not in STARTING]
    earliest = [c for c in ("risk_end_date",) if c in periods.columns]
    starts = [c for c in periods.columns if c not in {*ends, *flags, *earliest}]
    merged = (
        numbered.filter(is_part)
        .group_by("spell")
        .agg(
            pl.col(starts).first(),
            pl.col(ends).sort_by(ENDS).last(),
            pl.col(flags).any(),
            pl.col(earliest).min(),
        )
    )
    alone = numbered.filter(~is_part)
    return pl.concat([alone.select(periods.columns), merged.select(periods.columns)]).sort(SORTED)

"""Rules for assignments and caseworkers: A01-A04 and W01."""

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult, flag_rows, quarantine_rows

WITHIN_ROLE = ["person_id", "role"]


def drop_empty_assignments(frame: pl.DataFrame, context: Context) -> RuleResult:
    """An assignment does not end on or before its first day."""
    return quarantine_rows(frame, pl.col("end_date") <= pl.col("start_date"))


def drop_displaced_assignments(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Of assignments that start on one day within one role, all but the last have no day left."""
    roles = frame.select("start_date", "person_id", role=_role(frame, context))
    displaced = ~roles.select(is_last=pl.struct(*WITHIN_ROLE, "start_date").is_last_distinct())[
        "is_last"
    ]
    return quarantine_rows(frame, pl.lit(displaced))


def repair_overlapping_assignments(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Of overlapping assignments within one role the latest start wins from its day on.

    The earlier one ends there. Roles that are not known count as one role; a planned assignment
    ends no other yet.
    """
    rows = frame.with_row_index("row").with_columns(role=_role(frame, context))
    known = rows.filter(pl.col("start_date") <= context.extract_date).sort(
        *WITHIN_ROLE, "start_date"
    )
    follows = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in WITHIN_ROLE
    )
    next_start = pl.when(follows).then(pl.col("start_date").shift(-1))
    following = known.select("row", next_start=next_start)
    timed = rows.join(following, on="row", how="left", maintain_order="left")
    is_cut = pl.col("next_start").is_not_null() & (
        pl.col("end_date").is_null() | (pl.col("end_date") > pl.col("next_start"))
    )
    result = flag_rows(timed, "is_overlapping", is_cut)
    cut = pl.when("is_overlapping").then("next_start").otherwise("end_date")
    repaired = result.frame.with_columns(end_date=cut).drop("row", "role", "next_start")
    return RuleResult(repaired, result.n_rows)


def flag_missing_history(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Where no assignment has ended, only the current caseworker is known."""
    return flag_rows(
        frame, "is_without_history", ~(pl.col("end_date") <= context.extract_date).any()
    )


def flag_missing_fte(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A caseworker without FTE counts as one: caseload is per head there."""
    return flag_rows(frame, "is_per_head", pl.col("fte").is_null())


def _role(assignments: pl.DataFrame, context: Context) -> pl.Series:
    """The role of each assignment's caseworker when it started, or else her first role."""
    if "caseworkers" not in context.tables:
        return pl.Series("role", [None] * assignments.height, pl.String)
    return look_up_caseworker(assignments, "start_date", context.tables["caseworkers"], "role")


def look_up_caseworker(
    rows: pl.DataFrame, day: str, caseworkers: pl.DataFrame, column: str
) -> pl.Series:
    """``column`` of each row's caseworker on ``day``, or else in her first period."""
    periods = caseworkers.select("caseworker_id", column, "start_date").sort("start_date", column)
    asked = rows.select("caseworker_id", day).with_row_index("row").sort(day)
    first = periods.unique("caseworker_id", keep="first", maintain_order=True)
    return (
        asked.join_asof(
            periods,
            left_on=day,
            right_on="start_date",
            by="caseworker_id",
            check_sortedness=False,
        )
        .join(first.select("caseworker_id", first=column), on="caseworker_id", how="left")
        .sort("row")
        .select(pl.coalesce(column, "first").alias(column))[column]
    )

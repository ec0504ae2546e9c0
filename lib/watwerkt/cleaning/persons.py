"""Rules for who a client is (P01, P02), and for rows about nobody known (B04, A01, C01, S01)."""

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult, flag_rows, quarantine_rows

OLDEST_YEARS = 110


def drop_impossible_birth_years(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A birth year after the extract, or more than 110 years before it, is impossible."""
    latest = context.extract_date.year
    return quarantine_rows(frame, ~pl.col("birth_year").is_between(latest - OLDEST_YEARS, latest))


def merge_conflicting_identities(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Of a person with two birth years or sexes the latest row stays; the others go into it."""
    conflicting = frame.with_columns(is_identity_conflicting=pl.col("person_id").is_duplicated())
    kept = conflicting.unique("person_id", keep="last", maintain_order=True)
    return RuleResult(kept, frame.height - kept.height)


def flag_conflicting_identities(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A person who had two birth years or sexes is flagged."""
    return flag_rows(frame, "is_identity_conflicting", pl.col("is_identity_conflicting"))


def drop_unknown_persons(frame: pl.DataFrame, context: Context) -> RuleResult:
    """The person of a row is unknown among the clients."""
    return quarantine_rows(frame, is_unknown_person(context))


def is_unknown_person(context: Context) -> pl.Expr:
    """True where ``person_id`` is not among the clients that were kept."""
    return ~pl.col("person_id").is_in(context.tables["clients"]["person_id"].implode())

"""Rules for contacts, each by itself: C02, C03 and C04."""

import polars as pl

from watwerkt.cleaning.repeats import find_repeated, without_rows
from watwerkt.cleaning.rule import Context, RuleResult, flag_rows
from watwerkt.codebook import codes

SAME_CONTACT = ["person_id", "contact_date", "channel", "caseworker_id"]
LATE_DAYS = 90


def merge_repeated_contacts(frame: pl.DataFrame, context: Context) -> RuleResult:
    """One contact booked twice (person, day, channel, caseworker) is one contact.

    The booking that says the client was reached stays, else the first registered.
    """
    order = ["is_reached", "registered_date", "contact_id"]
    rows = frame.select(*SAME_CONTACT, *order).with_row_index("row")
    repeated = rows.filter(find_repeated(frame, SAME_CONTACT))
    best_first = repeated.sort(order, descending=[True, False, False], nulls_last=True)
    kept = best_first.unique(SAME_CONTACT, keep="first", maintain_order=True)["row"]
    others = repeated.filter(~pl.col("row").is_in(kept.implode()))["row"]
    if others.is_empty():
        return RuleResult(frame, 0)
    return RuleResult(without_rows(frame, others), len(others))


def flag_phase(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A contact before entry, or on or after the exit day, is kept but is never exposure.

    Adds ``phase``: before (the first spell), during, after (a spell, until the next one starts), or
    none (no spell in scope); and ``is_personal``, by channel.
    """
    spells = context.tables["benefits"].filter(pl.col("spell_id").is_not_null())
    latest = _add_latest_spell(frame.select("person_id", "contact_date"), spells)
    has_ended = pl.col("end_date") <= pl.min_horizontal("contact_date", context.extract_date)
    phase = latest.select(
        phase=pl.when(pl.col("person").is_null())
        .then(pl.lit("none"))
        .when(pl.col("start_date").is_null())
        .then(pl.lit("before"))
        .when(has_ended)
        .then(pl.lit("after"))
        .otherwise(pl.lit("during"))
    )["phase"]
    personal = [channel for channel, entry in codes("channel").items() if entry.get("personal")]
    phased = frame.with_columns(phase, is_personal=pl.col("channel").is_in(personal))
    return RuleResult(phased, int(phase.is_in(["before", "after"]).sum()))


def flag_late_registration(frame: pl.DataFrame, context: Context) -> RuleResult:
    """A contact registered more than 90 days after it took place is late."""
    days = (pl.col("registered_date") - pl.col("contact_date")).dt.total_days()
    return flag_rows(frame, "is_late", days > LATE_DAYS)


def _add_latest_spell(contacts: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Add start and end of the person's latest spell begun by then; ``person`` is a number."""
    persons = spells.select(pl.col("person_id").unique()).with_row_index("person")
    begun = spells.join(persons, on="person_id").select("person", "start_date", "end_date")
    numbered = contacts.join(persons, on="person_id", how="left", maintain_order="left")
    return (
        numbered.select("person", "contact_date")
        .with_row_index("row")
        .sort("contact_date")
        .join_asof(
            begun.sort("start_date"),
            left_on="contact_date",
            right_on="start_date",
            by="person",
            check_sortedness=False,
        )
        .sort("row")
    )

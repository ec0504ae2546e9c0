"""Rule B07: exits whose reason lies with the partner."""

import polars as pl

from watwerkt.cleaning.rule import Context, RuleResult
from watwerkt.cleaning.spells import add_spell_edges
from watwerkt.codebook import UNKNOWN, destinations

REASON_LIES_WITH_PARTNER = "97"
SAME_EXIT_DAYS = 31  # partners leave one benefit together; bookings may differ by a payment month


def repair_partner_exits(frame: pl.DataFrame, context: Context) -> RuleResult:
    """Exit code 97 becomes ``partner_work`` where the partner left for work, else ``household``.

    The partner is another person on the same benefit whose spell ends within 31 days of the exit.
    Adds ``exit_destination`` to every period that has ended; never own work for the partner's.
    """
    exits = add_spell_edges(frame, context.max_gap_days).with_columns(
        exit_destination=pl.when(pl.col("end_date").is_not_null()).then(
            pl.col("exit_reason").replace_strict(destinations(), default=UNKNOWN)
        )
    )
    rows = exits.with_row_index("row")
    lies_with_partner = pl.col("exit_reason") == REASON_LIES_WITH_PARTNER
    ends_for_work = pl.col("ends_spell") & (pl.col("exit_destination") == "work")
    partner = rows.filter(ends_for_work, pl.col("end_date") <= context.extract_date)
    pairs = rows.filter(lies_with_partner).join(partner, on="benefit_id", suffix="_partner")
    days_apart = (pl.col("end_date") - pl.col("end_date_partner")).dt.total_days().abs()
    matched = pairs.filter(
        pl.col("person_id") != pl.col("person_id_partner"), days_apart <= SAME_EXIT_DAYS
    )["row"]
    by_partner_work = pl.int_range(pl.len(), dtype=pl.get_index_type()).is_in(matched.implode())
    resolved = exits.with_columns(
        exit_destination=pl.when(by_partner_work)
        .then(pl.lit("partner_work"))
        .otherwise("exit_destination")
    )
    n_rows = frame.select(lies_with_partner.sum()).item()
    return RuleResult(resolved.drop("opens_spell", "ends_spell"), n_rows)

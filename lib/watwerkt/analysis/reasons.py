"""Why benefits ended, as far as the register says: unknown reasons, the partner's, code 11."""

import pandas as pd
import polars as pl

from watwerkt.analysis.incidence import Window
from watwerkt.cleaning.partners import REASON_LIES_WITH_PARTNER
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import TOTAL, Gap, Policy, Protected, protect_shares
from watwerkt.disclosure.gap import NO_EXITS, NO_REASONS

OTHER_REASON = "98"
WORK_OR_SICKNESS = "11"
SHARES = ("share_unknown", "share_other", "share_partner", "share_partner_work")
NO_JOBS = Gap("Not delivered: jobs, with which “work or sickness benefit” could be told apart.")
NO_CODE_11 = Gap("No exit has the code “work or sickness benefit”.")


def reasons_by_year(spells: pl.LazyFrame, window: Window, policy: Policy) -> Protected | Gap:
    """Share of exits per year, and in all, without a reason, with "other" and with the partner's.

    ``n_partner_work``: the reason lies with the partner, who left for work (B07).
    """
    ended = _ended(spells, window)
    if ended is None:
        return NO_REASONS
    reason, destination = pl.col("exit_reason"), pl.col("exit_destination")
    with_partner = reason == REASON_LIES_WITH_PARTNER
    found = (reason == UNKNOWN, reason == OTHER_REASON, with_partner, destination == "partner_work")
    return _by_year(ended, dict(zip(SHARES, found, strict=True)), policy)


def work_confirmed(
    spells: pl.LazyFrame, jobs: pl.LazyFrame | None, window: Window, policy: Policy
) -> Protected | Gap:
    """Exits with code 11, "work or sickness benefit", and the share of them that a job confirms.

    Confirmed: a job in the month of the last day on benefit, or in the month after it.
    """
    ended = _ended(spells, window)
    if ended is None:
        return NO_REASONS
    if jobs is None:
        return NO_JOBS
    exits = ended.filter(pl.col("exit_reason") == WORK_OR_SICKNESS)
    if exits.is_empty():
        return NO_CODE_11
    worked = jobs.select("person_id", job_month=pl.col("month").dt.month_start()).unique().collect()
    last = pl.col("end_date").dt.offset_by("-1d").dt.month_start()
    found = pl.concat(
        exits.select("spell_id", "person_id", job_month=last.dt.offset_by(f"{later}mo")).join(
            worked, on=["person_id", "job_month"], how="semi"
        )
        for later in (0, 1)
    )
    is_confirmed = pl.col("spell_id").is_in(found["spell_id"].unique().implode())
    row = exits.select(
        pl.lit(WORK_OR_SICKNESS).alias("exit_reason"),
        n_exits=pl.len(),
        n_confirmed=is_confirmed.sum(),
    )[:1]
    return protect_shares(
        row.to_pandas(), {"share_confirmed": ("n_confirmed", "n_exits")}, policy, by=["exit_reason"]
    )


def _ended(spells: pl.LazyFrame, window: Window) -> pl.DataFrame | None:
    """Spells that ended within the window; None where no reason was delivered at all."""
    last_day = pl.col("end_date").dt.offset_by("-1d")
    inside = (last_day >= window.start) & (pl.col("end_date") <= window.until)
    columns = ("spell_id", "person_id", "end_date", "exit_reason", "exit_destination")
    ended = spells.filter(inside).select(columns).with_columns(year=last_day.dt.year()).collect()
    if ended.height and not ended["exit_reason"].count():
        return None
    return ended.with_columns(pl.col("exit_reason").fill_null(UNKNOWN))


def _by_year(exits: pl.DataFrame, shares: dict[str, pl.Expr], policy: Policy) -> Protected | Gap:
    if exits.is_empty():
        return NO_EXITS
    counts = {name.replace("share", "n"): is_so for name, is_so in shares.items()}
    years = (
        exits.group_by("year")
        .agg(n_exits=pl.len(), **{n: is_so.sum() for n, is_so in counts.items()})
        .sort("year")
        .to_pandas()
    )
    whole = years.drop(columns="year").sum().to_frame().T.assign(year=TOTAL)
    table = pd.concat([years.astype({"year": object}), whole], ignore_index=True)
    return protect_shares(
        table,
        {name: (name.replace("share", "n"), "n_exits") for name in shares},
        policy,
        by=["year"],
        totals=["year"],
    )

"""What is seen of people after they left: aftercare, and jobs where these were delivered.

A description. Whoever gets aftercare was chosen for it, so that those with and without it differ
in more than the aftercare.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.destination import GROUPS, OUTSIDE
from watwerkt.analysis.sustained import is_back_within
from watwerkt.disclosure import Gap, Policy, Protected, protect_means, protect_shares
from watwerkt.disclosure.gap import NO_CONTACTS, NO_EXITS, TOO_FEW

AFTERCARE_MONTHS = 3
FOLLOWED_MONTHS = 12
JOB_MONTHS = (1, 6, 12)
PAY = ("hours_month", "wage_eur_month")
NO_AFTERCARE = Gap("No personal contact after leaving was registered in these months.")
NO_JOBS = Gap("Not delivered: jobs, with hours and wage by month.")
NO_PAY = Gap("Of people who left for work, no hours and wages were delivered.")


def aftercare_by_destination(
    exits: pl.DataFrame, contacts: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Who was spoken to in the three months after leaving, by destination."""
    found = _add_aftercare(exits, contacts)
    if isinstance(found, Gap):
        return found
    counts = found.group_by("destination_group").agg(
        n_exits=pl.len(), n_with_aftercare=pl.col("has_aftercare").sum()
    )
    shares = {"share_with_aftercare": ("n_with_aftercare", "n_exits")}
    return protect_shares(_in_order(counts), shares, policy, by=["destination_group"])


def returns_by_aftercare(
    exits: pl.DataFrame, contacts: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Who came back from the fourth to the twelfth month, with and without aftercare before.

    Both are of people who were still out after three months: else aftercare would look good only
    because whoever came back sooner had no time to get any.
    """
    found = _add_aftercare(exits, contacts)
    if isinstance(found, Gap):
        return found
    counts = found.group_by("has_aftercare").agg(
        n_exits=pl.len(), n_back=is_back_within(FOLLOWED_MONTHS).sum()
    )
    shares = {"share_back": ("n_back", "n_exits")}
    ordered = counts.sort("has_aftercare", descending=True).to_pandas()
    return protect_shares(ordered, shares, policy, by=["has_aftercare"])


def jobs_by_destination(
    exits: pl.DataFrame, jobs: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Who had a job 1, 6 and 12 months after leaving, by destination; back on benefit or not."""
    found = _add_jobs(exits, jobs)
    if isinstance(found, Gap):
        return found
    working = {f"n_working_{m}m": pl.col(f"has_job_{m}m").sum() for m in JOB_MONTHS}
    counts = found.group_by("destination_group").agg(n_exits=pl.len(), **working)
    shares = {f"share_working_{m}m": (f"n_working_{m}m", "n_exits") for m in JOB_MONTHS}
    return protect_shares(_in_order(counts), shares, policy, by=["destination_group"])


def pay_after_work(
    exits: pl.DataFrame, jobs: pl.LazyFrame | None, policy: Policy
) -> Protected | Gap:
    """Median hours and wage a month of those with a job, 1, 6 and 12 months after leaving for work.

    Others work at each moment: people stop, start and come back.
    """
    found = _add_jobs(exits, jobs)
    if isinstance(found, Gap):
        return found
    left = found.filter(pl.col("destination_group") == "work")
    rows = [
        left.drop_nulls([f"{name}_{m}m" for name in PAY]).select(
            months_after=pl.lit(m),
            n_persons=pl.col("person_id").n_unique(),
            median_hours_month=pl.col(f"hours_month_{m}m").median(),
            median_wage_eur_month=pl.col(f"wage_eur_month_{m}m").median(),
        )
        for m in JOB_MONTHS
    ]
    table = pl.concat(rows).filter(pl.col("n_persons") > 0).to_pandas()
    if table.empty:
        return NO_PAY
    medians = {"median_hours_month": 0.5, "median_wage_eur_month": 0.5}
    return protect_means(
        table, [], policy, by=["months_after"], n_persons="n_persons", quantiles=medians
    )


def _add_aftercare(exits: pl.DataFrame, contacts: pl.LazyFrame | None) -> pl.DataFrame | Gap:
    """Exits followed for a year and still out after three months, with ``has_aftercare``."""
    if contacts is None:
        return NO_CONTACTS
    still_out = exits.filter(
        pl.col("followed_months") >= FOLLOWED_MONTHS, pl.col("out_months") > AFTERCARE_MONTHS
    )
    if still_out.is_empty():
        return NO_EXITS if exits.is_empty() else TOO_FEW
    held = contacts.filter(pl.col("phase") == "after", "is_personal", "is_reached")
    until = pl.col("end_date").dt.offset_by(f"{AFTERCARE_MONTHS}mo")
    spoken = (
        still_out.lazy()
        .join(held.select("person_id", "contact_date"), on="person_id")
        .filter(pl.col("contact_date") > pl.col("end_date"), pl.col("contact_date") < until)
        .select("person_id", "end_date", has_aftercare=pl.lit(True))
        .unique()
        .collect()
    )
    if spoken.is_empty():
        return NO_AFTERCARE
    marked = still_out.join(spoken, on=["person_id", "end_date"], how="left", maintain_order="left")
    return marked.with_columns(pl.col("has_aftercare").fill_null(False))


def _add_jobs(exits: pl.DataFrame, jobs: pl.LazyFrame | None) -> pl.DataFrame | Gap:
    """Exits that jobs cover for a year, with job, hours and wage so many months after the exit."""
    if jobs is None or jobs.limit(1).collect().is_empty():
        return NO_JOBS
    held = _pay_by_month(jobs)
    left = pl.col("end_date").dt.offset_by("-1d").dt.month_start()
    found = exits.filter(
        pl.col("followed_months") >= FOLLOWED_MONTHS,
        left >= held["month"].min(),
        left.dt.offset_by(f"{max(JOB_MONTHS)}mo") <= held["month"].max(),
    )
    if found.is_empty():
        return NO_EXITS if exits.is_empty() else TOO_FEW
    for m in JOB_MONTHS:
        then = held.rename({name: f"{name}_{m}m" for name in ("has_job", *PAY)})
        found = found.with_columns(month=left.dt.offset_by(f"{m}mo")).join(
            then, on=["person_id", "month"], how="left", maintain_order="left"
        )
    return found.with_columns(pl.col(f"has_job_{m}m").fill_null(False) for m in JOB_MONTHS)


def _pay_by_month(jobs: pl.LazyFrame) -> pl.DataFrame:
    """One row per person and month with a job: hours and wage of all jobs, where all are known."""
    present = jobs.collect_schema().names()
    pay = [pl.col(c) if c in present else pl.lit(None, pl.Float64).alias(c) for c in PAY]
    known = [pl.when(pl.col(c).is_not_null().all()).then(pl.col(c).sum()) for c in PAY]
    return (
        jobs.select("person_id", "month", *pay)
        .group_by("person_id", "month")
        .agg(*(e.alias(c) for e, c in zip(known, PAY, strict=True)), has_job=pl.lit(True))
        .collect()
    )


def _in_order(counts: pl.DataFrame) -> pd.DataFrame:
    order = pd.CategoricalDtype([group for group in GROUPS if group != OUTSIDE], ordered=True)
    return counts.sort("destination_group").to_pandas().astype({"destination_group": order})

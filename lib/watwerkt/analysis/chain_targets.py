"""Targets of the policy against practice: placements, contacts and caseload, per year."""

import polars as pl

from watwerkt.analysis.chain import NO_CHAIN
from watwerkt.analysis.chain_conformance import NO_CHAIN_POLICY
from watwerkt.analysis.incidence import Window
from watwerkt.chain_policy import ChainPolicy
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_means

NO_WHOLE_YEAR = Gap("No calendar year is observed as a whole.")
NO_PLACEMENTS = Gap("No placement was registered in these years.")
NO_TARGETS = Gap("The policy on paper names no target for contacts or caseload.")
NO_PRACTICE = Gap("Neither contacts nor caseloads are known well enough to set against a target.")


def placements_by_year(
    events: pl.LazyFrame | None, chain: ChainPolicy | None, window: Window, policy: Policy
) -> Protected | Gap:
    """People placed per whole year, beside the target of the policy where it has one.

    A person who was placed twice in a year counts once.
    """
    if events is None:
        return NO_CHAIN
    years = _whole_years(window)
    if not years:
        return NO_WHOLE_YEAR
    placed = (
        events.filter(pl.col("step") == "placement")
        .group_by(year=pl.col("event_date").dt.year())
        .agg(n_placed=pl.col("person_id").n_unique())
        .filter(pl.col("year").is_in(years))
        .collect()
    )
    if placed.is_empty():
        return NO_PLACEMENTS
    every = pl.DataFrame({"year": years}, schema={"year": pl.Int32})
    table = every.join(placed, on="year", how="left").with_columns(pl.col("n_placed").fill_null(0))
    target = chain.target_placements_year if chain else None
    if target is None:
        return protect_counts(table.to_pandas(), ["n_placed"], policy, by=["year"])
    table = table.with_columns(target_placements_year=pl.lit(target))
    together = [("year", "target_placements_year")]
    return protect_counts(table.to_pandas(), ["n_placed"], policy, by=together)


def dose_by_year(
    panel: pl.LazyFrame, chain: ChainPolicy | None, window: Window, policy: Policy
) -> Protected | Gap:
    """Contacts of a client a year, and the caseload clients were in, beside the policy's targets.

    Contacts are twelve times the mean of the months in which registration did not fail.
    """
    if chain is None:
        return NO_CHAIN_POLICY
    targets = {
        "contacts_year": ("target_contacts_year", chain.target_contacts_year),
        "caseload_fte": ("target_caseload", chain.target_caseload),
    }
    wanted = {name: pair for name, pair in targets.items() if pair[1] is not None}
    if not wanted:
        return NO_TARGETS
    found = _practice(panel, window)
    shown = {name: pair for name, pair in wanted.items() if found[name].count()}
    if not shown:
        return NO_PRACTICE
    table = found.select("year", "n_persons", "n_caseworkers", *shown).with_columns(
        **{target: pl.lit(value) for target, value in shown.values()}
    )
    means = [name for pair in ((k, v[0]) for k, v in shown.items()) for name in pair]
    return protect_means(
        table.to_pandas(), means, policy, by=["year"], n_persons="n_persons",
        n_caseworkers="n_caseworkers",
    )  # fmt: skip


def _practice(panel: pl.LazyFrame, window: Window) -> pl.DataFrame:
    is_known = pl.col("is_contact_known").fill_null(False)
    return (
        panel.filter(pl.col("month").dt.year().is_in(_whole_years(window)))
        .group_by(year=pl.col("month").dt.year())
        .agg(
            contacts_year=12 * pl.col("n_contacts_month").filter(is_known).mean(),
            caseload_fte=pl.col("caseload_fte").mean(),
            n_persons=pl.col("person_id").n_unique(),
            n_caseworkers=pl.col("caseworker_id").n_unique(),
        )
        .sort("year")
        .collect()
    )


def _whole_years(window: Window) -> list[int]:
    first = window.start.year + ((window.start.month, window.start.day) > (1, 1))
    return list(range(first, window.until.year))

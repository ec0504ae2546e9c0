"""The panel: one row per person and month at risk, built a block of persons at a time.

Persons are numbered in the order of their ids and dealt out in blocks, so that memory stays flat,
every block comes sorted, and the panel is the same whatever the number of blocks.
"""

from collections.abc import Iterator

import polars as pl

from watwerkt.cleaning.clean import Cleaned
from watwerkt.panel.caseload import add_caseload, add_mean_caseload, add_team
from watwerkt.panel.circumstances import add_benefit_terms, add_errors, add_jobs, add_services
from watwerkt.panel.columns import complete_columns
from watwerkt.panel.contact_history import add_contact_history, add_contact_known
from watwerkt.panel.holdings import find_caseworker
from watwerkt.panel.months import first_day
from watwerkt.panel.person_months import expand_spells
from watwerkt.panel.running import add_latest, place
from watwerkt.panel.sources import Sources, build_sources
from watwerkt.panel.traits import add_client, add_dated_traits


def build_panel(cleaned: Cleaned, n_partitions: int = 1) -> Iterator[pl.DataFrame]:
    """Build the panel in at most ``n_partitions`` frames, at least one.

    Columns and types of ``PANEL_COLUMNS``; sorted by ``person_id`` and ``month``, within a frame
    and from one to the next.
    """
    sources = build_sources(cleaned)
    del cleaned  # the sources hold what is needed of it
    n_persons = sources.persons.height
    size = max(1, -(-n_persons // n_partitions))
    for first in range(0, max(1, n_persons), size):
        yield _build_block(sources, first, first + size)


def _build_block(sources: Sources, first: int, until: int) -> pl.DataFrame:
    """The months of the persons ``first`` up to ``until``."""
    block = {
        name: table.lazy().filter(pl.col("person").is_between(first, until, closed="left"))
        for name, table in sources.by_person.items()
    }
    rows = expand_spells(block["spells"], sources.window)
    for add in (_add_person, _add_caseworker, _add_contacts):
        rows = add(rows.collect().lazy(), block, sources)  # what is used twice is built once
    names = block["spells"].select("spell", "person", "spell_id", "benefit_id")
    names = names.join(sources.persons.lazy(), on="person").drop("person")
    return (
        rows.join(names, on="spell", how="left", maintain_order="left")
        .with_columns(
            month=first_day(pl.col("month")), municipality_id=pl.lit(sources.municipality_id)
        )
        .pipe(complete_columns)
        .collect()
    )


def _add_person(
    rows: pl.LazyFrame, block: dict[str, pl.LazyFrame], sources: Sources
) -> pl.LazyFrame:
    rows = add_client(rows, block["clients"])
    rows = add_benefit_terms(rows, block["periods"], sources.known_terms)
    if "traits" in block:
        rows = add_dated_traits(rows, block["traits"], sources.dated_traits)
    if "jobs" in block:
        rows = add_jobs(rows, block["jobs"], sources.window)
    if "services" in block:
        rows = add_services(rows, block["services"])
    if "admin_errors" in block:
        rows = add_errors(rows, block["admin_errors"])
    return rows


def _add_caseworker(
    rows: pl.LazyFrame, block: dict[str, pl.LazyFrame], sources: Sources
) -> pl.LazyFrame:
    if "holdings" not in block:
        return rows
    held = find_caseworker(rows, block["holdings"]).with_columns(desk=place("caseworker_id", "day"))
    held = held.join(_describe_desks(held, sources), on="desk", how="left", maintain_order="left")
    held = add_caseload(held).drop("desk", "day")
    return add_mean_caseload(add_latest(rows, held, on="month", by="person", at_most=0))


def _describe_desks(held: pl.LazyFrame, sources: Sources) -> pl.LazyFrame:
    """Caseload, team and staffing shock, once for each caseworker and day (``desk``)."""
    shared = {name: table.lazy() for name, table in sources.shared.items()}
    desks = held.select("desk", "caseworker_id", "month", "day").unique("desk").sort("desk")
    desks = desks.join(
        shared["caseloads"], on=["caseworker_id", "month"], how="left", maintain_order="left"
    )
    if "caseworkers" in shared:
        desks = add_team(desks, shared["caseworkers"])
    if "shocks" in shared:
        desks = desks.join(shared["shocks"], on=["team_id", "month"], how="left")
    return desks.drop("caseworker_id", "month", "day")


def _add_contacts(
    rows: pl.LazyFrame, block: dict[str, pl.LazyFrame], sources: Sources
) -> pl.LazyFrame:
    if "contact_months" not in block:
        return rows
    collapsed = sources.shared.get("collapsed")
    rows = add_contact_known(
        add_contact_history(rows, block["contact_months"]),
        sources.first_contact,
        None if collapsed is None else collapsed.lazy(),
    )
    return rows if sources.is_reach_known else rows.drop("n_no_show_3m")

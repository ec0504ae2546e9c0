"""What the panel is built from: persons numbered, and what spans persons summed once."""

from dataclasses import dataclass

import polars as pl

from watwerkt import schemas
from watwerkt.cleaning.clean import Cleaned
from watwerkt.panel.caseload import build_caseloads
from watwerkt.panel.contact_history import build_contact_months
from watwerkt.panel.holdings import assign_last_contact, build_holdings, caseload_source
from watwerkt.panel.months import Window, month_of, observed_window
from watwerkt.panel.person_months import add_follow_up
from watwerkt.panel.staffing import build_staffing_shocks
from watwerkt.panel.traits import dated_traits, gather_traits

CONTACT_COLUMNS = ["person_id", "contact_date", "channel", "initiative", "is_reached", "phase"]
AS_DELIVERED = ("clients", "traits", "periods", "services", "jobs", "admin_errors")


@dataclass(frozen=True, slots=True)
class Sources:
    """What the months of a block of persons are built from; what is not delivered is absent.

    Attributes
    ----------
    persons : ``person`` (0, 1, …) of every ``person_id`` that has a spell, in order.
    by_person : frames with ``person`` in the place of ``person_id``: ``spells``, ``holdings``,
        ``contact_months``, and the tables of ``AS_DELIVERED``.
    shared : ``caseworkers``; ``caseloads`` per caseworker × month; ``shocks`` and ``collapsed`` per
        team × month.
    known_terms : the columns of ``periods`` that hold any value.
    first_contact : the first month with any contact in the delivery.
    is_reach_known : whether contacts say if the client was reached.
    """

    municipality_id: str
    window: Window
    persons: pl.DataFrame
    by_person: dict[str, pl.DataFrame]
    shared: dict[str, pl.DataFrame]
    dated_traits: list[str]
    known_terms: list[str]
    first_contact: int | None
    is_reach_known: bool


def build_sources(cleaned: Cleaned) -> Sources:
    """Number the persons, and sum up what spans them."""
    about, tables = cleaned.about, _number_caseworkers(_complete(cleaned.tables))
    window = observed_window(about.first_month, about.last_month, cleaned.observed_until)
    persons = cleaned.spells.select("person_id").unique().sort("person_id").with_row_index("person")
    by_person = {name: _number(tables[name], persons) for name in AS_DELIVERED if name in tables}
    if (traits := gather_traits(tables)) is not None:
        by_person["traits"] = _number(traits, persons)
    by_person["spells"] = add_follow_up(_number(cleaned.spells, persons), cleaned.observed_until)
    first_contact = None
    if "contacts" in tables:
        contacts = tables["contacts"].lazy().filter("is_personal").select(CONTACT_COLUMNS)
        numbered = contacts.join(persons.lazy(), on="person_id")
        by_person["contact_months"] = build_contact_months(numbered).collect()
        first_contact = tables["contacts"].select(month_of(pl.col("contact_date")).min()).item()
    if caseload_source(tables) != "none":
        by_person["holdings"] = _build_holdings(tables, persons, by_person["spells"])
    return Sources(
        municipality_id=about.municipality_id,
        window=window,
        persons=persons,
        by_person=by_person,
        shared=_build_shared(cleaned, tables, by_person.get("holdings"), window),
        dated_traits=dated_traits(tables),
        known_terms=[column.name for column in tables["periods"] if column.count()],
        first_contact=first_contact,
        is_reach_known="is_reach_assumed" not in tables.get("contacts", pl.DataFrame()).columns,
    )


def _build_holdings(
    tables: dict[str, pl.DataFrame], persons: pl.DataFrame, spells: pl.DataFrame
) -> pl.DataFrame:
    source = caseload_source(tables)
    held = _number(tables[source], persons)
    assignments = assign_last_contact(held) if source == "contacts" else held
    return build_holdings(assignments, spells, tables.get("caseworkers"))


def _build_shared(
    cleaned: Cleaned,
    tables: dict[str, pl.DataFrame],
    holdings: pl.DataFrame | None,
    window: Window,
) -> dict[str, pl.DataFrame]:
    shared = {}
    caseworkers = tables.get("caseworkers")
    if caseworkers is not None:
        shared["caseworkers"] = caseworkers
    if holdings is not None:
        shared["caseloads"] = build_caseloads(holdings, caseworkers, window)
    if holdings is not None and caseworkers is not None and _knows_departures(cleaned):
        shared["shocks"] = build_staffing_shocks(holdings.lazy(), caseworkers.lazy(), window)
    if "registration" in tables:
        collapsed = tables["registration"].filter("is_collapsed")
        shared["collapsed"] = collapsed.select("team_id", month=month_of(pl.col("month")))
    return shared


def _knows_departures(cleaned: Cleaned) -> bool:
    """Whether who left, with how many clients, is known: dated assignments (not A04), team, FTE."""
    tables, ledger = cleaned.tables, cleaned.ledger
    no_history = ledger.filter((pl.col("rule") == "A04") & (pl.col("n_rows") > 0))
    if caseload_source(tables) != "assignments" or not no_history.is_empty():
        return False
    caseworkers = tables.get("caseworkers", pl.DataFrame())
    if not {"team_id", "fte", "leave_reason"} <= set(caseworkers.columns):
        return False
    return caseworkers["team_id"].count() > 0 and caseworkers["fte"].count() > 0


def _complete(delivered: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every table with its canonical columns; one that was not delivered is null."""
    known = schemas.tables()
    return {
        name: table.with_columns(
            pl.lit(None, dtype).alias(column)
            for column, dtype in known[name].dtypes().items()
            if column not in table.columns
        )
        if name in known
        else table
        for name, table in delivered.items()
    }


def _number_caseworkers(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every ``caseworker_id`` as one ``pl.Enum``: text to look at, a number to join on."""
    holders = {name: table for name, table in tables.items() if "caseworker_id" in table.columns}
    names = [table["caseworker_id"].unique() for table in holders.values()]
    known = pl.Enum(pl.concat(names).drop_nulls().unique().sort() if names else [])
    return tables | {
        name: table.with_columns(pl.col("caseworker_id").cast(known))
        for name, table in holders.items()
    }


def _number(table: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Put the number of the person in the place of the id; others than ``persons`` fall out."""
    return table.join(persons, on="person_id").drop("person_id")

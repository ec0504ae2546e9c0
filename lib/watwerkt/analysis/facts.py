"""What is known of a delivery as a whole: the facts on which each verdict rests, never shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from watwerkt.analysis.coverage import find_gaps
from watwerkt.analysis.destination import STAY, UNEXPLAINED, destination_group
from watwerkt.cleaning.booking_lag import DAYS_PER_MONTH
from watwerkt.codebook import UNKNOWN
from watwerkt.panel.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one delivery.

    Attributes
    ----------
    filled : ``table`` or ``table.column`` that was delivered and holds any value.
    gaps : tables with months in which hardly any rows fall.
    found : the cleaning rules that found anything, as ``rule-action``.
    caseload_source : ``assignments``, ``contacts`` or ``none``.
    is_lag_estimated : whether the booking lag is known from the delivery.
    n_exits : observed exits in the window.
    n_months : months observed.
    shares : of person-months, exits or contacts, each by a name of its own; missing where there
        are none.
    """

    filled: frozenset[str]
    gaps: frozenset[str]
    found: frozenset[str]
    caseload_source: str
    is_lag_estimated: bool
    n_exits: int
    n_months: float
    shares: Mapping[str, float | None]

    def share(self, name: str) -> float:
        """A share by its name; 0 where it is of nothing."""
        return self.shares.get(name) or 0.0


def gather_facts(prepared: Prepared) -> Facts:
    """Look once at every table, and twice at none."""
    about = prepared.about
    first = date.fromisoformat(f"{about['first_month']}-01")
    shares = _panel_shares(prepared.panel)
    n_exits = int(shares.pop("n_exits") or 0)
    if prepared.has("contacts"):
        shares |= _contact_shares(prepared.tables["contacts"])
    ledger = prepared.ledger.filter(pl.col("n_rows") > 0)
    return Facts(
        filled=frozenset(_filled(prepared)),
        gaps=frozenset(find_gaps(prepared)),
        found=frozenset(ledger["rule"] + "-" + ledger["action"]),
        caseload_source=about["caseload_source"],
        is_lag_estimated=bool(about["booking_lag_days"]["is_estimated"]),
        n_exits=n_exits,
        n_months=(prepared.observed_until - first).days / DAYS_PER_MONTH,
        shares=shares,
    )


def _filled(prepared: Prepared) -> set[str]:
    found = set(prepared.about["tables"])
    for table in prepared.about["tables"]:
        counts = prepared.tables[table].select(pl.all().count()).collect().row(0, named=True)
        found |= {f"{table}.{column}" for column, n in counts.items() if n}
    return found | {f"traits:{trait}" for trait in prepared.about["dated_traits"]}


def _panel_shares(panel: pl.LazyFrame) -> dict[str, float | None]:
    is_exit = pl.col("exit_destination") != STAY
    is_held = pl.col("caseworker_id").is_not_null()
    return (
        panel.select(
            n_exits=is_exit.sum(),
            unexplained=(destination_group() == UNEXPLAINED).filter(is_exit).mean(),
            held=is_held.mean(),
            fte=pl.col("caseload_fte").is_not_null().filter(is_held).mean(),
            shock=pl.col("staffing_shock").is_not_null().mean(),
            contact_known=pl.col("is_contact_known").mean(),
        )
        .collect()
        .row(0, named=True)
    )


def _contact_shares(contacts: pl.LazyFrame) -> dict[str, float | None]:
    names = contacts.collect_schema().names()
    no_caseworker = pl.col("caseworker_id").is_null() if "caseworker_id" in names else pl.lit(True)
    return (
        contacts.select(
            late=pl.col("is_late").mean(),
            no_caseworker=no_caseworker.mean(),
            no_channel=(pl.col("channel") == UNKNOWN).mean(),
        )
        .collect()
        .row(0, named=True)
    )

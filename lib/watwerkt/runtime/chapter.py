"""What a chapter works with: one municipality's prepared data, the policy, and its page."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from IPython.display import HTML

from watwerkt import __version__
from watwerkt.analysis.incidence import Window
from watwerkt.chain_policy import ChainPolicy, read_chain_policy
from watwerkt.disclosure.gap import Gap
from watwerkt.disclosure.policy import Policy, read_policy
from watwerkt.disclosure.protected import Protected, require_protected
from watwerkt.disclosure.released import read_released
from watwerkt.panel.prepared import Prepared, read_prepared
from watwerkt.params import ReportParams, check_params, read_params
from watwerkt.paths import Workspace, workspace
from watwerkt.plan import Plan, read_plan
from watwerkt.prices import Prices, read_prices
from watwerkt.publish.guard import guard_display
from watwerkt.publish.page import Page
from watwerkt.runtime.prepare import run_prepare
from watwerkt.runtime.record import write_record
from watwerkt.runtime.releases import open_register


@dataclass(frozen=True, slots=True, repr=False)
class Chapter:
    """An opened chapter.

    Attributes
    ----------
    prepared : spells, panel, tables, ledger and accounts of the municipality; restricted.
    policy : what may be shown.
    page : where tables, figures and sentences go.
    released : the folder of published figures, for the chapters that read those of the others.
    settings : the parameters that decide estimates, as this chapter and cleaning were given them.
    """

    name: str
    prepared: Prepared
    policy: Policy
    page: Page
    released: Path
    settings: dict[str, Any]
    _record_dir: Path | None = None

    def __repr__(self) -> str:
        return f"<chapter {self.name} of {self.prepared.about['municipality_id']}>"

    @property
    def about(self) -> dict[str, Any]:
        """What the delivery says of itself."""
        return self.prepared.about

    @property
    def is_synthetic(self) -> bool:
        """Whether everything shown is marked as made of synthetic data."""
        return bool(self.about["synthetic"])

    @property
    def panel(self) -> pl.LazyFrame:
        """Person × month at risk."""
        return self.prepared.panel

    @property
    def spells(self) -> pl.LazyFrame:
        """Person × spell on benefit."""
        return self.prepared.spells

    @property
    def ledger(self) -> pl.DataFrame:
        """Table × cleaning rule: how many rows."""
        return self.prepared.ledger

    @property
    def accounts(self) -> pl.DataFrame:
        """Table: rows read, kept, merged, quarantined."""
        return self.prepared.accounts

    @property
    def window(self) -> Window:
        """The days that are observed."""
        first = date.fromisoformat(f"{self.about['first_month']}-01")
        return Window(first, self.prepared.observed_until)

    @property
    def estimates(self) -> Protected:
        """What the other chapters released."""
        return read_released(self.released / "estimates.parquet")

    @property
    def chain_policy(self) -> ChainPolicy | None:
        """The re-integration chain as the municipality's policy has it; None without such a file.

        Raises ParameterError for a file that is no such policy.
        """
        return read_chain_policy(workspace().params, self.about["municipality_id"])

    @property
    def plan(self) -> Plan | None:
        """The analysis plan that was registered; None without one."""
        return read_plan(workspace().params, self.about["municipality_id"])

    @property
    def prices(self) -> Prices:
        """What things cost, by ``papermill_params/prices.yaml`` and the municipality's own."""
        return read_prices(workspace().params, self.about["municipality_id"])

    def has(self, table: str) -> bool:
        """Whether ``table`` was delivered."""
        return self.prepared.has(table)

    def table(self, name: str) -> pl.LazyFrame | None:
        """A cleaned table, or None where it was not delivered."""
        return self.prepared.table(name)

    def provenance(self) -> HTML:
        """The last cell of every chapter: what its figures were made of."""
        facts = {
            "municipality_id": self.about["municipality_id"],
            "library_version": __version__,
            "policy_version": self.policy.version,
            "delivery_sha256": self.about["fingerprint"],
        }
        return self.page.provenance(facts)

    def record(self, protected: Protected | Gap) -> None:
        """Hand estimates or aggregates to the report; nothing happens in an analyst's own run.

        A gap has nothing to hand. Raises DisclosureError for what is not protected, or is neither
        of the two.
        """
        if isinstance(protected, Gap):
            return
        require_protected(protected)
        if self._record_dir is not None:
            write_record(protected, self.about, self._record_dir / self.name)


def open_chapter(name: str, municipality_id: str, **given: Any) -> Chapter:
    """Open chapter ``name`` in a notebook's kernel, which from then on shows protected data only.

    Parameters
    ----------
    given : other report parameters, by the names of ``ReportParams``. Without ``prepared_dir``
        the municipality's delivery is prepared first, where that is needed, with the settings of
        ``papermill_params/``; without ``record_dir`` nothing is recorded.

    Raises
    ------
    ParameterError
        A parameter is unknown or out of range, or there is no delivery.
    Refused
        The delivery cannot be used.
    """
    guard_display()
    return read_chapter(name, municipality_id, **given)


def read_chapter(name: str, municipality_id: str, **given: Any) -> Chapter:
    """The same outside a kernel, where nothing is displayed."""
    place = workspace()
    if given.get("prepared_dir"):
        params = check_params({"municipality_id": municipality_id, **given}, source=name)
        folder = Path(params.prepared_dir)
    else:
        params = read_params(place.params, municipality_id, **given)
        folder = place.prepared / municipality_id
        run_prepare(_delivery(place, params), folder, params)
    prepared = read_prepared(folder)
    is_synthetic = bool(prepared.about["synthetic"])
    policy = read_policy(is_synthetic=is_synthetic)
    register = open_register(Path(params.record_dir), name) if params.record_dir else None
    bundle = place.root / "data" / "sample" / "released" / municipality_id
    return Chapter(
        name=name,
        prepared=prepared,
        policy=policy.model_copy(update={"released": register}),
        page=Page(params.language, is_synthetic, params.municipality_name),
        released=Path(params.released_dir) if params.released_dir else bundle,
        settings=params.settings | prepared.about["params"],
        _record_dir=Path(params.record_dir) if params.record_dir else None,
    )


def _delivery(place: Workspace, params: ReportParams) -> Path:
    named = Path(params.delivery) if params.delivery else None
    return place.delivery(params.municipality_id, named)

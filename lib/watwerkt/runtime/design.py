"""Plan next year's trial: the page for the council, the plan for machines, the list of persons.

``reports/<GM>/design/<kind>/<language>/`` holds ``design.html``, ``design.pdf``, ``design.yaml``:
these may be published. ``restricted/<GM>/design/<kind>/`` has the list itself, as table ``trials``.
"""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rich.console import Console

from watwerkt import __version__
from watwerkt.analysis.costs import read_pairs
from watwerkt.disclosure.policy import Policy, read_policy
from watwerkt.durable import replaced_folder
from watwerkt.errors import ParameterError
from watwerkt.estimators.cost_benefit import break_even_days, client_year_cost
from watwerkt.panel.prepared import Prepared, read_prepared
from watwerkt.params import PAIRS, ReportParams
from watwerkt.paths import Workspace
from watwerkt.prices import Prices, read_prices
from watwerkt.publish.chapter_html import Section
from watwerkt.publish.html import About, report_html
from watwerkt.publish.page import Page
from watwerkt.publish.provenance import PROVENANCE_LABELS
from watwerkt.runtime.fingerprint import values_fingerprint
from watwerkt.runtime.paper import write_pdf
from watwerkt.runtime.prepare import run_prepare

LOTTERY, STEPPED_WEDGE = "lottery", "stepped-wedge"
MONTH = r"\d{4}-(0[1-9]|1[0-2])"
USUAL_PAIR = "100-50"  # the one whose break-even the parameters hold


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of a plan; what is None has a default.

    Attributes
    ----------
    start : month of the draw, ``2025-03``; else the first that begins after the extract.
    effect_days : days on benefit saved within the year, a person; else what pays for ``pair``.
    pair : clients of a full-time caseworker, usual and intensive: ``100-50``.
    probability : chance of intensive guidance.
    n_clients, share : who takes part; else as many as find the effect with 80 %.
    n_draws : simulated trials at the effect asked for; a quarter of them at others.
    """

    kind: str = LOTTERY
    seed: int = 1
    start: str | None = None
    effect_days: float | None = None
    pair: str | None = None
    probability: float = 0.5
    n_clients: int | None = None
    share: float | None = None
    n_draws: int = 1000


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan of either kind is made from."""

    asked: Asked
    params: ReportParams
    prepared: Prepared
    prices: Prices
    policy: Policy
    page: Page

    @property
    def start(self) -> date:
        """The day of the draw."""
        extract = date.fromisoformat(self.prepared.about["extract_date"])
        after = date(extract.year + extract.month // 12, extract.month % 12 + 1, 1)
        asked = self.asked.start
        if asked and not re.fullmatch(MONTH, asked):
            raise ParameterError(f"--start {asked}: a month is written as 2025-03")
        chosen = date.fromisoformat(f"{asked}-01") if asked else after
        if chosen < extract.replace(day=1):
            raise ParameterError(f"--start {asked} lies before the extract; a draw comes after it")
        return chosen

    @property
    def pair(self) -> tuple[float, float]:
        """Clients of a full-time caseworker: usual, intensive."""
        asked = self.asked.pair or USUAL_PAIR
        if not re.fullmatch(PAIRS, asked) or " " in asked:
            raise ParameterError(f"--pair {asked}: two caseloads are written as 100-50")
        return read_pairs(asked)[0]

    @property
    def effect_days(self) -> float:
        """The smallest effect worth finding: what is asked, or what pays for the extra staff."""
        if self.asked.effect_days is not None:
            return self.asked.effect_days
        if self.asked.pair is None:
            return self.params.break_even_days
        cost = client_year_cost(self.prices.caseworker_fte.value, *self.pair)
        return round(float(break_even_days(cost, self.prices.benefit.value)), 1)


@dataclass(frozen=True, slots=True)
class Written:
    """A plan that is ready to be written.

    Attributes
    ----------
    title : of the page, a message id.
    facts : of ``design.yaml``, without hashes; protected figures and parameters only.
    lists : file name → table with persons or teams, restricted.
    """

    title: str
    sections: list[Section]
    facts: dict[str, Any]
    lists: dict[str, pd.DataFrame]


def write_design(
    place: Workspace, params: ReportParams, delivery: Path, asked: Asked, console: Console
) -> Path:
    """Plan the trial of ``params.municipality_id``; return the page.

    Prepares first, where that is needed. The same delivery, parameters and seed give the same
    bytes.

    Raises
    ------
    ParameterError, Refused, DataError
        Nothing was written.
    """
    prices = read_prices(place.params, params.municipality_id)
    folder = place.prepared / params.municipality_id
    with console.status("prepare"):
        run_prepare(delivery, folder, params)
    prepared = read_prepared(folder)
    is_synthetic = bool(prepared.about["synthetic"])
    page = Page(params.language, is_synthetic, params.municipality_name)
    policy = read_policy(is_synthetic=is_synthetic)
    context = Context(asked, params, prepared, prices, policy, page)
    with console.status("simulate"):
        plan = _plan(context)
    return _write(plan, context, place, console)


def _plan(context: Context) -> Written:
    from watwerkt.runtime.design_lottery import plan_a_lottery
    from watwerkt.runtime.design_wedge import plan_a_wedge

    kinds = {LOTTERY: plan_a_lottery, STEPPED_WEDGE: plan_a_wedge}
    return kinds[context.asked.kind](context)


def _write(plan: Written, context: Context, place: Workspace, console: Console) -> Path:
    """The lists first: a plan without its list would promise a draw that was not made."""
    own = Path(context.params.municipality_id, "design", context.asked.kind)
    place.restricted.mkdir(mode=0o700, parents=True, exist_ok=True)
    texts = {
        name: table.to_csv(index=False, lineterminator="\n") for name, table in plan.lists.items()
    }
    facts = plan.facts | {
        f"{Path(name).stem}_sha256": sha256(text.encode()).hexdigest()
        for name, text in texts.items()
    }
    facts["design_sha256"] = values_fingerprint(facts)
    language = context.params.language
    with (
        replaced_folder(place.restricted / own) as restricted,
        replaced_folder(place.reports / own / language) as published,
    ):
        for name, text in texts.items():
            (restricted / name).write_text(text, encoding="utf-8")
        about = _about(context, facts)
        page = report_html(plan.sections, about, language, plan.title)
        (published / "design.html").write_text(page, encoding="utf-8")
        write_pdf(page, published, console, "design.pdf")
        text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100)
        (published / "design.yaml").write_text(text, encoding="utf-8")
    return place.reports / own / language / "design.html"


def _about(context: Context, facts: dict[str, Any]) -> About:
    about = context.prepared.about
    shown = {
        "municipality_id": about["municipality_id"],
        "library_version": __version__,
        "policy_version": context.policy.version,
        "delivery_sha256": about["fingerprint"],
        "design_sha256": facts["design_sha256"],
    }
    return About(
        municipality_id=about["municipality_id"],
        municipality_name=context.params.municipality_name,
        is_synthetic=context.policy.is_synthetic,
        first_month=date.fromisoformat(f"{about['first_month']}-01"),
        last_month=date.fromisoformat(f"{about['last_month']}-01"),
        extract_date=date.fromisoformat(about["extract_date"]),
        provenance={key: shown[key] for key in PROVENANCE_LABELS if key in shown},
    )

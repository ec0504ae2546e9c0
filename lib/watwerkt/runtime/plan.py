"""Register an analysis plan: a file beside the parameters, and the hash that reports name."""

from pathlib import Path

from watwerkt import __version__
from watwerkt.analysis.planned import assumptions, plan_estimates, plan_margins
from watwerkt.disclosure.policy import read_policy
from watwerkt.durable import held, write_whole
from watwerkt.errors import Refused
from watwerkt.panel.prepared import read_prepared
from watwerkt.params import ReportParams
from watwerkt.paths import Workspace
from watwerkt.plan import FOLDER, Plan, plan_text, read_plan
from watwerkt.prices import read_prices
from watwerkt.runtime.fingerprint import values_fingerprint
from watwerkt.runtime.prepare import run_prepare


def write_plan(
    place: Workspace, params: ReportParams, delivery: Path, *, replace: bool = False
) -> tuple[Path, str]:
    """Make the plan and write it; its file and its SHA-256. Prepares first, where that is needed.

    Raises Refused where another plan is registered already and ``replace`` is not given, or where
    another run is registering one.
    """
    folder = place.prepared / params.municipality_id
    run_prepare(delivery, folder, params)
    plan = build_plan(place, params, folder)
    path = place.params / FOLDER / f"{params.municipality_id}.yaml"
    with held(path):
        _register(plan, read_plan(place.params, params.municipality_id), path, replace)
    return path, plan_fingerprint(plan)


def _register(plan: Plan, known: Plan | None, path: Path, replace: bool) -> None:
    if known not in (None, plan) and not replace:
        raise Refused(
            f"{FOLDER}/{path.name} holds another plan ({plan_fingerprint(known)[:12]}…): a plan "
            "stands once it is made. Keep it, and reports say where they depart from it; or "
            "register a new one with --replace"
        )
    write_whole(path, plan_text(plan))


def build_plan(place: Workspace, params: ReportParams, folder: Path) -> Plan:
    """The plan for prepared data in ``folder``."""
    prepared = read_prepared(folder)
    policy = read_policy(is_synthetic=bool(prepared.about["synthetic"]))
    return Plan(
        municipality_id=params.municipality_id,
        data_until=prepared.about["extract_date"],
        delivery_sha256=prepared.about["fingerprint"],
        library_version=__version__,
        assumed=assumptions(),
        settings=params.settings,
        margins=plan_margins(
            read_prices(place.params, params.municipality_id), params.caseload_pairs
        ),
        primaries=plan_estimates(prepared, params, policy),
    )


def plan_fingerprint(plan: Plan | None) -> str:
    """The SHA-256 of what the plan says, however its file is laid out; empty without a plan."""
    return values_fingerprint(plan.model_dump(mode="json")) if plan else ""

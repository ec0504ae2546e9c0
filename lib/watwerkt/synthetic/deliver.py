"""Simulate a municipality and read its register: every canonical table, and the truth behind it."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from watwerkt.synthetic.applications import Applications, applications_table, build_applications
from watwerkt.synthetic.benefits import benefits_table
from watwerkt.synthetic.chain_table import chain_events_table
from watwerkt.synthetic.clients import clients_table, traits_table
from watwerkt.synthetic.contact_tables import admin_errors_table, contacts_table, surveys_table
from watwerkt.synthetic.draws import seed_of
from watwerkt.synthetic.findings import Finding, find_in_nature
from watwerkt.synthetic.outside import outside_tables
from watwerkt.synthetic.register import Register, build_register
from watwerkt.synthetic.scenario import Scenario
from watwerkt.synthetic.simulate import build_start, run_window
from watwerkt.synthetic.staff_tables import assignments_table, caseworkers_table, policies_table
from watwerkt.synthetic.trial_tables import trial_flow_table, trials_table
from watwerkt.synthetic.truth import build_truth, months_to_keep
from watwerkt.synthetic.work_tables import jobs_table, services_table

REQUIRED = ("clients", "benefits")


@dataclass(frozen=True, slots=True)
class Simulated:
    """A synthetic municipality.

    Attributes
    ----------
    municipality_id, first_month, last_month, extract_date : what ``delivery.yaml`` says of it.
    tables : canonical name → canonical columns and types, sorted by key.
    truth : what ``truth.yaml`` holds.
    in_nature : what cleaning rules find though nothing is wrong.
    """

    municipality_id: str
    first_month: str
    last_month: str
    extract_date: str
    tables: dict[str, pl.DataFrame]
    truth: dict[str, Any]
    in_nature: list[Finding]


def simulate(
    scenario: Scenario,
    municipality_id: str,
    n_clients: int,
    n_months: int,
    seed: int,
    counterfactuals: bool = True,
) -> Simulated:
    """One municipality of about ``n_clients`` people on benefit, followed for ``n_months``.

    ``counterfactuals`` off leaves out the estimands that need the same people simulated both ways.
    """
    start = build_start(scenario, municipality_id, n_clients, n_months, seed)
    keep = months_to_keep(start) if counterfactuals else []
    history = run_window(start, keep)
    register = build_register(start, history, (*seed_of(municipality_id, seed), 8))
    applications = build_applications(register)
    clock, delivered = start.world.clock, build_tables(register, applications)
    return Simulated(
        municipality_id=municipality_id,
        first_month=str(clock.month(0)),
        last_month=str(clock.month(n_months - 1)),
        extract_date=str(register.extract_date),
        tables={n: t for n, t in delivered.items() if len(t) or n in REQUIRED},
        truth=build_truth(start, register, applications, counterfactuals),
        in_nature=find_in_nature(register, delivered),
    )


def build_tables(register: Register, applications: Applications) -> dict[str, pl.DataFrame]:
    """Every canonical table, as the register shows it on the extract date."""
    person = register.spells.filter("is_booked")["person"].unique().sort().to_numpy()
    clients, benefits = clients_table(register, person), benefits_table(register)
    more_clients, more_benefits = outside_tables(register, clients, benefits)
    contacts, services = contacts_table(register), services_table(register)
    keys = ["person_id", "benefit_id", "scheme", "start_date"]
    return {
        "clients": pl.concat([clients, more_clients]).sort("person_id"),
        "traits": traits_table(register, person),
        "benefits": pl.concat([benefits, more_benefits]).sort(keys),
        "caseworkers": caseworkers_table(register),
        "assignments": assignments_table(register),
        "contacts": contacts,
        "services": services,
        "chain_events": chain_events_table(register, applications, services, contacts),
        "jobs": jobs_table(register),
        "applications": applications_table(applications),
        "trial_flow": trial_flow_table(register),
        "trials": trials_table(register, applications),
        "admin_errors": admin_errors_table(register),
        "surveys": surveys_table(register, person),
        "policies": policies_table(register),
    }

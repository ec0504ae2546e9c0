"""The cleaning rules in their fixed order: what ledger, documentation and tests read."""

from watwerkt.cleaning import (
    assignments,
    benefits,
    contacts,
    every_table,
    partners,
    persons,
    registration,
    services,
    shared_starts,
    snapshots,
    spells,
)
from watwerkt.cleaning.rule import Rule
from watwerkt.schemas import tables

ALL = tuple(tables())
DATED = tuple(n for n, t in tables().items() if any(c.kind == "date" for c in t.columns.values()))
CLIENTS, BENEFITS, ASSIGNMENTS, CONTACTS, SERVICES, JOBS = (
    (name,) for name in ("clients", "benefits", "assignments", "contacts", "services", "jobs")
)
REPORTED = ("benefits", "traits", "services")  # beside clients: what extracts of a row a month hold

RULES: tuple[Rule, ...] = (
    Rule("D01", "merge", ALL, every_table.merge_exact_duplicates),
    Rule("D02", "quarantine", ALL, every_table.drop_superseded_duplicates),
    Rule("D03", "repair", ALL, every_table.repair_unknown_codes),
    Rule("P01", "quarantine", CLIENTS, persons.drop_impossible_birth_years),
    Rule("B10", "merge", CLIENTS, snapshots.merge_superseded_snapshots),
    Rule("P02", "merge", CLIENTS, persons.merge_conflicting_identities),
    Rule("P02", "flag", CLIENTS, persons.flag_conflicting_identities),
    Rule("B01", "quarantine", BENEFITS, benefits.drop_empty_periods),
    Rule("B02", "quarantine", BENEFITS, benefits.drop_future_periods),
    Rule("B03", "repair", BENEFITS, benefits.repair_running_ends),
    Rule("B04", "quarantine", (*BENEFITS, "traits", "admin_errors"), persons.drop_unknown_persons),
    Rule("B10", "merge", REPORTED, snapshots.merge_superseded_snapshots),
    Rule("B10", "flag", BENEFITS, snapshots.flag_vanished_benefits),
    Rule("B10", "repair", SERVICES, snapshots.repair_vanished_services),
    Rule("B11", "flag", BENEFITS, shared_starts.flag_shared_starts),
    Rule("B05", "flag", BENEFITS, benefits.flag_outside_working_age),
    Rule("B06", "merge", BENEFITS, spells.merge_overlapping_periods),
    Rule("B07", "repair", BENEFITS, partners.repair_partner_exits),
    Rule("B08", "merge", BENEFITS, spells.merge_periods_into_spells),
    Rule("B09", "flag", BENEFITS, benefits.flag_out_of_scope),
    Rule("A01", "quarantine", ASSIGNMENTS, persons.drop_unknown_persons),
    Rule("A02", "quarantine", ASSIGNMENTS, assignments.drop_empty_assignments),
    Rule("A03", "quarantine", ASSIGNMENTS, assignments.drop_displaced_assignments),
    Rule("A03", "repair", ASSIGNMENTS, assignments.repair_overlapping_assignments),
    Rule("A04", "flag", ASSIGNMENTS, assignments.flag_missing_history),
    Rule("W01", "flag", ("caseworkers",), assignments.flag_missing_fte),
    Rule("C01", "quarantine", CONTACTS, persons.drop_unknown_persons),
    Rule("C02", "merge", CONTACTS, contacts.merge_repeated_contacts),
    Rule("C03", "flag", CONTACTS, contacts.flag_phase),
    Rule("C05", "flag", CONTACTS, registration.flag_collapsed_registration),
    Rule("C04", "flag", CONTACTS, contacts.flag_late_registration),
    Rule("S01", "quarantine", SERVICES, persons.drop_unknown_persons),
    Rule("S02", "quarantine", SERVICES, services.drop_backward_services),
    Rule("S02", "flag", SERVICES, services.flag_series_break),
    Rule("J01", "quarantine", JOBS, services.drop_jobs_out_of_place),
    Rule("X01", "flag", DATED, every_table.flag_planned_dates),
)

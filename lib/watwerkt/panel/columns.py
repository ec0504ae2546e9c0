"""The columns of the panel, in order, with their types; a column that cannot be built is null."""

import polars as pl

PANEL_COLUMNS: dict[str, pl.DataType] = {
    "person_id": pl.String(),
    "spell_id": pl.String(),
    "benefit_id": pl.String(),
    "municipality_id": pl.String(),
    "month": pl.Date(),
    "months_since_entry": pl.Int32(),
    "is_entry_observed": pl.Boolean(),
    "exit_destination": pl.String(),
    "is_sustained_6": pl.Boolean(),
    "is_sustained_12": pl.Boolean(),
    "has_part_time_work": pl.Boolean(),
    "age_years": pl.Int32(),
    "sex": pl.String(),
    "household_type": pl.String(),
    "origin": pl.String(),
    "education": pl.String(),
    "is_status_holder": pl.Boolean(),
    "health_limitation": pl.String(),
    "labour_market_distance": pl.String(),
    "language_level": pl.String(),
    "district_id": pl.String(),
    "is_trait_dated": pl.Boolean(),
    "n_benefits_earlier": pl.Int32(),
    "caseworker_id": pl.String(),
    "team_id": pl.String(),
    "role": pl.String(),
    "caseload_fte": pl.Float64(),
    "caseload_head": pl.Float64(),
    "caseload_others": pl.Float64(),
    "caseload_fte_mean_3m": pl.Float64(),
    "n_contacts_month": pl.Int32(),
    "n_contacts_1m": pl.Int32(),
    "n_contacts_3m": pl.Int32(),
    "n_contacts_6m": pl.Int32(),
    "n_contacts_12m": pl.Int32(),
    "n_contacts_lag_2_4": pl.Int32(),
    "n_contacts_phone_3m": pl.Int32(),
    "n_contacts_in_person_3m": pl.Int32(),
    "n_contacts_client_3m": pl.Int32(),
    "n_no_show_3m": pl.Int32(),
    "months_since_contact": pl.Int32(),
    "is_contact_known": pl.Boolean(),
    "n_services_active": pl.Int32(),
    "is_exempt": pl.Boolean(),
    "staffing_shock": pl.Float64(),
    "n_errors_month": pl.Int32(),
}


def complete_columns(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Exactly ``PANEL_COLUMNS``; one whose table was not delivered is there, and null."""
    present = set(rows.collect_schema().names())
    return rows.select(
        (pl.col(name) if name in present else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in PANEL_COLUMNS.items()
    )

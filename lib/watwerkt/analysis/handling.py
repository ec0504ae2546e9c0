"""How much is known of who handled whom: what every caseload rests on."""

import polars as pl

from watwerkt.disclosure import Gap, Policy, Protected, protect_shares
from watwerkt.disclosure.gap import NO_CASELOAD
from watwerkt.panel.prepared import Prepared

KNOWN = {"caseworker": "caseworker_id", "team": "team_id", "hours": "caseload_fte"}
COLUMNS = ["year", *(f"share_{name}_known" for name in KNOWN)]
SOURCE_LABELS = {
    "assignments": "Who handled whom is known from dated assignments.",
    "contacts": (
        "Who handled whom is not delivered. It is read from the last contact in the twelve months "
        "before: whoever had none is nobody’s client here."
    ),
    "none": "Who handled whom is not delivered, and cannot be read from contacts either.",
}


def source_sentence(prepared: Prepared) -> str:
    """Where caseloads come from (message id)."""
    return SOURCE_LABELS[prepared.about["caseload_source"]]


def handling_by_year(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Share of the months of clients with a known caseworker, team, and hours of the caseworker."""
    years = (
        panel.group_by(year=pl.col("month").dt.year())
        .agg(
            n_client_months=pl.len(),
            n_persons=pl.col("person_id").n_unique(),
            **{f"n_{name}_months": pl.col(c).is_not_null().sum() for name, c in KNOWN.items()},
        )
        .sort("year")
        .collect()
    )
    if years.is_empty() or not years["n_caseworker_months"].sum():
        return NO_CASELOAD
    return protect_shares(
        years.to_pandas(),
        {f"share_{name}_known": (f"n_{name}_months", "n_client_months") for name in KNOWN},
        policy,
        by=["year"],
        n_persons="n_persons",
        of="records",
    )

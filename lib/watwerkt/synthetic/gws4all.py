"""The export of a benefit suite: one row per payment period, under the suite's own column names."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import polars as pl

from watwerkt.synthetic.clock import Clock
from watwerkt.synthetic.findings import Finding, keys_of
from watwerkt.synthetic.population import aow_dates

GWS4ALL_FILE = {"gws4all_xlsx": "export.xlsx", "gws4all_csv": "export.csv"}
SEX = {"male": "man", "female": "vrouw"}
HOUSEHOLD = {
    "single": "Alleenstaande",
    "single_parent": "Alleenstaande ouder",
    "couple": "Gehuwd / Samenwonend",
    "other": "Anders",
}
CAUSE = {
    "job_loss": "Einde dienstbetrekking",
    "unemployment_benefit_ended": "Einde WW-uitkering",
    "self_employment_ended": "Beëindiging zelfstandig beroep of bedrijf",
    "separation": "Einde relatie",
    "study_ended": "Einde studie",
    "refugee_status": "Verblijfsvergunning",
    "moved": "Verhuizing vanuit andere gemeente",
    "detention_ended": "Einde detentie",
    "assets_used": "Vermogen verbruikt",
    "other": "Andere oorzaak",
}
CLIENT_NUMBERS = (100_000, 9_999_999)  # six or seven digits
YOUNG, OLD = 21, 65
EPOCH = date(1970, 1, 1)


def gws4all_export(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Payment periods of the Participatiewet with the columns such an export has."""
    benefits = tables["benefits"].filter(pl.col("scheme") == "PW")
    original = pl.col("start_date").min().over("person_id", "benefit_id")
    rows = benefits.with_columns(original=original).join(tables["clients"], on="person_id")
    numbers = _client_numbers(rows["person_id"].unique().sort())
    rows = rows.join(numbers, on="person_id")
    age = pl.col("start_date").dt.year() - pl.col("birth_year")
    group = (
        pl.when(age < YOUNG)
        .then(pl.lit("01"))
        .when(age < OLD)
        .then(pl.lit("02"))
        .otherwise(pl.lit("03"))
    )
    household = pl.col("household_type").replace_strict(HOUSEHOLD, default=None)
    cause = pl.col("entry_reason").replace_strict(CAUSE, default=None)
    return rows.select(
        pl.col("number").alias("Clientnummer"),
        pl.col("birth_year").alias("geboortejaar"),
        pl.col("sex").replace_strict(SEX, default=None).alias("geslacht"),
        group.alias("Kode groep"),
        pl.col("start_date").alias("Startdatum periodiek algemeen"),
        pl.col("end_date").alias("Einddatum periodiek algemeen"),
        pl.col("original").alias("Oorspronkelijke begindatum uitkeringsdossier"),
        household.alias("Omschrijving leefvorm"),
        cause.alias("Oorzaak bijstandsafhankelijkheid"),
    ).sort("Clientnummer", "Startdatum periodiek algemeen")


def _client_numbers(person_id: pl.Series) -> pl.DataFrame:
    """Random numbers, as suites number their clients; the same people get the same numbers."""
    rng = np.random.default_rng([len(person_id), int(person_id[0][1:9], 16)])
    numbers = rng.choice(CLIENT_NUMBERS[1] - CLIENT_NUMBERS[0], len(person_id), replace=False)
    return pl.DataFrame({"person_id": person_id, "number": numbers + CLIENT_NUMBERS[0]})


def find_in_gws4all(
    tables: dict[str, pl.DataFrame], in_nature: Iterable[Finding], extract: date
) -> list[Finding]:
    """What the rules find in the export: every row names its client, and no AOW month is known.

    So clients repeat (D01), and risk ends with the earliest AOW month of the birth year (B05).
    """
    rows = tables["benefits"].filter(pl.col("scheme") == "PW")
    repeated = rows.filter(~pl.col("person_id").is_first_distinct())
    resumed = next(f.keys for f in in_nature if f.rule == "B08")
    dated = rows.join(tables["clients"], on="person_id", maintain_order="left")
    pension = aow_dates((dated["birth_year"].to_numpy() - EPOCH.year) * 12, Clock("1970-01", 1))
    runs_on = pl.col("end_date").is_null() | (pl.col("end_date") > pl.col("pension"))
    past = dated.with_columns(pension=pl.Series(pension)).filter(
        runs_on & (pl.col("pension") <= extract)
    )
    return [
        Finding("D01", "clients", "merge", repeated.select("person_id")),
        Finding("B05", "benefits", "flag", keys_of("benefits", past)),
        Finding("B08", "benefits", "merge", resumed.filter(pl.col("scheme") == "PW")),
    ]

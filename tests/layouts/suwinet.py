"""Suwinet's Bijstandsregelingen flattened, from its published names (domain.md §1.4)."""

import polars as pl

from layouts.ggm import LAST_DAY, SCHEME

Tables = dict[str, pl.DataFrame]
HOUSEHOLD = {"single": "1", "single_parent": "2", "couple": "3", "other": "4"}
EXEMPTION = {"none": "2", "single_parent": "4", "urgent_reasons": "5", "permanent_incapacity": "6"}
HELD = ["person_id", "scheme", "start_date", "end_date", "exit_reason", "exemption"]


def held_by_suwinet(tables: Tables) -> Tables:
    """People with a benefit of a known act; benefits are called after dossier and first day."""
    benefits = tables["benefits"].filter(pl.col("scheme").is_in([*SCHEME]))
    people = tables["clients"].select("person_id", "birth_year", "sex", "household_type")
    return {
        "clients": people.join(benefits, on="person_id", how="semi"),
        "benefits": benefits.select(
            *HELD, benefit_id=pl.format("{}-{}", "benefit_id", "start_date")
        ),
    }


def write_suwinet(tables: Tables) -> pl.DataFrame:
    """One row per person and Uitkeringsverhouding."""
    benefits = tables["benefits"].filter(pl.col("scheme").is_in([*SCHEME]))
    rows = benefits.join(tables["clients"], on="person_id", maintain_order="left")
    day = "%Y%m%d"
    return rows.select(
        Burgerservicenr="person_id",
        Geboortejaar="birth_year",
        Geslacht=pl.col("sex").replace_strict({"male": "1", "female": "2"}),
        CdLeefvorm=pl.col("household_type").replace_strict(HOUSEHOLD, default=None),
        Dossiercd="benefit_id",
        DatBUitkeringsverhouding=pl.col("start_date").dt.strftime(day),
        DatEUitkeringsverhouding=LAST_DAY.dt.strftime(day),
        CdSzWet=pl.col("scheme").replace_strict(SCHEME),
        CdAanleidingEindeBijstandUitk="exit_reason",
        CdClassificatieBbz=pl.when(pl.col("scheme") == "Bbz").then(pl.lit("4")),
        CdVrijstellingArbeidsplichtBijst=pl.col("exemption").replace_strict(
            EXEMPTION, default=None
        ),
        DatEVrijstellingArbeidsplicht=pl.lit(None, pl.String),
    )

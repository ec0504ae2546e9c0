"""CBS Microdata gives what the same town gives canonically, as far as these files can hold it."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from layouts.bus import draw_months
from layouts.cbs import (
    number_persons,
    renamed,
    save,
    seat_couples,
    write_changes,
    write_households,
    write_persons,
    write_tab,
)
from layouts.proof import Tables, account, cleaned, count, panel, town, write_folder

YEARS = (2019, 2020, 2021)
MONTHS = pl.date_range(pl.date(2019, 1, 1), pl.date(2021, 12, 1), "1mo", eager=True).to_list()
BENEFITS = ["person_id", "benefit_id", "scheme", "start_date", "end_date"]
CHANGES = [date(2019, 4, 1), date(2019, 10, 17), date(2020, 1, 1), date(2021, 6, 30)]


@pytest.fixture(scope="module")
def numbers() -> pl.DataFrame:
    return number_persons(town().tables["clients"])


@pytest.fixture(scope="module")
def facts() -> pl.DataFrame:
    return draw_months(town().tables, MONTHS)


def deliver(folder: Path, files: dict[str, list[tuple[str, pl.DataFrame]]], **said) -> Path:
    """Microdata of each table: file and rows; a yearly file says until when it tells."""
    folder.mkdir()
    tables: dict[str, list[dict[str, str]]] = {}
    for table, given in files.items():
        for name, rows in given:
            save(folder / name, rows)
            year = {"report_month": f"{name[-10:-6]}-12"} if "UITKERINGTAB" in name else {}
            tables.setdefault(table, []).append({"file": name, **year})
    about = {
        **{"schema_version": 1, "executor_id": "GM9904", "municipality_id": "GM9904"},
        **{"first_month": "2019-01", "last_month": "2021-12", "extract_date": date(2021, 12, 31)},
        **{"mapping": "cbs_microdata", "pseudonym": "cbs-rin", "synthetic": True},
        "tables": tables,
    }
    (folder / "delivery.yaml").write_text(yaml.safe_dump(about | said), encoding="utf-8")
    return folder


def held_clients(numbers: pl.DataFrame) -> pl.DataFrame:
    return renamed(town().tables["clients"].select("person_id", "birth_year", "sex"), numbers)


def held_by_tab(seated: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """No reason, no terms, no booking; a benefit is called after the eldest in its row."""
    eldest = seated.filter(pl.col("seat") == 0).select("row", first="person_id")
    named = seated.join(eldest, on="row").drop("benefit_id")
    called = renamed(named.select(benefit="person_id", person_id="first", row="row"), numbers)
    named = named.join(
        called.select(pl.col("person_id").alias("benefit_id"), person_id="benefit", row="row"),
        on=["person_id", "row"],
    )
    schemes = pl.col("scheme").replace({"Tozo": "Bbz"})
    return renamed(named.with_columns(schemes), numbers).select(BENEFITS)


@pytest.mark.parametrize("suffix", ["sav", "csv"])
def test_the_same_town_gives_the_same_panel(tmp_path, numbers, facts, suffix):
    tables = town().tables
    seated = seat_couples(tables["benefits"], tables["clients"])
    tabs = [(f"BIJSTANDUITKERINGTAB{y}V1.{suffix}", write_tab(seated, numbers, y)) for y in YEARS]
    folder = deliver(
        tmp_path / "cbs",
        {
            "clients": [
                (f"GBAPERSOON2021TABV1.{suffix}", write_persons(tables["clients"], numbers))
            ],
            "benefits": tabs,
            "traits": [(f"GBAHUISHOUDENS2021BUSV1.{suffix}", write_households(facts, numbers))],
        },
    )
    _, cbs = cleaned(folder)
    traits = renamed(
        facts.select(
            "person_id",
            trait=pl.lit("household_type"),
            value="household_type",
            valid_from="month",
        ),
        numbers,
    )
    held: Tables = {
        "clients": held_clients(numbers),
        "benefits": held_by_tab(seated, numbers),
        "traits": traits,
    }
    _, own = cleaned(write_folder(tmp_path / "own", held))
    assert_frame_equal(panel(cbs), panel(own))
    assert_frame_equal(cbs.spells, own.spells)
    couples = sum(rows["RINpersoon2"].count() for _, rows in tabs)
    assert couples > 50
    assert account(cbs, "benefits")[0] == sum(len(rows) for _, rows in tabs) + couples
    assert account(cbs, "benefits")[3] == 0
    assert count(cbs, "benefits", "D03") == 0


def test_a_change_closes_a_row_and_not_a_spell(tmp_path, numbers):
    """Rows of SECMBUS, as in every file whose name ends in BUS."""
    benefits = town().tables["benefits"].filter(pl.col("scheme") == "PW")
    rows = write_changes(benefits, numbers, CHANGES)
    others = rows.head(30).with_columns(XKOPPELBIJSTANDSECM=pl.lit(None, pl.String))
    clients = [("GBAPERSOON2021TABV1.sav", write_persons(town().tables["clients"], numbers))]
    together = pl.concat([rows, others])
    folder = deliver(
        tmp_path / "cbs", {"clients": clients, "benefits": [("SECMBUS2021V1.csv", together)]}
    )
    delivery, cbs = cleaned(folder)
    named = renamed(benefits.with_columns(benefit_id="person_id"), numbers)
    named = named.with_columns(benefit_id="person_id").select(BENEFITS)
    held = {"clients": held_clients(numbers), "benefits": named}
    _, own = cleaned(write_folder(tmp_path / "own", held))
    assert_frame_equal(panel(cbs), panel(own))
    assert_frame_equal(cbs.spells, own.spells)
    assert account(cbs, "benefits")[0] == len(rows) > len(benefits) + 300
    assert delivery.left_out == {"SECMBUS2021V1.csv: benefits": 30}


def test_numbers_that_a_program_made_of_codes_are_read(tmp_path, numbers):
    """SPSS: RINPERSOON as a number, statistic codes labelled; lower case, one year, one person."""
    tables = town().tables
    seated = seat_couples(tables["benefits"], tables["clients"]).filter(pl.col("seat") == 0)
    tab = write_tab(seated, numbers, 2021)
    alone = tab.select(
        c for c in tab.columns if c not in ("RINPersoonS2", "RINpersoon2") and "2A" not in c
    )
    typed = alone.with_columns(pl.col("RINpersoon", "BIJSTANDStatistiekcodeA").cast(pl.Float64))
    typed = typed.rename(str.lower)
    clients = [("GBAPERSOON2021TABV1.sav", write_persons(tables["clients"], numbers))]
    folder = deliver(
        tmp_path / "typed",
        {"clients": clients, "benefits": [("BIJSTANDUITKERINGTAB2021V1.sav", typed)]},
    )
    usual = deliver(
        tmp_path / "usual",
        {"clients": clients, "benefits": [("BIJSTANDUITKERINGTAB2021V1.csv", tab)]},
    )
    assert_frame_equal(cleaned(folder)[1].spells, cleaned(usual)[1].spells)

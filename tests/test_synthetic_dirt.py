"""Planted errors: none missed and none invented by the cleaning rules, one at most in a row."""

from datetime import date

import polars as pl
import pytest
import yaml

from watwerkt.cleaning.clean import Cleaned, clean_delivery
from watwerkt.errors import ParameterError
from watwerkt.intake.delivery import read_delivery
from watwerkt.schemas import tables
from watwerkt.synthetic import Scenario, Simulated, simulate, write_delivery
from watwerkt.synthetic.sample import keep_required

ERRORS = {
    *("D01", "D02", "D03", "P01", "P02", "B01", "B02", "B03", "B04", "B05", "B06", "B11"),
    *("A01", "A02", "A03", "W01", "C01", "C02", "C03", "C04", "C05", "S01", "S02", "J01", "X01"),
}
OF_MEANING = {"B07", "B08", "B09", "C03", "C04", "S02"}  # found in clean data, and no errors there


@pytest.fixture(scope="module")
def town() -> Simulated:
    return simulate(Scenario(), "GM9904", 450, 60, 6, counterfactuals=False)


def clean_and_truth(folder) -> tuple[Cleaned, dict]:
    truth = yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))
    return clean_delivery(read_delivery(folder)), truth


def counted(rows: list[dict]) -> dict[tuple, int]:
    return {(r["table"], r["rule"], r["action"]): r["n_rows"] for r in rows if r["n_rows"]}


@pytest.mark.parametrize("format", ["csv", "parquet"])
@pytest.mark.parametrize(("dirt", "seed"), [(0.05, 1), (0.2, 2)])
def test_every_planted_error_is_found_by_its_rule_and_none_is_invented(
    town, tmp_path, format, dirt, seed
):
    write_delivery(town, tmp_path, format, dirt=dirt, seed=seed)
    cleaned, truth = clean_and_truth(tmp_path)
    assert counted(truth["expected_ledger"]) == counted(cleaned.ledger.to_dicts())
    assert {e["rule"] for e in truth["dirt"]["errors"] if e["n_rows"]} == ERRORS
    for table, taken_out in cleaned.quarantine.items():
        listed = {
            (e["rule"], key)
            for e in truth["dirt"]["errors"]
            if e["table"] == table and e["action"] == "quarantine"
            for key in e["keys"]
        }
        keys = pl.concat_str(pl.col(tables()[table].key).cast(pl.String), separator="|")
        found = taken_out.select("rule", key=keys)
        assert set(found.iter_rows()) == listed, table


@pytest.mark.parametrize("required_only", [False, True])
def test_clean_data_hold_rules_of_meaning_only(town, tmp_path, required_only):
    write_delivery(keep_required(town) if required_only else town, tmp_path)
    cleaned, truth = clean_and_truth(tmp_path)
    assert counted(truth["expected_ledger"]) == counted(cleaned.ledger.to_dicts())
    rules = {rule for _, rule, _ in counted(truth["expected_ledger"])}
    assert {"B07", "B08", "B09"} <= rules <= OF_MEANING
    assert "dirt" not in truth


def test_the_required_tables_alone_can_be_dirty(town, tmp_path):
    write_delivery(keep_required(town), tmp_path, dirt=0.1, seed=3)
    cleaned, truth = clean_and_truth(tmp_path)
    assert counted(truth["expected_ledger"]) == counted(cleaned.ledger.to_dicts())


def test_no_row_has_two_errors(town, tmp_path):
    write_delivery(town, tmp_path, dirt=0.2, seed=4)
    truth = yaml.safe_load((tmp_path / "truth.yaml").read_text(encoding="utf-8"))
    for table in tables():
        keys = [
            key
            for e in truth["dirt"]["errors"]
            if e["table"] == table and (e["rule"], e["action"]) not in {("P02", "flag")}
            for key in e["keys"]
        ]
        assert len(keys) == len(set(keys)), table


@pytest.mark.parametrize("format", ["gws4all_xlsx", "gws4all_csv"])
def test_an_export_of_a_suite_is_accounted_for_too(town, tmp_path, format):
    write_delivery(town, tmp_path, format)
    cleaned, truth = clean_and_truth(tmp_path)
    assert counted(truth["expected_ledger"]) == counted(cleaned.ledger.to_dicts())
    periods = town.tables["benefits"].filter(pl.col("scheme") == "PW")
    assert cleaned.accounts["rows_read"].to_list() == [len(periods)] * 2
    assert cleaned.spells["start_date"].min() == periods["start_date"].min()
    assert cleaned.observed_until < date(2023, 12, 31)


def test_an_export_of_a_suite_cannot_be_dirty(town, tmp_path):
    with pytest.raises(ParameterError, match="canonical layouts only"):
        write_delivery(town, tmp_path, "gws4all_csv", dirt=0.05)
    assert not list(tmp_path.iterdir())

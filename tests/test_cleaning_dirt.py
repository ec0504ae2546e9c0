"""Planted errors: each is found by its rule, none is missed, and none is invented on clean data.

``truth.yaml`` lists what was planted, what follows from it (the orphans of a person taken out), and
the ledger that finding everything gives, what the rules of meaning find by nature included.
"""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml

from watwerkt.cleaning.clean import Cleaned, clean_delivery
from watwerkt.cleaning.rules import RULES
from watwerkt.intake.delivery import read_delivery
from watwerkt.schemas import tables
from watwerkt.synthetic import Scenario, simulate, write_delivery

N_CLIENTS, N_MONTHS, SEED = 500, 36, 4
FLAGS = {  # where a rule that keeps its rows leaves its mark
    "D03": pl.col("is_code_repaired"),
    "P02": pl.col("is_identity_conflicting"),
    "B03": pl.col("is_end_repaired"),
    "B05": pl.col("is_outside_working_age"),
    "B11": pl.col("is_left_censored"),
    "A03": pl.col("is_overlapping"),
    "W01": pl.col("is_per_head"),
    "C03": pl.col("phase").is_in(["before", "after"]),
    "C04": pl.col("is_late"),
    "X01": pl.col("is_planned"),
}
REPAIRED = ("|x9", "|unknown")  # in the key of an administrative error
NOT_PLANTED = {  # found by nature in clean data, too
    *("B07 repair", "B08 merge", "B09 flag", "S02 flag"),
    # of layouts that are not drawn here: monthly snapshots, only current assignments, and two
    # assignments on one day
    *("B10 merge", "B10 flag", "B10 repair", "A04 flag", "A03 quarantine"),
}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory) -> dict[float, tuple[Cleaned, dict]]:
    """By rate of dirt: what cleaning made of the delivery, and its truth."""
    simulated = simulate(Scenario(), "GM9901", N_CLIENTS, N_MONTHS, SEED, counterfactuals=False)
    found = {}
    for rate in (0.0, 0.05):
        folder: Path = tmp_path_factory.mktemp("delivery")
        write_delivery(simulated, folder, format="mixed", dirt=rate, seed=SEED)
        truth = yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))
        found[rate] = clean_delivery(read_delivery(folder)), truth
    return found


@pytest.mark.parametrize("rate", [0.0, 0.05], ids=["clean", "dirty"])
def test_each_rule_counts_what_is_there_and_no_more(delivered, rate):
    cleaned, truth = delivered[rate]
    found = cleaned.ledger.filter(pl.col("n_rows") > 0).to_dicts()
    assert {_line(row) for row in found} == {_line(row) for row in truth["expected_ledger"]}


def test_clean_data_lose_no_row_but_to_merging_payment_periods(delivered):
    accounts = delivered[0.0][0].accounts
    assert accounts["rows_quarantined"].sum() == 0
    assert accounts.filter(pl.col("rows_merged") > 0)["table"].to_list() == ["benefits"]


def test_the_very_rows_that_were_planted_are_found(delivered):
    cleaned, truth = delivered[0.05]
    for error in truth["dirt"]["errors"]:
        if error["action"] in ("repair", "flag"):
            missed = {k.replace(*REPAIRED) for k in error["keys"]} - _marked(cleaned, error)
            assert not missed, f"{error['rule']} in {error['table']} missed {len(missed)}"


def test_what_is_quarantined_is_what_was_planted_and_what_follows_from_it(delivered):
    cleaned, truth = delivered[0.05]
    planted: dict[tuple[str, str], Counter] = {}
    for error in truth["dirt"]["errors"]:
        if error["action"] == "quarantine" and error["keys"]:
            planted.setdefault((error["table"], error["rule"]), Counter()).update(error["keys"])
    found = {
        (table, rule): Counter(_keys(rows.filter(pl.col("rule") == rule), table))
        for table, rows in cleaned.quarantine.items()
        for rule in rows["rule"].unique()
    }
    assert found == planted


def test_every_rule_has_something_planted_for_it(delivered):
    errors = delivered[0.05][1]["dirt"]["errors"]
    planted = {f"{e['rule']} {e['action']}" for e in errors if e["keys"]}
    assert {f"{r.code} {r.action}" for r in RULES} - planted == NOT_PLANTED


def _marked(cleaned: Cleaned, error: dict) -> set[str]:
    """Keys of the rows that bear the rule's mark; merged rows are gone, and only counted."""
    if error["rule"] == "C05":
        collapsed = cleaned.tables["registration"].filter("is_collapsed")
        return set(_text(collapsed, ["team_id", "month"]))
    kept = cleaned.tables[error["table"]]
    return set(_keys(kept.filter(FLAGS[error["rule"]]), error["table"]))


def _keys(rows: pl.DataFrame, table: str) -> list[str]:
    return _text(rows, list(tables()[table].key))


def _text(rows: pl.DataFrame, key: list[str]) -> list[str]:
    texts = rows.select(pl.col(key).cast(pl.String).fill_null(""))
    return texts.select(pl.concat_str(pl.all(), separator="|")).to_series().to_list()


def _line(row: dict) -> tuple:
    return row["table"], row["rule"], row["action"], row["n_rows"]

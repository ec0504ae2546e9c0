"""The main job on real people's data: McCall's 3,343 unemployment spells, from file to report.

McCall (1996), displaced workers in the United States, as a delivery: one row a spell, of which
the file gives the length in two-week units and how it ended (``censor1`` re-employed full time,
``censor2`` part time, ``censor3`` unknown which; ``censor4`` and 102 rows without a code were
still jobless when last seen). **The dates are reconstructed**: spells without an end run until the
last day observed, spells with one end before it. Full time stands for work, part time for other
income, unknown for another reason.
"""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml

from watwerkt.analysis.incidence import DAYS_PER_MONTH, Window, spell_durations
from watwerkt.estimators.survival_curves import aalen_johansen, kaplan_meier
from watwerkt.panel.prepared import Prepared, read_prepared

UNIT_DAYS = 14
EXTRACT = date(2020, 12, 31)
OBSERVED_UNTIL = EXTRACT - timedelta(days=30)  # exits are booked on their day; the gap rule remains
ENDS = {"censor1": ("FT", "work"), "censor2": ("PT", "other_income"), "censor3": ("NN", "other")}
GROUPS = {"work": "work", "other_income": "other_income", "other": "unexplained"}
TOWN = "GM9911"
COMMAND = Path(sys.executable).with_name("watwerkt")
EXACT = {"rtol": 1e-12, "atol": 1e-12}  # the same sums in another order

MAPPING = {
    "schema_version": 1,
    "name": "mccall",
    "description": "One row a spell.",
    "dates": ["jjjj-mm-dd"],
    "decimal": ".",
    "end_date_is": "first_day_after",
    "tables": {
        "clients": {
            "columns": {
                "person_id": {"row_number": "m"},
                "birth_year": "born",
                "sex": {"from": "woman", "codes": {"0": "male", "1": "female"}},
            }
        },
        "benefits": {
            "columns": {
                "person_id": {"row_number": "m"},
                "benefit_id": {"row_number": "b"},
                "scheme": {"constant": "PW"},
                "start_date": "began",
                "end_date": "ended",
                "end_registered_date": "booked",
                "exit_reason": {"from": "how", "codes": {"FT": "11", "PT": "19", "NN": "98"}},
            }
        },
    },
}


def watwerkt(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def spells(root) -> pd.DataFrame:
    folder = Path(os.environ.get("WATWERKT_REAL_DATA", root.parent / "shared" / "real"))
    path = folder / "mccall_jobless.csv"
    if not path.is_file():
        pytest.skip("mccall_jobless.csv is not here: set WATWERKT_REAL_DATA to its folder")
    raw = pd.read_csv(path)
    code = np.select([raw[name] == 1 for name in ENDS], list(ENDS), default="")
    return pd.DataFrame(
        {
            "days": (raw["spell"] * UNIT_DAYS).astype(int),
            "how": [ENDS[c][0] if c else "" for c in code],
            "destination": [ENDS[c][1] if c else "" for c in code],
            "born": 2019 - raw["age"].astype(int),
            "woman": raw["female"].astype(int),
        }
    )


def reconstruct_starts(spells: pd.DataFrame) -> list[date]:
    """Starts at which no day is improbably shared (rule B11), and every end lies in the window."""
    running = spells.index[spells["how"] == ""]
    ended = spells[spells["how"] != ""].sort_values("days", kind="stable").index
    start = {i: OBSERVED_UNTIL - timedelta(days=int(spells["days"][i])) for i in running}
    for i, other in zip(ended, running, strict=False):
        start[i] = start[other].replace(year=start[other].year - 1)  # none is 29 February
    for place, i in enumerate(ended[len(running) :]):
        start[i] = OBSERVED_UNTIL - timedelta(days=int(spells["days"][i]) + place)
    return [start[i] for i in spells.index]


@pytest.fixture(scope="module")
def delivery(spells, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mccall") / TOWN
    folder.mkdir()
    began = reconstruct_starts(spells)
    ended = [
        (start + timedelta(days=days)).isoformat() if how else ""
        for start, days, how in zip(began, spells["days"], spells["how"], strict=True)
    ]
    table = spells[["born", "woman", "how"]].assign(began=began, ended=ended, booked=ended)
    table.to_csv(folder / "spells.csv", index=False)
    (folder / "mccall.yaml").write_text(yaml.safe_dump(MAPPING), encoding="utf-8")
    about = {
        "schema_version": 1,
        "executor_id": TOWN,
        "municipality_id": TOWN,
        "extract_date": EXTRACT,
        "first_month": "2017-01",
        "last_month": "2020-12",
        "mapping": "mccall.yaml",
        "pseudonym": "random",
        "synthetic": False,
        "tables": {"clients": "spells.csv", "benefits": "spells.csv"},
    }
    (folder / "delivery.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def prepared(delivery, tmp_path_factory) -> Prepared:
    out = tmp_path_factory.mktemp("prepared")
    done = watwerkt("prepare", delivery, "--out", out)
    assert done.returncode == 0, done.stderr
    return read_prepared(out / TOWN)


def product_limit(days: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    """Kaplan-Meier as it is written in the paper, straight from the file."""
    times = np.unique(days)
    at_risk = np.array([(days >= t).sum() for t in times])
    events = np.array([((days == t) & event).sum() for t in times])
    return pd.DataFrame({"days": times, "survival": np.cumprod(1 - events / at_risk)})


def test_check_accounts_for_every_row(delivery, spells):
    done = watwerkt("check", delivery, "--json")
    assert done.returncode == 0, done.stderr
    tables = json.loads(done.stdout)["tables"]
    assert tables["benefits"]["rows_read"] == tables["benefits"]["rows_kept"] == len(spells)
    assert tables["clients"]["rows_read"] == tables["clients"]["rows_kept"] == len(spells)


def test_no_start_was_taken_for_a_conversion(prepared):
    assert not prepared.spells.collect()["is_left_censored"].any()


def test_spells_are_those_of_the_file(prepared, spells):
    assert prepared.observed_until == OBSERVED_UNTIL
    found = prepared.spells.collect()
    end = pl.col("end_date").fill_null(OBSERVED_UNTIL)
    days = found.select((end - pl.col("start_date")).dt.total_days())
    number = found["person_id"].str.extract(r"(\d+)").cast(pl.Int64)
    ours = pd.DataFrame({"number": number, "days": days.to_series()}).sort_values("number")
    assert ours["days"].tolist() == spells["days"].tolist()


def test_exits_by_destination_are_those_of_the_file(prepared, spells):
    found = prepared.spells.collect()["exit_destination"].drop_nulls().value_counts(sort=True)
    expected = spells.loc[spells["how"] != "", "destination"].value_counts()
    assert (
        dict(found.iter_rows())
        == expected.to_dict()
        == {"work": 1073, "other": 574, "other_income": 339}
    )


def test_the_survival_curve_before_protection_is_that_of_the_file(prepared, spells):
    durations = spell_durations(prepared.spells, Window(date(2017, 1, 1), OBSERVED_UNTIL))
    ours = kaplan_meier(durations["duration"], durations["destination"] != "").tidy()
    direct = product_limit(spells["days"].to_numpy(), (spells["how"] != "").to_numpy())
    np.testing.assert_allclose(ours["time"] * DAYS_PER_MONTH, direct["days"], rtol=1e-9)
    np.testing.assert_allclose(ours["estimate"], direct["survival"], **EXACT)


def test_incidence_by_destination_adds_up_to_who_left(prepared, spells):
    durations = spell_durations(prepared.spells, Window(date(2017, 1, 1), OBSERVED_UNTIL))
    assert set(durations["destination"]) - {""} == set(GROUPS.values())
    curves = aalen_johansen(durations["duration"], durations["destination"]).tidy()
    direct = product_limit(spells["days"].to_numpy(), (spells["how"] != "").to_numpy())
    total = curves.groupby("time")["estimate"].sum()
    np.testing.assert_allclose(total, 1 - direct["survival"], **EXACT)


@pytest.mark.e2e
def test_the_report_is_written(delivery, root, tmp_path):
    for name in ("notebooks", "papermill_params", "requirements.lock"):
        (tmp_path / name).symlink_to(root / name)
    copy = {"WATWERKT_ROOT": str(tmp_path)}
    asked = ("--language", "en", "--chapters", "00,01,02,04,08")
    done = watwerkt("report", TOWN, "--delivery", delivery, *asked, **copy)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "reports" / TOWN / "en" / "report.html").read_text(encoding="utf-8")
    assert "Not delivered: contacts between clients and caseworkers." in page
    assert "synthetic data" not in page

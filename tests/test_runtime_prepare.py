"""Preparing once: when it is done again, who waits, what a chapter then opens."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from watwerkt.disclosure import protect_counts
from watwerkt.errors import DisclosureError, ParameterError
from watwerkt.panel.prepared import read_prepared
from watwerkt.params import ReportParams
from watwerkt.runtime import chapter as chapter_module
from watwerkt.runtime.chapter import read_chapter
from watwerkt.runtime.prepare import run_prepare

TOWN = "GM9902"


@pytest.fixture
def params():
    return ReportParams(municipality_id=TOWN)


@pytest.fixture
def place(root, tmp_path, monkeypatch):
    """A working copy with one town and nothing prepared."""
    shutil.copytree(root / "data" / "sample" / TOWN, tmp_path / "data" / "sample" / TOWN)
    shutil.copytree(root / "papermill_params", tmp_path / "papermill_params")
    monkeypatch.setenv("WATWERKT_ROOT", str(tmp_path))
    return tmp_path


def test_it_is_done_again_only_where_something_changed(place, params):
    delivery, folder = place / "data" / "sample" / TOWN, place / "prepared" / TOWN
    assert run_prepare(delivery, folder, params)
    assert not run_prepare(delivery, folder, params)
    assert run_prepare(delivery, folder, params, always=True)
    assert run_prepare(delivery, folder, params.model_copy(update={"max_gap_days": 60}))
    with (delivery / "clients.csv").open("a", encoding="utf-8") as clients:
        clients.write("\n")
    assert run_prepare(delivery, folder, params)


def test_what_an_older_version_prepared_is_made_again(place, params):
    delivery, folder = place / "data" / "sample" / TOWN, place / "prepared" / TOWN
    run_prepare(delivery, folder, params)
    path = folder / "prepared.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    del about["received"]
    path.write_text(json.dumps(about | {"schema_version": 1}), encoding="utf-8")
    assert run_prepare(delivery, folder, params)
    assert read_prepared(folder).about["received"]["files"] == [
        {"table": "clients", "file": "clients.csv", "mapping": "canonical"},
        {"table": "benefits", "file": "benefits.csv", "mapping": "canonical"},
    ]


def test_kernels_that_open_a_town_at_once_prepare_it_once(place, params):
    delivery, folder = place / "data" / "sample" / TOWN, place / "prepared" / TOWN
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: run_prepare(delivery, folder, params), range(4)))
    assert sorted(done) == [False, False, False, True]


def test_a_chapter_opens_an_unprepared_town_with_the_settings_of_its_file(place):
    own = place / "papermill_params" / f"{TOWN}.yaml"
    own.write_text("max_gap_days: 60\nlanguage: en\n", encoding="utf-8")
    chapter = read_chapter("01_x", TOWN)
    assert chapter.about["params"] == {"max_gap_days": 60, "booking_lag_months": 3}
    assert chapter.page.language == "en"
    assert chapter.is_synthetic
    assert chapter.policy.is_synthetic
    assert chapter.has("benefits")
    assert not chapter.has("contacts")
    assert chapter.table("contacts") is None
    assert chapter.panel.collect().height == chapter.about["n_person_months"]


def test_a_given_parameter_goes_before_the_file(place):
    assert read_chapter("01_x", TOWN, language="nl").page.language == "nl"
    with pytest.raises(ParameterError, match="colour"):
        read_chapter("01_x", TOWN, colour="red")


def test_what_a_chapter_is_called_names_no_folder(place):
    chapter = read_chapter("01_x", TOWN)
    assert repr(chapter) == f"<chapter 01_x of {TOWN}>"
    assert str(place) not in repr(chapter.prepared)


def test_only_protected_estimates_and_aggregates_are_recorded(place, tmp_path):
    records = tmp_path / "records"
    chapter = read_chapter("01_x", TOWN, record_dir=str(records))
    ledger = chapter.ledger.to_pandas()
    with pytest.raises(DisclosureError, match="only a protected frame"):
        chapter.record(ledger)
    tables = ledger.groupby("table", as_index=False)["n_rows"].sum()
    counts = protect_counts(tables, ["n_rows"], chapter.policy, by=["table"], of="records")
    with pytest.raises(DisclosureError, match="are not recorded"):
        chapter.record(counts)
    assert not any(records.rglob("*.parquet"))


def test_a_chapter_guards_its_kernel_before_anything_else(place, monkeypatch):
    done = []
    monkeypatch.setattr(chapter_module, "guard_display", lambda: done.append("guard"))
    monkeypatch.setattr(chapter_module, "read_chapter", lambda *_, **__: done.append("read"))
    chapter_module.open_chapter("01_x", TOWN)
    assert done == ["guard", "read"]

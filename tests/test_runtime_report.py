"""A report from small chapters on the sample: what is written, and what a failure leaves."""

import json
import shutil
from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from conftest import absent
from tiny_chapters import PARAMETERS, write_chapter
from watwerkt.errors import DeliveryError, LibraryError, ParameterError
from watwerkt.params import read_params
from watwerkt.paths import workspace
from watwerkt.runtime.report import write_report

TOWN = "GM9902"
OPEN = """
import pandas as pd
from watwerkt.disclosure import protect_estimates
from watwerkt.runtime.chapter import open_chapter
"""
OPENED = """
chapter = open_chapter(
    "{name}", municipality_id, language=language, prepared_dir=prepared_dir, record_dir=record_dir
)
"""
RECORD = """
tidy = pd.DataFrame(
    dict(analysis=["a"], design=["naive"], outcome=["exit"], estimand=["x"], scale=["log odds"],
         term=["t"], subgroup=[""], estimate=[0.123456789], std_error=[0.1], conf_low=[-0.1],
         conf_high=[0.3], conf_level=[0.95], n_obs=[1234], n_persons=[321], n_events=[56],
         n_clusters=[12], status=["warning"], is_primary=[True])
)
chapter.record(protect_estimates(tidy, chapter.policy))
"""
SAY = 'chapter.page.say("There are no exits in this window.")'
SUMMARY = """
import pyarrow.parquet as pq
n_rows = pq.read_metadata(f"{released_dir}/estimates.parquet").num_rows
assert n_rows == 1, "the summary comes last"
"""


def add_chapter(folder, name, *cells, parameters=PARAMETERS):
    return write_chapter(
        folder, name, OPEN, OPENED.format(name=name), *cells, parameters=parameters
    )


@pytest.fixture(scope="module")
def place(root, tmp_path_factory):
    """A working copy of its own, with one town and three chapters."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(root / "papermill_params", copy / "papermill_params")
    shutil.copytree(root / "data" / "sample" / TOWN, copy / "data" / "sample" / TOWN)
    shutil.copy(root / "requirements.lock", copy)
    notebooks = copy / "notebooks"
    add_chapter(notebooks, "01_first", RECORD, SAY)
    write_chapter(notebooks, "03_second")
    released = f'{PARAMETERS}\nreleased_dir: str = ""  # filled in by the runner'
    write_chapter(notebooks, "00_summary", SUMMARY, parameters=released)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATWERKT_ROOT", str(copy))
        yield workspace()


def report(place, out=None, chosen=(), language="en"):
    told = StringIO()
    at = place if out is None else workspace(out=out)
    params = read_params(place.params, TOWN, language=language)
    failed = write_report(at, params, place.delivery(TOWN), Console(file=told), chosen)
    return [outcome.sentence for outcome in failed], told.getvalue()


@pytest.fixture(scope="module")
def written(place):
    failures, told = report(place)
    assert failures == [], told
    return place.reports / TOWN / "en", place.restricted / TOWN / "en"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_published_and_what_is_kept(place, written):
    published, restricted = written
    assert names(published) == [
        "aggregates.parquet",
        "estimates.parquet",
        "manifest.json",
        "report.html",
        *([] if "paper" in absent() else ["report.pdf"]),
        "tables.xlsx",
    ]
    assert names(restricted) == ["chapters", "log", "run.json"]
    assert names(restricted / "chapters") == [
        "00_summary.ipynb",
        "01_first.ipynb",
        "03_second.ipynb",
    ]
    assert names(place.reports / TOWN) == ["en"]
    assert place.restricted.stat().st_mode & 0o077 == 0


def test_what_was_recorded_is_released_with_whose_it_is(written):
    rows = pd.read_parquet(written[0] / "estimates.parquet")
    [row] = rows.to_dict("records")
    whose = {"municipality_id": TOWN, "chapter": "01_first", "synthetic": True}
    about = whose | {"estimate": 0.123457}
    assert {name: row[name] for name in about} == about
    assert pd.read_parquet(written[0] / "aggregates.parquet").empty


def test_the_page_holds_the_chapters_in_their_order(written):
    page = (written[0] / "report.html").read_text(encoding="utf-8")
    places = [page.index(f"Title of {name}") for name in ("00_summary", "01_first", "03_second")]
    assert places == sorted(places)
    assert "Leemdorp" in page
    assert "Kop van" not in page


def test_two_runs_give_the_same_bytes_elsewhere_too(place, written, tmp_path):
    report(place, out=tmp_path / "reports")
    again = tmp_path / "reports" / TOWN / "en"
    assert names(again) == names(written[0])
    for path in written[0].iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_manifest_names_everything_and_no_place(root, place, written):
    text = (written[0] / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    for name in ("delivery", "params", "library", "lock", "policy"):
        assert len(manifest[f"{name}_sha256"]) == 64
    assert manifest["synthetic"] is True
    assert set(manifest["chapters"]) == {"00_summary", "01_first", "03_second"}
    assert set(manifest["outputs"]) == {*names(written[0])} - {"manifest.json"}
    assert str(root) not in text
    assert str(place.root) not in text


def test_chosen_chapters_only(place, tmp_path):
    failures, _ = report(place, tmp_path / "reports", chosen=["03"])
    page = (tmp_path / "reports" / TOWN / "en" / "report.html").read_text(encoding="utf-8")
    assert failures == []
    assert "Title of 03_second" in page
    assert "Title of 01_first" not in page


def test_a_failing_chapter_leaves_a_gap_and_the_others(place, tmp_path):
    failing = add_chapter(place.notebooks, "04_broken", RECORD, "raise ValueError('123456782')")
    bare = add_chapter(place.notebooks, "05_bare", "chapter.panel.head().collect()")
    try:
        failures, told = report(place, tmp_path / "reports", chosen=["03", "04", "05"])
    finally:
        failing.unlink()
        bare.unlink()
    assert failures[0] == "04_broken, cell 5: ValueError"
    assert failures[1].startswith("05_bare, cell 4: DisclosureError: a DataFrame is not protected")
    published = tmp_path / "reports" / TOWN / "en"
    page = (published / "report.html").read_text(encoding="utf-8")
    assert "04_broken, cell 5: ValueError" in page
    assert "Title of 03_second" in page
    assert pd.read_parquet(published / "estimates.parquet").empty
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["failed"] == ["04_broken", "05_bare"]
    run = json.loads((tmp_path / "restricted" / TOWN / "en" / "run.json").read_text("utf-8"))
    assert run["failures"] == failures
    assert "123456782" not in page + told + json.dumps(run)


def test_without_pango_the_report_is_written_and_says_what_it_lacks(place, tmp_path, monkeypatch):
    def refuse(page):
        raise LibraryError("Pango is not installed; apt-get install it")

    monkeypatch.setattr("watwerkt.runtime.paper.report_pdf", refuse)
    failures, told = report(place, tmp_path / "reports", chosen=["03"])
    published = tmp_path / "reports" / TOWN / "en"
    assert failures == []
    assert "WITHOUT report.pdf: Pango is not installed; apt-get install it" in told
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    lacks = {"report.pdf": "Pango is not installed; apt-get install it"}
    assert manifest["not_written"] == lacks
    assert not lacks.keys() & {*manifest["outputs"], *names(published)}
    assert (published / "report.html").is_file()


def test_a_refused_delivery_leaves_the_old_report(place, written, tmp_path):
    before = (written[0] / "report.html").read_bytes()
    params = read_params(place.params, TOWN, language="en")
    other = tmp_path / "GM9903"
    shutil.copytree(place.delivery(TOWN), other)
    about = (other / "delivery.yaml").read_text(encoding="utf-8").replace(TOWN, "GM9903")
    (other / "delivery.yaml").write_text(about, encoding="utf-8")
    with pytest.raises(DeliveryError, match="says municipality_id GM9903, asked is GM9902"):
        write_report(place, params, other, Console(file=StringIO()))
    with pytest.raises(ParameterError, match="no chapter 07"):
        report(place, chosen=["07"])
    assert (written[0] / "report.html").read_bytes() == before
    assert names(place.reports / TOWN) == ["en"]

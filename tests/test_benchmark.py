"""Chapter 20: what it reads, what it refuses, and whom it names."""

import json
import shutil
from io import StringIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from released_towns import write_towns
from sealed_tables import table
from tiny_chapters import write_chapter
from watwerkt.analysis.benchmark import (
    KEY,
    NO_POOL,
    by_municipality,
    gains,
    pool_primaries,
    pooled_estimates,
    pooled_means,
)
from watwerkt.analysis.benchmark_outflow import NO_OUTFLOW, expected_exits, outflow_funnel
from watwerkt.cli import main
from watwerkt.disclosure.policy import read_policy
from watwerkt.errors import ParameterError, Refused, VersionError
from watwerkt.paths import workspace
from watwerkt.publish.benchmark_words import OWN_LABELS, OWN_RATIOS
from watwerkt.publish.figures import plot_funnel, plot_municipalities
from watwerkt.publish.page import Page
from watwerkt.runtime.benchmark import write_benchmark
from watwerkt.runtime.chapters import read_chapters
from watwerkt.runtime.municipalities import read_municipalities

POLICY = read_policy(is_synthetic=True)
P1 = {"analysis": "P1", "outcome": "all", "term": "months_0_6"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    write_towns(folder, 12, seed=4, outliers={2: 1.5, 7: 0.6})
    return folder


@pytest.fixture(scope="module")
def found(bundle):
    return read_municipalities(bundle, "nl")


@pytest.fixture(scope="module")
def pools(found):
    return pool_primaries(found.estimates)


def test_every_primary_estimate_is_pooled_whatever_its_verdict(found, pools):
    primary = found.estimates[found.estimates["is_primary"]]
    assert len(pools) == len(primary.drop_duplicates(KEY))
    warned = found.estimates.assign(status="warning")
    again = pool_primaries(warned)
    assert [p.pooled.estimate for p in again] == [p.pooled.estimate for p in pools]
    assert all(len(pool.rows) == 12 for pool in pools)


def test_what_three_municipalities_do_not_have_is_not_pooled(found):
    few = found.estimates[found.estimates["municipality_id"].isin(found.codes[:2])]
    assert pool_primaries(few) == []
    for shown in (pooled_means([], POLICY, 0.95), pooled_estimates([], POLICY, 0.95)):
        assert shown is NO_POOL
    assert gains([], POLICY) is NO_POOL
    assert by_municipality([], POLICY, 0.95, **P1) is NO_POOL


def test_towns_that_share_an_executor_are_one_cluster(found, pools):
    assert found.estimates["executor_id"].nunique() == 11
    assert {pool.pooled.degrees_of_freedom for pool in pools} == {10.0}


def test_the_order_of_the_rows_does_not_matter(found, pools):
    turned = pool_primaries(found.estimates.iloc[::-1])
    assert [p.key for p in turned] == [p.key for p in pools]
    np.testing.assert_allclose(
        [p.pooled.estimate for p in turned], [p.pooled.estimate for p in pools], rtol=1e-9
    )


def test_the_rows_per_municipality_are_in_the_order_of_codes_and_drawn_to_the_mean(pools):
    rows = by_municipality(pools, POLICY, 0.95, **P1).frame.set_index("municipality_id")
    assert [*rows.index] == [*sorted(rows.index)]
    mean = rows.loc["together", "estimate"]
    own = rows.drop(index="together")
    assert ((own["estimate"] - mean).abs() <= (own["own_estimate"] - mean).abs() + 1e-3).all()


def test_together_they_see_more_than_one_alone(pools):
    rows = gains(pools, POLICY).frame
    assert (rows["pooled_mde"] < rows["own_mde"]).all()
    assert (rows["n_needed"] >= 3).all()


def test_what_is_released_of_the_pool_holds_mean_prediction_and_tau(pools):
    rows = pooled_estimates(pools, POLICY, 0.95).frame
    one = rows[(rows["analysis"] == "P4") & (rows["outcome"] == "all")].set_index("design")
    mean, further = (one.loc[f"random effects, {d}"] for d in ("mean", "prediction interval"))
    assert further["conf_low"] <= mean["conf_low"] <= mean["conf_high"] <= further["conf_high"]
    assert one.loc["random effects, tau", "conf_low"] >= 0
    assert not rows["is_primary"].any()


ALT = "Intervals of the mean over municipalities, and bars for a further municipality."


def test_the_figures_name_who_is_outside_and_rank_nobody(found, pools):
    page = Page("nl", is_synthetic=True)
    funnel = outflow_funnel(found.aggregates, POLICY)
    shown = page.figure(plot_funnel, funnel, "Contents", ALT).data
    drawn = shown.partition("<details>")[0]
    assert "GM9913" in drawn
    assert "GM9911" not in drawn
    rows = by_municipality(pools, POLICY, 0.95, analysis="P4", outcome="all")
    options = {"columns": OWN_LABELS, "formats": OWN_RATIOS, "is_ratio": True}
    drawn = page.figure(plot_municipalities, rows, "Contents", ALT, **options).data
    places = [drawn.index(f">{code}<") for code in found.codes]
    assert places == sorted(places)


COUNTS = table("""
    municipality_id  year  destination  band  n_person_months  n_exits
    GM9911           2023  total        0-11  1000             50
    GM9911           2023  total        36+   1000             10
    GM9912           2023  total        0-11  3000             90
    GM9912           2023  total        36+   1000             30
    GM9913           2023  total        0-11  1000             –
    GM9913           2023  total        36+   9000             90
    GM9911           2023  work         0-11  1000             20
""")


def test_expected_exits_by_hand():
    """0-11: 140 exits in 4,000 months; 36+: 40 in 2,000. GM9913's year is not shown whole."""
    rows = expected_exits(COUNTS)
    assert rows["n_exits_expected"].tolist() == pytest.approx([35, 20, 105, 20])
    assert rows["n_exits_expected"].sum() == rows["n_exits"].sum()
    assert outflow_funnel(COUNTS, POLICY) is NO_OUTFLOW


def test_planted_outliers_are_found_and_no_others(found):
    rows = outflow_funnel(found.aggregates, POLICY).frame.set_index("municipality_id")
    outside = rows[rows["place"] == "outside"]["exit_ratio"]
    assert set(outside.index) == {"GM9913", "GM9918"}
    assert outside["GM9913"] > 1 > outside["GM9918"]
    assert (rows["place"] != "inside").sum() <= 4


def test_towns_that_differ_by_chance_only_lie_within_the_limits():
    places = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        cells = [(f"GM{9911 + i}", b) for i in range(20) for b in ("0-11", "36+")]
        rows = pd.DataFrame(cells, columns=["municipality_id", "band"])
        months = rng.integers(2000, 20_000, len(rows))
        exits = rng.poisson(months * rows["band"].map({"0-11": 0.03, "36+": 0.01}))
        counts = rows.assign(year=2023, destination="total", n_person_months=months)
        counts["n_exits"] = 5 * np.round(exits / 5)
        places += [*outflow_funnel(counts, POLICY).frame["place"]]
    assert places.count("outside") <= 4  # of 400, where 0.8 are to be expected
    assert 4 <= places.count("unusual") <= 32  # 20 are


def change(path, **columns):
    """Write one released file again with other values, by its own schema."""
    old = pq.read_table(path)
    frame = old.to_pandas().assign(**columns)
    pq.write_table(pa.Table.from_pandas(frame, old.schema, preserve_index=False), path)


@pytest.fixture
def copy(bundle, tmp_path):
    """Four of the towns, to be spoiled."""
    for code in sorted(path.name for path in bundle.iterdir())[:4]:
        shutil.copytree(bundle / code, tmp_path / "reports" / code)
    return tmp_path / "reports"


def test_two_municipalities_are_no_comparison(copy):
    for code in ("GM9911", "GM9912"):
        shutil.rmtree(copy / code)
    with pytest.raises(Refused, match=r"takes 3 municipalities .* reports/ holds .* of 2: put"):
        read_municipalities(copy, "nl")


def test_synthetic_and_real_are_never_mixed(copy):
    for kind in ("estimates", "aggregates"):
        change(copy / "GM9911" / f"{kind}.parquet", synthetic=False)
    with pytest.raises(Refused, match="synthetic and real municipalities are never compared"):
        read_municipalities(copy, "nl")


def test_a_municipality_is_there_once_and_under_its_own_code(copy):
    shutil.copytree(copy / "GM9911", copy / "GM9999")
    with pytest.raises(Refused, match=r"GM9999/estimates\.parquet holds rows of GM9911"):
        read_municipalities(copy, "nl")


def test_of_two_languages_the_one_that_is_asked_is_read(copy):
    for language in ("nl", "en"):
        shutil.copytree(copy / "GM9911", copy / "GM9912" / language)
    for name in ("estimates.parquet", "aggregates.parquet"):
        (copy / "GM9912" / name).unlink()
        change(copy / "GM9912" / "nl" / name, municipality_id="GM9912")
        change(copy / "GM9912" / "en" / name, municipality_id="GM9912")
    read = {language: read_municipalities(copy, language) for language in ("nl", "en")}
    for language, one in read.items():
        assert one.codes == ("GM9911", "GM9912", "GM9913", "GM9914")
        assert one.files[2].parent.name == language


@pytest.mark.parametrize(("left", "code"), [(["GM9911", "GM9912"], 2), ([], 64)])
def test_the_command_says_by_its_exit_code_how_it_went(left, code, copy, tmp_path, monkeypatch):
    for town in sorted({path.name for path in copy.iterdir()} - {*left}):
        shutil.rmtree(copy / town)
    out = ["--out", str(tmp_path / "together")] if left else []
    monkeypatch.setattr("sys.argv", ["watwerkt", "benchmark", str(copy), *out])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert not (tmp_path / "together").exists()


def test_a_folder_that_is_not_there_is_wrong_use(tmp_path):
    with pytest.raises(ParameterError, match="nowhere: no such folder of reports"):
        read_municipalities(tmp_path / "nowhere", "nl")


def test_a_newer_file_is_refused(copy):
    path = copy / "GM9911" / "estimates.parquet"
    old = pq.read_table(path)
    marks = old.schema.metadata | {b"watwerkt_schema_version": b"99"}
    pq.write_table(old.replace_schema_metadata(marks), path)
    with pytest.raises(VersionError, match="schema_version 99"):
        read_municipalities(copy, "nl")


OPEN = """
from watwerkt.analysis import benchmark
from watwerkt.runtime.benchmark import open_comparison
comparison = open_comparison("20_benchmark", language, reports_dir, record_dir)
"""
RECORD = """
pooled = benchmark.pooled_estimates(comparison.pools, comparison.policy, 0.95)
comparison.record(pooled)
"""
COMPARES = (
    'language: str = "nl"  # nl or en\nreports_dir: str = ""  # all\nrecord_dir: str = ""  # one'
)


@pytest.fixture
def place(root, tmp_path, monkeypatch):
    """A working copy with a chapter about one municipality, and one about many."""
    home = tmp_path / "home"
    write_chapter(home / "notebooks", "01_first")
    write_chapter(
        home / "notebooks", "20_benchmark", OPEN, RECORD, "comparison.provenance()",
        parameters=COMPARES,
    )  # fmt: skip
    shutil.copy(root / "requirements.lock", home)
    monkeypatch.setenv("WATWERKT_ROOT", str(home))
    return home


def test_a_comparison_is_written_like_a_report_and_is_in_no_report_of_one(
    place, copy, tmp_path, monkeypatch
):
    monkeypatch.setattr("watwerkt.runtime.report.write_pdf", lambda page, folder, console: {})
    assert [c.name for c in read_chapters(place / "notebooks")] == ["01_first"]
    at = workspace(out=tmp_path / "together")
    assert write_benchmark(at, copy, "en", Console(file=StringIO())) == []
    first = at.reports / "en"
    names = {path.name for path in first.iterdir()}
    assert {"report.html", "tables.xlsx", "estimates.parquet", "manifest.json"} <= names
    assert "4 municipalities together" in (first / "report.html").read_text(encoding="utf-8")
    manifest = json.loads((first / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["municipalities"] == ["GM9911", "GM9912", "GM9913", "GM9914"]
    assert str(copy) not in json.dumps(manifest)
    rows = pd.read_parquet(first / "estimates.parquet")
    assert set(rows["chapter"]) == {"20_benchmark"}
    assert set(rows["municipality_id"]) == {"GM0000"}

"""BUS of every version gives what the same town gives canonically, as far as BUS can hold it."""

from datetime import date

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal

from intake_deliveries import bsns
from layouts.bus import (
    BUS_2010,
    BUS_2013,
    BUS_2015,
    draw_months,
    held,
    report_months,
    write_couples,
    write_flat,
)
from layouts.proof import GROUNDS, account, cleaned, count, panel, town, write_folder
from watwerkt.errors import PrivacyError
from watwerkt.intake.delivery import read_delivery
from watwerkt.intake.pseudonymise import pseudonymise_delivery

FIELDS = {
    **{1: "STATISTIEKJAAR", 2: "STATISTIEKMAAND", 7: "REGISTRATIENUMMER UITKERING"},
    **{8: "STATISTIEKCODE", 10: "LEEFVORM", 18: "BURGERSERVICENUMMER", 19: "GEBOORTEDATUM"},
    **{20: "GESLACHT", 22: "AANVANGSDATUM UITKERING PERSOON", 23: "EINDDATUM UITKERING PERSOON"},
    **{24: "ONTHEFFING ARBEIDSVERPLICHTING", 31: "SOORT INKOMSTEN"},
    **{32: "BEDRAG INKOMSTEN PERSOON incl. vt", 34: "REDEN BEËINDIGING UITKERING PERSOON"},
}
MONTHS = pl.date_range(pl.date(2019, 1, 1), pl.date(2021, 12, 1), "1mo", eager=True).to_list()


@pytest.fixture(scope="module")
def reports() -> pl.DataFrame:
    return report_months(town().tables["benefits"], draw_months(town().tables, MONTHS))


def write_bus(folder, files: dict[str, tuple[str, pl.DataFrame]], **about):
    """A delivery of BUS files only: name → (mapping, rows)."""
    folder.mkdir(parents=True)
    for name, (_, rows) in files.items():
        rows.write_csv(folder / name, separator=";")
    sources = [{"file": name, "mapping": mapping} for name, (mapping, _) in files.items()]
    said = {
        **{"schema_version": 1, "executor_id": "GM9904", "municipality_id": "GM9904"},
        **{"first_month": "2019-01", "last_month": "2021-12", "extract_date": "2021-12-31"},
        **{"mapping": "canonical", "pseudonym": "random", "synthetic": True},
        "legal_ground": dict.fromkeys(GROUNDS, "made-up people"),
        "tables": {"clients": sources, "benefits": sources},
    }
    (folder / "delivery.yaml").write_text(yaml.safe_dump(said | about), encoding="utf-8")
    return folder


def by_number(table: str) -> pl.DataFrame:
    """Rows of BUS drawn as text under the numbers of their fields; - is empty."""
    header, *rows = [line.split() for line in table.strip().splitlines()]
    cells = [[None if cell == "-" else cell for cell in row] for row in rows]
    return pl.DataFrame(cells, schema=[FIELDS[int(n)] for n in header], orient="row")


def canonical(folder, reports, version):
    clients, benefits = (town().tables[name] for name in ("clients", "benefits"))
    return cleaned(write_folder(folder, held(reports, clients, benefits, version)))[1]


LAYOUTS = [
    ("bus_2015", BUS_2015, False),
    ("bus_2013", BUS_2013, False),
    ("bus_2010", BUS_2010, False),
    ("bus_2010", BUS_2010, True),
]


CHANGING = ["is_exempt", "has_part_time_work", "household_type"]


@pytest.mark.parametrize(("mapping", "version", "is_couples"), LAYOUTS)
def test_the_same_town_gives_the_same_panel(tmp_path, reports, mapping, version, is_couples):
    flat = write_flat(reports, town().tables["clients"], version)
    rows = write_couples(flat) if is_couples else flat
    _, bus = cleaned(write_bus(tmp_path / "bus", {"bus.csv": (mapping, rows)}))
    own = canonical(tmp_path / "own", reports, version)
    assert_frame_equal(panel(bus), panel(own))
    assert_frame_equal(bus.spells, own.spells)
    assert account(bus, "benefits")[0] == account(bus, "clients")[0] == len(flat)
    assert account(bus, "benefits")[3] == account(bus, "clients")[3] == 0
    assert count(bus, "benefits", "D03") == 0
    values = panel(bus).group_by("spell_id").agg(pl.col(CHANGING).n_unique())
    assert values.select(pl.col(CHANGING).max()).row(0) == (2, 2, 4), "within a benefit"
    assert panel(bus).select(pl.col(CHANGING).null_count()).row(0) == (0, 0, 0)


def test_a_couple_in_one_row_is_two_persons(reports):
    flat = write_flat(reports, town().tables["clients"], BUS_2010)
    couples = write_couples(flat)
    partners = couples["BURGERSERVICENUMMER PERSOON2"].count()
    assert partners > 100
    assert len(couples) + partners == len(flat)


def test_every_year_by_its_own_mapping_and_one_file_by_the_months_of_its_rows(tmp_path, reports):
    """Shifted to 2012 … 2014: a benefit goes on from file to file, and is one spell."""
    clients = town().tables["clients"]
    days = pl.col("month", "start_date", "end_date", "registered_date", "end_registered_date")
    earlier = reports.with_columns(days.dt.offset_by("-7y"))
    is_none = pl.col("exemption") == "none"
    plain = earlier.with_columns(  # what all three years can say
        exemption=pl.when(is_none).then("exemption").otherwise(pl.lit("urgent_reasons")),
        exit_reason=pl.col("exit_reason").replace(BUS_2010.reasons),
    )
    year = pl.col("month").dt.year()
    versions = {2012: BUS_2010, 2013: BUS_2013, 2014: BUS_2013}
    flat = [write_flat(plain.filter(year == y), clients, v) for y, v in versions.items()]
    parts = [("bus_2010", write_couples(flat[0])), *(("bus_2013", rows) for rows in flat[1:])]
    window = {"first_month": "2012-01", "last_month": "2014-12", "extract_date": "2014-12-31"}
    files = {f"{y}.csv": part for y, part in zip(versions, parts, strict=True)}
    _, apart = cleaned(write_bus(tmp_path / "apart", files, **window))
    _, whole = cleaned(
        write_bus(tmp_path / "whole", {"bus.csv": ("bus_2015", pl.concat(flat))}, **window)
    )
    assert_frame_equal(panel(apart), panel(whole))
    assert_frame_equal(apart.spells, whole.spells)
    assert count(apart, "benefits", "D03") == count(whole, "benefits", "D03") == 0
    starts = apart.spells.select("benefit_id", "person_id")
    assert starts.is_unique().all()
    assert account(apart, "benefits") == account(whole, "benefits")


def test_codes_mean_what_they_meant_then(tmp_path, reports):
    """2012: 03 was an age; 2014: 08 will not meet obligations; 2016: 35 did not appear."""
    clients = town().tables["clients"]
    ended = reports.filter(pl.col("end_date").is_not_null(), pl.col("scheme") == "PW")
    years = {
        "bus_2010": (BUS_2010, "03", "pension"),
        "bus_2013": (BUS_2013, "08", "administrative"),
        "bus_2015": (BUS_2015, "35", "administrative"),
    }
    files = {}
    for i, (mapping, (version, code, _)) in enumerate(years.items()):
        one = ended.unique("person_id", maintain_order=True)[i : i + 1]
        files[f"{mapping}.csv"] = (
            mapping,
            write_flat(one.with_columns(exit_reason=pl.lit(code)), clients, version),
        )
    _, done = cleaned(write_bus(tmp_path / "d", files))
    wanted = sorted((code, destination) for _, code, destination in years.values())
    found = done.tables["benefits"].select("exit_reason", "exit_destination").rows()
    assert sorted(found) == wanted


def test_codes_without_a_confirmed_label_become_unknown(tmp_path, reports):
    clients = town().tables["clients"]
    ended = reports.filter(pl.col("end_date").is_not_null())
    old = ended.with_columns(exit_reason=pl.lit("52"))
    _, done = cleaned(
        write_bus(tmp_path / "d", {"bus.csv": ("bus_2010", write_flat(old, clients, BUS_2010))})
    )
    assert count(done, "benefits", "D03") == len(ended)
    assert set(done.tables["benefits"]["exit_destination"]) == {"unknown"}


def test_what_is_not_confirmed_is_changed_in_three_lines(tmp_path, reports):
    """Where field 23 is the last day, an own mapping says so, and gives the same spells."""
    flat = write_flat(reports, town().tables["clients"], BUS_2013)
    last_day = pl.col("EINDDATUM UITKERING PERSOON").str.to_date("%Y%m%d", strict=False)
    shown = last_day.dt.offset_by("-1d").dt.strftime("%Y%m%d").fill_null("00000000")
    earlier = flat.with_columns(shown.alias("EINDDATUM UITKERING PERSOON"))
    folder = write_bus(tmp_path / "d", {"bus.csv": ("eigen.yaml", earlier)})
    own = "schema_version: 2\nname: eigen\nbased_on: bus_2013\nend_date_is: last_day\n"
    (folder / "eigen.yaml").write_text(own, encoding="utf-8")
    _, done = cleaned(folder)
    _, usual = cleaned(write_bus(tmp_path / "usual", {"bus.csv": ("bus_2013", flat)}))
    assert_frame_equal(done.spells, usual.spells)


def test_a_benefit_that_is_reported_no_more_without_an_end_leaves_risk(tmp_path, reports):
    last = pl.date(2021, 5, 1)
    running = reports.filter(pl.col("end_registered_date").is_null())
    gone = running["person_id"].unique().sort().head(20)
    is_gone = pl.col("person_id").is_in(gone.implode())
    cut = reports.filter(~is_gone | (pl.col("month") <= last))
    unended = pl.col("end_registered_date").is_null() | (pl.col("end_registered_date") > last)
    lost = cut.filter(is_gone, unended, pl.col("end_date").is_null())
    flat = write_flat(cut, town().tables["clients"], BUS_2015)
    _, done = cleaned(write_bus(tmp_path / "d", {"bus.csv": ("bus_2015", flat)}))
    vanished = done.ledger.filter(
        pl.col("table") == "benefits", pl.col("rule") == "B10", pl.col("action") == "flag"
    )
    keys = ["person_id", "benefit_id", "scheme", "start_date"]
    assert vanished["n_rows"].to_list() == [lost.select(keys).n_unique()]
    months = panel(done).filter(pl.col("person_id").is_in(gone.implode()))
    assert months["month"].max() <= pl.select(pl.date(2021, 5, 1)).item()


def test_the_last_state_does_not_stand_for_the_months_before_it(tmp_path):
    """Exempt and a couple since March, work beside benefit until February: month by month."""
    frame = by_number("""
    1     2   7   8   10  18   19    20  22        23        24  31  32     34
    2019  2   u1  1   1   ann  1980  2   20190110  -         2   11  +0350  -
    2019  03  u1  01  3   ann  1980  2   20190110  -         5   24  +0900  -
    2019  04  u1  01  3   ann  1980  2   20190110  -         5   -   -      -
    2019  06  u1  01  3   ann  1980  2   20190110  20190420  5   -   -      11
    """)
    folder = write_bus(tmp_path / "d", {"bus.csv": ("bus_2015", frame)})
    months = panel(cleaned(folder)[1])
    assert months.select("month", *CHANGING, "exit_destination").rows() == [
        (date(2019, 1, 1), False, True, "single", "stay"),
        (date(2019, 2, 1), False, True, "single", "stay"),
        (date(2019, 3, 1), True, False, "couple", "stay"),
        (date(2019, 4, 1), True, False, "couple", "work"),
    ]


def raw_bus(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The same with made-up BSNs and birth dates in fields 18 and 19, and the BSNs."""
    people = [c for c in rows.columns if c.startswith("BURGERSERVICENUMMER")]
    ids = pl.concat([rows[c] for c in people]).drop_nulls().unique().sort()
    numbers = dict(zip(ids, bsns(len(ids), seed=8), strict=True))
    day = {name: f"{i % 12 + 1:02}{i % 27 + 2:02}" for i, name in enumerate(ids)}
    births = [
        (pl.col(c.replace("BURGERSERVICENUMMER", "GEBOORTEDATUM")) + pl.col(c).replace(day))
        for c in people
    ]
    return rows.with_columns(births).with_columns(pl.col(people).replace(numbers)), [
        *numbers.values()
    ]


@pytest.mark.parametrize("mapping", ["bus_2015", "bus_2010"])
def test_a_raw_file_is_pseudonymised_with_both_partners(tmp_path, reports, mapping):
    clients, version = town().tables["clients"], {"bus_2015": BUS_2015, "bus_2010": BUS_2010}
    flat = write_flat(reports, clients, version[mapping])
    rows = write_couples(flat) if mapping == "bus_2010" else flat
    raw, numbers = raw_bus(rows)
    folder = write_bus(tmp_path / "raw", {"bus.csv": (mapping, raw)})
    with pytest.raises(PrivacyError):
        read_delivery(folder)
    (tmp_path / "key").write_bytes(b"not so secret, but more than 32 bytes long")
    told = pseudonymise_delivery(folder, tmp_path / "key", tmp_path / "out")
    assert not any(number in " ".join(told) for number in numbers)
    text = (tmp_path / "out" / "bus.csv").read_text(encoding="utf-8")
    assert not any(number in text for number in numbers)
    _, done = cleaned(tmp_path / "out")
    _, before = cleaned(write_bus(tmp_path / "before", {"bus.csv": (mapping, rows)}))
    assert done.tables["clients"]["aow_month"].null_count() == 0
    whole = ["benefit_id", "start_date", "end_date", "exit_destination"]
    assert_frame_equal(
        done.spells.select(whole).sort(whole), before.spells.select(whole).sort(whole)
    )
    shared = done.spells.group_by("benefit_id").agg(pl.col("person_id").n_unique())
    assert (shared["person_id"] == 2).sum() > 20

"""The command line: exit codes, what is said where, and that no value of a person is ever said."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tiny_chapters import write_chapter
from watwerkt import cli

BSN = "123456782"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, root):
    """Run a command in a working copy of its own; exit code, stdout, stderr."""
    monkeypatch.setenv("WATWERKT_ROOT", str(tmp_path / "copy"))
    shutil.copytree(root / "papermill_params", tmp_path / "copy" / "papermill_params")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["watwerkt", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def delivery(tmp_path, root):
    """A copy of the town that delivers only the required tables."""
    return Path(shutil.copytree(root / "data" / "sample" / "GM9902", tmp_path / "GM9902"))


def rewrite(path, header, change):
    """Change the rows of a CSV of a delivery: header line → header line, row number, row → row."""
    first, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [header(first), *(change(number, row) for number, row in enumerate(rows))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def bsns():
    """Numbers that pass the 11-test, as made up as the people in the sample."""
    weights = range(9, 1, -1)
    for number in range(10_000_001, 99_999_999, 37):
        digits = [int(digit) for digit in str(number)]
        check = sum(w * d for w, d in zip(weights, digits, strict=True)) % 11
        if check < 10:
            yield f"{number}{check}"


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_installed_command_says_what_it_can_do():
    command = Path(sys.executable).with_name("watwerkt")
    said = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    for name in ("synth", "pseudonymise", "mapping", "check", "prepare", "report", "design"):
        assert name in said


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["check"],
        ["check", "somewhere", "--no-such-option"],
        ["report", "GM9902", "--language", "fr"],
        ["report", "9902"],
        ["report", "GM9904"],
        ["report", "GM9902", "--params", "nowhere.yaml"],
        ["synth", "out", "--municipality", "Voorbeeldstad"],
        ["synth", "out", "--municipality", "GM9950", "--scenario", "nowhere.yaml"],
        ["mapping"],
        ["design", "GM9904"],
        ["design", "GM9902", "--kind", "vote"],
        ["design", "GM9902", "--clients", "0"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_64(run, arguments):
    code, _, said = run(*arguments)
    assert code == 64
    assert said or arguments in ([], ["mapping"])
    assert "Traceback" not in said


def test_check_accepts_and_accounts_to_the_row(run, delivery):
    before = files(delivery)
    code, said, _ = run("check", delivery, "--json")
    verdict = json.loads(said)
    assert code == 0
    assert list(verdict) == ["schema_version", "municipality_id", "verdict", "refusals", "tables"]
    assert verdict["schema_version"] == 1
    assert verdict["municipality_id"] == "GM9902"
    assert (verdict["verdict"], verdict["refusals"]) == ("accepted", [])
    assert set(verdict["tables"]) >= {"clients", "benefits"}
    for account in verdict["tables"].values():
        assert set(account) == {
            "rows_read",
            "rows_kept",
            "rows_merged",
            "rows_quarantined",
            "rules",
        }
        parts = ("rows_kept", "rows_merged", "rows_quarantined")
        assert account["rows_read"] == sum(account[part] for part in parts)
        assert all(isinstance(count, int) for count in account["rules"].values())
    clients = (delivery / "clients.csv").read_text(encoding="utf-8").count("\n") - 1
    assert verdict["tables"]["clients"]["rows_read"] == clients
    assert files(delivery) == before


def test_check_says_the_same_in_words(run, delivery):
    code, said, _ = run("check", delivery)
    assert code == 0
    assert "benefits" in said
    assert said.rstrip().endswith("GM9902: accepted")


def test_a_delivery_with_citizen_service_numbers_is_refused_without_saying_one(run, delivery):
    write_chapter(delivery.parent / "copy" / "notebooks", "01_x")
    numbers = bsns()
    given = []

    def add_number(_, row):
        given.append(next(numbers))
        return f"{row},{given[-1]}"

    rewrite(delivery / "clients.csv", lambda header: f"{header},klantnr", add_number)
    before = files(delivery.parent)
    for arguments in (
        ["check", delivery],
        ["check", delivery, "--json"],
        ["prepare", delivery, "--out", delivery.parent / "prepared"],
        ["report", "GM9902", "--delivery", delivery, "--out", delivery.parent / "reports"],
    ):
        code, said, told = run(*arguments)
        assert code == 2, arguments
        assert "clients.csv" in told
        assert not any(number in said + told for number in given)
    after = files(delivery.parent)
    assert {p for p in after if p not in before and not p.name.endswith(".lock")} == set()
    assert not any(number.encode() in text for number in given for p, text in after.items()
                   if p not in before)  # fmt: skip


def test_a_refusal_in_json_gives_every_reason(run, delivery):
    numbers = bsns()
    rewrite(
        delivery / "clients.csv",
        lambda header: f"{header},klantnr",
        lambda _, row: f"{row},{next(numbers)}",
    )
    code, said, _ = run("check", delivery, "--json")
    verdict = json.loads(said)
    assert code == 2
    assert (verdict["verdict"], verdict["tables"]) == ("refused", {})
    assert verdict["municipality_id"] == "GM9902"
    [reason] = verdict["refusals"]
    assert reason | {"count": 0} == {
        "rule": "bsn",
        "file": "clients.csv",
        "column": "klantnr",
        "count": 0,
    }
    assert reason["count"] > 20


def test_a_missing_delivery_file_is_refused_in_json_too(run, tmp_path):
    code, said, _ = run("check", tmp_path, "--json")
    assert code == 2
    assert json.loads(said)["municipality_id"] is None


def test_prepare_writes_where_it_is_told(run, delivery, tmp_path):
    code, said, _ = run("prepare", delivery, "--out", tmp_path / "prepared")
    assert (code, said) == (0, "GM9902: prepared\n")
    assert (tmp_path / "prepared" / "GM9902" / "prepared.json").is_file()


def test_report_by_the_command_line(run, delivery, tmp_path):
    chapter = 'from watwerkt.runtime.chapter import open_chapter\nprint("x")'
    write_chapter(tmp_path / "copy" / "notebooks", "01_x", chapter)
    own = tmp_path / "own.yaml"
    own.write_text("municipality_name: Elders\nlanguage: en\n", encoding="utf-8")
    arguments = ["--delivery", delivery, "--params", own, "--out", tmp_path / "out"]
    code, said, told = run("report", "GM9902", *arguments)
    assert code == 0, told
    page = tmp_path / "out" / "GM9902" / "en" / "report.html"
    assert "Elders" in page.read_text(encoding="utf-8")
    assert said == "report.html\n"
    assert (tmp_path / "restricted" / "GM9902" / "en" / "run.json").is_file()


def test_a_failed_chapter_is_1(run, delivery, tmp_path):
    write_chapter(tmp_path / "copy" / "notebooks", "01_x", f"raise ValueError('{BSN}')")
    code, said, told = run("report", "GM9902", "--delivery", delivery, "--out", tmp_path / "out")
    assert code == 1
    assert "01_x, cell 2: ValueError" in told
    assert BSN not in said + told
    assert (tmp_path / "out" / "GM9902" / "nl" / "report.html").is_file()


def test_a_fault_of_ours_is_70_with_a_log_that_holds_no_value(run, delivery, tmp_path, monkeypatch):
    def fail(*_):
        raise KeyError(BSN)

    monkeypatch.setattr("watwerkt.runtime.check.read_delivery", fail)
    code, said, told = run("check", delivery)
    log = (tmp_path / "copy" / "restricted" / "fault.log").read_text(encoding="utf-8")
    assert code == 70
    assert "restricted/fault.log" in told
    assert "KeyError" in log
    assert "watwerkt/runtime/check.py" in log
    assert BSN not in said + told + log
    assert "Traceback" not in told


def test_stopping_it_is_130(run, delivery, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("watwerkt.runtime.check.read_delivery", stop)
    assert run("check", delivery)[0] == 130


def test_synth_makes_a_town_that_check_accepts_twice_the_same(run, tmp_path):
    arguments = ["--municipality", "GM9950", "--clients", 60, "--months", 24, "--seed", 7]
    assert run("synth", tmp_path / "a", *arguments)[0] == 0
    assert run("synth", tmp_path / "b", *arguments)[0] == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
    about = yaml.safe_load((tmp_path / "a" / "GM9950" / "delivery.yaml").read_text("utf-8"))
    assert about["synthetic"] is True
    assert (tmp_path / "a" / "GM9950" / "truth.yaml").is_file()
    assert run("check", tmp_path / "a" / "GM9950")[0] == 0


def test_mapping_init_drafts_from_a_header(run, delivery, tmp_path):
    code, said, _ = run("mapping", "init", delivery / "clients.csv")
    assert code == 0
    assert "person_id" in said
    code, _, _ = run("mapping", "init", delivery / "clients.csv", "--out", tmp_path / "m.yaml")
    assert code == 0
    assert "person_id" in (tmp_path / "m.yaml").read_text(encoding="utf-8")


def test_pseudonymise_says_what_it_did_and_no_value(run, delivery, tmp_path):
    """A raw export, with citizen service numbers for ids, becomes a delivery that is accepted."""
    numbers = bsns()
    number_of = {}
    for name in ("clients.csv", "benefits.csv"):

        def with_number(_, row):
            person, rest = row.split(",", 1)
            return f"{number_of.setdefault(person, next(numbers))},{rest}"

        rewrite(delivery / name, lambda header: header, with_number)
    key = tmp_path / "municipal.key"
    key.write_text("0123456789abcdef" * 4, encoding="utf-8")
    code, said, told = run("pseudonymise", delivery, "--key-file", key, "--out", tmp_path / "safe")
    assert code == 0, told
    assert said
    assert not any(number in said + told for number in number_of.values())
    assert run("check", tmp_path / "safe")[0] == 0


def test_codes_without_a_legal_ground_are_counted_and_said(run, delivery):
    benefits = delivery / "benefits.csv"
    header, *rows = benefits.read_text(encoding="utf-8").splitlines()
    place = header.split(",").index("exit_reason")
    ended = [n for n, row in enumerate(rows) if row.split(",")[place]][:3]
    for n in ended:
        cells = rows[n].split(",")
        rows[n] = ",".join([*cells[:place], "05", *cells[place + 1 :]])
    benefits.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    code, out, _ = run("check", delivery)
    assert code == 0
    assert "benefits.exit_reason: " in out
    assert "special category without a legal_ground" in out

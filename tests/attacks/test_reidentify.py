"""An attacker who has the microdata themselves looks for a person in what was released.

They know of everybody which cells of a table that person is counted in, and every count that is
shown to the last person: what colleagues, a leak or another register could tell. Nobody may be
found: no cell is about few, none says something of all of a group, none that is hidden follows
from the rest, and no key of a person stands in any file.
"""

import re
import zipfile
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from attackers import EXACT, equations_of, known_ranges
from pypdf import PdfReader
from released_chapters import Shown, release

from disclosure_tables import POLICY
from watwerkt.params import check_params
from watwerkt.runtime.prepare import run_prepare
from watwerkt.synthetic import Scenario, simulate, write_delivery

pytestmark = pytest.mark.e2e
CHAPTERS = ("01", "02", "05", "08")
CLIENTS = {"GM9961": 400, "GM9962": 1_500}
KEYS = ("person_id", "caseworker_id", "benefit_id", "contact_id", "service_id", "application_id",
        "unit_id", "respondent_id")  # fmt: skip
OF_RECORDS = "records of"  # tables that count rows of a register: that nothing is missing is shown


@pytest.fixture(scope="module", params=CLIENTS)
def released(request, root, tmp_path_factory) -> dict[str, Shown]:
    place = tmp_path_factory.mktemp(request.param)
    town = simulate(Scenario(), request.param, CLIENTS[request.param], 60, 3, counterfactuals=False)
    write_delivery(town, place / "delivery", format="parquet")
    params = check_params(
        {"municipality_id": request.param, "prepared_dir": f"{place / 'prepared'}"}, "test"
    )
    run_prepare(place / "delivery", place / "prepared", params)
    return release(root, params, CHAPTERS, place / "restricted", place / "records")


def test_no_figure_is_about_few(released):
    n_shown = 0
    for name, table in released.items():
        for cell, figure in table.figures.items():
            if figure and not name.partition(": ")[2].startswith(OF_RECORDS):
                n_shown += 1
                assert table.counts[cell] >= POLICY.threshold, (name, cell)
    assert n_shown > 200


def whole_groups(released: dict[str, Shown]) -> list:
    """Shown cells that hold, to the person, everybody of a group that is shown as well."""
    return [
        (name, cell, whole)
        for name, table in released.items()
        if OF_RECORDS not in name
        for parts, whole in equations_of(table.figures, _columns(table))
        for cell in parts
        if table.figures[whole] and table.figures[cell]
        and table.counts[cell] == table.counts[whole]
    ]  # fmt: skip


def _columns(table: Shown) -> list[str]:
    return list(dict.fromkeys(cell[-1] for cell in table.figures))


def test_nothing_is_said_of_all_of_a_group(released):
    """Who is in it would be known to have it, without being found by name."""
    assert not whole_groups(released)


def hidden_found(released: dict[str, Shown]) -> list:
    """Hidden cells that are certain once every shown figure is known to the person."""
    found = []
    for name, table in released.items():
        known = {c: None if f is None else table.counts[c] for c, f in table.figures.items()}
        left = [cell for cell, figure in known.items() if figure is None]
        ranges = known_ranges(known, equations_of(known, _columns(table)), left)
        assert ranges is not None, name
        found += [(name, c) for c, (low, high) in ranges.items() if high - low < 1 - EXACT]
    return found


def test_hidden_cells_do_not_follow_from_exact_ones(released):
    assert sum(f is None for t in released.values() for f in t.figures.values()) > 20
    assert not hidden_found(released)


def test_the_attack_succeeds_on_what_was_not_protected(released):
    """The same tables with one hidden cell filled in, or all shown."""
    shown = {
        name: Shown(
            {c: table.counts[c] for c in table.figures if table.counts[c] is not None}, table.counts
        )
        for name, table in released.items()
    }
    assert whole_groups(shown)
    assert any(0 < n < POLICY.threshold for t in shown.values() for n in t.figures.values() if n)
    one_back = {name: _with_one_back(table) for name, table in released.items()}
    assert hidden_found(one_back)


def _with_one_back(table: Shown) -> Shown:
    hidden = [c for c, f in table.figures.items() if f is None and table.counts[c] is not None]
    return Shown({**table.figures, **{c: table.counts[c] for c in hidden[:1]}}, table.counts)


def keys_of(delivery: Path) -> set[str]:
    """Every key of a person, a caseworker or a row in a delivery."""
    found: set[str] = set()
    for path in [*delivery.glob("*.csv"), *delivery.glob("*.parquet")]:
        is_text = path.suffix == ".csv"
        frame = pl.read_csv(path, infer_schema=False) if is_text else pl.read_parquet(path)
        for name in set(KEYS) & set(frame.columns):
            found |= set(frame[name].drop_nulls().cast(pl.String).unique())
    return found


def texts_of(report: Path) -> dict[str, str]:
    """What each file of a report says, as any program can read it."""
    texts = {}
    for path in sorted(report.iterdir()):
        match path.suffix:
            case ".pdf":
                texts[path.name] = "\n".join(p.extract_text() for p in PdfReader(path).pages)
            case ".xlsx":
                with zipfile.ZipFile(path) as book:
                    parts = (book.read(part).decode("utf-8", "replace") for part in book.namelist())
                    texts[path.name] = "\n".join(parts)
            case ".parquet":
                rows = pq.read_table(path).to_pylist()
                texts[path.name] = f"{pq.read_schema(path).metadata} {rows}"
            case _:
                texts[path.name] = path.read_text(encoding="utf-8")
    return texts


def keys_found(keys: set[str], texts: dict[str, str]) -> dict[str, int]:
    """How many keys stand in each file, as words of their own."""
    words = {name: set(re.findall(r"[\w.-]+", text)) for name, text in texts.items()}
    return {name: n for name, said in words.items() if (n := len(keys & said))}


def test_no_key_of_a_person_stands_in_the_example(root):
    keys = keys_of(root / "data" / "sample" / "GM9901")
    texts = texts_of(root / "reports" / "example")
    assert len(keys) > 20_000
    assert set(texts) >= {"report.html", "report.pdf", "tables.xlsx", "estimates.parquet"}
    assert keys_found(keys, texts) == {}
    one = next(iter(sorted(keys)))
    assert keys_found(keys, texts | {"a page": f"<td>{one}</td>"}) == {"a page": 1}

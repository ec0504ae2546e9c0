"""Two towns and what they become, or a country and its towns: subtracting leaves nothing small."""

from dataclasses import replace

import polars as pl
import pytest
from attackers import EXACT, equations_of, known_ranges
from released_chapters import Shown, release

from disclosure_tables import POLICY
from watwerkt.params import check_params
from watwerkt.runtime.prepare import run_prepare
from watwerkt.synthetic import Scenario, simulate, write_delivery
from watwerkt.synthetic.deliver import Simulated

pytestmark = pytest.mark.e2e
PARTS, WHOLE = {"GM9971": 300, "GM9972": 500}, "GM9973"
CHAPTERS = ("02", "08")
SLACK = float(POLICY.round_base)  # a shown figure is less than this from its count


@pytest.fixture(scope="module")
def towns() -> list[Simulated]:
    parts = [
        simulate(Scenario(), code, n, 48, seed, counterfactuals=False)
        for seed, (code, n) in enumerate(PARTS.items())
    ]
    both = {name: pl.concat([part.tables[name] for part in parts]) for name in parts[0].tables}
    return [*parts, replace(parts[0], municipality_id=WHOLE, tables=both)]


@pytest.fixture(scope="module", params=["held to its parts", "by itself"])
def released(request, root, towns, tmp_path_factory) -> tuple[bool, list[dict[str, Shown]]]:
    place, is_held = tmp_path_factory.mktemp("merger"), request.param != "by itself"
    found = []
    for town in towns:
        code = town.municipality_id
        given = {"municipality_id": code, "prepared_dir": f"{place / code / 'prepared'}"}
        if code == WHOLE and is_held:
            given["contains"] = " ".join(PARTS)
        params = check_params(given, "test")
        write_delivery(town, place / code / "delivery", format="parquet")
        run_prepare(place / code / "delivery", place / code / "prepared", params)
        records = place / code / "records"
        found.append(release(root, params, CHAPTERS, place / "restricted", records))
    return is_held, found


def by_name(found: list[dict[str, Shown]]) -> list[list[Shown]]:
    return [[one[name] for one in found] for name in set.intersection(*map(set, found))]


def differences(tables: list[Shown]) -> list:
    """Cells where the whole less one part, or less both, leaves fewer than may be shown."""
    *parts, whole = tables
    found = []
    for cell, figure in whole.figures.items():
        of_parts = [part.figures.get(cell) for part in parts]
        for taken in [[n] for n in of_parts] + [of_parts]:
            if figure is not None and None not in taken:
                found += [cell] if 0 < abs(figure - sum(taken)) < POLICY.threshold else []
    return found


def test_the_whole_less_its_parts_leaves_no_small_group(released):
    is_held, found = released
    n = sum(len(differences(tables)) for tables in by_name(found))
    assert n == 0 if is_held else n > 50


def test_the_three_together_recover_no_hidden_cell(released):
    """All of them in one linear program: the sums in each, and that the parts make the whole."""
    is_held, found = released
    n_hidden = 0
    for tables in by_name(found) if is_held else ():
        cells = [c for c in tables[-1].figures if all(c in t.figures for t in tables)]
        names = list(dict.fromkeys(cell[-1] for cell in cells))
        sums = equations_of(dict.fromkeys(cells, 0.0), names)
        equations = [
            ([(f"{i}", *part) for part in parts], (f"{i}", *whole))
            for i in range(len(tables)) for parts, whole in sums
        ]  # fmt: skip
        if any(sum(t.counts[c] for t in tables[:-1]) != tables[-1].counts[c] for c in cells):
            continue  # of teams, or of people as they were on another day
        equations += [([("0", *cell), ("1", *cell)], ("2", *cell)) for cell in cells]
        figures = {(f"{i}", *c): t.figures[c] for i, t in enumerate(tables) for c in cells}
        hidden = [cell for cell, figure in figures.items() if figure is None]
        ranges = known_ranges(figures, equations, hidden, SLACK)
        assert ranges is not None
        n_hidden += len(hidden)
        widths = {cell: high - low for cell, (low, high) in ranges.items()}
        assert [c for c, width in widths.items() if width < POLICY.threshold - EXACT] == []
    assert n_hidden > 20 or not is_held

"""Two years of reports of thirty municipalities, in two languages: no two give away a third.

The register of each town is read on two days. What a chapter lets through is what counts; nothing
is drawn. The attacker lays every two releases of a town beside each other: subtracts what both
show, and fills in what one hides with what the other shows.
"""

from datetime import date
from itertools import permutations

import pytest
from attackers import EXACT, equations_of, known_ranges
from earlier_extract import read_on
from released_chapters import Shown, release

from disclosure_tables import POLICY
from watwerkt.params import check_params
from watwerkt.runtime.prepare import run_prepare
from watwerkt.synthetic import Scenario, simulate, write_delivery

pytestmark = pytest.mark.e2e
TOWNS = [f"GM99{number:02}" for number in range(30, 60)]
DAYS = (date(2022, 12, 31), date(2023, 12, 31))
LANGUAGES = ("nl", "en")
CHAPTERS = {"nl": ("01", "02", "05", "08"), "en": ("02", "08")}


def release_all(root, place, code: str, n_clients: int, seed: int) -> dict[tuple, dict[str, Shown]]:
    """(year, language) → name of a table → what it shows; in the order of release."""
    town = simulate(Scenario(), code, n_clients, 60, seed, counterfactuals=False)
    found = {}
    for day in DAYS:
        delivery, prepared = place / f"{day:%Y}", place / f"{day:%Y}-prepared"
        write_delivery(read_on(town, day), delivery, format="parquet")
        params = check_params({"municipality_id": code, "prepared_dir": f"{prepared}"}, "test")
        run_prepare(delivery, prepared, params)
        for language in LANGUAGES:
            own = params.model_copy(update={"language": language})
            records = place / f"{day:%Y}-{language}"
            found[day.year, language] = release(
                root, own, CHAPTERS[language], place / "restricted", records
            )
    return found


@pytest.mark.parametrize("number", range(len(TOWNS)))
def test_no_two_releases_of_a_town_give_away_a_third(number, root, tmp_path):
    """Towns of 150 to 1,300 clients."""
    released = release_all(root, tmp_path, TOWNS[number], 150 + 40 * number, number)
    for day in DAYS:
        nl, en = (released[day.year, language] for language in LANGUAGES)
        assert en
        assert {n: nl[n].figures for n in en} == {n: t.figures for n, t in en.items()}
    n_compared = 0
    for one, other in permutations(released.values(), 2):
        for name in one.keys() & other.keys():
            n_compared += len(one[name].figures.keys() & other[name].figures.keys())
            assert not differences(one[name], other[name])
            assert not filled_in(one[name], other[name])
    assert n_compared > 4_000


def differences(one: Shown, other: Shown) -> list:
    """The cells whose two figures differ by less than may be shown."""
    pairs = {c: (one.figures[c], other.figures[c]) for c in one.figures.keys() & other.figures}
    return [c for c, (a, b) in pairs.items()
            if a is not None and b is not None and 0 < abs(a - b) < POLICY.threshold]  # fmt: skip


def filled_in(one: Shown, other: Shown) -> list:
    """The cells that one release hides and that are known once the other fills in what it hides.

    The attacker takes what is hidden in one and shown in the other to be the same. Where that was
    wrong she finds what is not so, or nothing at all; what is found and right counts.
    """
    filled = {c: other.figures.get(c) if f is None else f for c, f in one.figures.items()}
    if filled == one.figures:
        return []  # a table by itself is attacked in test_tables
    left = [cell for cell, figure in filled.items() if figure is None]
    names = list(dict.fromkeys(cell[-1] for cell in filled))
    ranges = known_ranges(filled, equations_of(filled, names), left) or {}
    return [
        cell for cell, (low, high) in ranges.items()
        if high - low < POLICY.threshold - EXACT and low - EXACT <= one.counts[cell] <= high + EXACT
    ]  # fmt: skip


def test_without_the_ledger_the_attacker_succeeds(root, tmp_path, monkeypatch):
    """The same attack on reports that were not held to each other."""
    monkeypatch.setattr("released_chapters.write_earlier", lambda *args: None)
    found = release_all(root, tmp_path, "GM9960", 600, 1)
    one, other = found[2022, "nl"], found[2023, "nl"]
    assert sum(len(differences(one[n], other[n])) for n in one.keys() & other.keys()) > 10
    assert any(filled_in(one[n], other[n]) for n in one.keys() & other.keys())

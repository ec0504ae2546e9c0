"""Two years of reports of thirty municipalities, in two languages: no two give away a third.

The register of each town is read on two days. What a chapter lets through is what counts; nothing
is drawn. The attacker lays every two releases of a town beside each other: subtracts what both
show, and fills in what one hides with what the other shows.
"""

from collections.abc import Iterator
from datetime import date
from itertools import combinations, permutations

import pytest
from attackers import equations_of, recovered
from earlier_extract import read_on
from released_chapters import as_json, figures_of, release

from disclosure_tables import POLICY
from watwerkt.params import check_params
from watwerkt.runtime.prepare import run_prepare
from watwerkt.synthetic import Scenario, simulate, write_delivery

pytestmark = pytest.mark.e2e
TOWNS = [f"GM99{number:02}" for number in range(30, 60)]
DAYS = (date(2022, 12, 31), date(2023, 12, 31))
LANGUAGES = ("nl", "en")
CHAPTERS = ("01", "02", "05", "08")


def release_all(root, place, code: str, n_clients: int, seed: int) -> dict[tuple, dict]:
    """(year, language) → name of a table → what it shows; in the order of release."""
    town = simulate(Scenario(), code, n_clients, 60, seed, counterfactuals=False)
    found = {}
    for day in DAYS:
        delivery, prepared = place / f"{code}-{day:%Y}", place / f"{code}-{day:%Y}-prepared"
        write_delivery(read_on(town, day), delivery)
        params = check_params({"municipality_id": code, "prepared_dir": f"{prepared}"}, "test")
        run_prepare(delivery, prepared, params)
        for language in LANGUAGES:
            own = params.model_copy(update={"language": language})
            records = place / f"{code}-{day:%Y}-{language}"
            found[day.year, language] = release(root, own, CHAPTERS, place / "restricted", records)
    return found


@pytest.fixture(scope="module", params=TOWNS)
def released(request, root, tmp_path_factory):
    """Four releases of a town of 150 to 1,300 clients."""
    number = TOWNS.index(request.param)
    place = tmp_path_factory.mktemp(request.param)
    return release_all(root, place, request.param, 150 + 40 * number, number)


def test_no_two_releases_differ_by_a_group_too_small_to_show(released):
    n_compared = 0
    for first, second in combinations(released.values(), 2):
        for before, after in _pairs(first, second):
            n_compared += len(before.keys() & after.keys())
            assert not differences(before, after)
    assert n_compared > 3_000


def test_what_one_release_hides_no_other_fills_in(released):
    for first, second in permutations(released.values(), 2):
        for shown, other in _pairs(first, second):
            assert not filled_in(shown, other)


def test_languages_show_the_same(released):
    for day in DAYS:
        assert len({as_json(released[day.year, language]) for language in LANGUAGES}) == 1


def differences(before: dict, after: dict) -> list:
    """The cells whose two figures differ by less than may be shown."""
    both = [c for c in before.keys() & after.keys() if None not in (before[c], after[c])]
    return [c for c in both if 0 < abs(before[c] - after[c]) < POLICY.threshold]


def filled_in(shown: dict, other: dict) -> list:
    """The cells that ``shown`` hides and that are known once ``other`` fills in what it hides.

    The attacker takes what is hidden here and shown there to be the same; where the sums then do
    not fit, years differ, and nothing is known.
    """
    filled = {c: other.get(c) if figure is None else figure for c, figure in shown.items()}
    if filled == shown:
        return []  # nothing is filled in: tables by themselves are attacked in test_tables
    left = [cell for cell, figure in filled.items() if figure is None]
    counts = list(dict.fromkeys(cell[-1] for cell in shown))
    return recovered(filled, equations_of(filled, counts), left, POLICY)


def _pairs(first: list, second: list) -> Iterator[tuple[dict, dict]]:
    before, after = figures_of(first), figures_of(second)
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield before[name], after[name]
        else:
            yield before[name], before[name]


def test_without_the_ledger_the_attacker_succeeds(root, tmp_path, monkeypatch):
    """The same attack on reports that were not held to each other."""
    monkeypatch.setattr("released_chapters.write_earlier", lambda *args: None)
    released = release_all(root, tmp_path, "GM9960", 600, 1)
    pairs = list(_pairs(released[2022, "nl"], released[2023, "nl"]))
    assert sum(len(differences(before, after)) for before, after in pairs) > 10
    assert any(filled_in(one, other) for pair in pairs for one, other in permutations(pair))

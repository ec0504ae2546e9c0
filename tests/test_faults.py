"""The real command, broken: the earlier report stays, and the next run gives the same bytes."""

import random

import pytest

from breaking import FAULTS
from place import files, is_whole, make_place

pytestmark = pytest.mark.e2e
FASTEST = ("kill -9 of all its processes", "hostile YAML")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = make_place(tmp_path_factory.mktemp("place"))
    yield made
    made.close()


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.name in FASTEST], ids=lambda f: f.name)
def test_nothing_is_lost_and_nothing_is_half_written(place, fault):
    rng, code = random.Random(9), 0
    for _ in range(5):  # on a fast machine a kill may come when all is done
        ended = place.attempt(fault, rng)
        assert (ended.kept, ended.whole, ended.resumed, ended.is_clear) == (True,) * 4
        code = code or ended.code
        if code:
            break
    assert code != 0


@pytest.mark.parametrize("change", [b"", b"other"])
def test_a_file_that_is_cut_or_changed_is_seen(place, change):
    found = files(place.report)
    assert is_whole(found)
    assert not is_whole(found | {"report.html": change})
    assert not is_whole({k: v for k, v in found.items() if k != "tables.xlsx"})

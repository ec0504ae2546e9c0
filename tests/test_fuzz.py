"""Deliveries that are nearly right: read, or refused in our words; benchmarks/fuzz has the rest."""

import numpy as np
import pytest

from fuzz.mutations import CANARY, bases, mutate, write_base
from fuzz.outcomes import ACCEPTED, REFUSED, run
from watwerkt.errors import DeliveryError
from watwerkt.intake.delivery import read_delivery

N = 150  # mutations of each


@pytest.mark.parametrize("name", bases())
def test_what_was_changed_is_the_only_thing_wrong_with_it(name, tmp_path):
    write_base(bases()[name], tmp_path)
    assert read_delivery(tmp_path).tables["benefits"].height == 24


@pytest.mark.parametrize("name", bases())
def test_a_mutated_delivery_is_accepted_or_refused_in_our_words(name, tmp_path):
    found = run(bases()[name], range(1_000_000, 1_000_000 + N), tmp_path)
    assert not found.faults
    assert found.counts[ACCEPTED] + found.counts[REFUSED] == N
    assert found.counts[REFUSED] > N / 2


# What mutation found: seed → what it is refused for now.
FOUND = {
    ("mapping", 162): "cannot be read as YAML",
    ("sav", 54): "a variable has no name",
    ("xlsx", 25): "damaged, cut off, or another format",
}


@pytest.mark.parametrize(("name", "seed"), FOUND)
def test_a_fault_that_was_found_stays_mended(name, seed, tmp_path):
    base = bases()[name]
    write_base(base, tmp_path)
    changed = mutate(base, np.random.default_rng([len(base.changed), seed]))
    (tmp_path / base.changed).write_bytes(changed)
    with pytest.raises(DeliveryError, match=FOUND[name, seed]) as refused:
        read_delivery(tmp_path)
    assert CANARY not in str(refused.value)

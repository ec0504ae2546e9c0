"""The protected frame cannot be made, changed or filled by anyone but this room."""

import ast
import copy
import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from disclosure_tables import POLICY, policy, table
from watwerkt.disclosure import Protected, protect_counts, require_protected
from watwerkt.disclosure.protected import _seal
from watwerkt.disclosure.selection import select_rows
from watwerkt.errors import DisclosureError

PACKAGE = Path(__file__).parents[1] / "lib" / "watwerkt"
RAW = pd.DataFrame({"person_id": ["p1"], "n_exits": [1]})


@pytest.fixture
def exits() -> Protected:
    counts = table("""
        year  n_exits
        2019  25
        2020  41
        2021  3
    """)
    return protect_counts(counts, ["n_exits"], POLICY, by=["year"])


def test_what_it_says_of_itself(exits):
    assert (exits.kind, exits.n_suppressed, exits.policy_version) == ("counts", 2, POLICY.version)
    assert not exits.is_synthetic
    assert require_protected(exits) is exits


@pytest.mark.parametrize("args", [(), (RAW,), (object(), RAW), (None, RAW)])
def test_it_cannot_be_constructed(args):
    with pytest.raises(DisclosureError, match="not by hand"):
        Protected(*args)


def test_an_instance_made_around_the_constructor_is_refused():
    hollow = object.__new__(Protected)
    for use in (require_protected, repr, lambda p: p.frame, lambda p: p.kind):
        with pytest.raises(DisclosureError, match="not made by"):
            use(hollow)


def test_it_cannot_be_subclassed():
    with pytest.raises(DisclosureError, match="subclassed"):
        type("Mine", (Protected,), {})


@pytest.mark.parametrize("name", ["frame", "_frame", "kind", "anything", "__class__"])
def test_it_cannot_be_changed(exits, name):
    with pytest.raises(DisclosureError, match="cannot be changed"):
        setattr(exits, name, RAW)
    with pytest.raises(DisclosureError):
        delattr(exits, name)
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(exits, name, RAW)


def test_a_frame_cannot_be_swapped_by_replace(exits):
    with pytest.raises(TypeError):
        dataclasses.replace(exits, frame=RAW)
    with pytest.raises(TypeError):
        copy.replace(exits, frame=RAW) if hasattr(copy, "replace") else int([])
    assert not hasattr(exits, "__dict__")


def test_changing_the_copy_changes_nothing(exits):
    taken = exits.frame
    taken.loc[:, "n_exits"] = 3
    taken.attrs["raw"] = RAW
    assert exits.frame["n_exits"].tolist() == [pd.NA, 40, pd.NA]
    assert exits.frame.attrs == {}


def test_the_frame_that_went_in_is_not_held():
    counts = table("""
        year  n_exits
        2020  41
    """)
    made = _seal(counts, "counts", POLICY, 0)
    counts.loc[0, "n_exits"] = 3
    assert made.frame["n_exits"].tolist() == [41]
    array = np.array([[41.0]])
    made = _seal(pd.DataFrame(array, columns=["n_exits"], copy=False), "counts", POLICY, 0)
    array[0, 0] = 3
    assert made.frame["n_exits"].tolist() == [41]


def test_nothing_hides_behind_the_cells():
    counts = pd.DataFrame({"n_exits": [41], "band": pd.Categorical(["a"], ["a", "person-77"])})
    counts.attrs["rows"] = RAW
    made = _seal(counts, "counts", POLICY, 0).frame
    assert made.attrs == {}
    assert list(made["band"].cat.categories) == ["a"]


def test_copies_are_the_same_object_and_pickles_are_refused(exits):
    assert copy.copy(exits) is exits
    assert copy.deepcopy([exits])[0] is exits
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(DisclosureError, match="not pickled"):
            pickle.dumps(exits, protocol)


@pytest.mark.parametrize("unprotected", [RAW, RAW["n_exits"], 3, None, Protected], ids=type)
def test_anything_else_is_told_what_to_call(unprotected):
    with pytest.raises(DisclosureError, match="call protect_counts"):
        require_protected(unprotected)


def test_pretending_to_be_one_does_not_help():
    class Pretender:
        __class__ = Protected
        frame = RAW

    assert isinstance(Pretender(), Protected)
    with pytest.raises(DisclosureError, match="call protect_counts"):
        require_protected(Pretender())


def test_it_shows_the_protected_table_only_and_says_when_it_is_synthetic():
    counts = table("""
        year  n_exits
        2019  25
        2020  41
        2021  3
    """)
    made = protect_counts(counts, ["n_exits"], policy(is_synthetic=True), by=["year"])
    for text in (repr(made), made._repr_html_()):
        assert "40" in text
        assert "·" in text
        assert "41" not in text
        assert "3<" not in text
        assert "0x" not in text
        assert "synthetische gegevens" in text


def test_no_other_room_reaches_for_what_makes_one():
    """What Python cannot stop, this does: importing the private names of the room."""
    private = {"_seal", "_reseal", "_hold", "_TOKEN", "_CONTENTS", "_content"}
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "disclosure":
            continue
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        named = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
        named |= {a.name for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names
                  if n.module and n.module.startswith("watwerkt.disclosure")}  # fmt: skip
        assert not named & private, path.name


def test_rows_of_a_protected_frame_are_protected(exits):
    picked = select_rows(exits, year=[2020, 2022])
    assert require_protected(picked).frame.to_dict("list") == {"year": [2020], "n_exits": [40]}
    assert (picked.kind, picked.n_suppressed, exits.n_suppressed) == ("counts", 0, 2)
    assert select_rows(exits, year=2021).n_suppressed == 1
    with pytest.raises(DisclosureError):
        select_rows(RAW, n_exits=1)

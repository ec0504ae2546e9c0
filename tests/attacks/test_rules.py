"""Every rule is needed: an attack that finds nothing succeeds when the rule is taken out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import test_tables
from attackers import equations_of, known_ranges, recovered

from disclosure_tables import POLICY, policy, table
from watwerkt.disclosure import (
    protect_counts,
    protect_curve,
    protect_estimates,
    protect_means,
    protect_shares,
)
from watwerkt.disclosure.policy import Policy
from watwerkt.disclosure.register import Register, Table
from watwerkt.errors import DisclosureError

ROOM = "watwerkt.disclosure"


@dataclass(frozen=True)
class Rule:
    """What takes the rule out (module and name → what stands in for it), and the attack it stops.

    ``attack(policy)`` gives what was found; a door that refuses gives nothing.
    """

    name: str
    without: dict[str, object]
    attack: Callable[[Policy], object]
    lenient: dict[str, object] | None = None  # or a policy without it


def exits(policy: Policy, **more) -> pd.DataFrame:
    counts = table("""
        destination  n_exits
        death        3
        moved        27
        education    0
        other        41
        work         152
    """)
    how = {"by": ["destination"], "totals": ["destination"]} | more
    return protect_counts(counts, ["n_exits"], policy, **how).frame


def few(policy: Policy) -> list:
    return [n for n in exits(policy)["n_exits"].dropna() if 0 < n < 10]


def nobody(policy: Policy) -> list:
    return [n for n in exits(policy)["n_exits"].dropna() if n == 0]


def subtraction(policy: Policy) -> list:
    known = test_tables.figures(exits(policy), ["n_exits"])
    return recovered(known, equations_of(known), test_tables.hidden(known), POLICY)


def linked_tables(policy: Policy) -> list:
    return [found for seed in range(40) for found in test_tables.pinned_by_another(seed)]


def unrounded(policy: Policy) -> list:
    return [n for n in exits(policy)["n_exits"].dropna() if n % 5]


def unlike_its_total(policy: Policy) -> bool:
    counts = pd.DataFrame({"destination": list("abcdefgh"), "n_exits": [12] * 8})
    frame = protect_counts(
        counts, ["n_exits"], policy, by=["destination"], totals=["destination"]
    ).frame
    return bool(frame["n_exits"][:-1].sum() != frame["n_exits"].iloc[-1])


def small_team(policy: Policy) -> list:
    counts = table("""
        team_id  n_exits  n_workers
        north    40       1
        south    60       4
        east     80       4
    """)
    frame = protect_counts(
        counts, ["n_exits"], policy, by=["team_id"], n_caseworkers="n_workers"
    ).frame.set_index("team_id")
    return frame["n_exits"].dropna().index.intersection(["north"]).tolist()


def team_without_workers(policy: Policy) -> pd.DataFrame:
    counts = pd.DataFrame({"team_id": ["north"], "n_exits": [40]})
    return protect_counts(counts, ["n_exits"], policy, by=["team_id"]).frame


def all_or_none(policy: Policy) -> list:
    counts = table("""
        year  n_work  n_exits
        2020  50      50
        2021  30      90
        2022  40      95
    """)
    frame = protect_shares(counts, {"share": ("n_work", "n_exits")}, policy, by=["year"]).frame
    return frame["share"][frame["share"] == 1].tolist()


def exact_share(policy: Policy) -> list:
    """From a percentage that is finer than its count: 37 of 91."""
    means = pd.DataFrame({"group": ["a"], "n_persons": [91], "spoken_share": [37 / 91]})
    frame = protect_means(
        means, ["spoken_share"], policy, by=["group"], n_persons="n_persons"
    ).frame
    share = frame["spoken_share"].dropna()
    fits = [n for n in range(86, 97) if (abs(share * n - round(share * n)) < 1e-5).any()]
    return fits if len(fits) == 1 else []


def one_persons_amount(amounts: list[float]) -> Callable[[Policy], list]:
    def attack(policy: Policy) -> list:
        total, (first, second) = sum(amounts), sorted(amounts)[:-3:-1]
        row = {"kind": "course", "n_persons": len(amounts), "mean_eur": total / len(amounts)}
        row |= {"all": total, "first": first, "second": second}
        frame = protect_means(
            pd.DataFrame([row]), ["mean_eur"], policy, by=["kind"], n_persons="n_persons",
            parts={"mean_eur": ("all", "first", "second")},
        ).frame  # fmt: skip
        return frame["mean_eur"].dropna().tolist()

    return attack


def amount_without_parts(policy: Policy) -> pd.DataFrame:
    row = pd.DataFrame({"kind": ["course"], "n_persons": [40], "mean_eur": [900.0]})
    return protect_means(row, ["mean_eur"], policy, by=["kind"], n_persons="n_persons").frame


def extreme(policy: Policy) -> pd.DataFrame:
    row = pd.DataFrame({"kind": ["course"], "n_persons": [40], "days_max": [900.0]})
    return protect_means(row, ["days_max"], policy, by=["kind"], n_persons="n_persons").frame


def high_percentile(policy: Policy) -> list:
    row = pd.DataFrame({"kind": ["course"], "n_persons": [40], "high_days": [900.0]})
    frame = protect_means(
        row, [], policy, by=["kind"], n_persons="n_persons", quantiles={"high_days": 0.95}
    ).frame
    return frame["high_days"].dropna().tolist()


def curve(policy: Policy, events: list[int], at_risk: list[int]) -> pd.DataFrame:
    tidy = pd.DataFrame({"time": np.arange(1.0, len(events) + 1), "at_risk": at_risk,
                         "events": events, "estimate": 0.5, "conf_low": 0.4,
                         "conf_high": 0.6})  # fmt: skip
    return protect_curve(tidy, policy).frame


def step_of_few(policy: Policy) -> list:
    return [n for n in curve(policy, [20, 2, 3, 20], [300, 280, 278, 275])["time"] if n == 2]


def few_at_risk(policy: Policy) -> list:
    return curve(policy, [20, 20], [30, 6]).query("time == 2")["estimate"].tolist()


def estimate(policy: Policy, **changed) -> list:
    row = {"analysis": "P1", "design": "naive", "outcome": "exit", "scale": "rate ratio",
           "term": "t", "estimate": 0.5, "std_error": 0.1, "n_obs": 400, "n_persons": 400,
           "n_events": 90, "n_clusters": 12} | changed  # fmt: skip
    return protect_estimates(pd.DataFrame([row]), policy).frame["estimate"].dropna().tolist()


def key_of_persons(policy: Policy) -> pd.DataFrame:
    counts = pd.DataFrame({"person_id": ["a", "b"], "n_exits": [40, 50]})
    return protect_counts(counts, ["n_exits"], policy, by=["person_id"]).frame


def pseudonyms(policy: Policy) -> pd.DataFrame:
    counts = pd.DataFrame(
        {"group": ["a026f5ec77da6bc0ae97", "a03dbf328f12ee81b77c"], "n_exits": 40}
    )
    return protect_counts(counts, ["n_exits"], policy, by=["group"]).frame


def one_person_each(policy: Policy) -> pd.DataFrame:
    counts = pd.DataFrame({"nickname": [f"n{i}x" for i in range(12)], "n_exits": 1})
    return protect_counts(counts, ["n_exits"], policy, by=["nickname"]).frame


def undeclared(policy: Policy) -> pd.DataFrame:
    counts = pd.DataFrame({"year": [2020], "n_exits": [40], "who": ["somebody"]})
    return protect_counts(counts, ["n_exits"], policy, by=["year"]).frame


def many_of_one_person(policy: Policy) -> pd.DataFrame:
    counts = pd.DataFrame({"year": [2020], "n_contacts": [40]})
    return protect_counts(counts, ["n_contacts"], policy, by=["year"]).frame


def released_before(shown: dict[str, float | None], now: dict[str, int], small=()) -> dict:
    """What is shown now of a table of which an earlier release showed ``shown``."""
    name = "02: persons of n_exits by destination (1)"
    figures = {(key, "n_exits"): figure for key, figure in shown.items()}
    before = Table(name, figures, frozenset((key, "n_exits") for key in small))
    own = POLICY.model_copy(update={"released": Register("02", {name: [before]})})
    counts = pd.DataFrame({"destination": list(now), "n_exits": list(now.values())})
    how = {"by": ["destination"], "totals": ["destination"] if "total" in shown else []}
    frame = protect_counts(counts, ["n_exits"], own, **how).frame.set_index("destination")
    return {key: None if pd.isna(n) else float(n) for key, n in frame["n_exits"].items()}


def one_more_in_a_year(policy: Policy) -> list:
    """45 were shown; 51 are counted now: some six people between the two reports."""
    now = released_before({"a": 45.0, "b": 100.0, "c": 80.0}, {"a": 51, "b": 100, "c": 80})
    return [now["a"]] if now["a"] is not None and 0 < abs(now["a"] - 45) < 10 else []


def revision_by_rounding(policy: Policy) -> list:
    """47 became 48: nothing to tell, and so what was shown stays."""
    now = released_before({"a": 45.0, "b": 100.0}, {"a": 48, "b": 111})
    return [now["a"]] if now["a"] != 45 else []


def filled_in_later(policy: Policy) -> list:
    """Two parts were hidden in a total; now that one of them is shown the other would be known."""
    before = {"a": None, "b": None, "c": 100.0, "total": 140.0}
    now = released_before(before, {"a": 7, "b": 32, "c": 102, "d": 12}, small=["a"])
    return [now["b"]] if now["b"] is not None else []


def useless_partner(policy: Policy) -> list:
    """A new small part is hidden beside one that last year's report gives with the same figure."""
    before = {"a": 20.0, "b": 100.0, "total": 120.0}
    now = released_before(before, {"a": 20, "b": 100, "c": 4, "d": 60})
    known = {(k, "n_exits"): before.get(k) if n is None and k != "total" else n
             for k, n in now.items()}  # fmt: skip
    left = [cell for cell, figure in known.items() if figure is None]
    ranges = known_ranges(known, equations_of(known), left) or {}
    return [c for c, (low, high) in ranges.items() if high - low < POLICY.threshold - 1e-6]


def never(*args, **kwargs) -> None:
    """A check that refuses nothing."""


def nowhere(values, *args):
    return np.zeros(values.shape, dtype=bool)


RULES = [
    Rule("threshold", {"counts.protect_cells": "keep_all"}, few),
    Rule("nobody is as telling as few", {}, nobody, {"zeros_are_disclosive": False}),
    Rule("second cells", {"matrices.hide_more": lambda v, h, *a: h,
                          "cells._hide_in_line": lambda v, h, *a: h}, subtraction),
    Rule("margins elsewhere", {"cells._hide_from_margin": lambda v, r, h, *a: h,
                               "cells._hide_in_line": lambda v, h, *a: h}, linked_tables),
    Rule("rounding", {"cells.round_tables": lambda v, *a: v}, unrounded),
    Rule("totals add up", {"matrices.round_additively": lambda t, m, base, w: 5 * np.round(t / 5)},
         unlike_its_total),
    Rule("caseworkers", {"counts._is_enough": lambda t, grid, b: np.ones(grid.shape, dtype=bool)},
         small_team),
    Rule("a team says its caseworkers", {"counts.require_caseworkers": never},
         team_without_workers),
    Rule("all of a group", {"shares._protect_pair": "without_rest"}, all_or_none),
    Rule("percentages no finer than counts", {"proportions.share_step": lambda n, b: 1e-9},
         exact_share),
    Rule("two persons with nearly all", {}, one_persons_amount([500, 450] + [5] * 18),
         {"dominance_share": 1.0}),
    Rule("the first known to the second", {}, one_persons_amount([700, 150] + [3.8] * 18),
         {"prior_share": 0.0001, "dominance_share": 1.0}),
    Rule("amounts say who has most", {"means._require_parts": never}, amount_without_parts),
    Rule("no extremes", {"declared._EXTREME": "never"}, extreme),
    Rule("mass beyond a percentile", {"means.fills_both_sides": lambda s, n, p: n > 0},
         high_percentile),
    Rule("steps of a curve", {"curves._merge_steps": lambda months, least: months}, step_of_few),
    Rule("end of a curve", {}, few_at_risk, {"survival_threshold": 3}),
    Rule("persons of an estimate", {"estimates._is_hidden": lambda r, *a: np.zeros(len(r), bool)},
         lambda p: estimate(p, n_persons=9)),
    Rule("events of an estimate", {"estimates._is_hidden": lambda r, *a: np.zeros(len(r), bool)},
         lambda p: estimate(p, n_events=9)),
    Rule("clusters of an estimate", {"estimates._is_hidden": lambda r, *a: np.zeros(len(r), bool)},
         lambda p: estimate(p, n_clusters=2)),
    Rule("degrees of freedom", {}, lambda p: estimate(p, dof=9.0), {"dof_threshold": 1}),
    Rule("no key of persons", {"declared.GROUP_IDS": {"person_id"}}, key_of_persons),
    Rule("no pseudonyms", {"declared._PSEUDONYM": "$."}, pseudonyms),
    Rule("no row per person", {"counts.require_groups": never}, one_person_each),
    Rule("declared columns", {"declared.require_declared": never}, undeclared),
    Rule("persons behind what one can have many of", {"counts.require_unit": never},
         many_of_one_person),
    Rule("ledger: differences", {"earlier._is_little": nowhere},
         one_more_in_a_year),
    Rule("ledger: what was shown stays", {"rounding._is_near": nowhere,
                                          "cells.still_holds": lambda *a: False},
         revision_by_rounding),
    Rule("ledger: hidden stays hidden", {"cells.hidden_before": nowhere}, filled_in_later),
    Rule("ledger: shown before protects nothing",
         {"cells.is_shown_before": nowhere}, useless_partner),
]  # fmt: skip


def found_by(rule: Rule, own: Policy) -> list:
    try:
        found = rule.attack(own)
    except DisclosureError:
        return []
    return found if isinstance(found, list) else [found] if found is not False else []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_stops_what_nothing_else_does(rule, monkeypatch):
    assert not found_by(rule, POLICY)
    for place, stand_in in rule.without.items():
        monkeypatch.setattr(f"{ROOM}.{place}", stand_ins().get(str(stand_in), stand_in))
    assert found_by(rule, policy(**rule.lenient) if rule.lenient else POLICY)


def stand_ins() -> dict[str, object]:
    """What has to be made from the rule itself."""
    import re

    from watwerkt.disclosure import cells, counts

    return {
        "keep_all": lambda values, hidden, *a: cells.protect_cells(values, hidden & False, *a),
        "without_rest": lambda t, one, all_, p, **how: counts.protected_counts(
            t, [one, all_], p, **how
        ),
        "never": re.compile("$."),
    }

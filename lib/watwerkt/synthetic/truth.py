"""What is true of a synthetic municipality: parameters, and what they imply."""

from typing import Any

import polars as pl

from watwerkt.synthetic.register import Register
from watwerkt.synthetic.simulate import Start
from watwerkt.synthetic.state import EXIT_KINDS


def build_truth(start: Start, register: Register, counterfactuals: bool) -> dict[str, Any]:
    """The content of ``truth.yaml``."""
    return {
        "schema_version": 1,
        "scenario": start.world.scenario.model_dump(mode="json"),
        "described": describe(register),
    }


def describe(register: Register) -> dict[str, Any]:
    """Exits by kind, before any booking lag, and the stock at the start of every month."""
    clock, spells = register.world.clock, register.spells
    in_window = spells.filter(pl.col("exit_month") >= 0)
    kinds = dict(zip(*in_window["kind"].value_counts().sort("kind"), strict=True))
    stock = []
    for t in range(clock.n_months):
        day = pl.lit(clock.date(t).item())
        runs = (pl.col("start") <= day) & (pl.col("end").is_null() | (pl.col("end") > day))
        stock.append(int(spells.select(runs.sum()).item()))
    return {
        "exits": {name: int(kinds.get(i, 0)) for i, name in enumerate(EXIT_KINDS)},
        "stock": {str(clock.month(t)): n for t, n in enumerate(stock)},
    }

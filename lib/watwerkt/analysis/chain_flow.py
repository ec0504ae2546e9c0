"""How far journeys came: from one step to the next, who still waits, and who left.

Every journey that reaches a step goes on, still waits, or has left. A step that was passed over on
the way to a later one counts as reached and not taken.
"""

import pandas as pd
import polars as pl

from watwerkt.analysis.chain import STEPS, end_of, find_chain
from watwerkt.disclosure import Gap, Policy, Protected, protect_counts, protect_shares

WAITING, LEFT = "waiting", "left"
STATES = (*(f"{step}_{fate}" for step in STEPS[:-1] for fate in (WAITING, LEFT)), STEPS[-1])


def chain_flow(journeys: pl.DataFrame | None, policy: Policy) -> Protected | Gap:
    """Where each journey stands or ended: one state per journey, and the total of all.

    Every journey is in one state only, so that whoever reached a step are the total less the
    states before it: counts in are counts out, waiting and left.
    """
    known = find_chain(journeys, policy.threshold)
    if isinstance(known, Gap):
        return known
    order = pd.CategoricalDtype(list(STATES), ordered=True)
    counts = count_states(known).to_pandas().astype({"chain_state": order})
    return protect_counts(
        counts, ["n_journeys"], policy, by=["chain_state"], totals=["chain_state"]
    )


def count_states(journeys: pl.DataFrame) -> pl.DataFrame:
    """``chain_state, n_journeys``, a row per state, also where nobody is."""
    states = pl.DataFrame({"chain_state": STATES})
    found = journeys.group_by(chain_state=_state()).agg(n_journeys=pl.len())
    return states.join(found, on="chain_state", how="left", maintain_order="left").fill_null(0)


def steps_taken(journeys: pl.DataFrame | None, policy: Policy) -> Protected | Gap:
    """Of those who came as far as a step or further: how many took it, and did not pass it over."""
    known = find_chain(journeys, policy.threshold)
    if isinstance(known, Gap):
        return known
    rows = [
        known.filter(pl.col("furthest") >= place).select(
            chain_step=pl.lit(step), n_reached=pl.len(), n_taken=pl.col(step).count()
        )
        for place, step in enumerate(STEPS[:-1])
        if place
    ]
    table = pl.concat(rows).filter(pl.col("n_reached") > 0).to_pandas()
    ordered = table.astype({"chain_step": pd.CategoricalDtype(list(STEPS), ordered=True)})
    return protect_shares(
        ordered, {"share_taken": ("n_taken", "n_reached")}, policy, by=["chain_step"]
    )


def _state() -> pl.Expr:
    """The furthest step, and whether the journey ended there or goes on."""
    state = pl.lit(STEPS[-1])
    for place, step in enumerate(STEPS[:-1]):
        _, is_over = end_of(step)
        fate = (
            pl.when(is_over).then(pl.lit(f"{step}_{LEFT}")).otherwise(pl.lit(f"{step}_{WAITING}"))
        )
        state = pl.when(pl.col("furthest") == place).then(fate).otherwise(state)
    return state

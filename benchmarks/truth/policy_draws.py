"""P2 on the teams of ``policy_worlds``, with the verdict by the chapter's rule."""

from functools import partial
from typing import Any

import numpy as np

from policy_worlds import OUTCOMES, SPAN, policy_world
from watwerkt.analysis.target_change import ChangeFit, judge_change
from watwerkt.estimators.group_time import FIRST, build_windows
from watwerkt.estimators.reassign import reassign
from worlds import Draw, World, figures

YEAR_END = {f"{outcome}_{SPAN}": outcome for outcome in OUTCOMES}
CHANGES = {  # what is planted, and the truth in pp: ``true_effect`` of 300 draws or more
    "5 of 12 teams, no effect": (0.0, {}),
    "5 of 12 teams": (7.222, {"effect": 0.3}),
    "2 of 10 teams": (7.176, {"effect": 0.3, "n_teams": 10, "n_changed": 2}),
    "5 of 12 teams, effects differ": (11.156, {"effect": 0.3, "growth": 0.3, "varied": 0.15}),
}
OWN_TREND = 0.15  # of the log hazard a year, of teams that change


def draw_policy(seed: int, **planted: Any) -> dict[str, Draw]:
    """P2, all exits; naive is the year after a change less the year before it.

    Caseloads fall by a fifth in every team that changes.
    """
    rng = np.random.default_rng(seed)
    rows, group = policy_world(rng, **planted)
    since = rows["month"] - rows["unit"].map(group)
    after, before = (rows.loc[since == at, "all"] for at in (0, -SPAN))
    fallen = np.where(since > -SPAN, 0.8, 1.0) + 0.02 * rng.normal(size=len(rows))
    rows = rows.rename(columns={o: name for name, o in YEAR_END.items()}).assign(caseload=fallen)
    windows, _ = build_windows(rows, list(YEAR_END), SPAN, group)
    loads, _ = build_windows(rows, ["caseload"], SPAN, group)
    fit = ChangeFit(reassign(windows, tuple(YEAR_END)), reassign(loads, ("caseload",)), 100, {})
    status, _ = judge_change(fit, "all")
    gaps = after.to_numpy() - before.to_numpy()
    naive, half = float(gaps.mean()), 1.96 * float(gaps.std(ddof=1)) / len(gaps) ** 0.5
    row = fit.event(FIRST).tidy().iloc[0]
    more = {"naive": naive, "naive_low": naive - half, "naive_high": naive + half}
    return {"P2": figures(row, status=status, is_flagged=status != "evidence", **more)}


def worlds() -> list[World]:
    """Some teams of a town that change, and such as were moving away from the others before."""
    sound = [
        World(name, {"P2": truth}, partial(draw_policy, **planted))
        for name, (truth, planted) in CHANGES.items()
    ]
    drawn = partial(draw_policy, own_trend=OWN_TREND)
    return [*sound, World("own trend of teams", {"P2": 0.0}, drawn, "trend_before")]

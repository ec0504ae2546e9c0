"""Teams whose caseworkers leave: a world with a known elasticity, at the grain of the estimator.

Per team and month: clients near to work and far from it, ``fte`` caseworkers, caseload = clients /
fte at the start of the month. Exits are binomial with hazard (near 0.05, far 0.012) x (caseload /
80) ** elasticity; inflow is Poisson and keeps the stock of a team level on average. A caseworker
leaves with probability 0.013 a month and is replaced two to six months later (or never, where
``refill`` is off); her clients fall to the others. ``spread`` is the standard deviation of a
team's lasting log hazard, ``hand_over`` the share of exits lost in the four months after.
"""

import numpy as np
import pandas as pd

HAZARD = np.array([0.05, 0.012])
DEPARTURE, BURN_IN, LOAD, SIZE, WINDOW = 0.013, 60, 80.0, 7, 7
HALF_AT_THE_ENDS = np.array([0.5, *np.ones(WINDOW - 2), 0.5])  # months 0-6 since the departure


def shock_world(
    rng: np.random.Generator,
    n_teams: int = 12,
    n_months: int = 66,
    elasticity: float = 0.0,
    refill: bool = True,
    spread: float = 0.0,
    hand_over: float = 0.0,
) -> pd.DataFrame:
    """Rows as ``shock_elasticity`` takes them: team x month x cell."""
    hazard = HAZARD[:, None] * np.exp(spread * rng.normal(size=n_teams))
    clients = np.round(np.full((2, n_teams), SIZE * LOAD / 2)).astype(int)
    arrivals = clients * HAZARD[:, None]
    fte, coming, shocks, rows = np.full(n_teams, SIZE), [], [], []
    for month in range(BURN_IN + n_months):
        for due, team in coming:
            fte[team] += due == month
        leaving = (rng.random(n_teams) < DEPARTURE * fte) & (fte > 2)
        inherited = np.where(leaving, clients.sum(axis=0) / fte / (fte - 1), 0.0)
        fte = fte - leaving
        if refill:
            coming += [(month + int(rng.integers(2, 7)), t) for t in np.flatnonzero(leaving)]
        shocks.append(inherited)
        recent = np.array(shocks[-4:]).any(axis=0)
        load = clients.sum(axis=0) / fte
        chance = hazard * (load / LOAD) ** elasticity * np.where(recent, 1 - hand_over, 1.0)
        exits = rng.binomial(clients, np.minimum(chance, 1.0))
        if month >= BURN_IN:
            shock = HALF_AT_THE_ENDS[::-1] @ np.array(shocks[-WINDOW:])
            rows += [
                (team, month, cell, shock[team], clients[cell, team], exits[cell, team], load[team])
                for team in range(n_teams)
                for cell in range(2)
            ]
        clients = clients - exits + rng.poisson(arrivals)
    columns = ["team", "month", "cell", "shock", "n_months", "n_exits", "load"]
    return pd.DataFrame(rows, columns=columns).assign(log_caseload=lambda d: np.log(d["load"]))

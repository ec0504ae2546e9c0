"""Small worlds with a known effect, in which each published mistake can be watched failing.

Contact world, per person and month t since entry (all enter together):
    logit h_t = logit(h of near or far clients) + log(odds_ratio) * [contact in t-4 .. t-2]
    contact_t ~ Bernoulli(probability by distance: ``selection``)
    at an exit an exit talk is booked with probability ``exit_talk``: in the exit month, or,
    for a share ``early`` of them, in the month before.
Caseload world, per caseworker and month: equal inflow, clients with hazard near or far, exits
    binomial with hazard * (clients / mean clients) ** elasticity; portfolios differ, caseload
    follows from them.
"""

import numpy as np
import pandas as pd

NEAR_HAZARD, FAR_HAZARD, EXIT_TALK = 0.06, 0.012, 0.6
CONTACT = {"none": (0.25, 0.25), "near": (0.35, 0.15), "far": (0.15, 0.35)}  # of near, far


def contact_world(
    rng: np.random.Generator,
    n_persons: int = 4000,
    n_months: int = 24,
    odds_ratio: float = 1.0,
    selection: str = "none",
    early: float = 0.0,
) -> pd.DataFrame:
    """Person-months at risk with the panel's column names."""
    is_near = rng.random(n_persons) < 0.5
    near_rate, far_rate = CONTACT[selection]
    rate = np.where(is_near, near_rate, far_rate)
    contact = rng.random((n_persons, n_months)) < rate[:, None]
    padded = np.pad(contact, ((0, 0), (4, 0)))
    lagged = padded[:, :-4] | padded[:, 1:-3] | padded[:, 2:-2]  # t-4, t-3, t-2
    hazard = np.where(is_near, NEAR_HAZARD, FAR_HAZARD)
    odds = (hazard / (1 - hazard))[:, None] * np.where(lagged, odds_ratio, 1.0)
    exits = rng.random((n_persons, n_months)) < odds / (1 + odds)
    last = np.where(exits.any(axis=1), exits.argmax(axis=1), n_months - 1)
    leaves = exits[np.arange(n_persons), last]
    talks = leaves & (rng.random(n_persons) < EXIT_TALK)
    moment = np.maximum(last - (rng.random(n_persons) < early), 0)
    contact[talks, moment[talks]] = True
    person, month = np.nonzero(np.arange(n_months) <= last[:, None])
    previous = np.pad(contact, ((0, 0), (1, 0)))
    return pd.DataFrame(
        {
            "person_id": person,
            "spell_id": person,
            "caseworker_id": person % 40,
            "month": month,
            "months_since_entry": month,
            "is_near": is_near[person],
            "n_contacts_month": contact[person, month].astype(int),
            "n_contacts_1m": previous[person, month].astype(int),
            "n_contacts_lag_2_4": lagged[person, month].astype(int),
            "is_exit": leaves[person] & (month == last[person]),
        }
    )


def caseload_world(
    rng: np.random.Generator,
    n_caseworkers: int = 60,
    n_months: int = 60,
    elasticity: float = 0.0,
    inflow: float = 2.0,
    burn_in: int = 240,
) -> pd.DataFrame:
    """Caseworker-months: clients at the start and end, and exits, after ``burn_in`` months."""
    share_near = rng.uniform(0.2, 0.8, n_caseworkers)
    hazard = np.array([[NEAR_HAZARD], [FAR_HAZARD]])
    arrivals = inflow * np.array([share_near, 1 - share_near])
    clients = rng.poisson(arrivals / hazard)
    rows = []
    for month in range(burn_in + n_months):
        start = clients.sum(axis=0)
        relative = np.maximum(start, 1) / start.mean()
        exits = rng.binomial(clients, np.minimum(hazard * relative**elasticity, 1.0))
        clients = clients - exits + rng.poisson(arrivals)
        if month >= burn_in:
            rows.append((np.full(n_caseworkers, month), start, clients.sum(0), exits.sum(0)))
    month, start, end, gone = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "caseworker_id": np.tile(np.arange(n_caseworkers), n_months),
            "month": month,
            "n_clients": start,
            "n_exits": gone,
            "caseload": start.astype(float),
            "caseload_end": end.astype(float),
        }
    )

"""P10: provisions that people start by selection, that lock in first and help later.

Clients come in over three years, near to work or far from it, and are followed for five in all.
Two kinds of provision can be started, each once. In month t a client who is there

* leaves with log odds logit(0.045 near, 0.015 far) + 0.4 x [talk in t-1] + what provisions do: in
  the LOCK months after a start ``lock``, and from then on ``gain`` for each kind started, with
  ``bonus`` on top where both are; seven in ten leave for work;
* else starts a kind that she has not started with log odds -4.0 + 0.9 x near + 0.8 x [talk in t-1].

A talk comes with probability 0.35 near and 0.2 far. The truth is that of the starters, of the same
draws: what becomes of them, and what would have, had they not started in that month (they may
later), for all of them left at 24 months less left at 24 months. Against nothing at all: had they
started neither until then, among those who are there all the same.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit

from watwerkt.analysis.instruments import judge_start
from watwerkt.estimators.proportions import difference_in_proportions
from watwerkt.estimators.start_effects import estimate_start
from worlds import Draw, World, figures

HAZARD, TALK, TALK_EFFECT = np.array([0.015, 0.045]), np.array([0.20, 0.35]), 0.4
START, START_NEAR, START_TALK, LOCK = -4.0, 0.9, 0.8, 5
N_MONTHS, LAST_ENTRY, HORIZON = 60, 36, 24
N_CASEWORKERS, NEVER, TO_WORK = 30, 999, 0.7
SUMS = np.ones((HORIZON, 1))
Ints = NDArray[np.int64]
HELPS: dict[str, float] = {"lock": -0.8, "gain": 0.5}
TRUTHS = {"helps": 7.44, "locks": -1.30, "second": 11.34, "both": 23.28}  # pp


@dataclass(frozen=True)
class Clients:
    """Who comes, and the draws that decide, whatever is started."""

    near: Ints
    entry: Ints
    talks: NDArray[np.bool_]
    exit_draw: NDArray[np.float64]
    start_draw: NDArray[np.float64]
    lock: float
    gain: float
    bonus: float


def draw_clients(
    rng: np.random.Generator,
    n_persons: int,
    lock: float = 0.0,
    gain: float = 0.0,
    bonus: float = 0.0,
) -> Clients:
    """Clients with all their draws; shapes (n_persons,), and (n_persons, N_MONTHS) by month."""
    near = (rng.random(n_persons) < 0.5).astype(np.int64)
    return Clients(
        near=near,
        entry=rng.integers(-12, LAST_ENTRY, n_persons),
        talks=rng.random((n_persons, N_MONTHS)) < TALK[near][:, None],
        exit_draw=rng.random((n_persons, N_MONTHS)),
        start_draw=rng.random((n_persons, N_MONTHS, 2)),
        lock=lock,
        gain=gain,
        bonus=bonus,
    )


def run_clients(clients: Clients, barred: Ints, which: str = "one") -> tuple[Ints, Ints]:
    """Month of each kind's start, shape (n_persons, 2), and of the exit; 999 where there is none.

    ``barred``: the month in which a person does not start the kind that is asked about. For
    ``both`` she starts nothing up to then, and stays: it is asked what becomes of those who do.
    """
    n = len(clients.near)
    start, leaves = np.full((n, 2), NEVER), np.full(n, NEVER)
    for t in range(N_MONTHS):
        on = (clients.entry <= t) & (leaves == NEVER)
        talk = clients.talks[:, t - 1] if t else np.zeros(n, bool)
        since = t - start
        runs, over = (since > 0) & (since <= LOCK), (since > LOCK) & (start < NEVER)
        push = clients.lock * runs.any(axis=1) + clients.gain * over.sum(axis=1)
        push = push + clients.bonus * over.all(axis=1)
        odds = logit(HAZARD[clients.near]) + TALK_EFFECT * talk + push
        goes = on & (clients.entry < t) & (clients.exit_draw[:, t] < expit(odds))
        goes &= (t > barred) if which == "both" else True
        leaves[goes] = t
        chance = expit(START + START_NEAR * clients.near + START_TALK * talk)
        may = np.column_stack([on & ~goes, on & ~goes])
        may[:, : 1 if which == "one" else 2] &= (t != barred)[:, None]
        may &= (t > barred)[:, None] if which == "both" else True
        begins = may & (start == NEVER) & (clients.start_draw[:, t] < chance[:, None])
        begins[:, 1] &= ~begins[:, 0]
        start[begins] = t
    return start, leaves


def find_starts(start: Ints, which: str) -> Ints:
    """Month of the start that is asked about: the first kind's, or the second of two."""
    return start[:, 0] if which == "one" else start.max(axis=1)


def true_start_effect(
    which: str, seed: int = 0, n_persons: int = 200_000, **planted: float
) -> float:
    """Left within 24 months (pp): ``one`` kind, the ``second``, or ``both`` against none."""
    clients = draw_clients(np.random.default_rng(seed), n_persons, **planted)
    start, leaves = run_clients(clients, np.full(n_persons, -1))
    month = find_starts(start, which)
    other = run_clients(clients, month, which)[1]
    asked = month < N_MONTHS - HORIZON
    gone = [(left - month)[asked] <= HORIZON for left in (leaves, other)]
    return float(100 * (gone[0].mean() - gone[1].mean()))


def start_world(
    rng: np.random.Generator, which: str, n_persons: int = 4000, **planted: float
) -> pd.DataFrame:
    """Person-months at risk of that start, as ``estimate_start`` takes them, and ``left_after``."""
    clients = draw_clients(rng, n_persons, **planted)
    start, leaves = run_clients(clients, np.full(n_persons, -1))
    month = np.arange(N_MONTHS - HORIZON)
    there = (clients.entry[:, None] <= month) & (leaves[:, None] > month)
    asked, first = find_starts(start, which), start.min(axis=1)
    may = there & (asked[:, None] >= month)
    if which == "second":
        may &= first[:, None] < month
    if which == "both":
        may &= (first[:, None] > month) | (asked[:, None] == month)
    person, month = np.nonzero(may)
    after = leaves[person] - month
    since = np.minimum(month - first[person], LOCK + 1) if which == "second" else 0
    stay = np.minimum((month - clients.entry[person]) // 4, 8)
    return pd.DataFrame(
        {
            "person": person,
            "cluster": person % N_CASEWORKERS,
            "is_start": asked[person] == month,
            "month": month // 6,
            "near": clients.near[person],
            "near_stay": clients.near[person] * 10 + stay,
            "talk": np.where(month > 0, clients.talks[person, month - 1], False),
            "since": since,
            "left_after": np.where(after <= HORIZON, after, 0),
            "entry": clients.entry[person],
        }
    )


def increments(left_after: NDArray[np.int64]) -> sparse.csr_array:
    """One column per month since the start."""
    row = np.flatnonzero(left_after)
    place = (row, left_after[row] - 1)
    return sparse.csr_array((np.ones(len(row)), place), shape=(len(left_after), HORIZON))


def draw_start(seed: int, which: str, is_near_seen: bool = True, **planted: Any) -> dict[str, Draw]:
    """P10; naive sets those who ever started beside those who never did, within 24 months."""
    rows = start_world(np.random.default_rng(seed), which, **planted)
    seen = ["near_stay" if which == "both" else "near"] if is_near_seen else []
    fit = estimate_start(rows, ["month", "talk", "since", *seen], increments(rows["left_after"]))
    path = fit.combine(100 * SUMS, ["all"])
    status, _ = judge_start(fit, rows, SUMS, ["talk", "since", *seen])
    naive = 100 * _ever_against_never(rows)
    row = path.tidy().iloc[0]
    more = dict(zip(("naive", "naive_low", "naive_high"), naive, strict=True))
    return {"P10": figures(row, status=status, is_flagged=status == "warning", **more)}


def _ever_against_never(rows: pd.DataFrame) -> NDArray[np.float64]:
    spell = rows.sort_values(["person", "month"], kind="stable").groupby("person")
    ever, left = spell["is_start"].any(), spell["left_after"].first() > 0
    found = difference_in_proportions(
        int(left[ever].sum()), int(ever.sum()), int(left[~ever].sum()), int((~ever).sum())
    ).tidy()
    return found[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)[0] / 100


def worlds() -> list[World]:
    """No effect, lock-in with a gain, lock-in alone, combinations; then distance not seen."""
    return [
        _world("one kind, no effect", 0.0, which="one"),
        _world("one kind, lock-in, then a gain", TRUTHS["helps"], which="one", **HELPS),
        _world("one kind, lock-in alone", TRUTHS["locks"], which="one", lock=-0.8),
        _world("a second kind against one", TRUTHS["second"], which="second", bonus=0.4, **HELPS),
        _world("two kinds against none", TRUTHS["both"], which="both", bonus=0.4, **HELPS),
        _world("distance is not seen", 0.0, "unobserved", which="one", is_near_seen=False),
    ]


def _world(name: str, truth: float, violates: str = "", **planted: Any) -> World:
    return World(name, {"P10": truth}, partial(draw_start, **planted), violates)

"""Clients who are spoken to, or not: a world with a known effect of contact (P4, P5, P6).

Clients come in over two years, near to work or far from it, and are followed for three in all. In
month t a client

* leaves with log odds logit(0.06 near, 0.012 far) + ``log_or`` x [talk in t-4 .. t-2] + skill of
  her caseworker; 70 % of exits are to work;
* is spoken to with probability ``rate`` x (1.5 near, 0.75 far where ``selection`` is near, the
  reverse where far, 1 where none) x exp(style of her caseworker);
* has a Poisson number of errors with mean 0.03 x (1 near, 1.5 far) x exp(``log_rr`` x [talk in
  t-4 .. t-2]).

Of exits 60 % are followed by a talk, booked in the month of the exit or, for half of them, in the
month before: it changes nothing. ``skill``: how much of a caseworker's style is skill too, so that
whoever speaks to many also has more exits; no design here sees that. ``carelessness``: caseworkers
book three quarters of their talks, with this standard deviation of the log odds between them.
``is_collapsed``: two of the eight teams book hardly any for half a year. What is not booked was
said all the same, and has its effect.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

HAZARD = np.array([0.012, 0.06])  # far, near
SELECTION = {"none": (1.0, 1.0), "near": (0.75, 1.5), "far": (1.5, 0.75)}
N_MONTHS, LAST_ENTRY, FOLLOW_UP, SILENT, MAX_GAP = 36, 24, 12, 6, 2
N_CASEWORKERS, STYLE_SD, TO_WORK, EXIT_TALK, EARLY = 40, 0.25, 0.7, 0.6, 0.5
ERRORS = np.array([0.045, 0.03])
N_TEAMS, BOOKED, BOOKED_IN_COLLAPSE = 8, 0.75, 0.05
COLLAPSE = slice(15, 21)  # months, of the first two teams
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Clients:
    """Who comes, and the draws that decide: the same under every regime."""

    near: NDArray[np.int64]
    entry: NDArray[np.int64]
    caseworker: NDArray[np.int64]
    log_odds: NDArray[np.float64]
    rate: NDArray[np.float64]
    talk_draw: NDArray[np.float64]
    exit_draw: NDArray[np.float64]
    log_or: float


def contact_world(
    rng: np.random.Generator,
    n_persons: int = 4000,
    log_rr: float = 0.0,
    carelessness: float = 0.0,
    is_collapsed: bool = False,
    **planted: float | str,
) -> pd.DataFrame:
    """Person-months at risk, as ``emulate_trials`` takes them, with more for P4 and P6."""
    (clerk,) = rng.spawn(1)
    clients = _draw_clients(rng, n_persons, **planted)
    talks, leaves = _run(clients, 0, N_MONTHS, "natural", None)
    ends = np.where(leaves.any(axis=1), leaves.argmax(axis=1), N_MONTHS - 1)
    lagged = _lagged(talks)
    held = _add_exit_talks(rng, clients, talks, leaves, ends)
    recorded = held & _booked(clerk, clients.caseworker, carelessness, is_collapsed)
    month = np.arange(N_MONTHS)
    person, month = np.nonzero((clients.entry[:, None] <= month) & (month <= ends[:, None]))
    place = (person, month)
    mean = ERRORS[clients.near[person]] * np.exp(log_rr * lagged[place])
    is_work = rng.random(n_persons) < TO_WORK
    return pd.DataFrame(
        {
            "person": person,
            "stretch": person,
            "position": month - clients.entry[person],
            "cluster": clients.caseworker[person],
            "team_id": clients.caseworker[person] % N_TEAMS,
            "month": month,
            "is_start": (month - clients.entry[person] >= 1) & (month <= N_MONTHS - FOLLOW_UP),
            "taken": recorded[place],
            "months_since": _months_since(recorded, clients.entry)[place],
            "lagged": _lagged(recorded)[place],
            "is_near": clients.near[person] == 1,
            "is_exit": leaves[place],
            "to_work": leaves[place] & is_work[person],
            "n_errors": rng.poisson(mean),
        }
    ).assign(history=lambda d: np.minimum(d["months_since"], 4))


def true_risk_difference(seed: int = 0, n_persons: int = 200_000, **planted: float | str) -> float:
    """P5, in pp: exit within a year under either rule, from every start on, with the same draws."""
    clients = _draw_clients(np.random.default_rng(seed), n_persons, **planted)
    talks, leaves = _run(clients, 0, N_MONTHS, "natural", None)
    gone = leaves.cumsum(axis=1) - leaves > 0
    n, left = 0, np.zeros(2)
    for start in range(1, N_MONTHS - FOLLOW_UP + 1):
        here = (clients.entry < start) & ~gone[:, start]
        n += here.sum()
        for arm, rule in enumerate(("never", "often")):
            exits = _run(clients, start, FOLLOW_UP, rule, talks)[1]
            left[arm] += exits[here].any(axis=1).sum()
    return float(100 * (left[1] - left[0]) / n)


def _draw_clients(
    rng: np.random.Generator,
    n_persons: int,
    log_or: float = 0.0,
    selection: str = "none",
    rate: float = 0.25,
    skill: float = 0.0,
) -> Clients:
    near = (rng.random(n_persons) < 0.5).astype(np.int64)
    caseworker = rng.integers(0, N_CASEWORKERS, n_persons)
    style = STYLE_SD * rng.normal(size=N_CASEWORKERS)
    return Clients(
        near=near,
        entry=rng.integers(0, LAST_ENTRY, n_persons),
        caseworker=caseworker,
        log_odds=logit(HAZARD[near]) + skill * style[caseworker],
        rate=np.minimum(rate * np.array(SELECTION[selection])[near] * np.exp(style[caseworker]), 1),
        talk_draw=rng.random((n_persons, N_MONTHS)),
        exit_draw=rng.random((n_persons, N_MONTHS)),
        log_or=log_or,
    )


def _run(
    clients: Clients, first: int, n_months: int, rule: str, before: Flags | None
) -> tuple[Flags, Flags]:
    """Talks and exits of ``n_months``; after an exit nothing happens."""
    shape = (len(clients.near), first + n_months)
    talks, leaves = np.zeros(shape, bool), np.zeros(shape, bool)
    if before is not None:
        talks[:, :first] = before[:, :first]
    stays = np.ones(shape[0], bool)
    for t in range(first, first + n_months):
        window = talks[:, max(t - 4, 0) : max(t - 1, 0)].any(axis=1)
        chance = expit(clients.log_odds + clients.log_or * window)
        on = stays & (clients.entry <= t)
        leaves[:, t] = on & (clients.exit_draw[:, t] < chance) & (clients.entry < t)
        stays &= ~leaves[:, t]
        talks[:, t] = on & (clients.talk_draw[:, t] < clients.rate)
        if rule == "never" and t < first + SILENT:
            talks[:, t] = False
        if rule == "often":
            talks[:, t] |= on & ~talks[:, max(t - MAX_GAP, 0) : t].any(axis=1)
    return talks, leaves


def _lagged(talks: Flags) -> Flags:
    padded = np.pad(talks, ((0, 0), (4, 0)))
    return np.asarray(padded[:, :-4] | padded[:, 1:-3] | padded[:, 2:-2])


def _add_exit_talks(
    rng: np.random.Generator, clients: Clients, talks: Flags, leaves: Flags, ends: NDArray[np.int64]
) -> Flags:
    n = len(ends)
    held = leaves.any(axis=1) & (rng.random(n) < EXIT_TALK)
    moment = np.maximum(ends - (rng.random(n) < EARLY), clients.entry)
    recorded = talks.copy()
    recorded[np.flatnonzero(held), moment[held]] = True
    return recorded


def _booked(
    rng: np.random.Generator,
    caseworker: NDArray[np.int64],
    carelessness: float,
    is_collapsed: bool,
) -> Flags:
    shape = (len(caseworker), N_MONTHS)
    chance = np.ones(shape)
    if carelessness:
        share = expit(logit(BOOKED) + carelessness * rng.normal(size=N_CASEWORKERS))
        chance *= share[caseworker][:, None]
    if is_collapsed:
        chance[caseworker % N_TEAMS < 2, COLLAPSE] = BOOKED_IN_COLLAPSE
    return rng.random(shape) < chance


def _months_since(talks: Flags, entry: NDArray[np.int64]) -> NDArray[np.int64]:
    """Months since the last talk before each month; 99 where there was none."""
    last = np.full(len(entry), -1)
    since = np.full(talks.shape, 99)
    for t in range(talks.shape[1]):
        since[:, t] = np.where(last >= 0, t - last, 99)
        last = np.where(talks[:, t], t, last)
    return since

"""Teams whose caseworkers leave: a world with a known elasticity, at the grain of the estimator.

Per team and month: clients near to work and far from it, ``fte`` caseworkers, caseload = clients /
fte at the start of the month. Exits are binomial with hazard (near 0.05, far 0.012) x (caseload /
80) ** elasticity, so that the elasticity planted is the effect of the short-run shock itself;
inflow is Poisson and keeps the stock of a team level on average. A caseworker leaves with
probability 0.013 a month and is replaced two to six months later; her clients fall to the others.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from watwerkt.analysis.shock import judge_shock
from watwerkt.analysis.shock_rows import AFTER_HAND_OVER, WITH_HAND_OVER
from watwerkt.errors import DataError
from watwerkt.estimators.naive import log_log_slope
from watwerkt.estimators.shock_iv import ShockFit, later_departures, shock_elasticity
from worlds import Draw, World, figures

HAZARD = np.array([0.05, 0.012])
DEPARTURE, BURN_IN, LOAD, SIZE, WINDOW = 0.013, 60, 80.0, 7, 7
HALF_AT_THE_ENDS = np.array([0.5, *np.ones(WINDOW - 2), 0.5])  # months 0-6 since the departure
SOON, LATE = (2, 7), (9, 16)  # months until a vacancy is filled: the first, and the first too late
PERSISTENCE = 0.95  # of what moves unseen, from month to month
SPANS = {WITH_HAND_OVER: "shock", AFTER_HAND_OVER: "shock_after"}


def shock_world(
    rng: np.random.Generator,
    n_teams: int = 12,
    n_months: int = 66,
    elasticity: float = 0.0,
    refill: tuple[int, int] = SOON,
    spread: float = 0.0,
    hand_over: float = 0.0,
    drift: float = 0.0,
) -> pd.DataFrame:
    """Rows as ``shock_elasticity`` takes them: team x month x cell.

    ``shock`` covers months 0 to 6 since a departure, ``shock_after`` months 4 to 9, ``shock_later``
    the six months to come. ``spread`` is the standard deviation of a team's lasting log hazard,
    ``drift`` that of one that moves unseen; ``hand_over`` is the share of exits lost in the four
    months after a departure.
    """
    hazard = HAZARD[:, None] * np.exp(spread * rng.normal(size=n_teams))
    clients = np.round(np.full((2, n_teams), SIZE * LOAD / 2)).astype(int)
    arrivals = clients * HAZARD[:, None]
    fte, coming, shocks, months = np.full(n_teams, SIZE), [], [], []
    unseen = np.zeros(n_teams)
    for month in range(BURN_IN + n_months):
        if drift:
            news = rng.normal(size=n_teams) * drift * np.sqrt(1 - PERSISTENCE**2)
            unseen = PERSISTENCE * unseen + news
        for due, team in coming:
            fte[team] += due == month
        leaving = (rng.random(n_teams) < DEPARTURE * fte) & (fte > 2)
        inherited = np.where(leaving, clients.sum(axis=0) / fte / (fte - 1), 0.0)
        fte = fte - leaving
        coming += [(month + int(rng.integers(*refill)), t) for t in np.flatnonzero(leaving)]
        shocks.append(inherited)
        recent = np.array(shocks[-4:]).any(axis=0)
        load = clients.sum(axis=0) / fte
        effect = (load / LOAD) ** elasticity * np.where(recent, 1 - hand_over, 1.0) * np.exp(unseen)
        exits = rng.binomial(clients, np.minimum(hazard * effect, 1.0))
        months.append((clients, exits, load))
        clients = clients - exits + rng.poisson(arrivals)
    return _lay_out(months, np.array(shocks))


def draw_shock(seed: int, **planted: Any) -> dict[str, Draw]:
    """P1 for both spans of months; naive is the slope of exits on caseload.

    Flagged: the rule of the chapter does not call it evidence, or departures to come seem to have
    an effect.
    """
    rows = shock_world(np.random.default_rng(seed), **planted)
    fits = {span: _fit(rows.assign(shock=rows[shock])) for span, shock in SPANS.items()}
    months = rows.groupby(["team", "month"], as_index=False).agg(
        n_clients=("n_months", "sum"), n_exits=("n_exits", "sum"), caseload=("load", "first")
    )
    slope = log_log_slope(months.rename(columns={"team": "caseworker_id"}), 1).tidy().iloc[0]
    naive = {"naive": slope.estimate, "naive_low": slope.conf_low, "naive_high": slope.conf_high}
    without = fits[AFTER_HAND_OVER]
    sees_later = _sees_later(rows, fits[WITH_HAND_OVER])
    found = {}
    for span, fit in fits.items():
        if fit is None:
            continue
        status, _ = judge_shock(fit, without, 0.95)
        top, bottom = fit.scores.sum(axis=0)
        found[f"P1 {span}"] = figures(
            fit.tidy().iloc[0],
            **naive,
            status=status,
            is_flagged=status != "evidence" or sees_later,
            numerator=float(top),
            denominator=float(bottom),
        )
    return found


def worlds() -> list[World]:
    """Towns of nine to forty teams; then what the design relies on and may not get."""
    sizes = [(9, 0.0), (12, 0.0), (12, -0.1), (12, -0.15), (12, -0.23), (12, -0.5), (40, -0.23)]
    soon = [_world(f"{n} teams", elasticity=e, n_teams=n) for n, e in sizes]
    late = [
        _world(f"{n} teams, vacancies open long", elasticity=e, n_teams=n, refill=LATE)
        for n, e in [(12, 0.0), (12, -0.23), (40, -0.23)]
    ]
    violated = [
        _world("teams differ for good", "teams_differ", spread=0.3),
        _world("unobserved distance moves", "unobserved", drift=0.2),
        _world("4% lost at hand-over", "hand_over", hand_over=0.04),
        _world(
            "4% lost at hand-over, vacancies open long", "hand_over", hand_over=0.04, refill=LATE
        ),
    ]
    return [*soon, *late, *violated]


def _world(name: str, violates: str = "", elasticity: float = 0.0, **planted: Any) -> World:
    draw = partial(draw_shock, elasticity=elasticity, **planted)
    return World(name, {f"P1 {span}": elasticity for span in SPANS}, draw, violates)


def _lay_out(months: list[tuple[np.ndarray, ...]], shocks: np.ndarray) -> pd.DataFrame:
    """Team x month x cell from the end of the burn-in on."""
    clients, exits, load = (np.array(part)[BURN_IN:] for part in zip(*months, strict=True))
    n_teams = clients.shape[2]
    since = np.array(
        [HALF_AT_THE_ENDS[::-1] @ shocks[m - 6 : m + 1] for m in range(BURN_IN, len(shocks))]
    )
    after = np.array([shocks[m - 9 : m - 3].sum(axis=0) for m in range(BURN_IN, len(shocks))])
    padded = np.vstack([shocks, np.full((6, n_teams), np.nan)])
    later = np.array([padded[m + 1 : m + 7].sum(axis=0) for m in range(BURN_IN, len(shocks))])
    month, cell, team = np.indices(clients.shape)
    spread_out = {"load": load, "shock": since, "shock_after": after, "shock_later": later}
    wide = {k: np.broadcast_to(v[:, None, :], clients.shape).ravel() for k, v in spread_out.items()}
    own = {"team": team, "month": month, "cell": cell, "n_months": clients, "n_exits": exits}
    rows = pd.DataFrame({k: v.ravel() for k, v in own.items()} | wide)
    return rows.assign(log_caseload=np.log(rows["load"]))


def _fit(rows: pd.DataFrame) -> ShockFit | None:
    try:
        return shock_elasticity(rows, 1)
    except DataError:
        return None


def _sees_later(rows: pd.DataFrame, fit: ShockFit | None) -> bool:
    try:
        return fit is not None and bool(later_departures(rows, 1, fit).tidy()["p_value"][0] < 0.05)
    except DataError:
        return False

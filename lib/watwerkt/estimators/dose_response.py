"""How often something happens at each dose, beside effects of cell, month and team.

A Poisson regression with a column for each dose: no line is drawn through them, so that the reader
sees whether twice the dose does twice as much. What each dose says rests on its own rows alone.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from watwerkt.errors import DataError
from watwerkt.estimators.effects import build_effects, fit_poisson, partial_out
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.least_squares import sum_by
from watwerkt.estimators.shock_stages import EFFECTS, keep_usable


def dose_response(rows: pd.DataFrame, n_persons: int) -> Estimates:
    """Log rate ratio of exits at each dose against the first.

    Errors are clustered by team, with G/(G-1); intervals use the t distribution with G-1 degrees of
    freedom.

    Parameters
    ----------
    rows : as in ``shock_elasticity``, with ``dose``, an ordered categorical; its first level is
        compared with, and levels without rows are left out.
    n_persons : persons behind the rows, for the disclosure rules.

    Raises
    ------
    DataError
        Too few exits or teams, no rows at the first dose or at any other, or a dose that nothing
        but the effects decides.
    """
    rows = keep_usable(rows)
    level = rows["dose"].cat.remove_unused_categories()
    base, *others = level.cat.categories
    if not others or base != rows["dose"].cat.categories[0]:
        raise DataError("dose: only one in use, or none without, so that nothing can be compared")
    events, months = rows[["n_exits", "n_months"]].to_numpy(float).T
    dose = np.column_stack([level == other for other in others]).astype(float)
    effects = build_effects(rows, EFFECTS)
    design = sparse.csr_array(sparse.hstack([dose, effects]))
    coefficient, expected = fit_poisson(design, events, months)
    free = partial_out(dose, effects, expected)
    information = free.T @ (expected[:, None] * free)
    cluster = pd.factorize(rows["team"], sort=True)[0]
    scores = sum_by(cluster, free * (events - expected)[:, None])
    half = np.linalg.solve(information, scores.T)
    n_clusters = len(scores)
    return Estimates(
        term=tuple(map(str, others)),
        estimate=coefficient[: len(others)],
        std_error=np.sqrt(n_clusters / (n_clusters - 1) * (half**2).sum(axis=1)),
        degrees_of_freedom=float(n_clusters - 1),
        n_obs=int(months.sum()),
        n_persons=n_persons,
        n_events=int(events.sum()),
        n_clusters=n_clusters,
    )

"""Difference of two shares: the plainest comparison, and the check on every other one."""

import numpy as np

from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates


def difference_in_proportions(
    events_treated: float, n_treated: int, events_control: float, n_control: int
) -> Estimates:
    """Estimate the share with the event, treated minus control, in percentage points.

    The variance is unpooled, p(1-p)/n in each group (Wald), with the normal distribution behind
    the interval. Published shares can be re-computed from n and p alone (``events = n * p``):
    Böheim, Eppel and Mahringer (2023), table 3, gives 7.5 (1.0) for 60.5 v 53.0 percent.

    Raises
    ------
    DataError
        A group is empty, has more events than members, or no group has both outcomes.
    """
    n = np.array([n_treated, n_control], dtype=float)
    events = np.array([events_treated, events_control], dtype=float)
    if not ((n > 0) & (events >= 0) & (events <= n)).all():
        raise DataError("each group needs at least one member, and no more events than members")
    share = events / n
    return Estimates(
        term=("difference",),
        estimate=100 * (share[:1] - share[1:]),
        std_error=100 * np.sqrt((share * (1 - share) / n).sum(keepdims=True)),
        degrees_of_freedom=np.inf,
        n_obs=int(n.sum()),
        n_persons=int(n.sum()),
        n_events=round(float(events.sum())),
        n_clusters=int(n.sum()),
    )

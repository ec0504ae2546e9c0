"""How the effect of a provision grows or fades, month after month since the start."""

from dataclasses import replace

import pandas as pd

from watwerkt.analysis.evidence import describe_estimates
from watwerkt.analysis.instruments import (
    HORIZON,
    INSTRUMENT,
    MIN_EVENTS,
    NO_FIGURE,
    Instruments,
    StartFit,
    judge_start,
    sums_until,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError

MOMENTS = (6, 12, 18, 24)
PATH = replace(
    INSTRUMENT,
    is_primary=False,
    design="AIPW, starting now against not yet, path",
    estimand="exits since the month of the start; the interval holds for all months at once",
)


def path_by_month(
    found: Instruments | Gap, outcome: str, policy: Policy, conf_level: float
) -> Protected | Gap:
    """Effect on exits so far (pp) by ``time``, months since the start, of kinds without a warning.

    From the first month in which ten starters had left; the interval holds for all months at once.
    """
    if isinstance(found, Gap):
        return found
    paths = [_path(kind, fit, outcome, conf_level) for kind, fit in found.fits.items()]
    paths = [path for path in paths if not path.empty]
    if not paths:
        return NO_FIGURE
    return protect_estimates(pd.concat(paths, ignore_index=True), policy, by=["time"])


def at_moments(path: Protected | Gap, policy: Policy) -> Protected | Gap:
    """The rows of a path after 6, 12, 18 and 24 months."""
    if isinstance(path, Gap):
        return path
    rows = path.frame[path.frame["time"].isin(MOMENTS)].reset_index(drop=True)
    return protect_estimates(rows, policy, by=["time"]) if len(rows) else NO_FIGURE


def _path(kind: str, fit: StartFit, outcome: str, conf_level: float) -> pd.DataFrame:
    nothing = pd.DataFrame()
    if fit.effect is None:
        return nothing
    sums = sums_until(outcome, range(1, HORIZON + 1))
    status, note = judge_start(fit.effect, fit.rows, sums[:, -1:], fit.covariates)
    events = fit.effect.events @ (sums != 0)
    months = [m for m in range(1, HORIZON + 1) if events[m - 1] >= MIN_EVENTS]
    if status == "warning" or not months:
        return nothing
    try:
        path = fit.effect.combine(100 * sums[:, [m - 1 for m in months]], [kind] * len(months))
    except DataError:
        return nothing
    tidy = path.tidy(conf_level)
    band = tidy.assign(conf_low=tidy["band_low"], conf_high=tidy["band_high"], p_value=float("nan"))
    band = band.drop(columns=["band_low", "band_high"])
    parts = []
    for i, month in enumerate(months):
        design = replace(PATH, horizon_months=month, status=status, note=note)
        row = describe_estimates(band.iloc[[i]], design, outcome, conf_level)
        parts.append(row.assign(time=month, n_events=int(events[month - 1])))
    return pd.concat(parts, ignore_index=True)

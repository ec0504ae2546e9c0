"""What one more exit costs: the net cost of a start over the exits that it adds."""

from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.evidence import describe_share
from watwerkt.analysis.instruments import (
    HORIZON,
    INSTRUMENT,
    SOUND,
    Instruments,
    StartFit,
    judge_start,
    sums_until,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.ratio import fieller_interval

NO_COSTS = Gap("Not delivered: what provisions cost.")
NO_PRICE = Gap(
    "What one more exit costs cannot be said: for no kind of provision does the interval of the "
    "effect lie above zero, so that any price would fit the figures."
)
PRICE = replace(
    INSTRUMENT,
    analysis="P10 cost per exit",
    estimand="net cost of all provisions in 24 months over the exits added, of those who start",
    scale="eur",
    is_primary=False,
)


def cost_per_exit(found: Instruments | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """Euros per additional exit within 24 months, with Fieller's interval.

    Counted are all provisions started from the month on, less those of the comparison group. Only
    kinds whose effect has an interval above zero, and no warning.
    """
    if isinstance(found, Gap):
        return found
    if found.months.starts["cost_eur"].isna().all():
        return NO_COSTS
    rows = [_price(kind, fit, conf_level) for kind, fit in found.fits.items()]
    rows = [row for row in rows if not row.empty]
    if not rows:
        return NO_PRICE
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _price(kind: str, fit: StartFit, conf_level: float) -> pd.DataFrame:
    sums = sums_until("all", [HORIZON])
    if fit.effect is None or judge_start(fit.effect, fit.rows, sums, fit.covariates)[1] != SOUND:
        return pd.DataFrame()
    cost = np.zeros_like(sums)
    cost[-1] = 1.0
    try:
        both = fit.effect.combine(np.hstack([cost, sums]), ["cost", "exits"])
        low, high = fieller_interval(
            both.estimate, both.covariance, conf_level, both.degrees_of_freedom
        )
    except DataError:
        return pd.DataFrame()
    if both.estimate[1] <= 0:
        return pd.DataFrame()
    row = both.tidy(conf_level).iloc[[1]].drop(columns=["band_low", "band_high", "statistic"])
    price = both.estimate[0] / both.estimate[1]
    figures = {"estimate": price, "conf_low": low, "conf_high": high}
    row = row.drop(columns=["std_error", "p_value"]).assign(term=kind, **figures)
    return describe_share(row, PRICE, "all", conf_level)

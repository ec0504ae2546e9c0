"""What a smaller caseload costs, and under which effects it pays for itself.

Never one figure: the effect that would pay for it, over outflow; and, for an effect found
elsewhere, how likely it is to. Drawn are the effect from its own distribution and every price from
a triangle over its range. Extra staff is paid for as long as a client is on benefit.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.cost_draws import (
    HORIZON_YEARS,
    Pair,
    draw_all,
    find_gains,
    find_ranges,
    likeliest,
    money_flows,
)
from watwerkt.analysis.detectable import detectable_difference
from watwerkt.disclosure import Gap, Policy, Protected
from watwerkt.disclosure.selection import derive_rows, select_rows
from watwerkt.errors import ParameterError
from watwerkt.estimators.cost_benefit import (
    break_even_days,
    break_even_elasticity,
    client_year_cost,
)
from watwerkt.prices import Prices

SHARES = np.arange(0.06, 0.41, 0.02)  # that leave within a year, over which the curve is drawn
CENTRE, SPAN = 50.0, (2.5, 97.5)  # percentiles of the draws
PERSPECTIVES = ("municipality", "state", "society")
NO_OUTFLOW = Gap("Too few people have left benefit to set anything against the cost.")
NO_TRIAL_DAYS = Gap("No trial of this municipality says how many days on benefit were saved.")


def read_pairs(text: str) -> list[Pair]:
    """``150-100 100-50``: from 150 to 100 clients and from 100 to 50, in the order given.

    Raises ParameterError for a pair that does not go down.
    """
    pairs = [(float(a), float(b)) for a, b in (pair.split("-") for pair in text.split())]
    if any(smaller >= usual for usual, smaller in pairs):
        raise ParameterError("caseload_pairs: the second caseload of a pair is the smaller one")
    return pairs


def yearly_outflow(panel: pl.LazyFrame, policy: Policy) -> Protected | Gap:
    """Share of the people on benefit who leave within a year, one row."""
    found = detectable_difference(panel, policy)
    if isinstance(found, Gap):
        return found
    row = select_rows(found, exit_kind="any")
    return NO_OUTFLOW if row.frame["share_within_year"].isna().any() else row


def staff_costs(prices: Prices, pairs: Sequence[Pair], outflow: Protected | Gap) -> Protected | Gap:
    """Per pair: euros a client-year with their range, and the days on benefit that pay for them."""
    if isinstance(outflow, Gap):
        return outflow
    wage, benefit = prices.caseworker_fte, prices.benefit
    rows = [
        {
            "pair": name_pair(pair),
            "cost_eur": cost[1],
            "cost_low": cost[0],
            "cost_high": cost[2],
            "break_even_days": break_even_days(cost[1], benefit.value).item(),
        }
        for pair in pairs
        for cost in [client_year_cost([wage.low, wage.value, wage.high], *pair)]
    ]
    return derive_rows(pd.DataFrame(rows), outflow)


def price_list(
    prices: Prices, outflow: Protected | Gap, unit: str, language: str
) -> Protected | Gap:
    """The prices in one ``unit`` (``euro`` a year, or ``share``), with range, year and source."""
    if isinstance(outflow, Gap):
        return outflow
    rows = [
        {"price": name, "source": getattr(price.source, language)}
        | price.model_dump(include={"value", "low", "high", "year"})
        for name, price in prices.named().items()
        if price.unit == unit
    ]
    return derive_rows(pd.DataFrame(rows), outflow)


def break_even_curve(
    prices: Prices, pairs: Sequence[Pair], outflow: Protected | Gap
) -> Protected | Gap:
    """The elasticity at which a pair pays for itself within three years, over yearly outflow."""
    if isinstance(outflow, Gap):
        return outflow
    saved = find_gains(likeliest(prices))["municipality"].item()
    cost = {pair: client_year_cost(prices.caseworker_fte.value, *pair).item() for pair in pairs}
    rows = [
        {
            "pair": name_pair(pair),
            "share_within_year": share,
            "elasticity": break_even_elasticity(
                share, pair[1] / pair[0], cost[pair], saved, HORIZON_YEARS
            ),
        }
        for pair in pairs
        for share in [*SHARES]
    ]
    return derive_rows(pd.DataFrame(rows), outflow)


def pay_back(prices: Prices, pairs: Sequence[Pair], outflow: Protected | Gap) -> Protected | Gap:
    """Per pair and perspective: net euros per client over three years, and how often above 0.

    Under the elasticity found in Vienna, drawn from its distribution.
    """
    if isinstance(outflow, Gap):
        return outflow
    drawn = draw_all(prices, *_share(outflow))
    rows = []
    for pair in pairs:
        cost, gain = money_flows(drawn, pair, HORIZON_YEARS)
        for perspective in PERSPECTIVES:
            net = gain[perspective] - cost
            low, middle, high = np.percentile(net, [SPAN[0], CENTRE, SPAN[1]])
            rows.append(
                {
                    "pair": name_pair(pair),
                    "perspective": perspective,
                    "net_eur": middle,
                    "net_low": low,
                    "net_high": high,
                    "share_paid_back": float((net >= 0).mean()),
                }
            )
    return derive_rows(pd.DataFrame(rows), outflow)


def pay_back_by_month(
    prices: Prices, pairs: Sequence[Pair], outflow: Protected | Gap
) -> Protected | Gap:
    """Share of the draws in which the municipality has its money back, by month of a client."""
    if isinstance(outflow, Gap):
        return outflow
    drawn = draw_all(prices, *_share(outflow))
    rows = []
    for pair in pairs:
        for month in range(1, 12 * HORIZON_YEARS + 1):
            cost, gain = money_flows(drawn, pair, month / 12)
            paid = float((gain["municipality"] >= cost).mean())
            rows.append(
                {"pair": name_pair(pair), "month_of_client": month, "share_paid_back": paid}
            )
    return derive_rows(pd.DataFrame(rows), outflow)


def tornado(prices: Prices, pair: Pair, outflow: Protected | Gap) -> Protected | Gap:
    """Net euros per client over three years, each quantity in turn at either end of its range.

    For the municipality; all others at their likeliest. The largest difference first.
    """
    if isinstance(outflow, Gap):
        return outflow
    ranges = find_ranges(prices, *_share(outflow))
    middle = {name: np.array([at]) for name, (_, at, _) in ranges.items()}
    rows = []
    for name, (low, _, high) in ranges.items():
        for end, at in (("at_low", low), ("at_high", high)):
            cost, gain = money_flows(middle | {name: np.array([at])}, pair, HORIZON_YEARS)
            net = (gain["municipality"] - cost).item()
            rows.append({"quantity": name, "end": end, "net_eur": net})
    table = pd.DataFrame(rows)
    width = table.groupby("quantity")["net_eur"].transform(np.ptp)
    table = (
        table[width > 0].assign(width=width).sort_values("width", ascending=False, kind="stable")
    )
    return derive_rows(table.drop(columns="width").reset_index(drop=True), outflow)


def trial_days(estimates: Protected) -> Protected | Gap:
    """Days on benefit saved within a year in this municipality's own trials (P3 and P7)."""
    rows = select_rows(
        estimates,
        analysis=["P3", "P7"],
        outcome="benefit_days",
        horizon_months=12,
        is_primary=True,
    )
    return NO_TRIAL_DAYS if rows.frame["estimate"].isna().all() else rows


def name_pair(pair: Pair) -> str:
    """As a reader writes it: 150 → 100."""
    return f"{pair[0]:g} → {pair[1]:g}"


def _share(outflow: Protected) -> tuple[float, float]:
    row = outflow.frame.iloc[0]
    share = float(row["share_within_year"])
    return share, float(np.sqrt(share * (1 - share) / row["n_persons"]))

"""Which improvement pays for itself, per question: what a difference is held against."""

from collections.abc import Sequence

from watwerkt.analysis.cost_draws import HORIZON_YEARS, Pair, find_gains, likeliest
from watwerkt.disclosure import Gap, Protected
from watwerkt.estimators.cost_benefit import break_even_elasticity, client_year_cost
from watwerkt.prices import Prices


def break_even_elasticities(
    prices: Prices, pairs: Sequence[Pair], share_within_year: float
) -> dict[Pair, float]:
    """Per pair the elasticity, above 0, at which the municipality has its money back in time.

    ``share_within_year`` of the people on benefit leave. Missing where no elasticity pays.
    """
    saved = find_gains(likeliest(prices))["municipality"].item()
    return {
        pair: -break_even_elasticity(
            share_within_year,
            pair[1] / pair[0],
            client_year_cost(prices.caseworker_fte.value, *pair).item(),
            saved,
            HORIZON_YEARS,
        )
        for pair in pairs
    }


def find_margins(
    prices: Prices, pairs: Sequence[Pair], outflow: Protected | Gap, break_even_days: float
) -> dict[str, float]:
    """Question → the improvement that pays for it, on the scale of the estimate.

    Of a caseload that of the first pair; of an arm of a trial ``break_even_days`` a year.
    """
    days = dict.fromkeys(("trial_days", "caseload_days"), break_even_days)
    if isinstance(outflow, Gap):
        return days
    share = float(outflow.frame["share_within_year"].iloc[0])
    paid = break_even_elasticities(prices, pairs[:1], share)
    return days | dict(zip(["departures"], paid.values(), strict=False))

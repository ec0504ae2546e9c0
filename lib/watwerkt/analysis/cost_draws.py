"""What a client costs and saves within some years: at the likeliest prices, or drawn."""

import numpy as np

from watwerkt.analysis.published import published_elasticity
from watwerkt.estimators.cost_benefit import FloatArray, client_year_cost, spent_and_saved
from watwerkt.prices import Price, Prices

Pair = tuple[float, float]  # clients per full-time caseworker: usual, smaller
Draws = dict[str, FloatArray]  # name → shape (n_draws,)
HORIZON_YEARS = 3
N_DRAWS, SEED = 10_000, 0
EFFECT, OUTFLOW = "effect", "outflow"
WITHIN = 1.96  # standard errors to either end of a range


def likeliest(prices: Prices) -> Draws:
    """Every price at its likeliest, arrays of one."""
    return {name: np.array([price.value]) for name, price in prices.named().items()}


def find_ranges(
    prices: Prices, share: float, error: float
) -> dict[str, tuple[float, float, float]]:
    """Low, likeliest and high of everything that is drawn.

    ``share`` that leaves within a year, with its standard error; the effect is that of Vienna.
    """
    effect, spread = published_elasticity("all")
    return {
        EFFECT: (effect - WITHIN * spread, effect, effect + WITHIN * spread),
        OUTFLOW: (share - WITHIN * error, share, share + WITHIN * error),
    } | {name: (p.low, p.value, p.high) for name, p in prices.named().items()}


def draw_all(prices: Prices, share: float, error: float) -> Draws:
    """The effect and outflow from normal distributions, prices from triangles; seed 0."""
    rng = np.random.default_rng(SEED)
    drawn = {
        EFFECT: rng.normal(*published_elasticity("all"), N_DRAWS),
        OUTFLOW: np.clip(rng.normal(share, error, N_DRAWS), 0.001, 0.999),
    }
    return drawn | {name: _triangle(rng, price) for name, price in prices.named().items()}


def find_gains(drawn: Draws) -> Draws:
    """Euros for each year on benefit that is saved, per perspective.

    To society a benefit is no gain, since somebody else has it; what people earn is.
    """
    kept = 1 - drawn["returns"]
    return {
        "municipality": kept * drawn["benefit"] * drawn["retention"],
        "state": kept * drawn["benefit"],
        "society": kept * drawn["work_share"] * drawn["output"],
    }


def money_flows(drawn: Draws, pair: Pair, years: float) -> tuple[FloatArray, Draws]:
    """Euros spent on staff, and gained per perspective, for a client within so many years."""
    spent, saved = spent_and_saved(drawn[OUTFLOW], drawn[EFFECT], pair[1] / pair[0], years)
    cost = client_year_cost(drawn["caseworker_fte"], *pair) * spent
    return cost, {name: gain * saved for name, gain in find_gains(drawn).items()}


def _triangle(rng: np.random.Generator, price: Price) -> FloatArray:
    if price.low == price.high:
        return np.full(N_DRAWS, price.value)
    return rng.triangular(price.low, price.value, price.high, N_DRAWS)

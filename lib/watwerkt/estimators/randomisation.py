"""Draw a trial's lottery again: what differences chance alone would have made.

Arms are dealt anew among units that were drawn alike: of one stratum and one probability, whole
clusters together. The number in each arm stays, which is valid too where each unit was drawn on
its own. The statistic is the difference over its own standard error, so that arms of unequal
spread do not pass for an effect.

References
----------
Imbens, G. and Rubin, D. (2015). Causal Inference, chapter 5.
Chung, E. and Romano, J. (2013). Exact and asymptotically robust permutation tests. Annals of
Statistics 41, 484-507.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.least_squares import FloatArray, IntArray
from watwerkt.estimators.two_arms import Mechanism, compare_arms, number

CHUNK = 100  # draws held at once
SAME = 9  # decimals up to which probabilities, and sums, are taken for equal
TIE = 1e-9  # a drawn statistic this near to the observed one is as far from nil


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Statistics of a family: ``observed`` shape (k,), ``drawn`` shape (n_draws, k)."""

    observed: FloatArray
    drawn: FloatArray = field(repr=False)


def randomisation_test(
    rows: pd.DataFrame,
    arm: str,
    control: str,
    mechanism: Mechanism,
    n_draws: int,
    seed: int,
    outcome: str = "outcome",
) -> float:
    """Two-sided p value of "the arm changed nobody's outcome", by drawing ``n_draws`` times again.

    Counts the lottery that took place among the draws, so it is at least 1 / (n_draws + 1).

    Raises
    ------
    DataError
        What ``compare_arms`` refuses, or no two units that were drawn alike.
    """
    redrawn = redraw(rows, [arm], control, mechanism, n_draws, seed, [outcome])
    return float(share_as_large(redrawn)[0])


def redraw(
    rows: pd.DataFrame,
    arms: Sequence[str],
    control: str,
    mechanism: Mechanism,
    n_draws: int,
    seed: int,
    outcomes: Sequence[str],
) -> Redrawn:
    """Draw the lottery between these arms and the control again, for several outcomes at once.

    Columns of the statistics: the outcomes of the first arm, of the second, and so on. The same
    seed on the same persons gives the same draws, whatever the order of the rows and the names.
    """
    if n_draws < 1 or not arms:
        raise ParameterError("a lottery is drawn again at least once, and for at least one arm")
    for arm in arms:
        compare_arms(rows, arm, control, mechanism, outcomes)
    units, totals = _total_units(rows, [control, *arms], mechanism, outcomes)
    layers = [np.flatnonzero(units["layer"] == layer) for layer in units["layer"].unique()]
    code = units["code"].to_numpy(dtype=np.int64)
    _require_two(units)
    generator = np.random.default_rng(seed)
    observed = _statistics(code[None, :], layers, totals, len(arms))[0]
    known = np.isfinite(observed)
    if not known.all():
        raise DataError("an outcome does not vary, so no lottery can be told from another")
    drawn = [
        _statistics(_deal(code, layers, size, generator), layers, totals, len(arms))
        for size in _sizes(n_draws)
    ]
    return Redrawn(observed, np.nan_to_num(np.concatenate(drawn)))


def share_as_large(family: Redrawn) -> FloatArray:
    """Per column, the share of draws at least as far from nil as observed, that one included."""
    as_large = np.abs(family.drawn) >= np.abs(family.observed) * (1 - TIE) - TIE
    return np.asarray((as_large.sum(axis=0) + 1) / (len(family.drawn) + 1))


def _total_units(
    rows: pd.DataFrame, arms: Sequence[str], mechanism: Mechanism, outcomes: Sequence[str]
) -> tuple[pd.DataFrame, FloatArray]:
    """One row per unit, sorted by what it holds, so that no order or name matters to the draws.

    ``code`` is the place of the arm in ``arms``, ``layer`` numbers the units drawn alike. The
    totals have shape (n_units, 1 + k): persons, then the sum of each outcome.
    """
    own = rows[rows["arm"].isin(arms)]
    columns = ["persons", *(f"total {i}" for i in range(len(outcomes)))]
    values = own[list(outcomes)].to_numpy(dtype=float)
    people = pd.DataFrame(np.column_stack([np.ones(len(own)), values]), columns=columns)
    by_cluster = mechanism.unit == "cluster"
    people["unit"] = number(own["cluster"]) if by_cluster else np.arange(len(own))
    people["code"] = own["arm"].map(list(arms).index).to_numpy(dtype=np.int64)
    people["layer"] = _number_layers(rows, own, mechanism)
    first = dict.fromkeys(["code", "layer"], "first")
    units = people.groupby("unit").agg(dict.fromkeys(columns, "sum") | first)
    place = units.groupby("layer")[["code", *columns]].transform("sum").round(SAME)
    place.columns = [f"layer's {name}" for name in place]
    order = [*place, "layer", *columns, "code"]
    units = units.join(place).sort_values(order, kind="stable", ignore_index=True)
    return units, units[columns].to_numpy(dtype=float)


def _number_layers(rows: pd.DataFrame, own: pd.DataFrame, mechanism: Mechanism) -> IntArray:
    """Number the combinations of stratum and probability.

    With more arms than two the other probabilities of a person are not known, so that each arm
    must have had one in a stratum.
    """
    stratum = number(own["stratum"]) if mechanism.has_strata else np.zeros(len(own), np.int64)
    chance = own["probability"].round(SAME)
    if rows["arm"].nunique() == 2:
        first = own["arm"] == own["arm"].min()
        alike = number(chance.where(first, 1 - chance).round(SAME))
        return np.asarray(stratum * (alike.max() + 1) + alike)
    pairs = pd.DataFrame({"stratum": stratum, "arm": own["arm"].array, "chance": chance.array})
    n_several = len(pairs.drop_duplicates()) - len(pairs[["stratum", "arm"]].drop_duplicates())
    if n_several:
        raise DataError(
            f"{n_several} arms of a stratum have more than one probability, so a lottery with "
            "several arms cannot be drawn again; make a stratum for each probability"
        )
    return stratum


def _require_two(units: pd.DataFrame) -> None:
    counts = units.groupby(["layer", "code"]).size()
    n_absent = units["layer"].nunique() * units["code"].nunique() - len(counts)
    few = int((counts < 2).sum()) + n_absent
    if few:
        raise DataError(
            f"in {few} groups of units drawn alike (one stratum, one probability) an arm has fewer "
            "than two units, so the lottery cannot be drawn again; take strata together"
        )


def _sizes(n_draws: int) -> list[int]:
    whole, rest = divmod(n_draws, CHUNK)
    return [CHUNK] * whole + [rest] * (rest > 0)


def _deal(
    code: IntArray, layers: list[NDArray[np.intp]], size: int, rng: np.random.Generator
) -> IntArray:
    """Arms of ``size`` new lotteries, shape (size, n_units)."""
    dealt = np.tile(code, (size, 1))
    for layer in layers:
        dealt[:, layer] = rng.permuted(dealt[:, layer], axis=1)
    return dealt


def _statistics(
    dealt: IntArray, layers: list[NDArray[np.intp]], totals: FloatArray, n_arms: int
) -> FloatArray:
    """Differences over their standard errors, arm after arm; NaN where nothing varies."""
    found = []
    for arm in range(1, n_arms + 1):
        difference, variance = 0.0, 0.0
        persons = [totals[layer, 0].sum() for layer in layers]
        for layer, weight in zip(layers, persons / np.sum(persons), strict=True):
            own, codes = totals[layer], dealt[:, layer]
            drawn, usual = (_mean((codes == c).astype(float), own) for c in (arm, 0))
            difference = difference + weight * (drawn[0] - usual[0])
            variance = variance + weight**2 * (drawn[1] + usual[1])
        error = np.sqrt(np.maximum(variance, 0.0))
        known = error > TIE * (1 + np.abs(difference))
        found.append(np.where(known, difference / np.where(known, error, 1.0), np.nan))
    return np.hstack(found)


def _mean(member: FloatArray, own: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean per person and its variance between units, of the members of each draw."""
    persons, sums = own[:, :1], own[:, 1:]
    n = member.sum(axis=1, keepdims=True)
    size = member @ persons
    mean = member @ sums / size
    squares = member @ sums**2 - 2 * mean * (member @ (sums * persons))
    squares = squares + mean**2 * (member @ persons**2)
    return mean, squares / size**2 * n / (n - 1)

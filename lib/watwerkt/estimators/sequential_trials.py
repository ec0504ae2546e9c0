"""Sequential trial emulation: what a rule of conduct does, where nobody was told to follow it (P5).

From every month on, every client enters two trial arms as a clone of herself. *Often*: never more
than two months in a row without a talk. *Never*: no talk in the first six months. A clone is
censored once she departs from her arm's rule, and those who go on stand for those who were
censored: their weight is the inverse probability of having gone on. Clients are compared within
thirds by how likely they were to leave, so that weights only have to make good what is left.

What happens in a month changes exits from two months later at the earliest. So a clone is
censored two months after departing, if she is still there by then: a talk that follows from an
exit at hand censors nobody.

References
----------
Hernan, M. and Robins, J. (2016). Using big data to emulate a target trial. American Journal of
Epidemiology 183, 758-764. Cain, L. et al. (2010). When to start treatment? International Journal of
Biostatistics 6(2), 18. Danaei, G. et al. (2013). Observational data for comparative effectiveness
research. Statistical Methods in Medical Research 22, 70-96.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.errors import DataError
from watwerkt.estimators.cells import FloatArray
from watwerkt.estimators.propensity import Propensity, fit_propensity

OFTEN, NEVER = "often", "never"
HORIZON = 12  # months of follow-up
LAG = 2  # months from a departure to the censoring
MAX_GAP = 2  # months in a row without a talk, in the arm often
SILENT = 6  # months without a talk, in the arm never
N_STRATA = 3
TRUNCATED_AT = 0.99  # quantile of the weights in an arm, stratum and month; larger ones are cut
MIN_PERSONS = 10  # followed to the end in every arm and stratum
NEEDED = ["stretch", "position", "person", "cluster", "is_start", "is_exit", "taken"]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Follow:
    """The clones of one arm and stratum that are followed, by month since they entered.

    Attributes
    ----------
    start : HORIZON arrays: the row in which each clone entered.
    weight : HORIZON arrays: her weight in that month, truncated.
    is_cut : HORIZON arrays: whether it was truncated.
    stabiliser : share of the clones at risk that went on, multiplied over the months.
    """

    start: tuple[IntArray, ...] = field(repr=False)
    weight: tuple[FloatArray, ...] = field(repr=False)
    is_cut: tuple[NDArray[np.bool_], ...] = field(repr=False)
    stabiliser: float


@dataclass(frozen=True, slots=True)
class Trials:
    """Both arms, the sorted rows they are made of, and the model behind their weights.

    Attributes
    ----------
    follows : arm → one ``Follow`` per stratum.
    slope : arm → shape (n_rows,): derivative of the log of a weight to the log odds of a talk in a
        month in which the arm's rule asked for something.
    """

    rows: pd.DataFrame = field(repr=False)
    propensity: Propensity = field(repr=False)
    follows: dict[str, tuple[Follow, ...]] = field(repr=False)
    slope: dict[str, FloatArray] = field(repr=False)


def emulate_trials(
    rows: pd.DataFrame, covariates: Sequence[str], prognostic: Sequence[str]
) -> Trials:
    """Clone, censor and weigh.

    Parameters
    ----------
    rows : one row per person-month, in any order:
        ``stretch``, the number of an unbroken stretch of months of one person, and ``position``,
        the month's place in it; an exit (``is_exit``, bool, wherever to) is its last month;
        ``person``, and ``cluster``, one per person;
        ``is_start``, bool: whether a trial may begin in this month;
        ``taken``, bool: whether there was a talk in this month (not used in a stretch's last two);
        ``months_since`` the last talk before this month, missing where there was none;
        exits of interest as bool columns, and the covariates.
    covariates : what decides who is spoken to, as known before the month; taken as categorical.
    prognostic : what tells who is likely to leave, as known before the month; likewise.

    Raises
    ------
    DataError
        A missing value or column, too few who are followed, or what ``fit_propensity`` refuses.
    """
    _require_complete(rows, [*NEEDED, *covariates, *prognostic])
    table = rows.sort_values(["stretch", "position"], ignore_index=True)
    stretch = table["stretch"].to_numpy()
    stays = np.zeros(len(table), dtype=bool)
    stays[:-LAG] = stretch[LAG:] == stretch[:-LAG]
    propensity = fit_propensity(table, covariates, "taken", stays)
    chance = fit_propensity(table, prognostic, "is_exit", np.ones(len(table), bool)).probability
    is_start = table["is_start"].to_numpy(dtype=bool)
    if not is_start.any():
        raise DataError("no month in which a trial can begin: widen the window")
    edges = np.quantile(chance[is_start], np.arange(1, N_STRATA) / N_STRATA)
    stratum = np.searchsorted(edges, chance)
    factor, slope = _weigh_months(table, propensity.probability)
    starts = [np.flatnonzero(is_start & (stratum == s)) for s in np.unique(stratum[is_start])]
    follows = {
        arm: tuple(_follow(stretch, start, factor[arm], arm) for start in starts) for arm in factor
    }
    _require_followed(table["person"].to_numpy(), follows)
    return Trials(table, propensity, follows, slope)


def _weigh_months(
    rows: pd.DataFrame, p: FloatArray
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Per arm: what a month multiplies a weight by, and the slope of its log."""
    taken = rows["taken"].to_numpy(dtype=bool)
    is_due = ~(rows["months_since"].to_numpy(dtype=float, na_value=np.nan) <= MAX_GAP)
    factor = {OFTEN: np.where(is_due, taken / p, 1.0), NEVER: ~taken / (1 - p)}
    slope = {OFTEN: np.where(is_due & taken, p - 1, 0.0), NEVER: np.where(taken, 0.0, p)}
    return factor, slope


def last_asked(arm: str) -> int:
    """Months of follow-up in which the arm's rule asks for something."""
    return SILENT if arm == NEVER else HORIZON - LAG


def _follow(stretch: IntArray, start: IntArray, factor: FloatArray, arm: str) -> Follow:
    starts, weights, cuts, stabiliser = [], [], [], 1.0
    for here, weight, share in _walk(stretch, start, factor, last_asked(arm)):
        cap = np.quantile(weight, TRUNCATED_AT) if len(weight) else 1.0
        starts.append(here)
        weights.append(np.minimum(weight, cap))
        cuts.append(weight > cap)
        stabiliser *= share
    return Follow(tuple(starts), tuple(weights), tuple(cuts), stabiliser)


def _walk(
    stretch: IntArray, start: IntArray, factor: FloatArray, last: int
) -> Iterator[tuple[IntArray, FloatArray, float]]:
    """Per month since the start: who is followed, her weight, and the share that went on."""
    weight = np.ones(len(start))
    for k in range(HORIZON):
        here = np.minimum(start + k, len(stretch) - 1)
        is_there = (start + k < len(stretch)) & (stretch[here] == stretch[start])
        start, weight = start[is_there], weight[is_there]
        n_before = max(len(start), 1)
        if LAG <= k < last + LAG:
            weight = weight * factor[start + k - LAG]
            start, weight = start[weight > 0], weight[weight > 0]
        yield start, weight, len(start) / n_before


def _require_followed(person: np.ndarray, follows: dict[str, tuple[Follow, ...]]) -> None:
    fewest = min(pd.unique(person[f.start[-1]]).size for arm in follows.values() for f in arm)
    if fewest < MIN_PERSONS:
        raise DataError(
            f"{fewest} persons kept to a rule for {HORIZON} months among those equally likely to "
            f"leave: this needs at least {MIN_PERSONS}; widen the window"
        )


def _require_complete(rows: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in rows]
    if absent:
        raise DataError(f"person-months lack {', '.join(absent)}")
    missing = {name: int(rows[name].isna().sum()) for name in names}
    found = ", ".join(f"{name} ({n})" for name, n in missing.items() if n)
    if found:
        raise DataError(f"missing in {len(rows)} person-months: {found}; give them a level")
    if len(rows) <= LAG:
        raise DataError(f"{len(rows)} person-months: a trial needs a year of them")

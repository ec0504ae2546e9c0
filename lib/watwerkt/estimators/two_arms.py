"""Two arms of a randomised trial side by side, checked against the way they were drawn.

Rows are a pandas frame with one row per randomised person, people who never took up included:
``arm`` (str), ``stratum``, ``cluster`` (str, or missing where persons were drawn), ``probability``
(of the own arm), outcomes, and traits from before the draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from watwerkt.errors import DataError, ParameterError
from watwerkt.estimators.least_squares import FloatArray, IntArray

MIN_UNITS = 2  # in each arm of each stratum: one says nothing of its own spread


@dataclass(frozen=True, slots=True)
class Mechanism:
    """How a trial was drawn; the probability of each row's own arm stands in the rows.

    Attributes
    ----------
    unit : whether persons were drawn, or clusters (caseworkers, teams, days) with all in them.
    has_strata : whether the draw was made within each ``stratum``.
    """

    unit: Literal["person", "cluster"]
    has_strata: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm beside the control; arrays have shape (n,), the persons in these two arms.

    Attributes
    ----------
    rows : the persons of both arms, in the order given.
    everybody : all persons drawn, other arms too: the people an effect is averaged over.
    is_treated : whether the person was drawn for the arm.
    stratum, unit : numbers from 0; one stratum where none was used; a unit is what was drawn.
    weight : one over the probability of the own arm.
    """

    rows: pd.DataFrame = field(repr=False)
    everybody: pd.DataFrame = field(repr=False)
    is_treated: NDArray[np.bool_] = field(repr=False)
    stratum: IntArray = field(repr=False)
    unit: IntArray = field(repr=False)
    weight: FloatArray = field(repr=False)

    @property
    def n_units(self) -> int:
        """Units drawn for either of the two arms."""
        return int(self.unit.max()) + 1


def compare_arms(
    rows: pd.DataFrame, arm: str, control: str, mechanism: Mechanism, complete: Sequence[str] = ()
) -> Comparison:
    """Lay the two arms side by side; ``complete`` names outcomes and traits that must be known.

    Raises
    ------
    DataError
        A column or value is missing, an arm has fewer than two units in a stratum, or the rows
        contradict the mechanism: persons drawn by cluster handed in as drawn one by one (their
        interval would be too narrow), or a cluster that lies in two arms or strata.
    ParameterError
        An arm is compared with itself.
    """
    if arm == control:
        raise ParameterError("a trial compares two arms; the control was named twice")
    drawn_by = ["cluster"] if mechanism.unit == "cluster" else []
    within = ["stratum"] if mechanism.has_strata else []
    _require_known(rows, ["arm", "probability", *within, *drawn_by, *complete])
    _require_probabilities(rows)
    _require_mechanism(rows, mechanism)
    pair = rows[rows["arm"].isin([arm, control])]
    treated = (pair["arm"] == arm).to_numpy(dtype=bool)
    one = np.zeros(len(pair), dtype=np.int64)
    found = Comparison(
        rows=pair,
        everybody=rows,
        is_treated=treated,
        stratum=number(pair["stratum"]) if within else one,
        unit=number(pair["cluster"]) if drawn_by else np.arange(len(pair)),
        weight=1 / pair["probability"].to_numpy(dtype=float),
    )
    _require_units(found, rows["stratum"].nunique() if within else 1)
    return found


def number(values: pd.Series) -> IntArray:
    """Number the values from 0, in sorted order."""
    return np.asarray(pd.factorize(values, sort=True)[0], dtype=np.int64)


def _require_known(rows: pd.DataFrame, columns: Sequence[str]) -> None:
    absent = [name for name in columns if name not in rows]
    if absent:
        raise DataError(f"trial rows: no column {', '.join(absent)}")
    missing = {name: int(rows[name].isna().sum()) for name in dict.fromkeys(columns)}
    found = ", ".join(f"{name} ({n})" for name, n in missing.items() if n)
    if found:
        raise DataError(
            f"missing in {len(rows)} trial rows: {found}; give them a level of their own, or show "
            "bounds beside the estimate on those who are known"
        )


def _require_probabilities(rows: pd.DataFrame) -> None:
    outside = ~rows["probability"].between(0, 1, inclusive="neither")
    if outside.any():
        raise DataError(
            f"probability: {outside.sum()} of {len(rows)} trial rows could be drawn for no other "
            "arm, or for none; take those out who were placed and not drawn"
        )


def _require_mechanism(rows: pd.DataFrame, mechanism: Mechanism) -> None:
    if "cluster" not in rows:
        return
    by = rows.groupby("cluster")
    n_arms = by["arm"].nunique()
    if mechanism.unit == "cluster":
        fixed = ["arm", "probability", *(["stratum"] if mechanism.has_strata else [])]
        split = by[fixed].nunique().max(axis=1) > 1
        if split.any():
            raise DataError(
                f"{split.sum()} of {len(split)} clusters lie in more than one arm or stratum, or "
                "have several probabilities: this trial was not drawn by cluster"
            )
        return
    several = n_arms[by.size() > 1]
    if len(several) and (several == 1).all():
        raise DataError(
            f"all {len(several)} clusters of more than one person hold one arm: this trial was "
            "drawn by cluster, and an analysis by person would be too sure of itself; say "
            'unit="cluster", or leave the clusters out if persons were drawn one by one'
        )


def _require_units(found: Comparison, n_strata: int) -> None:
    units = pd.DataFrame(
        {"stratum": found.stratum, "treated": found.is_treated, "unit": found.unit}
    )
    counts = units.drop_duplicates().pivot_table(
        index="stratum", columns="treated", values="unit", aggfunc="size", fill_value=0
    )
    arms = counts.reindex(columns=[False, True], fill_value=0)
    few = int((arms < MIN_UNITS).any(axis=1).sum()) + n_strata - len(arms)
    if few or arms.empty:
        raise DataError(
            f"{max(few, 1)} of {n_strata} strata have fewer than {MIN_UNITS} units drawn for one "
            "of the two arms, so they cannot be compared there; take strata together"
        )

"""The effect of being drawn for an arm (intention to treat), by the trial's own mechanism.

References
----------
Lin, W. (2013). Agnostic notes on regression adjustments to experimental data. Annals of Applied
Statistics 7, 295-318.
Miratrix, L., Sekhon, J. and Yu, B. (2013). Adjusting treatment effect estimates by
post-stratification in randomized experiments. JRSS B 75, 369-396.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.least_squares import Coefficient, FloatArray, fit_coefficient
from watwerkt.estimators.power import mde
from watwerkt.estimators.two_arms import Comparison, Mechanism, compare_arms

__all__ = ["Mechanism", "estimate_itt", "fit_arms", "mde_of_trial"]
MIN_PIVOT = 1e-9  # share of a covariate's spread that those before it leave over


@dataclass(frozen=True, slots=True)
class ArmFit:
    """The effect of an arm on several outcomes at once, and what stands behind it."""

    coefficient: Coefficient
    n_obs: int
    n_events: tuple[int, ...]
    n_units: int


def estimate_itt(
    rows: pd.DataFrame,
    arm: str,
    control: str,
    mechanism: Mechanism,
    covariates: Sequence[str] = (),
    outcome: str = "outcome",
) -> Estimates:
    """Estimate the difference in the outcome between those drawn for the arm and for the control.

    On the outcome's own scale, averaged over all persons in ``rows`` (other arms too). Means are
    weighted by one over the probability of the own arm and, in a stratified trial, taken stratum
    by stratum and weighted by the stratum's persons. With ``covariates`` (known before the draw)
    Lin's adjustment: each centred and interacted with the arm; text becomes a column per level.
    Errors are HC2, or CR2 where clusters were drawn, with Bell-McCaffrey degrees of freedom: for
    two unstratified arms of persons those of Welch's test. ``n_events`` counts the persons whose
    outcome is not nil, ``n_clusters`` the units drawn.

    Raises
    ------
    DataError
        What ``compare_arms`` refuses, covariates for too few units, or an outcome that does not
        vary.
    """
    fit = fit_arms(rows, arm, control, mechanism, [outcome], covariates)
    return Estimates(
        term=(arm,),
        estimate=fit.coefficient.estimate,
        std_error=np.sqrt(np.diag(fit.coefficient.covariance)),
        degrees_of_freedom=fit.coefficient.degrees_of_freedom,
        n_obs=fit.n_obs,
        n_persons=fit.n_obs,
        n_events=fit.n_events[0],
        n_clusters=fit.n_units,
    )


def mde_of_trial(fit: Estimates, power: float = 0.8, alpha: float = 0.05) -> float:
    """Smallest true effect of the first term that this trial would find with ``power``.

    On the outcome's scale, from the standard error and degrees of freedom that the trial has.
    """
    return mde(float(fit.std_error[0]), power, alpha, fit.degrees_of_freedom)


def fit_arms(
    rows: pd.DataFrame,
    arm: str,
    control: str,
    mechanism: Mechanism,
    outcomes: Sequence[str],
    covariates: Sequence[str] = (),
) -> ArmFit:
    """Fit the arm's effect on each outcome with one design; see ``estimate_itt``."""
    pair = compare_arms(rows, arm, control, mechanism, [*outcomes, *covariates])
    names = ["stratum", *covariates] if mechanism.has_strata else list(covariates)
    adjusting = _centre(pair, _as_columns(rows, names))
    _require_freedom(pair, adjusting.shape[1])
    treated = pair.is_treated.astype(float)[:, None]
    ones = np.ones_like(treated)
    design = np.hstack([ones, treated, adjusting, treated * adjusting])
    values = pair.rows[list(outcomes)].to_numpy(dtype=float)
    return ArmFit(
        coefficient=fit_coefficient(design, values, pair.weight, pair.unit, column=1),
        n_obs=len(values),
        n_events=tuple(int(n) for n in (values != 0).sum(axis=0)),
        n_units=pair.n_units,
    )


def _as_columns(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Numbers as they are; whatever else, and the stratum, as a column per level but the first."""
    blocks: list[pd.DataFrame] = []
    for name in names:
        column = rows[name]
        is_number = pd.api.types.is_numeric_dtype(column) and name != "stratum"
        levels = column.astype(float).to_frame() if is_number else None
        if levels is None:
            levels = pd.get_dummies(column.astype(str), dtype=float).iloc[:, 1:]
        blocks.append(levels)
    return pd.concat(blocks, axis=1) if blocks else pd.DataFrame(index=rows.index)


def _centre(pair: Comparison, columns: pd.DataFrame) -> FloatArray:
    """Centre on everybody drawn; leave out what those before it determine in either arm."""
    own = pair.everybody["arm"].isin(pair.rows["arm"].unique()).to_numpy()
    values = columns.to_numpy(dtype=float)
    scale = values.std(axis=0)
    varies = scale > 0
    z = (values - values.mean(axis=0))[:, varies] / scale[varies]
    grams = []
    for treated in (False, True):
        arm = z[own][pair.is_treated == treated]
        grams.append(np.cov(arm, rowvar=False, bias=True).reshape(z.shape[1], z.shape[1]))
    return np.asarray(z[own][:, _find_free(grams)])


def _find_free(grams: list[FloatArray]) -> list[int]:
    """The columns with spread of their own in every arm (elimination on each Gram matrix)."""
    free = []
    for j in range(len(grams[0])):
        if min(gram[j, j] for gram in grams) > MIN_PIVOT:
            free.append(j)
            grams = [gram - np.outer(gram[:, j], gram[j]) / gram[j, j] for gram in grams]
    return free


def _require_freedom(pair: Comparison, n_columns: int) -> None:
    units = [np.unique(pair.unit[pair.is_treated == arm]).size for arm in (False, True)]
    if min(units) <= n_columns + 1:
        raise DataError(
            f"an arm of {min(units)} units cannot carry {n_columns} columns of strata and "
            "covariates; leave covariates out or take strata together"
        )

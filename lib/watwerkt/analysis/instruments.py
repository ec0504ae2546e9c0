"""What does each instrument do for those who start it? Starting now against not yet (P10).

From every month on, those who start are compared with those on benefit who do not start yet, in
the same calendar month and with the same background. Those may start later: it is the effect of
*now* and not of *ever*. Exits are counted from the end of that month, first to last, so that the
time in which somebody is held by a course counts too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from watwerkt.analysis.balance import MUCH
from watwerkt.analysis.evidence import Design, describe_estimates, not_estimable
from watwerkt.analysis.instrument_rows import (
    COVARIATES,
    HORIZON,
    ClientMonths,
    client_months,
    increments,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.start_balance import largest_difference
from watwerkt.estimators.start_effects import StartEffect, estimate_start

NO_SERVICES = Gap("Not delivered: provisions for re-integration, with the day they started.")
TOO_SHORT = Gap(
    "What provisions do cannot be estimated: two years have to follow the month of the start, and "
    "somebody must be on benefit who does not start."
)
NO_FIGURE = Gap(
    "For no kind of provision were there enough starts, with people like them who did not start "
    "yet: a comparison needs 100 starts and 10 exits after them."
)
POOLED = "few_starts"
MIN_STARTS, MIN_EVENTS, MIN_EFFECTIVE = 100, 10, 100
MAX_TRIMMED = 0.10
OUTCOMES = ("all", "work")
HORIZONS = (12, HORIZON)
SOUND, FEW, OVERLAP = "chance_within_background", "few_starts", "poor_overlap"
INSTRUMENT = Design(
    analysis="P10",
    design="AIPW, starting now against not yet",
    estimand="exits since the month of the start, of those who start, against not starting then",
    scale="pp",
    grade=2,
    status="indicative",
    is_primary=True,
    horizon_months=HORIZON,
)


@dataclass(frozen=True, slots=True)
class StartFit:
    """One comparison: its rows, and its effect where there is one."""

    rows: pd.DataFrame = field(repr=False)
    effect: StartEffect | None = field(repr=False)
    n_starts: int
    covariates: tuple[str, ...] = COVARIATES


@dataclass(frozen=True, slots=True)
class Instruments:
    """All comparisons, by kind of provision; ``pooled`` are the kinds that share one."""

    fits: dict[str, StartFit]
    pooled: tuple[str, ...]
    months: ClientMonths = field(repr=False)


def fit_instruments(panel: pl.LazyFrame, services: pl.LazyFrame | None) -> Instruments | Gap:
    """Compare every kind; those with fewer than 100 starts that are followed share one."""
    if services is None:
        return NO_SERVICES
    months = client_months(panel, services)
    if months.rows.empty or months.starts.empty:
        return TOO_SHORT
    kinds = sorted(months.starts["kind"].unique())
    fits = {kind: fit_start(months, [kind]) for kind in kinds}
    few = tuple(kind for kind in kinds if fits[kind].n_starts < MIN_STARTS)
    kept = {kind: fit for kind, fit in fits.items() if kind not in few}
    if few:
        kept[POOLED] = fit_start(months, few)
    return Instruments(kept, few, months)


def fit_start(months: ClientMonths, kinds: Sequence[str]) -> StartFit:
    """Compare those who start any of ``kinds`` for the first time with those who do not yet."""
    first, now = months.first_start(kinds), months.rows["month_no"].to_numpy()
    return fit_rows(months, first >= now, first == now)


def fit_rows(
    months: ClientMonths,
    may: NDArray[np.bool_],
    is_start: NDArray[np.bool_],
    covariates: Sequence[str] = COVARIATES,
) -> StartFit:
    """Compare the rows that start with the others that may; no effect where it has no estimate."""
    rows = months.choose(may, is_start, covariates)
    n_starts = int(rows["is_start"].sum())
    try:
        found = estimate_start(rows, covariates, increments(rows)) if n_starts else None
    except (DataError, np.linalg.LinAlgError):
        found = None
    return StartFit(rows, found, n_starts, tuple(covariates))


def effects(found: Instruments | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """Exits within 12 and 24 months, all and to work, in pp; a row per kind, whatever comes out."""
    if isinstance(found, Gap):
        return found
    rows = [
        effect_row(fit, kind, outcome, months, INSTRUMENT, conf_level)
        for kind, fit in found.fits.items()
        for outcome in OUTCOMES
        for months in HORIZONS
    ]
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def shown_effects(recorded: Protected | Gap, outcome: str, policy: Policy) -> Protected | Gap:
    """The rows of one outcome after 24 months that are no warning."""
    if isinstance(recorded, Gap):
        return recorded
    frame = recorded.frame
    chosen = (frame["outcome"] == outcome) & (frame["horizon_months"] == HORIZON)
    rows = frame[chosen & (frame["note"] == SOUND)].reset_index(drop=True)
    return protect_estimates(rows, policy) if len(rows) else NO_FIGURE


def effect_row(
    fit: StartFit, term: str, outcome: str, months: int, design: Design, conf_level: float
) -> pd.DataFrame:
    """One effect in percentage points with its verdict; an empty row where there is none."""
    judged = replace(design, horizon_months=months)
    warned = replace(judged, status="warning", grade=1)
    if fit.effect is None:
        return not_estimable(warned, outcome, term, conf_level)
    sums = sums_until(outcome, [months])
    try:
        path = fit.effect.combine(100 * sums, [term])
    except DataError:
        return not_estimable(warned, outcome, term, conf_level)
    status, note = judge_start(fit.effect, fit.rows, sums, fit.covariates)
    judged = replace(judged, status=status, note=note, grade=1 if status == "warning" else 2)
    tidy = path.tidy(conf_level).drop(columns=["band_low", "band_high"])
    return describe_estimates(tidy, judged, outcome, conf_level)


def sums_until(outcome: str, months: Sequence[int]) -> NDArray[np.float64]:
    """Which increments make up the exits of ``outcome`` until each month, shape (49, n)."""
    sums = np.zeros((2 * HORIZON + 1, len(months)))
    first = HORIZON * OUTCOMES.index(outcome)
    for column, month in enumerate(months):
        sums[first : first + month, column] = 1.0
    return sums


def judge_start(
    effect: StartEffect,
    rows: pd.DataFrame,
    sums: NDArray[np.float64],
    known_before: Sequence[str] = COVARIATES,
) -> tuple[str, str]:
    """Status and its reason: the rule that decides how an estimate may be read.

    *warning* with fewer than 100 starts or 10 exits after them, or where those who did not start
    are too unlike those who did: more than a tenth of the starts without anybody like them, a
    comparison worth fewer than 100 people, or a standardised difference of a quarter that remains;
    else *indicative*, never more: who starts may be chosen for what nobody wrote down.
    """
    if effect.n_starts < MIN_STARTS or (effect.events @ (sums != 0)).min() < MIN_EVENTS:
        return "warning", FEW
    differs = largest_difference(rows, known_before, effect.weight)
    is_alike = differs < MUCH and effect.share_trimmed <= MAX_TRIMMED
    if not is_alike or effect.effective_n < MIN_EFFECTIVE:
        return "warning", OVERLAP
    return "indicative", SOUND

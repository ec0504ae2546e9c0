"""Does a smaller caseload raise outflow? What happens after a colleague has left (P1).

Her clients fall to the others, whose caseload rises for a reason that is not outflow. Shown for
months 0 to 6 since the departure, with the hand-over in them, and for months 4 to 9, without.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.caps import cap_verdict
from watwerkt.analysis.destination import DEATH
from watwerkt.analysis.evidence import Design, describe_estimates, describe_fit, not_estimable
from watwerkt.analysis.shock_rows import (
    AFTER_HAND_OVER,
    LAST_MONTH,
    OUTCOMES,
    WITH_HAND_OVER,
    shock_rows,
)
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.errors import DataError
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.power import mde
from watwerkt.estimators.shock_iv import FEW_CLUSTERS, ShockFit, later_departures, shock_elasticity
from watwerkt.estimators.shock_stages import LARGEST

NO_SHOCKS = Gap(
    "Whether a colleague’s departure changed outflow cannot be estimated: it needs three teams or "
    "more with known hours, clients with a caseworker, exits, and caseworkers who left."
)
STATUS_LABELS = {
    "evidence": "evidence",
    "indicative": "indication",
    "warning": "no answer",
}
STRONG = 10.0  # effective F of a first stage that can carry an estimate
SHOCK = Design(
    analysis="P1",
    design="staffing-shock IV",
    estimand="",
    scale="elasticity",
    grade=4,
    status="evidence",
    is_primary=True,
    horizon_months=0,
)
GRADES = {"evidence": 4, "indicative": 3, "warning": 2}
FIGURES = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
PRIMARY = ("all", "work")
Fits = Mapping[tuple[str, str], ShockFit | None]
Placebos = Mapping[tuple[str, str], Estimates]


def fit_shocks(panel: pl.LazyFrame) -> tuple[Fits, Placebos]:
    """The elasticity per span of months and outcome, None where the data allow none; and placebos.

    A placebo has the name of what is taken for a shock or an exit, and an outcome. Empty where
    there are no teams, hours or assignments, so that no shock is known at all.
    """
    fits: dict[tuple[str, str], ShockFit | None] = {}
    placebos: dict[tuple[str, str], Estimates] = {}
    for span in LAST_MONTH:
        rows, n_persons = shock_rows(panel, span)
        found = {o: fit_elasticity(rows, n_persons, o) for o in OUTCOMES} if len(rows) else {}
        fits |= {(span, outcome): fit for outcome, fit in found.items()}
        if span == WITH_HAND_OVER:
            placebos = _fit_placebos(rows, n_persons, found)
    return (fits, placebos) if any(fits.values()) else ({}, {})


def elasticities(fits: Fits, policy: Policy, conf_level: float) -> Protected:
    """Change of log exits per unit of log caseload, with both stages, the MDE and its verdict.

    A row per span and outcome, whatever the verdict: ``note`` is the reason for it. What cannot be
    estimated is a row without figures; without a first stage there is no MDE either.
    """
    return protect_estimates(_rows(fits, conf_level), policy)


def shown_elasticities(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """The same for the page: no number that has no interval, since it would be read as one."""
    if not fits:
        return NO_SHOCKS
    rows = _rows(fits, conf_level)
    rows.loc[rows["status"] == "warning", FIGURES] = np.nan
    return protect_estimates(rows, policy)


def first_stages(fits: Fits, policy: Policy, conf_level: float) -> Protected | Gap:
    """What ten clients inherited per remaining FTE do to the log caseload, per span of months."""
    found = {span: fits.get((span, "all")) for span in LAST_MONTH}
    design = replace(
        SHOCK,
        analysis="P1 first stage",
        estimand="log caseload per ten clients inherited per remaining FTE",
        scale="log caseload",
        status="indicative",
        grade=3,
        is_primary=False,
    )
    rows = [_stage(fit, span, design, conf_level) for span, fit in found.items() if fit is not None]
    if not rows:
        return NO_SHOCKS
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def placebo(placebos: Placebos, policy: Policy, conf_level: float) -> Protected | Gap:
    """What cannot have an effect: departures of the six months to come; and on what: death.

    On the scale of the elasticity, each with an MDE of its own; no number that has no interval, and
    no MDE where departures hardly moved the caseload. Not a veto: with so few departures
    or deaths they often see nothing, and sometimes something by chance.
    """
    rows = []
    for (name, outcome), fit in placebos.items():
        design = replace(
            _design(WITH_HAND_OVER, "indicative", ""), analysis="P1 placebo", is_primary=False
        )
        tidy = fit.tidy(conf_level).assign(term=name)
        described = describe_estimates(tidy, design, outcome, conf_level)
        if isinstance(fit, ShockFit):
            described = described.assign(mde=smallest(fit))
        if described[["conf_low", "conf_high"]].isna().any(axis=None):
            described = described.assign(**dict.fromkeys(FIGURES, np.nan))
        rows.append(described)
    if not rows:
        return NO_SHOCKS
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def judge_shock(fit: ShockFit, without: ShockFit | None, conf_level: float) -> tuple[str, str]:
    """Status and its reason: the rule that decides how the estimate may be read.

    *warning* where departures hardly moved the caseload (effective F below 10) or the interval has
    no end; *indicative* with fewer than 10 teams, or where the months without hand-over cannot
    carry an estimate, so that hand-over and caseload cannot be told apart; else *evidence*, unless
    ``caps.yaml`` has the span.
    """
    row = fit.tidy(conf_level).iloc[0]
    if fit.effective_f < STRONG:
        return "warning", "weak"
    if row[["conf_low", "conf_high"]].isna().any():
        return "warning", "unbounded"
    if min(fit.n_clusters, fit.n_moved) < FEW_CLUSTERS:
        return "indicative", "few_teams"
    if without is None or without.effective_f < STRONG:
        return "indicative", "hand_over"
    return "evidence", "sound"


def fit_elasticity(rows: pd.DataFrame, n_persons: int, outcome: str) -> ShockFit | None:
    """The elasticity of one outcome of ``shock_rows``; None where the data allow none."""
    try:
        return shock_elasticity(_outcome(rows, outcome), n_persons)
    except DataError:
        return None


def _fit_placebos(
    rows: pd.DataFrame, n_persons: int, found: Mapping[str, ShockFit | None]
) -> dict[tuple[str, str], Estimates]:
    placebos: dict[tuple[str, str], Estimates] = {}
    for outcome in PRIMARY:
        fit = found.get(outcome)
        try:
            if fit:
                later = later_departures(_outcome(rows, outcome), n_persons, fit)
                placebos["later_departures", outcome] = later
        except DataError:
            continue
    deaths = fit_elasticity(rows, n_persons, DEATH) if len(rows) else None
    return placebos | ({("departures_so_far", DEATH): deaths} if deaths else {})


def _outcome(rows: pd.DataFrame, outcome: str) -> pd.DataFrame:
    return rows.assign(n_exits=rows[f"n_{outcome}"])


def _design(span: str, status: str, note: str) -> Design:
    first, last = span.split("_")[1:]
    return replace(
        SHOCK,
        estimand=f"exit hazard per log caseload, months {first}-{last}",
        horizon_months=LAST_MONTH[span] + 1,
        status=status,
        grade=GRADES[status],
        note=note,
    )


def _rows(fits: Fits, conf_level: float) -> pd.DataFrame:
    rows = [_describe(fits, span, name, conf_level) for span in LAST_MONTH for name in OUTCOMES]
    return pd.concat(rows, ignore_index=True)


def _describe(fits: Fits, span: str, outcome: str, conf_level: float) -> pd.DataFrame:
    fit, is_primary = fits.get((span, outcome)), outcome in PRIMARY
    if fit is None:
        design = replace(_design(span, "warning", ""), is_primary=is_primary)
        return not_estimable(design, outcome, span, conf_level)
    verdict = judge_shock(fit, fits.get((AFTER_HAND_OVER, outcome)), conf_level)
    status, note = cap_verdict(f"P1 {span}", *verdict)
    tidy = fit.tidy(conf_level).assign(term=span)
    design = replace(_design(span, status, note), is_primary=is_primary)
    described = describe_estimates(tidy, design, outcome, conf_level)
    return described.assign(mde=smallest(fit))


def smallest(fit: ShockFit) -> float:
    """The MDE; missing where the first stage is too weak to say, or nothing could be detected."""
    found = mde(fit.std_error_at_no_effect, degrees_of_freedom=fit.degrees_of_freedom)
    return found if fit.effective_f >= STRONG and found < LARGEST else float("nan")


def describe_shock(
    fit: ShockFit | None, design: Design, outcome: str, term: str, conf_level: float
) -> pd.DataFrame:
    """The row of a secondary fit with its MDE; no number where the caseload hardly moved."""
    row = describe_fit(fit, design, outcome, term, conf_level)
    if fit is None:
        return row
    row = row.assign(mde=smallest(fit))
    is_weak = fit.effective_f < STRONG or row[["conf_low", "conf_high"]].isna().any(axis=None)
    return row.assign(**dict.fromkeys(FIGURES, np.nan), status="warning") if is_weak else row


def _stage(fit: ShockFit, span: str, design: Design, conf_level: float) -> pd.DataFrame:
    stage = Estimates(
        term=(span,),
        estimate=10 * np.array([fit.first_stage]),
        std_error=10 * np.sqrt(fit.covariance[1:, 1]),
        degrees_of_freedom=fit.degrees_of_freedom,
        n_obs=fit.n_obs,
        n_persons=fit.n_persons,
        n_events=fit.n_events,
        n_clusters=fit.n_clusters,
    )
    described = replace(design, horizon_months=LAST_MONTH[span] + 1)
    return describe_estimates(stage.tidy(conf_level), described, "all", conf_level)

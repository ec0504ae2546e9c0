"""How strong something hidden must be to explain an effect of contact away: E-values."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from watwerkt.analysis.contact_effect import EXPOSURE, LAGGED
from watwerkt.analysis.contact_trials import EMULATION, SOUND, Emulation, judge_trials
from watwerkt.analysis.evidence import Design, describe_share
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.disclosure.gap import NO_CONTACTS, TOO_FEW
from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.hazard import HazardFit
from watwerkt.estimators.risk_difference import TERM, RiskDifference
from watwerkt.estimators.sensitivity import e_value, e_value_of_interval
from watwerkt.estimators.sequential_trials import NEVER, OFTEN

OUTCOMES = ("all", "work")


def e_values(
    odds: Mapping[str, HazardFit | None],
    found: Emulation | None,
    policy: Policy,
    conf_level: float,
) -> Protected | Gap:
    """E-values of the lagged hazard (P4) and of the emulated trials (P5), all exits and work.

    A row per estimate: ``estimate`` is the E-value of the estimate, ``conf_low`` that of the end
    of its interval nearest to no effect. Monthly exits are rare enough to read odds as risks.
    """
    rows = []
    for outcome in OUTCOMES:
        if (fit := odds.get(outcome)) is not None:
            logs = _figures(fit, conf_level)
            rows.append(_row(fit, logs, LAGGED, outcome, EXPOSURE, conf_level))
        risk = found.fits.get(outcome) if found else None
        weights = found.weights if found else None
        if risk and weights is not None and judge_trials(risk, weights)[1] == SOUND:
            logs = _log_ratio(risk, conf_level)
            rows.append(_row(risk, logs, EMULATION, outcome, TERM, conf_level))
    if not rows:
        return TOO_FEW if found else NO_CONTACTS
    return protect_estimates(pd.concat(rows, ignore_index=True), policy)


def _log_ratio(fit: RiskDifference, conf_level: float) -> np.ndarray:
    """Log of the ratio of the risks, with its interval."""
    log_ratio = np.log(fit.risk[OFTEN][-1:] / fit.risk[NEVER][-1:])
    ratio = replace(fit, estimate=log_ratio, std_error=np.array([fit.std_error_log_ratio]))
    return _figures(ratio, conf_level)


def _figures(fit: Estimates, conf_level: float) -> np.ndarray:
    tidy = fit.tidy(conf_level).iloc[0]
    return tidy[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)


def _row(
    fit: Estimates, logs: np.ndarray, design: Design, outcome: str, term: str, conf_level: float
) -> pd.DataFrame:
    ratio = np.exp(logs)
    tidy = pd.DataFrame(
        {
            "term": [term],
            "estimate": [e_value(ratio[0])],
            "conf_low": [e_value_of_interval(ratio[1], ratio[2])],
            "n_obs": [fit.n_obs],
            "n_persons": [fit.n_persons],
            "n_events": [fit.n_events],
            "n_clusters": [fit.n_clusters],
        }
    )
    named = replace(
        design,
        analysis=f"{design.analysis} E-value",
        estimand="risk ratio that something hidden needs to explain the estimate away",
        scale="E-value",
        is_primary=False,
    )
    return describe_share(tidy, named, outcome, conf_level)

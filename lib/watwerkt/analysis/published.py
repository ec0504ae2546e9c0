"""What others found, beside what was found here: elasticities of exits to caseload.

Of a published trial only the shares that left are known, with their numbers. Under a constant
hazard in each arm, hazard = -log(1 - share), and the elasticity is the difference of log hazards
over that of log caseloads; its error follows from the shares (delta method).
"""

from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from watwerkt.analysis.evidence import Design, describe_estimates
from watwerkt.analysis.shock_rows import WITH_HAND_OVER
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates
from watwerkt.estimators.estimates import Estimates

OWN = "own_departures"
FIGURES = ["estimate", "std_error", "conf_low", "conf_high"]
COUNTS = ["n_obs", "n_persons", "n_events", "n_clusters"]
PUBLISHED = Design(
    analysis="published",
    design="trial elsewhere",
    estimand="exit hazard per log caseload, from published shares",
    scale="elasticity",
    grade=5,
    status="evidence",
    is_primary=False,
    horizon_months=12,
)


def beside_published(own: Protected | Gap, policy: Policy, conf_level: float) -> Protected | Gap:
    """The own elasticity (months 0-6) and the published ones, per outcome, with their weight.

    ``weight_share``: how much each counts where they are averaged by their precision. Studies
    differ in country, people and caseload, so the average itself is not shown.
    """
    rows = [_elasticity(study, o, conf_level) for study in _studies() for o in _outcomes(study)]
    if isinstance(own, Protected):
        rows.append(_own_rows(own, conf_level))
    table = pd.concat(rows, ignore_index=True).sort_values("outcome", kind="stable")
    precision = 1 / table["std_error"] ** 2
    share = precision / precision.groupby(table["outcome"]).transform("sum")
    described = table.assign(weight_share=(100 * share).round()).reset_index(drop=True)
    return protect_estimates(described, policy, by=["weight_share"])


def published_elasticity(outcome: str) -> tuple[float, float]:
    """Estimate and standard error of the one trial that can be recalculated (Vienna)."""
    row = _elasticity(_studies()[0], outcome, conf_level=0.95).iloc[0]
    return float(row["estimate"]), float(row["std_error"])


def _own_rows(own: Protected, conf_level: float) -> pd.DataFrame:
    """What may be shown of the own estimates, without those that carry no interval."""
    frame = own.frame
    rows = frame[(frame["term"] == WITH_HAND_OVER) & frame[FIGURES].notna().all(axis=1)]
    described = [
        describe_estimates(
            rows.loc[[i], [*FIGURES, *COUNTS]].astype(float).assign(term=OWN),
            replace(PUBLISHED, design="staffing-shock IV", status=status, grade=3),
            outcome,
            conf_level,
        )
        for i, status, outcome in zip(rows.index, rows["status"], rows["outcome"], strict=True)
    ]
    return pd.concat(described) if described else pd.DataFrame()


def _elasticity(study: dict[str, Any], outcome: str, conf_level: float) -> pd.DataFrame:
    shares = study["left_within_year"][outcome]
    arms = ("small", "usual")
    share = np.array([shares[arm] for arm in arms])
    n = np.array([study["n_persons"][arm] for arm in arms])
    hazard = -np.log(1 - share)
    step = np.log(study["caseload"]["small"] / study["caseload"]["usual"])
    variance = share / (1 - share) / n / hazard**2
    found = Estimates(
        term=(study["name"],),
        estimate=np.array([np.log(hazard[0] / hazard[1]) / step]),
        std_error=np.array([np.sqrt(variance.sum()) / abs(step)]),
        degrees_of_freedom=np.inf,
        n_obs=int(n.sum()),
        n_persons=int(n.sum()),
        n_events=round(float(share @ n)),
        n_clusters=int(n.sum()),
    )
    return describe_estimates(found.tidy(conf_level), PUBLISHED, outcome, conf_level)


def _outcomes(study: dict[str, Any]) -> list[str]:
    return list(study["left_within_year"])


def _studies() -> list[dict[str, Any]]:
    text = (files("watwerkt.analysis") / "published.yaml").read_text(encoding="utf-8")
    studies: list[dict[str, Any]] = yaml.safe_load(text)["studies"]
    return studies

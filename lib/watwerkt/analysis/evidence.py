"""An estimate with everything a reader needs to weigh it: the columns of ``estimates.parquet``.

Status says how an estimate may be read. ``warning``: a published mistake, shown so that it is
recognised. ``indicative``: rests on an assumption that the data cannot check. ``evidence``: a
design that identifies the effect. The grade is that of the Maryland scale (1–5).
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from watwerkt.estimators.estimates import Estimates
from watwerkt.estimators.power import mde

FIGURES = ["estimate", "std_error", "p_value", "conf_low", "conf_high", "mde"]
COUNTS = ["n_obs", "n_persons", "n_events", "n_clusters"]
NOT_ESTIMABLE = "not estimable: too few exits, or too little variation"


@dataclass(frozen=True, slots=True)
class Design:
    """What is the same for every estimate of one analysis.

    Attributes
    ----------
    analysis, design, estimand, scale : as in ``estimates.parquet``.
    grade : Maryland scale, 1 (correlation) to 5 (randomised).
    status : ``evidence``, ``indicative`` or ``warning``.
    is_primary : one of the estimates named in the plan (P1–P10).
    horizon_months : months over which the outcome is counted.
    """

    analysis: str
    design: str
    estimand: str
    scale: str
    grade: int
    status: str
    is_primary: bool
    horizon_months: int
    note: str = ""


def naive_design(term: str, scale: str, horizon_months: int) -> Design:
    """What is the same for every published mistake: it estimates nothing, and says so."""
    return Design(
        analysis=f"naive_{term}",
        design="naive",
        estimand="none: a published mistake",
        scale=scale,
        grade=1,
        status="warning",
        is_primary=False,
        horizon_months=horizon_months,
    )


def describe_estimates(
    tidy: pd.DataFrame, design: Design, outcome: str, conf_level: float, subgroup: str = ""
) -> pd.DataFrame:
    """Put ``design`` beside each row of ``tidy``, with the smallest effect it could detect.

    ``tidy`` has term, estimate, std_error, conf_low, conf_high, p_value, n_obs, n_persons,
    n_events and n_clusters. The MDE is on the same scale: power 80 %, two-sided 5 %, with
    the t distribution of the interval.
    """
    detectable = [
        mde(error, degrees_of_freedom=n_clusters - 1)
        for error, n_clusters in zip(tidy["std_error"], tidy["n_clusters"], strict=True)
    ]
    facts = _facts(design, outcome, conf_level, subgroup)
    return tidy.assign(**facts, mde=detectable).drop(columns="statistic", errors="ignore")


def describe_share(
    tidy: pd.DataFrame, design: Design, outcome: str, conf_level: float
) -> pd.DataFrame:
    """Put ``design`` beside a share that describes: nothing is compared, so it has no MDE."""
    return tidy.assign(**_facts(design, outcome, conf_level, subgroup=""))


def not_estimable(design: Design, outcome: str, term: str, conf_level: float) -> pd.DataFrame:
    """The row of an estimate that these data do not allow; it is recorded all the same.

    Pooling only what could be estimated would bias what is pooled.
    """
    empty = pd.DataFrame({"term": [term]}).assign(
        **dict.fromkeys(FIGURES, float("nan")), **dict.fromkeys(COUNTS, 0)
    )
    facts = _facts(design, outcome, conf_level, subgroup="")
    return empty.assign(**facts | {"note": NOT_ESTIMABLE})


def describe_fit(
    fit: Estimates | None, design: Design, outcome: str, term: str, conf_level: float
) -> pd.DataFrame:
    """The row of one estimate, named ``term``; that of one these data do not allow where None."""
    if fit is None:
        return not_estimable(design, outcome, term, conf_level)
    return describe_estimates(fit.tidy(conf_level).assign(term=term), design, outcome, conf_level)


def _facts(design: Design, outcome: str, conf_level: float, subgroup: str) -> dict[str, Any]:
    return {
        "analysis": design.analysis,
        "design": design.design,
        "outcome": outcome,
        "horizon_months": design.horizon_months,
        "estimand": design.estimand,
        "scale": design.scale,
        "subgroup": subgroup,
        "conf_level": conf_level,
        "grade": design.grade,
        "status": design.status,
        "is_primary": design.is_primary,
        "note": design.note,
    }

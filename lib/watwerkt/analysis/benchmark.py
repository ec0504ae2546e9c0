"""What municipalities say together: every primary estimate pooled, whatever its verdict.

Pooling only what looks good would bias it, so a row enters where it has a figure. Read from
released files alone. Counts in these are rounded to five; one cluster less than stated is taken,
since three or four teams are released as five and errors are too small the more so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from watwerkt.analysis.evidence import FIGURES as ESTIMATE_FIGURES
from watwerkt.disclosure import Gap, Policy, Protected, protect_estimates, protect_means
from watwerkt.errors import DataError
from watwerkt.estimators.pooled_ratio import ratio_of_sums
from watwerkt.estimators.pooling import MIN_MUNICIPALITIES, Pooled, find_needed, random_effects
from watwerkt.estimators.power import mde

NO_POOL = Gap("Fewer than three municipalities have released this estimate: nothing is pooled.")
KEY = ["analysis", "outcome", "horizon_months", "scale", "term", "subgroup"]
SHOWN_KEY = [("analysis", "effect_on", "horizon_months", "scale", "effect_of", "subgroup",
              "n_municipalities")]  # fmt: skip
STAGES = ["reduced_form", "reduced_form_std_error", "first_stage", "first_stage_std_error"]
SHOWN = ["estimate", "conf_low", "conf_high", "prediction_low", "prediction_high"]
SPREAD = ["tau", "tau_low", "tau_high"]
TOGETHER = "together"  # in the place of a municipality: the mean of all
# What a council would notice, per scale. Published elasticities run from 0 to -0.23 (Koning 2009;
# Boeheim et al. 2023), the effect of UWV's talks was 2 percentage points (SEO), and 150 -> 50
# clients breaks even at 31 days a year, 100 -> 50 at 23; odds and rates a tenth apart by choice.
WORTH_SEEING = {
    "elasticity": 0.15,
    "pp": 2.0,
    "log OR": float(np.log(1.1)),
    "log RR": float(np.log(1.1)),
    "days": 23.0,
}


@dataclass(frozen=True, slots=True)
class Pool:
    """One primary estimate of several municipalities: the rows that have a figure, and their mean.

    Attributes
    ----------
    key : by the names of ``KEY``.
    rows : released rows, in the order of ``pooled``.
    """

    key: dict[str, Any]
    rows: pd.DataFrame = field(repr=False)
    pooled: Pooled = field(repr=False)


def pool_primaries(estimates: pd.DataFrame) -> list[Pool]:
    """Every primary estimate that three municipalities or more have released, in a fixed order.

    Where rows hold both stages, sums of reduced forms and first stages are pooled, not ratios.
    """
    return list(_pools(estimates))


def pooled_estimates(pools: Sequence[Pool], policy: Policy, conf_level: float) -> Protected | Gap:
    """For ``estimates.parquet``: per primary estimate its mean, prediction interval and tau."""
    if not pools:
        return NO_POOL
    rows = [row for pool in pools for row in _released(pool, conf_level)]
    return protect_estimates(pd.DataFrame(rows), policy)


def pooled_means(
    pools: Sequence[Pool], policy: Policy, conf_level: float, *scales: str
) -> Protected | Gap:
    """Per primary estimate on one of ``scales``, or on any: mean, prediction interval and tau."""
    chosen = [pool for pool in pools if not scales or pool.key["scale"] in scales]
    if not chosen:
        return NO_POOL
    rows = [_shown_key(pool) | _counts(pool) | _figures(pool, conf_level) for pool in chosen]
    table = pd.DataFrame(rows).drop(columns=["n_obs", "n_events"])
    figures = [*SHOWN, *SPREAD, "q_p_value"]
    return protect_means(table, figures, policy, by=SHOWN_KEY, n_persons="n_persons")


def by_municipality(
    pools: Sequence[Pool], policy: Policy, conf_level: float, **wanted: str | int
) -> Protected | Gap:
    """One primary estimate per municipality: its own, and drawn towards the mean of all.

    In the order of their codes: no ranks. The last row, ``together``, is the mean of all.
    """
    found = [p for p in pools if all(p.key[name] == value for name, value in wanted.items())]
    if not found:
        return NO_POOL
    pool = found[0]
    law = pool.pooled
    effect, error = law.shrunken()
    width = law.interval(conf_level)[1] - law.estimate
    half = width / law.std_error
    own = np.sqrt(law.variance) * half
    table = pd.DataFrame(
        {
            "municipality_id": pool.rows["municipality_id"].to_numpy(),
            "own_estimate": law.effect,
            "own_low": law.effect - own,
            "own_high": law.effect + own,
            "estimate": effect,
            "conf_low": effect - half * error,
            "conf_high": effect + half * error,
            "n_persons": pool.rows["n_persons"].to_numpy(float),
        }
    )
    together = _counts(pool) | _figures(pool, conf_level) | {"municipality_id": TOGETHER}
    table = pd.concat([table, pd.DataFrame([together]).reindex(columns=table.columns)])
    figures = [str(name) for name in table if name not in ("municipality_id", "n_persons")]
    return protect_means(
        table.reset_index(drop=True), figures, policy, by=["municipality_id"], n_persons="n_persons"
    )


def gains(pools: Sequence[Pool], policy: Policy) -> Protected | Gap:
    """What can be detected alone and together, per primary estimate whose scale has a size to see.

    ``own_mde``: of one municipality with the median error; ``pooled_mde``: of the mean of all;
    ``n_needed``: how many municipalities like the median one it takes to detect ``worth_seeing``.
    """
    rows = [_gain(pool) for pool in pools if pool.key["scale"] in WORTH_SEEING]
    if not rows:
        return NO_POOL
    figures = ["own_mde", "pooled_mde", "worth_seeing", "n_needed"]
    table = pd.DataFrame(rows)
    return protect_means(table, figures, policy, by=SHOWN_KEY, n_persons="n_persons")


def _pools(estimates: pd.DataFrame) -> Iterator[Pool]:
    primary = estimates[estimates["is_primary"].astype(bool)]
    primary = primary.sort_values([*KEY, "municipality_id"], kind="stable")
    for values, rows in primary.groupby(KEY, sort=True, dropna=False):
        has_stages = rows[STAGES].notna().all(axis=1).any()
        needed = STAGES if has_stages else ["estimate", "std_error"]
        errors = [name for name in needed if name.endswith("std_error")]
        usable = rows[rows[needed].notna().all(axis=1) & (rows[errors] > 0).all(axis=1)]
        try:
            pooled = _pool_stages(usable) if has_stages else _pool_effects(usable)
        except DataError:
            continue
        yield Pool(dict(zip(KEY, values, strict=True)), usable.reset_index(drop=True), pooled)


def _pool_effects(rows: pd.DataFrame) -> Pooled:
    estimate, error = rows["estimate"].to_numpy(float), rows["std_error"].to_numpy(float)
    if len(rows) and rows["scale"].iloc[0] == "share":  # whose errors are rounded in coarse steps
        n = rows["n_persons"].to_numpy(float)
        error = np.maximum(error, np.sqrt(estimate * (1 - estimate) / n))
    return random_effects(estimate, error, *_behind(rows))


def _pool_stages(rows: pd.DataFrame) -> Pooled:
    reduced, reduced_error, first, first_error = rows[STAGES].to_numpy(float).T
    between = rows["covariance_stages"].fillna(0).to_numpy(float)
    covariance = np.array([[reduced_error**2, between], [between, first_error**2]])
    return ratio_of_sums(reduced, first, np.moveaxis(covariance, -1, 0), *_behind(rows))


def _behind(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clusters behind each error, what its variance goes down with, and executors."""
    persons = rows["n_persons"].astype(float)
    clusters = rows["n_clusters"].astype(float).fillna(persons) - 1
    size = rows["n_events"].astype(float).fillna(persons)
    return clusters.to_numpy(), size.to_numpy(), rows["executor_id"].to_numpy()


def _counts(pool: Pool) -> dict[str, float]:
    names = ["n_obs", "n_persons", "n_events"]
    sums = pool.rows[names].astype(float).sum(min_count=1)
    return {name: float(sums[name]) for name in names}


def _shown_key(pool: Pool) -> dict[str, Any]:
    """The key as a page shows it, where ``all`` would be taken for a total."""
    key = {name: "any" if value == "all" else value for name, value in pool.key.items()}
    shown = {"effect_on": key.pop("outcome"), "effect_of": key.pop("term")}
    return key | shown | {"n_municipalities": len(pool.rows)}


def _figures(pool: Pool, conf_level: float) -> dict[str, float]:
    law = pool.pooled
    figures = (law.estimate, *law.interval(conf_level), *law.prediction(conf_level))
    tau = (law.tau2**0.5, *law.tau_interval(conf_level))
    return dict(zip([*SHOWN, *SPREAD], (*figures, *tau), strict=True)) | {
        "q_p_value": law.q_p_value
    }


def _released(pool: Pool, conf_level: float) -> Iterator[dict[str, Any]]:
    law, figures = pool.pooled, _figures(pool, conf_level)
    counts = _counts(pool)
    same = pool.key | counts | {
        "n_clusters": int(law.degrees_of_freedom) + 1,
        "conf_level": conf_level,
        "dof": 10 * len(pool.rows),
        "grade": int(pool.rows["grade"].min()),
        "status": "indicative",
        "is_primary": False,
    }  # fmt: skip
    mean = dict.fromkeys(ESTIMATE_FIGURES, np.nan) | {
        "estimate": law.estimate,
        "std_error": law.std_error,
        "p_value": np.nan,
        "mde": mde(law.std_error, degrees_of_freedom=law.degrees_of_freedom),
    }
    for design, low, high in (("mean", *SHOWN[1:3]), ("prediction interval", *SHOWN[3:])):
        ends = {"conf_low": figures[low], "conf_high": figures[high]}
        named = {"design": f"random effects, {design}", "estimand": f"{design} over municipalities"}
        yield same | mean | ends | named
    ends = {"estimate": figures["tau"], "conf_low": figures["tau_low"]}
    empty = dict.fromkeys(ESTIMATE_FIGURES, np.nan)
    named = {"design": "random effects, tau", "estimand": "standard deviation over municipalities"}
    yield same | empty | ends | {"conf_high": figures["tau_high"]} | named


def _gain(pool: Pool) -> dict[str, Any]:
    law, worth = pool.pooled, WORTH_SEEING[str(pool.key["scale"])]
    typical = float(np.median(law.variance))
    freedom = law.degrees_of_freedom
    needed = np.ceil(find_needed(typical, law.tau2, worth, mde(1.0)))
    counts = _counts(pool)
    return _shown_key(pool) | {
        "n_persons": counts["n_persons"],
        "own_mde": mde(typical**0.5),
        "pooled_mde": mde(law.std_error, degrees_of_freedom=freedom),
        "worth_seeing": worth,
        "n_needed": max(MIN_MUNICIPALITIES, needed),
    }

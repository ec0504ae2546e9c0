"""A smaller caseload for teams one after the other, planned: which teams, and in which order."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
import polars as pl

from watwerkt.analysis.destination import ALL, is_exit_to
from watwerkt.analysis.eligible import next_draw, past_years
from watwerkt.analysis.published import published_elasticity
from watwerkt.analysis.target_rows import MIN_CLIENTS
from watwerkt.codebook import UNKNOWN
from watwerkt.disclosure import Policy, Protected, protect_means
from watwerkt.errors import DataError
from watwerkt.estimators.assignments import MIN_ASSIGNMENTS
from watwerkt.estimators.cost_benefit import client_year_cost
from watwerkt.estimators.planted_hazard import PastYear, find_ratio
from watwerkt.estimators.wedge_power import (
    Teams,
    count_orders,
    draw_starts,
    share_found,
    take_teams,
)
from watwerkt.panel.prepared import Prepared
from watwerkt.prices import Prices

YEARS, DRIFT_LOW, DRIFT_USUAL, DRIFT_HIGH = 3, 0.05, 0.10, 0.40
SIZES = (10, 16, 24, 36, 54)  # teams that are tried, from the fewest that chapter 03 calls evidence
GOAL = 0.8
POLICY_NAME = "caseload, volgorde door loting"


@dataclass(frozen=True, slots=True)
class WedgePlan:
    """The teams (a row each: team_id, role, n_clients), what is known of them, and the effect.

    ``has_target``: whether a target caseload was delivered, from which the new one is a change.
    """

    rows: pd.DataFrame = field(repr=False)
    teams: Teams = field(repr=False)
    drawn: date
    effect_days: float
    ratio: float
    seed: int
    has_target: bool = False


def plan_wedge(prepared: Prepared, drawn: date, effect_days: float, seed: int) -> WedgePlan:
    """The teams that can take part: those with ten clients or more in the last month observed.

    A team that is the only one of its role has nobody to be compared with, and is left out.

    Raises DataError where no team was delivered, or no effect on leaving saves so many days.
    """
    moment = next_draw(prepared, drawn)
    every = _teams(prepared, moment.observed)
    several = every.groupby("role")["team_id"].transform("size") > 1
    rows = every[several].reset_index(drop=True) if several.any() else every
    if rows.empty:
        raise DataError(
            f"{prepared.about['municipality_id']}: no team with {MIN_CLIENTS} clients or more; "
            "deliver caseworkers and assignments, or plan a lottery (--kind lottery)"
        )
    before = past_years(prepared, moment)
    past = PastYear(
        stratum=np.zeros(len(before), dtype=np.int64),
        months=before["months"].to_numpy(float),
        has_left=before["has_left"].to_numpy(bool),
        days=before["days"].to_numpy(float),
    )
    teams = Teams(
        size=rows["n_clients"].to_numpy(np.int64),
        hazard=rows["hazard"].to_numpy(float),
        stratum=np.asarray(pd.factorize(rows["role"], sort=True)[0], dtype=np.int64),
        drift=_drift(prepared),
    )
    ratio = find_ratio(past, effect_days, np.ones(len(before)))
    return WedgePlan(rows, teams, drawn, effect_days, ratio, seed, _has_target(prepared))


def can_answer(plan: WedgePlan) -> bool:
    """Whether the order by lot could have been another in so many ways that a test is possible."""
    return count_orders(plan.teams.stratum) >= MIN_ASSIGNMENTS


def wedge_lists(plan: WedgePlan, pair: tuple[float, float]) -> dict[str, pd.DataFrame]:
    """The order by lot, as rows of table ``trials`` and, for chapter 03, of ``policies``.

    Where no target was delivered the usual caseload stands in ``policies`` from a year before, so
    that the new target is a change.
    """
    starts = draw_starts(plan.teams.stratum, np.random.default_rng([plan.seed, 2]))
    first = plan.drawn
    months = [date(first.year + (first.month - 1 + s) // 12, (first.month - 1 + s) % 12 + 1, 1)
              for s in starts.tolist()]  # fmt: skip
    rows = plan.rows.assign(start=starts, start_date=months)
    same = rows.groupby(["role", "start"])["team_id"].transform("size")
    trials = pd.DataFrame(
        {
            "trial_id": f"stapsgewijs-{first:%Y-%m}",
            "unit_id": rows["team_id"],
            "unit": "team",
            "arm": [f"start {month:%Y-%m}" for month in months],
            "stratum": rows["role"],
            "assigned_date": first,
            "probability": same / rows.groupby("role")["team_id"].transform("size"),
        }
    )
    policies = _targets(rows, rows["start_date"], pair[1])
    if not plan.has_target:
        usual = _targets(rows, first.replace(year=first.year - 1), pair[0])
        policies = pd.concat([usual, policies])
    return {
        "trials.csv": trials.sort_values("unit_id").reset_index(drop=True),
        "policies.csv": policies.sort_values(["team_id", "start_date"]).reset_index(drop=True),
    }


def _targets(rows: pd.DataFrame, since: "date | pd.Series", caseload: float) -> pd.DataFrame:
    facts = {"start_date": since, "name": POLICY_NAME, "target_caseload": caseload}
    return rows[["team_id"]].assign(**facts)


def _has_target(prepared: Prepared) -> bool:
    policies = prepared.table("policies")
    if policies is None or "target_caseload" not in policies.collect_schema().names():
        return False
    return bool(policies.select(pl.col("target_caseload").is_not_null().any()).collect().item())


def wedge_summary(
    plan: WedgePlan, prices: Prices, pair: tuple[float, float], policy: Policy, n_draws: int
) -> Protected:
    """One row: teams, clients, the chance that the effect is found, how many teams would do, cost.

    ``n_needed`` is missing where not even the largest number of teams that is tried would do.
    """
    n = int(plan.teams.size.sum())
    wage = prices.caseworker_fte
    cost = n * client_year_cost([wage.low, wage.value, wage.high], *pair)
    elsewhere = (pair[1] / pair[0]) ** published_elasticity("all")[0]
    row = {
        "plan": "stepped wedge",
        "n_teams": float(len(plan.rows)),
        "team_size": float(plan.teams.size.mean()),
        "effect_days": plan.effect_days,
        "hazard_factor": plan.ratio,
        "chance": share_found(plan.teams, plan.ratio, n_draws, plan.seed),
        "n_needed": teams_needed(plan, plan.ratio, n_draws),
        "vienna_factor": elsewhere,
        "vienna_chance": share_found(plan.teams, elsewhere, n_draws, plan.seed),
        "vienna_needed": teams_needed(plan, elsewhere, n_draws),
        "extra_fte": n * (1 / pair[1] - 1 / pair[0]),
        "cost_low": cost[0],
        "cost_eur": cost[1],
        "cost_high": cost[2],
        "caseload_usual": pair[0],
        "caseload_small": pair[1],
        "n_persons": n,
    }
    means = [name for name in row if name not in {"plan", "n_persons"}]
    return protect_means(pd.DataFrame([row]), means, policy, by=["plan"], n_persons="n_persons")


def teams_needed(plan: WedgePlan, ratio: float, n_draws: int) -> float:
    """The fewest teams of those tried that find the effect with 80 %; missing where none do."""
    for size in SIZES:
        if share_found(take_teams(plan.teams, size), ratio, n_draws, plan.seed) >= GOAL:
            return float(size)
    return float("nan")


def _teams(prepared: Prepared, month: date) -> pd.DataFrame:
    """Teams in the last month, with the hazard of their clients in the three years before it."""
    known = prepared.panel.filter(pl.col("team_id").is_not_null())
    since = month.replace(year=month.year - YEARS)
    hazard = known.filter(pl.col("month") > since).group_by("team_id").agg(
        hazard=is_exit_to(ALL).mean()
    )  # fmt: skip
    now = known.filter(pl.col("month") == month).group_by("team_id").agg(
        role=pl.col("role").fill_null(UNKNOWN).mode().min(), n_clients=pl.len()
    )  # fmt: skip
    large = now.filter(pl.col("n_clients") >= MIN_CLIENTS).join(hazard, on="team_id")
    return large.sort("team_id").collect().to_pandas()


def _drift(prepared: Prepared) -> float:
    """How much a team's log outflow moves from year to year beside chance; a guess with few teams.

    By moments: the variance of the difference between two years less that of Poisson counts.
    """
    known = prepared.panel.filter(pl.col("team_id").is_not_null())
    yearly = (
        known.group_by("team_id", year=pl.col("month").dt.year())
        .agg(exits=is_exit_to(ALL).sum(), months=pl.len())
        .filter(pl.col("exits") >= MIN_CLIENTS)
        .sort("team_id", "year")
        .with_columns(log=(pl.col("exits") / pl.col("months")).log())
        .with_columns(
            moved=pl.col("log").diff().over("team_id"),
            chance=(1 / pl.col("exits") + 1 / pl.col("exits").shift()).over("team_id"),
        )
        .drop_nulls("moved")
        .with_columns(moved=pl.col("moved") - pl.col("moved").mean().over("year"))
        .collect()
    )
    if yearly.height < 10 or yearly["team_id"].n_unique() < 3:
        return DRIFT_USUAL
    moved, chance = (yearly[name].to_numpy().astype(float) for name in ("moved", "chance"))
    extra = float((moved**2).mean() - chance.mean()) / 2
    return float(np.clip(np.sqrt(max(extra, 0.0)), DRIFT_LOW, DRIFT_HIGH))

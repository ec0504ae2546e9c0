"""Released files of made-up municipalities, drawn row by row: no person behind any of them.

Usage: python benchmarks/released_towns.py [--towns 24] [--seed 1] [--out data/sample/released]

Each town has an effect of its own around the one planted, and finds it with an error that its four
or more teams know badly, as reports of small towns do. The bundle that chapter 20 reads where it is
opened alone was made with the defaults; the real rows of GM9901 lie beside it.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from watwerkt.disclosure import protect_aggregates, protect_estimates, read_policy
from watwerkt.disclosure.released import complete_aggregates, complete_estimates, write_released

ROOT = Path(__file__).parents[1]
FIRST = 9911  # of the codes, which nobody has
MONTHLY = {"0-11": 0.030, "12-35": 0.016, "36+": 0.008}  # exits per month on benefit
MIX = {"0-11": 0.2, "12-35": 0.25, "36+": 0.55}  # of the months, on average
SHARES = {"work": 0.45, "other_income": 0.15, "household": 0.1, "administrative": 0.1,
          "education": 0.05, "unexplained": 0.15}  # fmt: skip
# analysis, outcome, horizon, scale, term, design, effect, spread of towns, error at 1,000 exits
PLANTED = [
    ("P4", "all", 1, "log OR", "contact_2_4_months_ago", "lagged hazard", 0.14, 0.06, 0.075),
    ("P4", "work", 1, "log OR", "contact_2_4_months_ago", "lagged hazard", 0.17, 0.06, 0.12),
    ("P5", "all", 12, "pp", "often_against_never", "sequential trial emulation", 1.5, 0.8, 2.0),
    ("P6", "admin_errors", 1, "log RR", "contact_2_4_months_ago", "lagged count model", -0.15, 0.0,
     0.07),
]  # fmt: skip
STAGE, STAGE_ERROR, REDUCED_ERROR = 0.0065, 0.001, 0.002  # of P1, at four teams and 1,000 exits
ELASTICITY = {("all", "months_0_6"): -0.15, ("work", "months_0_6"): -0.12,
              ("all", "months_4_9"): -0.10, ("work", "months_4_9"): -0.10}  # fmt: skip


def main() -> None:
    """Write the towns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--towns", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "sample" / "released")
    asked = parser.parse_args()
    write_towns(asked.out, asked.towns, asked.seed)


def write_towns(
    out: Path, n_towns: int, seed: int = 1, outliers: dict[int, float] | None = None
) -> list[str]:
    """Write ``n_towns`` towns into ``out``, a folder each; their codes.

    ``outliers``: place of a town → how many times as many people leave there. By default the
    third has more and the eighth fewer. The last two towns share their executor.
    """
    rng, policy = np.random.default_rng(seed), read_policy(is_synthetic=True)
    outliers = {2: 1.35, 7: 0.7} if outliers is None else outliers
    codes = [f"GM{FIRST + place}" for place in range(n_towns)]
    for place, code in enumerate(codes):
        n_teams = int(rng.choice([4, 4, 5, 6, 8, 12, 20]))
        about = {
            "municipality_id": code,
            "executor_id": codes[-2] if code == codes[-1] else code,
            "first_month": "2019-01",
            "last_month": "2024-12",
            "synthetic": True,
        }
        folder = out / code
        folder.mkdir(parents=True, exist_ok=True)
        rows = pd.DataFrame([*shock_rows(rng, n_teams), *effect_rows(rng, n_teams)])
        estimates = complete_estimates(protect_estimates(rows, policy), about, "drawn")
        write_released([estimates], "estimates", folder / "estimates.parquet")
        counts = exit_counts(rng, 1500 * n_teams, outliers.get(place, 1.0))
        aggregates = protect_aggregates(counts, policy, with_total=True)
        parts = [complete_aggregates(aggregates, about)]
        write_released(parts, "aggregates", folder / "aggregates.parquet")
    return codes


def shock_rows(rng: np.random.Generator, n_teams: int, spread: float = 0.0) -> list[dict[str, Any]]:
    """P1 with both stages; ``spread`` is the standard deviation of the elasticity over towns."""
    return [
        shock_row(rng, n_teams, effect + spread * rng.normal(), outcome, term)
        for (outcome, term), effect in ELASTICITY.items()
    ]


def shock_row(
    rng: np.random.Generator,
    n_teams: int,
    elasticity: float,
    outcome: str = "all",
    term: str = "months_0_6",
) -> dict[str, Any]:
    """One row of P1 of a town; its errors are drawn with the freedom that its teams leave."""
    n_events = 280 * n_teams * (0.45 if outcome == "work" else 1.0)
    scale = np.sqrt(1000 / n_events)
    first_error, error = STAGE_ERROR * scale, REDUCED_ERROR * scale
    first = STAGE + first_error * rng.normal()
    reduced = elasticity * STAGE + error * rng.normal()
    known = np.sqrt(rng.chisquare(n_teams - 1, 2) / (n_teams - 1)) * (n_teams - 1) / n_teams
    error, first_error = error * known[0], first_error * known[1]
    horizon = 7 if term == "months_0_6" else 10
    row = _row("P1", outcome, horizon, "elasticity", term, "staffing-shock IV", n_teams, n_events)
    return row | {
        "estimate": reduced / first,
        "std_error": error / abs(first),
        "first_stage": first,
        "first_stage_std_error": first_error,
        "reduced_form": reduced,
        "reduced_form_std_error": error,
        "covariance_stages": 0.0,
    }


def effect_rows(rng: np.random.Generator, n_teams: int) -> list[dict[str, Any]]:
    """The other primary estimates."""
    rows = []
    for *names, effect, spread, error in PLANTED:
        n_events = 280 * n_teams * (0.45 if names[1] == "work" else 1.0)
        error = error * np.sqrt(1000 / n_events)
        n_clusters = 6 * n_teams
        known = np.sqrt(rng.chisquare(n_clusters - 1) / (n_clusters - 1))
        own = effect + spread * rng.normal() + error * rng.normal()
        row = _row(*names, n_clusters, n_events)
        rows.append(row | {"estimate": own, "std_error": error * known})
    return rows


def exit_counts(rng: np.random.Generator, n_months_year: int, factor: float = 1.0) -> pd.DataFrame:
    """Months and exits per year, destination and band, as ``protect_aggregates`` takes them."""
    mix = np.array(list(MIX.values())) * rng.uniform(0.7, 1.4, len(MIX))
    months = np.round(n_months_year * mix / mix.sum()).astype(int)
    own = factor * np.exp(0.04 * rng.normal())
    rows = [
        (year, destination, band, n, int(rng.poisson(n * MONTHLY[band] * share * own)), n // 8)
        for year in (2022, 2023, 2024)
        for band, n in zip(MIX, months, strict=True)
        for destination, share in SHARES.items()
    ]
    columns = ["year", "destination", "band", "n_person_months", "n_exits", "n_persons"]
    return pd.DataFrame(rows, columns=columns)


def _row(
    analysis: str, outcome: str, horizon: int, scale: str, term: str, design: str,
    n_clusters: int, n_events: float,
) -> dict[str, Any]:  # fmt: skip
    return {
        "analysis": analysis,
        "outcome": outcome,
        "horizon_months": horizon,
        "scale": scale,
        "term": term,
        "design": design,
        "subgroup": "",
        "estimand": "drawn",
        "n_obs": int(40 * n_events),
        "n_persons": int(1.5 * n_events),
        "n_events": int(n_events),
        "n_clusters": n_clusters,
        "conf_level": 0.95,
        "grade": 4 if analysis == "P1" else 3,
        "status": "indicative",
        "is_primary": True,
        "note": "",
    }


if __name__ == "__main__":
    main()

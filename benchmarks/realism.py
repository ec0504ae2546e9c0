"""The synthetic country beside every published figure that it is calibrated to.

python benchmarks/realism.py [--municipalities 30] [--seed 1]

Sizes follow a lognormal with median 500 persons and log standard deviation 1.3, whose mean is the
published one: one municipality per equal share of it. Prints a table; exits 1 when a target is
missed. Figures, bounds and sources: lib/watwerkt/synthetic/calibration.yaml.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

from watwerkt.synthetic import Scenario, Simulated, simulate
from watwerkt.synthetic.calibration import (
    Country,
    join_towns,
    measure_figures,
    quarterly_shares,
    read_targets,
)

MEDIAN_PERSONS, LOG_SD, FEWEST = 500, 1.3, 30
N_MONTHS = 72
REAL_DATA = Path(__file__).parents[2] / "shared" / "real"  # or $WATWERKT_REAL_DATA
CBS_QUARTERS = "cbs_bijstand_quarterly_nl.csv"
NEEDED = ("clients", "benefits", "jobs", "services", "contacts", "caseworkers", "assignments")


def municipality_sizes(n: int) -> np.ndarray:
    """Persons on benefit in each of ``n`` municipalities, smallest first."""
    middle = (np.arange(n) + 0.5) / n
    return np.maximum(np.rint(MEDIAN_PERSONS * np.exp(LOG_SD * norm.ppf(middle))), FEWEST)


def simulate_town(place: int, sizes: np.ndarray, seed: int) -> Simulated:
    """One municipality of the country, with the tables that are measured."""
    town = simulate(
        Scenario(), f"GM{9000 + place}", int(sizes[place]), N_MONTHS, seed, counterfactuals=False
    )
    return replace(town, tables={n: town.tables[n] for n in NEEDED})


def read_cbs() -> pl.DataFrame:
    """CBS per quarter: ``quarter`` (text), ``inflow`` and ``outflow`` of the stock at its start."""
    folder = Path(os.environ.get("WATWERKT_REAL_DATA", REAL_DATA))
    series = pl.read_csv(folder / CBS_QUARTERS)
    stock = pl.col("stand_einde_kwartaal").shift(1)
    return series.select(
        "quarter", inflow=pl.col("instromers") / stock, outflow=pl.col("uitstromers") / stock
    ).drop_nulls()


def deviations(shares: pl.DataFrame, cbs: pl.DataFrame) -> dict[str, float]:
    """Mean absolute difference per quarter."""
    quarter = pl.format("{}Q{}", pl.col("quarter").dt.year(), pl.col("quarter").dt.quarter())
    both = shares.with_columns(quarter).join(cbs, on="quarter", suffix="_cbs")
    return {
        f"{flow}_quarter_deviation": both.select(
            (pl.col(flow) - pl.col(f"{flow}_cbs")).abs().mean()
        ).item()
        for flow in ("outflow", "inflow")
    }


def simulate_country(sizes: np.ndarray, seed: int) -> Country:
    """A municipality of each size."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        simulate_one = partial(simulate_town, sizes=sizes, seed=seed)
        return join_towns(list(pool.map(simulate_one, range(len(sizes)))))


def measure_country(country: Country, sizes: np.ndarray) -> dict[str, float]:
    """Every figure of the country; those by quarter only where the CBS series is."""
    figures = measure_figures(country)
    figures |= {
        "municipality_mean_persons": float(sizes.mean()),
        "municipality_median_persons": float(np.median(sizes)),
        "outflow_year_2017": figures["outflow_year_share"],
        "inflow_year_2017": figures["inflow_year_2022"],
    }
    try:
        return figures | deviations(quarterly_shares(country), read_cbs())
    except FileNotFoundError:
        return figures


def table_lines(figures: dict[str, float]) -> list[str]:
    """One row per figure."""
    rows = [
        "| figure | how it is measured | source, year | published | band | synthetic | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, target in read_targets().items():
        cells = [
            name,
            target["what"],
            ", ".join(filter(None, [target["source"], target["year"]])),
            show(target["published"]),
            f"{show(target['low'])} to {show(target['high'])}" if "low" in target else "",
            show(figures.get(name)),
            verdict(target, figures.get(name)),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def verdict(target: dict[str, Any], value: float | None) -> str:
    """``in``, ``out``, or why neither."""
    if "low" not in target:
        return f"no target: {target['no_target']}"
    if value is None:
        return "not measured: the CBS series is not here"
    return "in" if target["low"] <= value <= target["high"] else "out"


def show(value: float | None) -> str:
    """A share with three digits, a number above ten whole."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3f}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--municipalities", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sizes = municipality_sizes(given.municipalities)
    lines = table_lines(measure_country(simulate_country(sizes, given.seed), sizes))
    n_out = sum(line.endswith("| out |") for line in lines)
    sys.stdout.write("\n".join([*lines, "", f"{n_out} targets missed"]) + "\n")
    return 1 if n_out else 0


if __name__ == "__main__":
    sys.exit(main())

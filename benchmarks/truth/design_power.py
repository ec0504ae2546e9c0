"""Is the power that `watwerkt design` promises the power that the trial has?

python benchmarks/truth/design_power.py [--runs 300] [--write]
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import design_world
from watwerkt.analysis.trial_plan import Wanted, plan_lottery
from watwerkt.disclosure import read_policy
from watwerkt.estimators.planted_hazard import find_ratio
from watwerkt.estimators.trial_power import OUTCOMES, simulate_power
from watwerkt.panel.prepared import read_prepared
from watwerkt.params import check_params
from watwerkt.runtime.prepare import run_prepare

TOWNS = ((700, 0.0), (700, 0.8), (1500, 0.0), (1500, 0.3), (1500, 0.6), (2500, 0.4))
SEEDS = (1, 2)
SIMULATED = 1000
HEAD = (
    "| clients | participants | outcome | planted log odds ratio | truth | promised | found | "
    "difference | its error |\n|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Print the table, or write it beside this file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=300)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    worlds = [(n, log_or, seed, given.runs) for n, log_or in TOWNS for seed in SEEDS]
    with ProcessPoolExecutor(given.workers) as pool:
        lines = [line for part in pool.map(compare, *zip(*worlds, strict=True)) for line in part]
    page = "\n".join([HEAD, *lines]) + "\n"
    print(page)
    if given.write:
        note = f"<!-- python benchmarks/truth/design_power.py --runs {given.runs} --write -->\n"
        Path(__file__).with_suffix(".md").write_text(note + page, encoding="utf-8")


def compare(n_clients: int, log_or: float, seed: int, runs: int) -> list[str]:
    """One line per outcome: what was promised at the effect that is true, and what was found."""
    town = design_world.build_town(n_clients, log_or, seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        design_world.deliver(town.register, folder / "delivery")
        params = check_params({"municipality_id": design_world.CODE}, source="benchmark")
        run_prepare(folder / "delivery", folder / design_world.CODE, params)
        prepared = read_prepared(folder / design_world.CODE)
        wanted = Wanted(town.draw_day, 5.0, params.control_arm)
        plan = plan_lottery(prepared, wanted, read_policy(is_synthetic=True))
        held = [design_world.hold(town, prepared, plan, luck) for luck in range(runs)]
    days, _ = design_world.share_found(held, "benefit_days")
    ratio = find_ratio(plan.past, max(-days, 0.0) if log_or else 0.0, plan.weight)
    promised = simulate_power(plan.past, plan.lottery, ratio, SIMULATED, seed=1).power
    lines = []
    for share, outcome in zip(promised, OUTCOMES, strict=True):
        truth, found = design_world.share_found(held, outcome)
        error = np.sqrt(share * (1 - share) * (1 / runs + 1 / SIMULATED))
        figures = f"{truth:.1f} | {share:.3f} | {found:.3f} | {found - share:+.3f} | {error:.3f}"
        lines.append(f"| {n_clients:,} | {len(plan.people):,} | {outcome} | {log_or} | {figures} |")
    return lines


if __name__ == "__main__":
    main()
